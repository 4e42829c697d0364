/**
 * A review without a screen but with a person: for a screen reader, and for a terminal that knows no sequences. One sample
 * is current; each command is a line. Not one control sequence is written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Looked, ReviewBook } from "../../data/dataset/review-book.ts";
import {
	type Change,
	changedSays,
	piecesOf,
	rewritingAll,
	tailAfterAnswer,
	textOfSample,
} from "../../data/dataset/review-edits.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import { Dialogue } from "../lines/dialogue.ts";
import { sentence, trouble, type Voice, voiceOf } from "../lines/voice.ts";
import { editText } from "../term/external.ts";
import { plainLine } from "../views/line.ts";
import { aboutLines, diffLines } from "./about.ts";
import { SampleRows } from "./sample-rows.ts";

export type LinesIo = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: { write(text: string): unknown };
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
};

const HELP = [
	"list: the samples, ten at a time; list WORDS: only those (decision:none, verdict:wrong, text:WORD and so on)",
	"next, previous, undecided, or a number: another sample. Enter: the current one. show: its text. about: all that is known of it",
	"accept, reject: the decision, with a reason behind it if you like. clear: takes it back",
	"note TEXT: a note. edit: its text in your editor. edit FILE: its text becomes that of the file. save FILE: its text to a file",
	"tail: cuts what stands behind the final answer. undo: takes the last edit back. diff: the edits, before and after",
	"by NAME: who reviews. reason TEXT: why you edit. progress. quit",
];

const WIDE = 10_000;
const PAGE = 10;
const LABELS = {
	prompt: "Prompt",
	model: "Model",
	hint: "Hint",
	output: "Python",
	edit: "Edited",
} as const;

/** Resolves with the exit code when the person has left. */
export async function reviewLines(book: ReviewBook, io: LinesIo): Promise<0> {
	const voice = voiceOf((text) => io.stdout.write(text));
	const dialogue = new Dialogue(voice);
	const lines = createInterface({ input: io.stdin, terminal: false });
	lines.on("line", (line) => dialogue.line(line));
	lines.on("close", () => dialogue.end());
	const away = async <Value>(work: () => Promise<Value>): Promise<Value> => {
		lines.pause();
		try {
			return await work();
		} finally {
			lines.resume();
		}
	};
	try {
		await book.read();
		const editor = (text: string) => editText({ away } as never, text, "md", io.env);
		await new LineReview(book, voice, io.cwd, editor).run(dialogue);
	} finally {
		lines.close();
		io.stdin.pause();
	}
	return 0;
}

type Editing = (text: string) => Promise<{ readonly text?: string; readonly says?: string }>;

export class LineReview {
	readonly #book: ReviewBook;
	readonly #voice: Voice;
	readonly #cwd: string;
	readonly #editor: Editing;
	readonly #rows: SampleRows;
	#at = 0;
	#listed = 0;
	#reason: string | undefined;

	constructor(book: ReviewBook, voice: Voice, cwd: string, editor: Editing) {
		this.#book = book;
		this.#voice = voice;
		this.#cwd = cwd;
		this.#editor = editor;
		this.#rows = new SampleRows(book, () => {});
	}

	async run(dialogue: Dialogue): Promise<void> {
		const { writer } = this.#book.log;
		if (writer !== undefined)
			this.#say(trouble("warning", `this dataset is being reviewed in ${writer}: here it can only be read`));
		this.#progress();
		this.#say("help lists what you can do.");
		this.#tell();
		for (;;) {
			const line = await dialogue.next();
			if (line === undefined) break;
			const [, word = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
			if (/^(?:quit|q|exit)$/.test(word)) break;
			try {
				await this.#do(word, rest);
			} catch (error) {
				this.#say(trouble("error", error instanceof Error ? error.message : String(error)));
			}
			const { unwritten } = this.#book.log;
			if (unwritten !== undefined)
				this.#say(trouble("error", `${unwritten}; it is kept in memory and tried again every second`));
		}
		this.#rows.close();
	}

	#say(text: string): void {
		this.#voice.say(text);
	}

	async #do(word: string, rest: string): Promise<void> {
		const why = rest === "" ? undefined : rest;
		switch (word) {
			case "":
				return this.#tell();
			case "help":
			case "?":
				for (const line of HELP) this.#say(sentence(line));
				return;
			case "list":
				return await this.#list(rest);
			case "next":
			case "n":
				return this.#go(this.#at + 1);
			case "previous":
			case "p":
				return this.#go(this.#at - 1);
			case "undecided": {
				const to = this.#rows.undecided(this.#at, 1) ?? this.#rows.undecided(-1, 1);
				if (to === undefined) this.#say("Nothing is undecided.");
				else this.#go(to);
				return;
			}
			case "progress":
				return this.#progress();
			case "by":
				if (rest !== "") this.#book.by = rest;
				return this.#say(sentence(`${this.#book.by} reviews`));
			case "reason":
				this.#reason = rest;
				return this.#say(rest === "" ? "Edits have no reason now." : "It is kept with every edit.");
		}
		if (/^\d+$/.test(word)) return this.#go(Number(word) - 1);
		const entry = this.#rows.at(this.#at);
		if (!entry) return this.#say("There is no sample here: list shows others.");
		const looked = this.#book.look(entry);
		if (typeof looked === "string") return this.#say(trouble("error", `it cannot be read: ${looked}`));
		switch (word) {
			case "show":
				return this.#show(looked);
			case "about":
				for (const line of aboutLines(this.#book, looked, undefined, WIDE)) this.#say(plainLine(line));
				return;
			case "diff":
				for (const line of diffLines(looked, WIDE)) this.#say(plainLine(line));
				return;
			case "accept":
			case "reject":
				this.#book[word](entry.id, why);
				this.#say(sentence(`${entry.question} is ${word}ed${why ? `: ${why}` : ""}`));
				return this.#advance();
			case "clear":
				this.#book.clear(entry.id);
				return this.#say("The decision is taken back.");
			case "note":
				if (rest === "") return this.#say("A note needs words: note TEXT.");
				this.#book.note(entry.id, rest);
				return this.#say("The note is kept.");
			case "undo":
				return this.#say(
					this.#book.undo(entry.id, looked) ? "The last edit is taken back." : "No edit of it stands.",
				);
			case "tail": {
				const change = tailAfterAnswer(looked.sample, this.#book.thinkClose);
				if (typeof change === "string") return this.#say(sentence(change));
				return this.#change(entry, [change]);
			}
			case "save": {
				if (rest === "") return this.#say("Say where: save FILE.");
				writeFileSync(resolve(this.#cwd, rest), textOfSample(looked.sample), { flag: "wx" });
				return this.#say(
					sentence(`the text is in ${rest}; edit ${rest} takes it back when you have changed it`),
				);
			}
			case "edit":
				return await this.#edit(entry, looked, rest);
			default:
				this.#say(`There is no command ${word}; help lists them.`);
		}
	}

	async #edit(entry: SampleEntry, looked: Looked, file: string): Promise<void> {
		const was = textOfSample(looked.sample);
		let now: string;
		if (file !== "") {
			now = readFileSync(resolve(this.#cwd, file), "utf8");
			if (now.endsWith("\n") && !was.endsWith("\n")) now = now.slice(0, -1);
		} else {
			const edited = await this.#editor(was);
			if (edited.text === undefined) return this.#say(sentence(edited.says ?? "nothing was changed"));
			now = edited.text;
		}
		const changes = rewritingAll(looked.sample, now);
		if (typeof changes === "string") this.#say(trouble("warning", changes));
		else if (changes.length === 0) this.#say("Nothing was changed.");
		else this.#change(entry, changes);
	}

	#change(entry: SampleEntry, changes: readonly Change[]): void {
		const not = this.#book.editAll(entry, changes, this.#reason);
		if (not !== undefined) {
			this.#say(trouble("warning", not));
			return;
		}
		const why = this.#reason ? "" : " reason TEXT says why, for this and later edits.";
		this.#say(`It is ${changedSays(changes)}. undo takes the last one back.${why}`);
	}

	#go(at: number): void {
		if (at < 0 || at >= this.#rows.length) {
			this.#say(at < 0 ? "This is the first sample." : "There is no further sample.");
			return;
		}
		this.#at = at;
		this.#tell();
	}

	#advance(): void {
		const to = this.#rows.undecided(this.#at, 1);
		if (to === undefined) this.#say("No undecided sample stands behind it.");
		else this.#go(to);
	}

	#tell(): void {
		const entry = this.#rows.at(this.#at);
		if (!entry) this.#say("Nothing fits.");
		else
			this.#say(
				`Sample ${this.#at + 1} of ${this.#rows.length}. ${this.#says(entry)} ${sentence(entry.asks)}`,
			);
	}

	#says(entry: SampleEntry): string {
		const { decision, by, why, edits } = this.#book.standing(entry.id);
		const said = decision ? `${decision} by ${by}${why ? `: ${why}` : ""}` : "undecided";
		const edited = edits > 0 ? `, ${edits} ${edits === 1 ? "edit" : "edits"}` : "";
		const answer = entry.answer === undefined ? "no answer" : `answer ${entry.answer}`;
		const gold = entry.gold === undefined ? "" : `, gold ${entry.gold}`;
		return sentence(`${entry.question}: ${entry.verdict}, ${answer}${gold}; ${said}${edited}`);
	}

	#show({ sample }: Looked): void {
		for (const { segment } of piecesOf(sample)) {
			const { kind, text, edited } = segment;
			const by = edited ? ` by ${edited.by}${edited.why ? `, ${edited.why}` : ""}` : "";
			this.#say(`${LABELS[kind]}${by}:\n${text}`);
		}
	}

	/** Words begin anew; without, it goes on where the last list ended. */
	async #list(query: string): Promise<void> {
		if (query !== "" || this.#listed >= this.#rows.length) {
			if (query !== "") {
				this.#rows.query = query === "all" ? "" : query;
				this.#at = 0;
			}
			this.#listed = 0;
			if (this.#rows.mistakes[0]) return this.#say(sentence(this.#rows.mistakes[0]));
			while (this.#rows.scanning) await new Promise((done) => setTimeout(done, 20));
		}
		const end = Math.min(this.#rows.length, this.#listed + PAGE);
		for (; this.#listed < end; this.#listed++)
			this.#say(`${this.#listed + 1}. ${this.#says(this.#rows.at(this.#listed)!)}`);
		if (this.#rows.length === 0) this.#say("Nothing fits; list all shows all.");
		else if (end < this.#rows.length) this.#say(`${this.#rows.length - end} more: list goes on.`);
	}

	#progress(): void {
		const { accepted, rejected, edited, undecided, of } = this.#book.progress;
		this.#say(
			`${of} samples: ${accepted} accepted, ${rejected} rejected, ${undecided} undecided; ${edited} edited. ${this.#book.by} reviews.`,
		);
	}
}
