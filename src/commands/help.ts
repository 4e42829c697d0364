/** Help pages, made from the same data that the command line is parsed with. */
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";
import { commands } from "./table.ts";

export function topHelp(version: string): string {
	return [
		`nudge ${version}: hints wake a reasoning model, Python answers, every trace is kept`,
		"",
		"Use",
		"  nudge COMMAND [...]        nudge COMMAND --help says more",
		"  nudge                      think about a bundled problem, live",
		"",
		"Commands",
		...columns(Object.entries(commands).map(([name, entry]) => [name, entry.summary])),
		"",
		"Options",
		...columns([
			["--help, -h", "show this"],
			["--version", "show the version"],
		]),
		"",
		'First steps: nudge run --problem "What is 347 * 286?" --answer 99242',
		"",
	].join("\n");
}

export function commandHelp(path: string, command: Command): string {
	const lines = [`nudge ${path}: ${command.summary}`, ""];
	const usage = ["nudge", path, ...(command.positionals ?? []).map(positional)];
	if (command.subcommands && !command.run) usage.push("COMMAND");
	usage.push("[options]");
	lines.push("Use", `  ${usage.join(" ")}`, "");
	if (command.details) lines.push(command.details, "");
	if (command.subcommands)
		lines.push(
			"Commands",
			...columns(Object.entries(command.subcommands).map(([name, sub]) => [name, sub.summary])),
			"",
		);
	if (command.positionals?.length)
		lines.push("Arguments", ...columns(command.positionals.map((spec) => [spec.name, spec.says])), "");
	const options: readonly OptionSpec[] = [
		...(command.options ?? []),
		{ name: "help", short: "h", says: "show this" },
	];
	lines.push("Options", ...columns(options.map((spec) => [option(spec), spec.says])), "");
	if (command.examples?.length)
		lines.push("Examples", ...command.examples.map((example) => `  ${example}`), "");
	return lines.join("\n");
}

function option(spec: OptionSpec): string {
	const value =
		spec.value === undefined
			? ""
			: ` ${spec.choices && !spec.completes ? spec.choices.join("|") : spec.value}`;
	return `--${spec.name}${value}${spec.short ? `, -${spec.short}` : ""}`;
}

function positional(spec: PositionalSpec): string {
	const name = spec.name + (spec.many ? "..." : "");
	return spec.optional ? `[${name}]` : name;
}

/** Two columns, the second wrapped to 100 columns under itself. */
function columns(rows: readonly (readonly [string, string] | readonly string[])[]): string[] {
	const width = Math.min(30, Math.max(...rows.map(([left = ""]) => left.length)) + 2);
	return rows.flatMap(([left = "", right = ""]) => {
		const wrapped = wrap(right, 100 - width - 2);
		if (left.length >= width) return [`  ${left}`, ...wrapped.map((line) => " ".repeat(width + 2) + line)];
		return wrapped.map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}${line}`);
	});
}

function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line && line.length + 1 + word.length > width) {
			lines.push(line);
			line = word;
		} else line = line ? `${line} ${word}` : word;
	}
	return [...lines, line];
}
