/**
 * The lines of one trace as they stand on the screen, for a pane that draws only those that are seen.
 *
 * What always holds
 * - The lines depend on the text, its kinds, the titles and the width alone, however the text came in pieces.
 * - Offsets are UTF-16 units of the text as it was put in. Lines (titles, which have no length, aside) tile it without a gap.
 * - A line's text is fit for a row: at most `columns` cells, nothing that a terminal obeys.
 * - `append` costs what is new; only the last character of the text is ever laid out again (and the one line that turns
 *   out to open a block of code, which is short).
 */
import type { FenceRules } from "../../hints/fences.ts";
import type { Token } from "../theme/theme.ts";
import { fit, TAB_CELLS } from "./cells.ts";
import { clusterEnd, settledEnd, shown, soloCells } from "./clusters.ts";
import { FenceLines, MARKDOWN_FENCES } from "./fence-lines.ts";
import { Flow } from "./flow.ts";
import { LineTable } from "./line-table.ts";
import { TextStore } from "./text-store.ts";

export type LineKind = "model" | "code" | "hint" | "output" | "failure" | "edit" | "title";
/** What text may be put in as. */
export type TextKind = Exclude<LineKind, "title" | "code">;

export type Line = {
	/** Counted from 0. */
	readonly n: number;
	/** Where it stands in the trace's text. The newline, and spaces that there was no room for, belong to it. */
	readonly from: number;
	readonly to: number;
	/** Fit for the screen: at most `columns` cells, no newline, no tab, nothing unsafe. */
	readonly text: string;
	readonly kind: LineKind;
	/** Of a title. */
	readonly token?: Token;
	/** Wrapped on from the line before. */
	readonly continued: boolean;
};

const KINDS: readonly LineKind[] = ["model", "code", "hint", "output", "failure", "edit", "title"];
const MODEL = 0;
const CODE = 1;
const TITLE = 6;
const KIND_BITS = 7;
const CONTINUED = 8;

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** A space with a mark on it is no place to break. */
const NO_BREAK_SPACE = 0xa0;
const NOT_PLAIN = /[^ -~]/;

type Run = { readonly from: number; readonly kind: TextKind };
type Title = { readonly at: number; readonly text: string; readonly token: Token; line: number };

export class LineIndex {
	#columns: number;
	readonly #store = new TextStore();
	readonly #runs: Run[] = [];
	readonly #titles: Title[] = [];

	readonly #table = new LineTable();
	readonly #fences: FenceLines;
	#flow: Flow;
	/** How far the text is laid out. */
	#laid = 0;
	/** Whoever wrote last, and what the lines of it are. */
	#kind: TextKind | undefined;
	#what = MODEL;
	/** Where the line (of one writer, as yet unwrapped) begins: in the text, and in the table. */
	#lineAt = 0;
	#lineRow = 0;
	/** What may yet become another character, and how things stood before it. */
	#tail = "";
	#before: Flow;
	#beforeRows = 0;

	/** `columns` are for the text itself. `rules` say what a fence is; without them, what Markdown says. */
	constructor(columns: number, rules: FenceRules = MARKDOWN_FENCES) {
		this.#columns = widthFrom(columns);
		this.#fences = new FenceLines(rules);
		this.#flow = new Flow(this.#columns);
		this.#before = new Flow(this.#columns);
	}

	get columns(): number {
		return this.#columns;
	}

	/** How many lines there are. */
	get length(): number {
		return this.#table.length;
	}

	/** How many units of text there are. */
	get offset(): number {
		return this.#store.length;
	}

	append(kind: TextKind, text: string): void {
		if (text === "") return;
		const at = this.#store.length;
		if (this.#runs.at(-1)?.kind !== kind || this.#titles.at(-1)?.at === at)
			this.#runs.push({ from: at, kind });
		this.#store.push(text);
		this.#lay(kind, text, this.#runs.at(-1)!.from === at);
	}

	/** A line of its own at the end of the text so far. */
	title(text: string, token: Token): void {
		this.#titles.push({ at: this.#store.length, text, token, line: this.#table.length });
		this.#layTitle();
	}

	/** Drops the text from the offset on, and the titles that stand there or behind. */
	cut(at: number): void {
		const end = Math.max(0, Math.min(at, this.#store.length));
		while ((this.#titles.at(-1)?.at ?? -1) >= end) this.#titles.pop();
		while ((this.#runs.at(-1)?.from ?? -1) >= end) this.#runs.pop();
		this.#store.cut(end);
		this.#layFrom(this.#store.lineStart(end));
	}

	resize(columns: number): void {
		const width = widthFrom(columns);
		if (width === this.#columns) return;
		this.#columns = width;
		this.#flow = new Flow(width);
		this.#before = new Flow(width);
		this.#layFrom(0);
	}

	line(n: number): Line {
		if (!(n >= 0 && n < this.#table.length)) {
			throw new RangeError(`there is no line ${n}: there are ${this.#table.length}`);
		}
		const what = this.#table.what(n);
		const kind = KINDS[what & KIND_BITS]!;
		const from = this.#table.start(n);
		if (kind === "title") {
			const { text, token } = this.#titleOf(n);
			return { n, from, to: from, text: fit(text, this.#columns), kind, token, continued: false };
		}
		const to = this.#endOf(n);
		const text = this.#shown(this.#store.slice(from, to));
		return { n, from, to, text, kind, continued: (what & CONTINUED) !== 0 };
	}

	/** As many of the `count` lines from `from` on as there are. */
	lines(from: number, count: number): Line[] {
		const lines: Line[] = [];
		const end = Math.min(from + count, this.#table.length);
		for (let n = Math.max(0, from); n < end; n++) lines.push(this.line(n));
		return lines;
	}

	/** The line that holds the offset; a title where one stands at it. Behind the end: the last line. 0 where there is none. */
	lineAt(offset: number): number {
		const n = this.#table.firstFrom(offset);
		return n < this.#table.length && this.#table.start(n) === offset ? n : Math.max(0, n - 1);
	}

	/** The text as it was put in. */
	slice(from: number, to: number): string {
		return this.#store.slice(from, to);
	}

	#endOf(n: number): number {
		return n + 1 < this.#table.length ? this.#table.start(n + 1) : this.#store.length;
	}

	#titleOf(n: number): Title {
		let low = 0;
		let high = this.#titles.length - 1;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#titles[middle]!.line < n) low = middle + 1;
			else high = middle;
		}
		return this.#titles[low]!;
	}

	/** Lays everything out again from where a line of the text begins. */
	#layFrom(lineStart: number): void {
		this.#table.cut(this.#table.firstFrom(lineStart));
		this.#fences.back(lineStart);
		this.#laid = lineStart;
		this.#kind = undefined;
		this.#newLine();
		let title = this.#titles.findIndex((one) => one.at >= lineStart);
		if (title < 0) title = this.#titles.length;
		const layTitles = (to: number): void => {
			for (; title < this.#titles.length && this.#titles[title]!.at <= to; title++) {
				this.#titles[title]!.line = this.#table.length;
				this.#layTitle();
			}
		};
		for (let i = this.#runAt(lineStart); i < this.#runs.length; i++) {
			const { from, kind } = this.#runs[i]!;
			const begin = Math.max(from, lineStart);
			const end = this.#runs[i + 1]?.from ?? this.#store.length;
			layTitles(begin);
			for (let at = begin; at < end; at += 65_536) {
				this.#lay(kind, this.#store.slice(at, Math.min(end, at + 65_536)), at === begin);
			}
		}
		layTitles(this.#store.length);
	}

	#runAt(offset: number): number {
		let i = this.#runs.length - 1;
		while (i > 0 && this.#runs[i]!.from > offset) i--;
		return Math.max(0, i);
	}

	#layTitle(): void {
		this.#table.push(this.#laid, TITLE);
		this.#tail = "";
	}

	#lay(kind: TextKind, text: string, isNew: boolean): void {
		if (isNew) {
			if (this.#kind !== undefined && this.#kind !== kind) this.#fences.turn(this.#laid);
			this.#newLine();
		}
		this.#kind = kind;
		for (let at = 0; at < text.length; ) {
			const found = text.indexOf("\n", at);
			const end = found < 0 ? text.length : found + 1;
			this.#layPiece(kind, at === 0 && end === text.length ? text : text.slice(at, end));
			at = end;
		}
	}

	/** A piece of one line, its newline at most at the end. */
	#layPiece(kind: TextKind, piece: string): void {
		const code = this.#fences.feed(piece, this.#laid);
		const what = kind === "model" ? (code ? CODE : MODEL) : KINDS.indexOf(kind);
		if (what !== this.#what && this.#laid > this.#lineAt) {
			// The line turns out to be another thing than it looked like.
			const again = this.#store.slice(this.#lineAt, this.#laid);
			this.#laid = this.#lineAt;
			this.#table.cut(this.#lineRow);
			this.#tail = "";
			this.#what = what;
			this.#wrap(again);
		}
		this.#what = what;
		this.#wrap(piece);
		if (piece.charCodeAt(piece.length - 1) === NEWLINE) this.#newLine();
	}

	#newLine(): void {
		this.#tail = "";
		this.#lineAt = this.#laid;
		this.#lineRow = this.#table.length;
	}

	#wrap(piece: string): void {
		if (this.#tail !== "") {
			this.#flow.set(this.#before);
			this.#table.cut(this.#beforeRows);
		}
		const text = this.#tail + piece;
		const base = this.#laid - this.#tail.length;
		const settled = this.#put(text, 0, base, settledEnd(text));
		this.#tail = text.slice(settled);
		if (this.#tail !== "") {
			this.#before.set(this.#flow);
			this.#beforeRows = this.#table.length;
			this.#put(text, settled, base, text.length + 1);
		}
		this.#laid += piece.length;
	}

	/** Puts characters on lines up to the first that ends at `limit` or behind it; gives back where that begins. */
	#put(text: string, from: number, base: number, limit: number): number {
		const flow = this.#flow;
		const hard = this.#what === CODE || KINDS[this.#what] === "output" || KINDS[this.#what] === "failure";
		let at = from;
		while (at < text.length) {
			let unit = text.charCodeAt(at);
			let end = at + 1;
			let cells = end < limit && end < text.length ? soloCells(unit, text.charCodeAt(end)) : 0;
			if (cells === 0) {
				end = clusterEnd(text, at);
				if (end >= limit) break;
				if (text.charCodeAt(end - 1) === NEWLINE) {
					if (base + at === this.#lineAt) this.#table.push(base + at, this.#what);
					return end;
				}
				cells = unit === TAB ? 1 : shown(text.slice(at, end)).cells;
				if (unit === SPACE && end > at + 1) unit = NO_BREAK_SPACE;
			}
			if (base + at === this.#lineAt) {
				this.#table.push(base + at, this.#what);
				flow.begin(base + at);
			}
			const began = flow.put(base + at, unit, cells > this.#columns ? 1 : cells, hard);
			if (began > 0) {
				this.#table.push(flow.first, this.#what | CONTINUED);
				if (began > 1) this.#table.push(flow.second, this.#what | CONTINUED);
			}
			at = end;
		}
		return at;
	}

	/** A line's text as it is drawn. */
	#shown(raw: string): string {
		const columns = this.#columns;
		const text = raw.endsWith("\n") ? raw.slice(0, raw.endsWith("\r\n") ? -2 : -1) : raw;
		if (!NOT_PLAIN.test(text)) return text.length > columns ? text.slice(0, columns) : text;
		let row = "";
		let cells = 0;
		for (let at = 0; at < text.length && cells < columns; ) {
			const end = clusterEnd(text, at);
			if (text.charCodeAt(at) === TAB) {
				const width = Math.min(columns - cells, TAB_CELLS - (cells % TAB_CELLS));
				row += " ".repeat(width);
				cells += width;
			} else {
				const one = shown(text.slice(at, end));
				row += one.cells > columns ? REPLACED : one.text;
				cells += one.cells > columns ? 1 : one.cells;
			}
			at = end;
		}
		return row;
	}
}

/** Stands for a character that is wider than the whole line. */
const REPLACED = "?";

const widthFrom = (columns: number): number => Math.max(1, Math.floor(columns) || 1);
