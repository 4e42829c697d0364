/**
 * Finds reflection words in prose, one UTF-16 unit at a time: what it says depends on the text alone, never on how the
 * text was cut into pieces.
 *
 * A word fires at the start of a line or sentence, outside of inline code and LaTeX, once what stands behind it shows that
 * it is a whole word. The start of a sentence is what follows [.!?…] and white space; quotes, brackets, bullets, numbers and
 * emphasis may stand between. "Waiting", "Wait-list", "Wait's" and "await" do not fire; "Wait -", "Wait—", "Wait..." do.
 *
 * A dollar sign opens maths as in Pandoc (`tex_math_dollars`: no space behind the opening one, none before the closing one,
 * no digit behind the closing one) and never beyond its line. A sum of money looks the same until the line ends, so a
 * reflection word at a sentence start takes it for money. `$$`, `\(` and `\[` end at a blank line at the latest.
 * Inline code ends with its line; a lone backtick therefore silences the rest of its line.
 */
export type WordEvent = {
	readonly type: "word";
	readonly word: string;
	readonly start: number;
	readonly at: number;
};

type Mode =
	| "text"
	/** Behind a first dollar sign. */
	| "dollar"
	| "math"
	/** Behind a dollar sign that may close. */
	| "math-close"
	| "display"
	| "display-close"
	| "paren"
	| "bracket"
	/** In the opening run of backticks. */
	| "ticks"
	| "code"
	/** In a run of backticks that may close. */
	| "code-ticks";

/** Where in a sentence: in the midst, behind its end, at its start, or behind a number at its start. */
type Place = "mid" | "end" | "start" | "number";

export type ProseState = {
	readonly mode: Mode;
	readonly place: Place;
	/** The text from a sentence start that may be or become a word. */
	readonly candidate: string;
	readonly escaped: boolean;
	/** Length of the run of backticks that opened, and of the one being read. */
	readonly ticks: number;
	readonly run: number;
	/** The line so far is white space. */
	readonly blank: boolean;
	readonly afterSpace: boolean;
};

export const START_OF_TEXT: ProseState = {
	mode: "text",
	place: "start",
	candidate: "",
	escaped: false,
	ticks: 0,
	run: 0,
	blank: true,
	afterSpace: true,
};

const NEWLINE = 10;
const DOLLAR = 36;
const BACKTICK = 96;
const BACKSLASH = 92;
const OPENERS = new Set([..."\"'“‘«„([{*_~-–—+>#•"].map((char) => char.charCodeAt(0)));
const CLOSERS = new Set([..."\"'”’»)]}*_"].map((char) => char.charCodeAt(0)));
const ENDS = new Set([...".!?…"].map((char) => char.charCodeAt(0)));
/** Full-width ends need no space behind them. */
const WIDE_ENDS = new Set([..."。！？"].map((char) => char.charCodeAt(0)));
const JOINERS = new Set([..."-'’‐‑"]);
const WORD_CHAR = /[\p{L}\p{M}\p{N}_]/u;

/** ASCII characters that change the state in the midst of a sentence; all others beyond ASCII are looked at. */
const TURNS = new Uint8Array(128);
for (const char of "\n$`\\.!?") TURNS[char.charCodeAt(0)] = 1;

function skipPlain(text: string, from: number): number {
	let i = from;
	while (i < text.length && TURNS[text.charCodeAt(i)] === 0) i++;
	return i;
}

export class ProseScanner {
	private readonly words: readonly string[];
	private readonly firsts: ReadonlySet<number>;
	private s: { -readonly [K in keyof ProseState]: ProseState[K] };
	private found: WordEvent[] = [];

	constructor(words: readonly string[], state: ProseState = START_OF_TEXT) {
		for (const word of words) {
			if (word === "" || word !== word.trim() || /[\n\r]/.test(word)) {
				throw new Error(
					`the reflection word ${JSON.stringify(word)} is empty or has white space around it or a newline in it`,
				);
			}
		}
		this.words = [...new Set(words)].sort((a, b) => b.length - a.length);
		this.firsts = new Set(words.map((word) => word.charCodeAt(0)));
		this.s = { ...state };
	}

	state(): ProseState {
		return { ...this.s };
	}

	/** Units at the end of what was fed that a word may still begin in. */
	get heldBack(): number {
		return this.s.candidate.length;
	}

	/** Starts anew, at the start of a line or in its midst. */
	reset(atLineStart: boolean): void {
		this.s = { ...START_OF_TEXT, ...(atLineStart ? {} : { place: "mid", blank: false, afterSpace: false }) };
	}

	/** `base` is the offset of `text` in the turn. */
	feed(text: string, base: number): WordEvent[] {
		this.found = [];
		for (let i = 0; i < text.length; i++) {
			// Most text is the midst of a sentence, where only a few characters can change anything.
			if (this.s.mode === "text" && this.s.place === "mid" && this.s.candidate === "" && !this.s.escaped) {
				i = skipPlain(text, i);
				if (i === text.length) break;
			}
			this.step(text.charCodeAt(i), base + i);
		}
		return this.found;
	}

	/** The text ends at `end` for now: a whole word there fires; the beginning of one stays what it is. */
	flush(end: number): WordEvent[] {
		this.found = [];
		if (this.s.candidate !== "") this.decide(end, true);
		return this.found;
	}

	private step(c: number, at: number): void {
		const s = this.s;
		if (s.candidate !== "") {
			s.candidate += String.fromCharCode(c);
			this.decide(at + 1, false);
			return;
		}
		if (c === NEWLINE) {
			this.newline();
			return;
		}
		const space = c === 32 || c === 9 || c === 13 || c === 160;
		if (s.escaped) {
			s.escaped = false;
			this.afterBackslash(c);
		} else {
			this.plain(c, at, space);
		}
		// A candidate that was begun above is not yet part of the line's past; its units come here again when it fails.
		s.afterSpace = space;
		if (!space) s.blank = false;
	}

	private newline(): void {
		const s = this.s;
		s.escaped = false;
		const crosses =
			s.mode === "display" || s.mode === "display-close" || s.mode === "paren" || s.mode === "bracket";
		if (!crosses || s.blank) {
			s.mode = "text";
			s.place = "start";
		} else if (s.mode === "display-close") {
			s.mode = "display";
		}
		s.blank = true;
		s.afterSpace = true;
	}

	private afterBackslash(c: number): void {
		const s = this.s;
		const char = String.fromCharCode(c);
		if (s.mode === "text" && char === "(") s.mode = "paren";
		else if (s.mode === "text" && char === "[") s.mode = "bracket";
		else if (s.mode === "paren" && char === ")") {
			// A sentence may end inside its formula: "so \(x = 4.\) Wait".
			s.mode = "text";
			return;
		} else if (s.mode === "bracket" && char === "]") {
			s.mode = "text";
			s.place = "end";
			return;
		}
		s.place = "mid";
	}

	private plain(c: number, at: number, space: boolean): void {
		const s = this.s;
		switch (s.mode) {
			case "text":
				if (space) this.space();
				else if (c === DOLLAR) {
					s.mode = "dollar";
					s.place = "mid";
				} else if (c === BACKTICK) {
					s.mode = "ticks";
					s.ticks = 1;
					s.place = "mid";
				} else if (c === BACKSLASH) s.escaped = true;
				else this.sentence(c, at);
				return;
			case "dollar":
				if (c === DOLLAR) s.mode = "display";
				else {
					s.mode = space ? "text" : "math";
					this.plain(c, at, space);
				}
				return;
			case "math":
				if (space) this.space();
				else if (c === DOLLAR) {
					if (!s.afterSpace) s.mode = "math-close";
				} else if (c === BACKSLASH) s.escaped = true;
				else this.sentence(c, at);
				return;
			case "math-close":
				s.mode = c >= 48 && c <= 57 ? "math" : "text";
				if (s.place !== "end") s.place = "mid";
				this.plain(c, at, space);
				return;
			case "display":
				if (c === DOLLAR) s.mode = "display-close";
				else if (c === BACKSLASH) s.escaped = true;
				return;
			case "display-close":
				if (c === DOLLAR) {
					s.mode = "text";
					s.place = "end";
				} else {
					s.mode = "display";
					this.plain(c, at, space);
				}
				return;
			case "paren":
				if (c === BACKSLASH) s.escaped = true;
				else if (!space) s.place = ENDS.has(c) ? "end" : "mid";
				return;
			case "bracket":
				if (c === BACKSLASH) s.escaped = true;
				return;
			case "ticks":
				if (c === BACKTICK) s.ticks++;
				else s.mode = "code";
				return;
			case "code":
				if (c === BACKTICK) {
					s.mode = "code-ticks";
					s.run = 1;
				}
				return;
			case "code-ticks":
				if (c === BACKTICK) s.run++;
				else if (s.run !== s.ticks) s.mode = "code";
				else {
					s.mode = "text";
					this.plain(c, at, space);
				}
				return;
		}
	}

	private space(): void {
		if (this.s.place === "end") this.s.place = "start";
		else if (this.s.place === "number") this.s.place = "mid";
	}

	private sentence(c: number, at: number): void {
		const s = this.s;
		const digit = c >= 48 && c <= 57;
		if (s.place === "start") {
			if (this.firsts.has(c)) {
				s.candidate = String.fromCharCode(c);
				this.decide(at + 1, false);
				return;
			}
			if (OPENERS.has(c)) return;
			if (digit) {
				s.place = "number";
				return;
			}
		} else if (s.place === "number") {
			if (digit) return;
			if (c === 46 || c === 41) {
				s.place = "end";
				return;
			}
		} else if (s.place === "end" && CLOSERS.has(c)) return;
		s.place = ENDS.has(c) ? "end" : WIDE_ENDS.has(c) ? "start" : "mid";
	}

	/** Is the candidate, which ends at `end`, a word, none, or still open? The longest word that matches counts. */
	private decide(end: number, final: boolean): void {
		const text = this.s.candidate;
		if (!final && this.words.some((word) => word.length >= text.length && word.startsWith(text))) return;
		for (const word of this.words) {
			if (!text.startsWith(word)) continue;
			const behind = text[word.length];
			if (behind !== undefined) {
				if (WORD_CHAR.test(behind)) continue;
				if (JOINERS.has(behind)) {
					const next = text[word.length + 1];
					if (next === undefined && !final) return;
					if (next !== undefined && WORD_CHAR.test(next)) continue;
				}
			}
			const start = end - text.length;
			this.found.push({ type: "word", word, start, at: start + word.length });
			if (this.s.mode === "math") this.s.mode = "text";
			this.goOn(text.slice(word.length), start + word.length);
			return;
		}
		if (!final) this.goOn(text, end - text.length);
	}

	/** The candidate is decided: what was held of it is plain text in the midst of a sentence. */
	private goOn(text: string, at: number): void {
		this.s.candidate = "";
		this.s.place = "mid";
		this.s.blank = false;
		this.s.afterSpace = false;
		for (let i = 0; i < text.length; i++) this.step(text.charCodeAt(i), at + i);
	}
}
