/**
 * The lines of one trace as they stand on the screen, for a pane that draws only those that are seen.
 *
 * What always holds
 * - The lines depend on the text, its kinds, the titles and the width alone, however the text came in pieces.
 * - Offsets are UTF-16 units of the text as it was put in. Lines (titles, which have no length, aside) tile it without a gap.
 * - A line's text is fit for a row: at most `columns` cells, nothing that a terminal obeys.
 * - `append` costs what is new. A line is made into a string when it is asked for and not before.
 */
import type { FenceRules } from "../../hints/fences.ts";
import type { Token } from "../theme/theme.ts";
import { fit } from "./cells.ts";
import { MARKDOWN_FENCES } from "./fence-lines.ts";
import { type LineKind, LineLayout, type TextKind } from "./line-layout.ts";
import { Search, type Searched } from "./search.ts";
import { shownLine, shownUnits } from "./shown-line.ts";
import { TextStore } from "./text-store.ts";

export type { LineKind, TextKind };

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

/** A part of a hit in one line: units `from` to `to` of its `text`, and the number of the hit. */
export type Mark = { readonly from: number; readonly to: number; readonly hit: number };

/** Text of one writer in a row; a title parts it. */
type Run = { readonly from: number; readonly kind: TextKind };
type Title = { readonly at: number; readonly text: string; readonly token: Token; line: number };

/** How much is laid out again at a time. */
const PIECE_UNITS = 65_536;

export class LineIndex implements Searched {
	#columns: number;
	readonly #store = new TextStore();
	readonly #layout: LineLayout;
	readonly #runs: Run[] = [];
	readonly #titles: Title[] = [];
	#cuts = 0;

	/** `columns` are for the text itself. `rules` say what a fence is; without them, what Markdown says. */
	constructor(columns: number, rules: FenceRules = MARKDOWN_FENCES) {
		this.#columns = widthFrom(columns);
		this.#layout = new LineLayout(this.#store, this.#columns, rules);
	}

	get columns(): number {
		return this.#columns;
	}

	/** How many lines there are. */
	get length(): number {
		return this.#layout.length;
	}

	/** How many units of text there are. */
	get offset(): number {
		return this.#store.length;
	}

	append(kind: TextKind, text: string): void {
		if (text === "") return;
		const at = this.#store.length;
		const isNew = this.#runs.at(-1)?.kind !== kind || this.#titles.at(-1)?.at === at;
		if (isNew) this.#runs.push({ from: at, kind });
		this.#store.push(text);
		this.#layout.text(kind, text, isNew);
	}

	/** A line of its own at the end of the text so far. */
	title(text: string, token: Token): void {
		this.#titles.push({ at: this.#store.length, text, token, line: this.#layout.title() });
	}

	/** Drops the text from the offset on, and the titles that stand there or behind. */
	cut(at: number): void {
		const end = Math.max(0, Math.min(Math.floor(at), this.#store.length));
		this.#cuts++;
		while ((this.#titles.at(-1)?.at ?? -1) >= end) this.#titles.pop();
		while ((this.#runs.at(-1)?.from ?? -1) >= end) this.#runs.pop();
		this.#store.cut(end);
		const lineStart = this.#store.lineStart(end);
		this.#layout.back(lineStart);
		this.#layFrom(lineStart);
	}

	resize(columns: number): void {
		const width = widthFrom(columns);
		if (width === this.#columns) return;
		this.#columns = width;
		this.#layout.widen(width);
		this.#layFrom(0);
	}

	line(n: number): Line {
		if (!(n >= 0 && n < this.length)) throw new RangeError(`there is no line ${n}: there are ${this.length}`);
		const kind = this.#layout.kind(n);
		const from = this.#layout.start(n);
		if (kind === "title") {
			const { text, token } = this.#titles[lastUpTo(this.#titles, (one) => one.line, n)]!;
			return { n, from, to: from, text: fit(text, this.#columns), kind, token, continued: false };
		}
		const to = n + 1 < this.length ? this.#layout.start(n + 1) : this.#store.length;
		const text = shownLine(this.#store.slice(from, to), this.#columns);
		return { n, from, to, text, kind, continued: this.#layout.continued(n) };
	}

	/** As many of the `count` lines from `from` on as there are. */
	lines(from: number, count: number): Line[] {
		const lines: Line[] = [];
		const end = Math.min(from + count, this.length);
		for (let n = Math.max(0, from); n < end; n++) lines.push(this.line(n));
		return lines;
	}

	/** The line that holds the offset; the title where one stands at it. Behind the end: the last line. 0 where there is none. */
	lineAt(offset: number): number {
		const n = this.#layout.firstFrom(offset);
		return n < this.length && this.#layout.start(n) === offset ? n : Math.max(0, n - 1);
	}

	/** The line whose text holds the offset, whatever title stands before it. */
	textLineAt(offset: number): number {
		return Math.max(0, this.#layout.firstFrom(offset + 1) - 1);
	}

	/** The text as it was put in. */
	slice(from: number, to: number): string {
		return this.#store.slice(from, to);
	}

	/** Finds a text in all that is there and that comes; capitals count if the query has one. */
	search(query: string): Search {
		return new Search(this, query);
	}

	/** Where the hits of a search stand in a line; a hit that is wrapped has a part in each of its lines. */
	marks(search: Search, line: Line): Mark[] {
		const { first, end } = search.between(line.from, line.to);
		if (first >= end) return [];
		const raw = this.#store.slice(line.from, line.to);
		const marks: Mark[] = [];
		for (let hit = first; hit < end; hit++) {
			const { from, to } = search.hit(hit)!;
			const part = shownUnits(raw, this.#columns, from - line.from, to - line.from);
			if (part.to > part.from) marks.push({ ...part, hit });
		}
		return marks;
	}

	/** How often text was cut away. */
	get cuts(): number {
		return this.#cuts;
	}

	/** Whether another writer's text, or text behind a title, begins between the two offsets. */
	parted(from: number, to: number): boolean {
		return (this.#runs[this.#runAt(to - 1)]?.from ?? 0) > from;
	}

	/** The run that holds the offset. */
	#runAt(offset: number): number {
		return lastUpTo(this.#runs, (run) => run.from, offset);
	}

	/** Lays everything out again from where a line of the text begins; the layout has gone back to there. */
	#layFrom(lineStart: number): void {
		let title = this.#titles.findIndex((one) => one.at >= lineStart);
		const layTitles = (to: number): void => {
			for (; title >= 0 && title < this.#titles.length && this.#titles[title]!.at <= to; title++) {
				this.#titles[title]!.line = this.#layout.title();
			}
		};
		for (let i = this.#runAt(lineStart); i < this.#runs.length; i++) {
			const { from, kind } = this.#runs[i]!;
			const begin = Math.max(from, lineStart);
			const end = this.#runs[i + 1]?.from ?? this.#store.length;
			layTitles(begin);
			for (let at = begin; at < end; at += PIECE_UNITS) {
				this.#layout.text(kind, this.#store.slice(at, Math.min(end, at + PIECE_UNITS)), at === begin);
			}
		}
		layTitles(this.#store.length);
	}
}

/** The last of a sorted list that stands at `value` or before it; the first one where none does. */
function lastUpTo<Item>(items: readonly Item[], placeOf: (item: Item) => number, value: number): number {
	let low = 0;
	let high = items.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >>> 1;
		if (placeOf(items[middle]!) <= value) low = middle;
		else high = middle - 1;
	}
	return low;
}

const widthFrom = (columns: number): number => Math.max(1, Math.floor(columns) || 1);
