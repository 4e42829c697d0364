/**
 * From words on a command line to a command with its checked arguments. Everything that is wrong with them is a
 * UsageError that says what was expected.
 */
import { parseArgs } from "node:util";
import { nearest } from "../hints/nearest.ts";
import { type Command, type Context, type OptionSpec, UsageError } from "./command.ts";

export type Parsed = {
	readonly args: readonly string[];
	readonly options: Context["options"];
	readonly help: boolean;
};

/** Walks down to the subcommand that the words name. */
export function descend(
	name: string,
	command: Command,
	words: readonly string[],
): { readonly path: string; readonly command: Command; readonly rest: readonly string[] } {
	const [first, ...rest] = words;
	if (!command.subcommands || first === undefined || first.startsWith("-"))
		return { path: name, command, rest: words };
	const next = Object.hasOwn(command.subcommands, first) ? command.subcommands[first] : undefined;
	if (!next) {
		if (command.run) return { path: name, command, rest: words };
		throw new UsageError(
			`nudge ${name} has no "${first}"; it has ${Object.keys(command.subcommands).join(", ")}${nearest(first, Object.keys(command.subcommands))}`,
		);
	}
	return descend(`${name} ${first}`, next, rest);
}

export function parse(path: string, command: Command, words: readonly string[]): Parsed {
	const specs: readonly OptionSpec[] = [
		...(command.options ?? []),
		{ name: "help", short: "h", says: "show this help" },
	];
	let values: Record<string, unknown>;
	let positionals: string[];
	try {
		({ values, positionals } = parseArgs({
			args: [...words],
			allowPositionals: true,
			options: Object.fromEntries(
				specs.map((spec) => [
					spec.name,
					{
						type: spec.value === undefined ? ("boolean" as const) : ("string" as const),
						multiple: spec.many ?? false,
						...(spec.short ? { short: spec.short } : {}),
					},
				]),
			),
		}));
	} catch (error) {
		throw new UsageError(plain(error as Error & { code?: string }, path, specs));
	}
	if (values.help) return { args: positionals, options: {}, help: true };
	for (const spec of specs) {
		const given = values[spec.name];
		for (const value of Array.isArray(given) ? given : [given]) {
			if (typeof value === "string" && spec.choices && !spec.completes && !spec.choices.includes(value))
				throw new UsageError(
					`--${spec.name} takes ${spec.choices.join(", ")}, not "${value}"${nearest(value, spec.choices)}`,
				);
		}
	}
	checkPositionals(path, command, positionals);
	return { args: positionals, options: values as Context["options"], help: false };
}

function checkPositionals(path: string, command: Command, given: readonly string[]): void {
	const specs = command.positionals ?? [];
	const needed = specs.filter((spec) => !spec.optional).length;
	if (given.length < needed) {
		const missing = specs[given.length];
		throw new UsageError(`nudge ${path} needs ${missing?.name}: ${missing?.says}`);
	}
	if (given.length > specs.length && !specs.at(-1)?.many)
		throw new UsageError(
			`nudge ${path} does not take "${given[specs.length]}"; nudge ${path} --help shows what it takes`,
		);
	for (const [index, spec] of specs.entries()) {
		const value = given[index];
		if (value !== undefined && spec.choices && !spec.choices.includes(value))
			throw new UsageError(
				`${spec.name} is one of ${spec.choices.join(", ")}, not "${value}"${nearest(value, spec.choices)}`,
			);
	}
}

/** parseArgs speaks of its own API; a user wants to know about the option. */
function plain(error: Error & { code?: string }, path: string, specs: readonly OptionSpec[]): string {
	const option = /'(?:-\w, )?(--?[\w-]+)/.exec(error.message)?.[1];
	if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && option)
		return `nudge ${path} has no option ${option}${nearest(
			option,
			specs.map((spec) => `--${spec.name}`),
		)}; nudge ${path} --help shows them`;
	if (error.code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && option) {
		const spec = specs.find(
			(candidate) => `--${candidate.name}` === option || `-${candidate.short}` === option,
		);
		if (spec?.value)
			return `${option} needs a value: ${option} ${spec.value}. One that begins with a dash is written ${option}=VALUE`;
		return `${option} takes no value`;
	}
	return error.message;
}
