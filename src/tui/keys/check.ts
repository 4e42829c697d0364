/**
 * What the user's keys file asks for, held against the table of commands. What always holds of the outcome: within a
 * context no chord means two commands, some commands are never without a key, no chord is one that a terminal cannot send
 * or that is needed as text. An entry with a mistake counts as far as it is good, or not at all; the others are not touched.
 */
import { nearest } from "../../hints/nearest.ts";
import type { Bindings } from "./bindings.ts";
import { isText, partsOf, readChord, showChord } from "./chord.ts";
import { CONTEXTS, type CommandId, type CommandSpec, TYPING } from "./command-table.ts";

type Path = readonly (string | number)[];

export type Mistake = {
	/** What it is in; with `key`, that key of it. */
	readonly path: Path;
	readonly key?: string;
	/** A warning: it counts, though it may not do what is wanted. */
	readonly severity?: "warning";
	readonly message: string;
};

export type Commands = Readonly<Record<CommandId, CommandSpec>>;

/** Without these nobody would find the way out, or anything else. */
export const NEVER_WITHOUT: readonly CommandId[] = ["quit", "palette", "dialog.close", "python.leave"];

/** One command's keys as the file wants them. */
type Entry = {
	readonly keys: readonly { readonly chord: string; readonly path: Path; readonly own: boolean }[];
	/** Being left without keys is what the entry says. */
	readonly emptied: boolean;
};

export function checkBindings(
	data: unknown,
	commands: Commands,
): { readonly bindings: Bindings; readonly mistakes: readonly Mistake[] } {
	const mistakes: Mistake[] = [];
	const entries = readEntries(data, commands, mistakes);
	for (;;) {
		const { kept, lost } = settle(entries, commands);
		const say = (of: (id: CommandId) => boolean): void => {
			for (const { id, chord, path, by } of lost) {
				if (of(id)) mistakes.push({ path, message: taken(chord, by, commands) });
			}
		};
		// An entry of which nothing is left gives its command the table's keys back, which others may have asked for.
		const failed = [...entries].find(([id, { emptied }]) => {
			return kept.get(id)?.length === 0 && (!emptied || NEVER_WITHOUT.includes(id));
		});
		if (!failed) {
			say(() => true);
			return { bindings: Object.fromEntries(kept), mistakes };
		}
		const [id, { emptied }] = failed;
		entries.delete(id);
		if (!emptied) say((one) => one === id);
		else {
			const message = `"${id}" may not be without a key; it keeps ${listed(commands[id].keys)}`;
			mistakes.push({ path: [id], message });
		}
	}
}

/** Who gets which chord: first those that the table gives and nobody changed, then the file's in their order. */
function settle(entries: ReadonlyMap<CommandId, Entry>, commands: Commands) {
	const owners = new Map<string, CommandId>();
	const place = (id: CommandId, chord: string): string => `${commands[id].in} ${chord}`;
	for (const [id, { keys }] of Object.entries(commands) as [CommandId, CommandSpec][]) {
		const entry = entries.get(id);
		const standing = entry ? entry.keys.filter(({ own }) => !own).map(({ chord }) => chord) : keys;
		for (const chord of standing) owners.set(place(id, chord), id);
	}
	const kept = new Map<CommandId, string[]>();
	const lost: { id: CommandId; chord: string; path: Path; by: CommandId }[] = [];
	for (const [id, { keys }] of entries) {
		const mine: string[] = [];
		kept.set(id, mine);
		for (const { chord, path } of keys) {
			const by = owners.get(place(id, chord)) ?? id;
			if (by !== id) lost.push({ id, chord, path, by });
			else {
				owners.set(place(id, chord), id);
				mine.push(chord);
			}
		}
	}
	return { kept, lost };
}

function readEntries(data: unknown, commands: Commands, mistakes: Mistake[]): Map<CommandId, Entry> {
	const entries = new Map<CommandId, Entry>();
	if (typeof data !== "object" || data === null || Array.isArray(data)) {
		mistakes.push({ path: [], message: "the file takes a group of fields: each the name of a command" });
		return entries;
	}
	for (const [name, value] of Object.entries(data)) {
		if (name === "$schema") {
			const message = '"$schema" takes a text: where the schema is';
			if (typeof value !== "string") mistakes.push({ path: [name], message });
			continue;
		}
		if (!Object.hasOwn(commands, name)) {
			const message = `there is no command "${name}"; docs/keys.md lists them${nearest(name, Object.keys(commands))}`;
			mistakes.push({ path: [], key: name, message });
			continue;
		}
		const entry = readEntry(name as CommandId, value, commands, mistakes);
		if (entry) entries.set(name as CommandId, entry);
	}
	return entries;
}

function readEntry(
	id: CommandId,
	value: unknown,
	commands: Commands,
	mistakes: Mistake[],
): Entry | undefined {
	if (value === "none") return { keys: [], emptied: true };
	const written = typeof value === "string" ? [value] : value;
	if (!Array.isArray(written) || written.length === 0) {
		mistakes.push({ path: [id], message: `"${id}" takes a key, a list of keys, or "none"` });
		return undefined;
	}
	const spec = commands[id];
	// One sign in the list, and the list changes the table's keys in place of replacing them.
	const signed = (one: unknown): boolean => typeof one === "string" && one.length > 1 && /^[+-]/.test(one);
	const changes = written.some(signed);
	let keys: Entry["keys"] = changes ? spec.keys.map((chord) => ({ chord, path: [id], own: false })) : [];
	let asked = 0;
	for (const [index, one] of written.entries()) {
		const path = typeof value === "string" ? [id] : [id, index];
		const wrong = (message: string): void => {
			mistakes.push({ path, message });
		};
		if (typeof one !== "string") {
			wrong(`a key is a text, such as "ctrl+p", not ${JSON.stringify(one)}`);
			continue;
		}
		const away = signed(one) && one.startsWith("-");
		const read = readChord(signed(one) ? one.slice(1) : one);
		const chord = "chord" in read ? read.chord : undefined;
		if ("wrong" in read) wrong(read.wrong);
		else if (read.rare) mistakes.push({ path, severity: "warning", message: read.rare });
		if (chord === undefined) continue;
		if (away) {
			if (keys.some((key) => key.chord === chord)) keys = keys.filter((key) => key.chord !== chord);
			else wrong(`"${chord}" is no key of "${id}"; it has ${listed(spec.keys)}`);
			continue;
		}
		asked++;
		const needed = neededElsewhere(chord, spec);
		if (needed) wrong(needed);
		else if (!keys.some((key) => key.chord === chord)) keys = [...keys, { chord, path, own: true }];
	}
	if (keys.length === 0 && (asked > 0 || !changes)) return undefined;
	return { keys, emptied: asked === 0 };
}

/** Why a chord that can be sent cannot be had in this context. */
function neededElsewhere(chord: string, { in: context }: CommandSpec): string | undefined {
	if (TYPING.has(context) && isText(chord)) {
		return `"${chord}" is text ${CONTEXTS[context]}; put ctrl+ or alt+ before it, or take a key with a name`;
	}
	const { ctrl, alt, shift, name } = partsOf(chord);
	const free = ctrl || alt || shift || /^f\d+$/.test(name);
	if (context === "python" && (!free || chord === "ctrl+c" || chord === "ctrl+d")) {
		return `"${chord}" is Python's own there; take a key with ctrl+, alt+ or shift+ (but not ctrl+c or ctrl+d), or f1 to f12`;
	}
	return undefined;
}

function taken(chord: string, by: CommandId, commands: Commands): string {
	const { title, in: context } = commands[by];
	return `"${chord}" means ${title} ${CONTEXTS[context]}; to have it here, write "${by}": "-${chord}" too`;
}

const listed = (chords: readonly string[]): string => chords.map(showChord).join(", ") || "none";
