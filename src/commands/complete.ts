/**
 * What could come next on a command line, worked out from the table of commands: one function for every shell.
 *
 * What always holds: it never fails and never writes (a mistake while typing is no mistake), it offers only what the
 * parser would take, and it looks at large things (sessions, problem files) only as far as a list on a screen goes.
 */
import type { Command, Completes, OptionSpec, PositionalSpec } from "./command.ts";

export type Candidate = { readonly value: string; readonly says?: string };

export type Completion = {
	readonly candidates: readonly Candidate[];
	/** What the shell adds by itself. */
	readonly also: "files" | "folders" | "nothing";
};

/** Where the dynamic values come from. */
export type Sources = {
	values(kind: Exclude<Completes, "file" | "folder">, given: Given): Promise<readonly Candidate[]>;
	/** What a setting may be. */
	settingValues(key: string): Promise<readonly Candidate[]>;
};

/** What was already typed. */
export type Given = {
	readonly options: Readonly<Record<string, string>>;
	readonly args: readonly string[];
};

export type Table = Readonly<
	Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
>;

const HELP: OptionSpec = { name: "help", short: "h", says: "show this help" };

/** `words` are those after the program's name; the last one is being typed and may be empty. */
export async function complete(
	words: readonly string[],
	table: Table,
	sources: Sources,
): Promise<Completion> {
	const typed = words.at(-1) ?? "";
	const before = words.slice(0, -1);
	const [first, ...rest] = before;
	if (first === undefined) {
		const names = Object.entries(table).map(([value, { summary }]) => ({ value, says: summary }));
		const top = [
			{ value: "--help", says: "list the commands" },
			{ value: "--version", says: "print the version" },
		];
		return offer(typed, [...names, ...(typed.startsWith("-") ? top : [])]);
	}
	if (first === "help" && rest.length === 0) {
		return offer(
			typed,
			Object.entries(table).map(([value, { summary }]) => ({ value, says: summary })),
		);
	}
	if (!Object.hasOwn(table, first)) return offer(typed, []);
	let command = await (table[first] as Table[string]).load();
	let path = first;
	let at = 0;
	for (let next = rest[at]; next !== undefined && !next.startsWith("-"); next = rest[++at]) {
		const sub =
			command.subcommands && Object.hasOwn(command.subcommands, next) ? command.subcommands[next] : undefined;
		if (!sub) break;
		command = sub;
		path += ` ${next}`;
	}
	return within(path, command, rest.slice(at), typed, sources);
}

async function within(
	path: string,
	command: Command,
	words: readonly string[],
	typed: string,
	sources: Sources,
): Promise<Completion> {
	const specs = [...(command.options ?? []), HELP];
	const options: Record<string, string> = {};
	const args: string[] = [];
	let waiting: OptionSpec | undefined;
	let onlyArgs = false;
	for (const word of words) {
		if (waiting) {
			options[waiting.name] = word;
			waiting = undefined;
		} else if (onlyArgs || !word.startsWith("-") || word === "-") args.push(word);
		else if (word === "--") onlyArgs = true;
		else {
			const { spec, value } = optionOf(word, specs);
			if (spec) options[spec.name] = value ?? "";
			if (spec?.value !== undefined && value === undefined) waiting = spec;
		}
	}
	const given: Given = { options, args };
	if (waiting) return offer(typed, ...(await valuesOf(waiting, given, sources, typed)));
	if (!onlyArgs && typed.startsWith("--") && typed.includes("=")) {
		const start = typed.slice(0, typed.indexOf("=") + 1);
		const { spec } = optionOf(typed, specs);
		if (spec?.value === undefined) return offer(typed, []);
		const [candidates, also] = await valuesOf(spec, given, sources, typed.slice(start.length));
		return offer(
			typed,
			candidates.map((candidate) => ({ ...candidate, value: start + candidate.value })),
			also,
		);
	}
	if (!onlyArgs && typed.startsWith("-")) {
		const open = specs.filter((spec) => spec.many || !Object.hasOwn(options, spec.name));
		return offer(
			typed,
			open.map(({ name, says }) => ({ value: `--${name}`, says })),
		);
	}
	const subcommands =
		args.length === 0
			? Object.entries(command.subcommands ?? {}).map(([value, { summary }]) => ({ value, says: summary }))
			: [];
	const positionals = command.positionals ?? [];
	const last = positionals.at(-1);
	const positional = positionals[args.length] ?? (last?.many ? last : undefined);
	if (!positional) return offer(typed, subcommands);
	if (path === "config set" && args.length === 1) {
		return offer(typed, await sources.settingValues(args[0] as string));
	}
	const [candidates, also] = await valuesOf(positional, given, sources, typed);
	return offer(typed, [...subcommands, ...candidates], also);
}

function optionOf(
	word: string,
	specs: readonly OptionSpec[],
): { readonly spec: OptionSpec | undefined; readonly value?: string } {
	if (word.startsWith("--")) {
		const equals = word.indexOf("=");
		const name = word.slice(2, equals < 0 ? undefined : equals);
		const spec = specs.find((candidate) => candidate.name === name);
		return { spec, ...(equals < 0 ? {} : { value: word.slice(equals + 1) }) };
	}
	const spec = specs.find((candidate) => candidate.short === word[1]);
	return { spec, ...(word.length > 2 ? { value: word.slice(2) } : {}) };
}

async function valuesOf(
	spec: OptionSpec | PositionalSpec,
	given: Given,
	sources: Sources,
	/** What of the value is there already. */
	begun: string,
): Promise<[readonly Candidate[], Completion["also"]]> {
	if (spec.choices)
		return [
			spec.choices.map((value) => ({ value })),
			spec.completes === "file" ? "files" : spec.completes === "folder" ? "folders" : "nothing",
		];
	switch (spec.completes) {
		case undefined:
			return [[], "nothing"];
		case "file":
			return [[], "files"];
		case "folder":
			return [[], "folders"];
		case "engine": {
			// One of a list; and an engine may also be a GGUF file.
			const before = begun.slice(0, begun.lastIndexOf(",") + 1);
			const found = await sources.values("engine", given).catch(() => []);
			return [found.map((one) => ({ ...one, value: before + one.value })), "files"];
		}
		default:
			return [await sources.values(spec.completes, given).catch(() => []), "nothing"];
	}
}

function offer(
	typed: string,
	candidates: readonly Candidate[],
	also: Completion["also"] = "nothing",
): Completion {
	return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), also };
}
