/**
 * What can be said: the commands of the one table (../keys/command-table.ts), called by their id, by the beginning of their
 * title, or by a short word; and a few that only lines have, where a screen shows by itself. Which of them mean something
 * now is not known here.
 */
import { nearest } from "../../hints/nearest.ts";
import { COMMANDS, type CommandId } from "../keys/command-table.ts";

/** What a screen shows all the time and lines tell when they are asked. */
const OWN = {
	status: { title: "Status", says: "what the trace does now, its budgets, engine and policy" },
	timeline: {
		title: "Timeline",
		says: "the markers, hints and blocks with their lines and what they led to",
	},
	lines: { title: "Lines", says: "read lines of the trace again with their numbers; alone, the last ten" },
	problems: {
		title: "Problems",
		says: "the problems of the set, all or those with these words; its number begins one",
	},
	more: { title: "More", says: "go on with the list" },
	numbers: { title: "Numbers", says: "read each line of the trace with its number, or no longer" },
	quiet: {
		title: "Quiet",
		says: "leave the thinking unread: only hints, code, outputs and verdicts; again reads it",
	},
} as const;

export type WordId = CommandId | keyof typeof OWN;

type Spec = {
	/** The first is the one that help names. */
	readonly words: readonly string[];
	/** What may follow. */
	readonly takes?: string;
	/** Where the table's sentence speaks of keys or of panes. */
	readonly says?: string;
};

const SPECS = {
	"proposal.insert": { words: ["insert"] },
	"proposal.edit": {
		words: ["edit"],
		takes: "TEXT",
		says: "put these words in instead of the proposed ones",
	},
	"proposal.wording": { words: ["other wording", "wording"] },
	"proposal.other": {
		words: ["other hint", "hint"],
		takes: "NAME",
		says: "another hint of the library for this place",
	},
	"proposal.veto": { words: ["veto"] },
	"proposal.veto-kind": { words: ["veto kind"] },

	"replay.pause": { words: ["pause", "go on"] },
	"replay.forward": { words: ["forward"] },
	"replay.back": { words: ["back"] },
	"replay.faster": { words: ["faster"] },
	"replay.slower": { words: ["slower"] },
	"replay.end": { words: ["end"] },
	"replay.leave": { words: ["leave"] },

	"trace.pause": {
		words: ["pause", "go on", "go", "continue"],
		says: "let the model wait, or think on; a plain Enter does the same",
	},
	"trace.stop": { words: ["stop"] },
	"hint.pick": {
		words: ["hint"],
		takes: "NAME",
		says: "a hint of the library, told before it goes in; alone, the list of them",
	},
	"hint.write": { words: ["write"], takes: "TEXT" },
	"hint.undo": {
		words: ["undo hint"],
		says: "rewind to before the last hint, as a new branch on which it is vetoed",
	},
	"policy.pick": { words: ["policy"], takes: "POLICY" },
	rewind: {
		words: ["rewind"],
		takes: "LINE",
		says: "a new branch that ends behind that line, or before that hint or output, and waits; 0 is the beginning",
	},
	undo: { words: ["undo"], says: "back to the branch that the last rewind left" },
	"branch.list": {
		words: ["branches", "branch"],
		takes: "NAME",
		says: "the branches of this session; with a name, change to it",
	},
	"branch.next": { words: ["next branch"] },
	"branch.previous": { words: ["previous branch"] },
	status: { words: ["status"] },
	timeline: { words: ["timeline"] },
	"item.open": { words: ["entry"], takes: "NUMBER", says: "all that is known of an entry of the timeline" },
	lines: { words: ["lines"], takes: "FROM TO" },
	print: { words: ["read all"], says: "the problem and the whole trace from its beginning" },
	search: {
		words: ["search", "find"],
		takes: "TEXT",
		says: "the lines that hold a text, with their numbers",
	},
	"problem.show": { words: ["problem"] },
	"focus.python": {
		words: ["python", ">"],
		takes: "CODE",
		says: "run a line, or lines, in the trace's Python",
	},
	"python.interrupt": { words: ["interrupt python"], says: "break off what runs in Python" },
	"python.restart": {
		words: ["restart python"],
		says: "a fresh Python; the trace's earlier blocks run again before its next one",
	},
	"mark.accept": { words: ["mark accepted", "accept"] },
	"mark.reject": { words: ["mark rejected", "reject"] },
	name: { words: ["name"], takes: "TEXT" },
	tag: { words: ["tag"], takes: "TAG" },
	note: { words: ["note"], takes: "TEXT" },
	export: { words: ["export"], takes: "FORM FILE" },
	replay: { words: ["replay"] },
	"problem.next": { words: ["next"] },

	problems: { words: ["problems", "bundled"], takes: "WORDS" },
	more: { words: ["more"] },
	"start.file": { words: ["file"], takes: "PATH", says: "a problem from a text file" },
	"start.set": {
		words: ["set"],
		takes: "FILE",
		says: "a problem file or a dataset folder instead of the bundled ones; set bundled goes back",
	},
	"sessions.open": {
		words: ["sessions"],
		takes: "WORDS",
		says: "what was kept, newest first, all or those with these words",
	},
	"sessions.resume": {
		words: ["open"],
		takes: "SESSION",
		says: "a session where it stands: by its number in the list, its id, or last",
	},
	"sessions.delete": { words: ["delete"], takes: "SESSION" },
	"session.new": { words: ["new"], says: "another problem" },
	"start.engine": { words: ["engine"], takes: "ENGINE", says: "what samples tokens, from the next trace on" },
	"start.settings": {
		words: ["settings"],
		takes: "NAME VALUE",
		says: "seed, temperature, budgets, rounds and the time for a veto",
	},
	numbers: { words: ["numbers"] },
	quiet: { words: ["quiet"] },
	help: { words: ["help"], takes: "WORD", says: "the words that mean something here now, or one of them" },
	quit: { words: ["quit", "exit"] },
} as const satisfies Partial<Record<WordId, Spec>>;

export type LineWord = keyof typeof SPECS;

/** In the order in which help tells them. */
export const LINE_WORDS = Object.keys(SPECS) as readonly LineWord[];

const specOf = (id: LineWord): Spec => SPECS[id];
const entryOf = (id: WordId): { readonly title: string; readonly says: string } =>
	id in OWN ? OWN[id as keyof typeof OWN] : COMMANDS[id as CommandId];

/** The word that stands for it. */
export function wordOf(id: LineWord): string {
	return specOf(id).words[0]!;
}

/** "rewind LINE: a new branch that ..." */
export function usageOf(id: LineWord): string {
	const { words, takes, says } = specOf(id);
	const others = words.length > 1 ? ` (or ${words.slice(1).join(", ")})` : "";
	return `${words[0]}${others}${takes === undefined ? "" : ` ${takes}`}: ${says ?? entryOf(id).says}.`;
}

/** All that it is called by, in small letters. */
function namesOf(id: LineWord): string[] {
	return [...specOf(id).words, id.toLowerCase(), id.replace(/[.-]/g, " "), entryOf(id).title.toLowerCase()];
}

export type Meant =
	| {
			readonly word: LineWord /** As it was said. */;
			readonly by: string /** What follows it. */;
			readonly said: string;
	  }
	/** What there is to say of a line that means nothing, or more than one thing. */
	| { readonly unknown: string };

/**
 * What a line means among some words, the innermost first: the longest beginning that is a whole name, else that begins
 * only one name. Those that mean something now go before those that do not.
 */
export function meantBy(line: string, among: readonly LineWord[], now: (word: LineWord) => boolean): Meant {
	const text = line.trim();
	if (text.startsWith(">") && among.includes("focus.python"))
		return { word: "focus.python", by: ">", said: text.slice(1).trim() };
	const ends = [...text.matchAll(/\S+/g)].slice(0, 6).map(({ index, 0: word }) => index + word.length);
	const first = (some: readonly LineWord[]): LineWord | undefined => some.find(now) ?? some[0];
	/** What takes nothing is not meant where something follows: it might be half of another name. */
	const fits = (id: LineWord, end: number): boolean => end === text.length || specOf(id).takes !== undefined;
	for (const end of ends.toReversed()) {
		const by = phrase(text, end);
		const word = first(among.filter((id) => fits(id, end) && namesOf(id).includes(by)));
		if (word !== undefined) return { word, by, said: text.slice(end).trim() };
	}
	for (const end of ends.toReversed()) {
		const by = phrase(text, end);
		const begun = among.filter((id) => fits(id, end) && namesOf(id).some((name) => name.startsWith(by)));
		const some = begun.some(now) ? begun.filter(now) : begun;
		if (some.length === 1 && by.length > 1) return { word: some[0]!, by, said: text.slice(end).trim() };
		if (some.length > 0)
			return { unknown: `"${by}" could be ${some.map(wordOf).join(", ")}: say more of it.` };
	}
	return { unknown: unknown(text, ends, among) };
}

const phrase = (text: string, end: number): string => text.slice(0, end).toLowerCase().replace(/\s+/g, " ");

/** A word that is known but not for lines says so; else the nearest one is named. */
function unknown(text: string, ends: readonly number[], among: readonly LineWord[]): string {
	const said = phrase(text, ends[0] ?? 0);
	for (const end of ends.toReversed()) {
		const by = phrase(text, end);
		const screen = (Object.keys(COMMANDS) as CommandId[]).find(
			(id) => !(id in SPECS) && (id === by || COMMANDS[id].title.toLowerCase() === by),
		);
		if (screen) return `${COMMANDS[screen].title} means something on a screen only.`;
	}
	const words = among.flatMap((id) => specOf(id).words);
	const whole = phrase(text, ends[1] ?? ends[0] ?? 0);
	const near = nearest(whole, words) || (words.includes(said) ? "" : nearest(said, words));
	if (words.includes(said)) return `"${said}" takes nothing behind it${near || "; say it alone."}`;
	return `There is no word "${said}"${near || "; help lists them."}`;
}
