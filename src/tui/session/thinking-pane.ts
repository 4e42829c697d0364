/**
 * The thinking: a window on the wrapped lines of the trace. It follows the end until a person scrolls up, then stays with
 * the text that was being read, whatever comes in and however wide the window becomes.
 */
import { pad } from "../text/cells.ts";
import type { Line, LineIndex, LineKind } from "../text/line-index.ts";
import type { Paint, Token } from "../theme/theme.ts";

/** What stands before each line, so that its kind can be told without colour. Two cells. */
export const GUTTER = 2;
const MARKS: Readonly<Record<LineKind, string>> = {
	model: "  ",
	code: "  ",
	hint: "> ",
	output: "| ",
	failure: "| ",
	edit: "~ ",
	title: "",
};
const TOKENS: Readonly<Record<Exclude<LineKind, "title">, Token>> = {
	model: "text",
	code: "code",
	hint: "hint",
	output: "output",
	failure: "failure",
	edit: "edit",
};

/** Where in a line's text a search hit stands, in UTF-16 units. */
export type LineHit = { readonly from: number; readonly to: number; readonly current: boolean };

export type ThinkingLook = {
	readonly paint: Paint;
	readonly focused: boolean;
	readonly hits: (line: number) => readonly LineHit[];
	/** Changes whenever `hits` may answer otherwise. */
	readonly hitsVersion: number;
	/** Whether a line trains: then that is what the lines show, and not who wrote them. */
	readonly mask?: ((line: Line) => boolean) | undefined;
};

/** Marks of the lines while it is shown what trains. */
const TRAINS = "+ ";
const TRAINS_NOT = ". ";

export class ThinkingPane {
	#lines: LineIndex;
	/** Undefined: the end is followed. Else the line that stands at the top. */
	#top: number | undefined;
	#cursor: number | undefined;
	#height = 1;
	/** The other end of what is selected, where that is more than a line. */
	#anchor: number | undefined;
	/** Lines there were when the end was left. */
	#seen = 0;
	#drawn: { readonly key: string; readonly paint: Paint; readonly rows: readonly string[] } | undefined;

	constructor(lines: LineIndex) {
		this.#lines = lines;
	}

	get following(): boolean {
		return this.#top === undefined;
	}

	/** Whether the end is in sight. */
	get atEnd(): boolean {
		return this.first + this.#height >= this.#lines.length;
	}

	/** Lines that came since the end was left, and are out of sight. */
	get unseen(): number {
		return this.atEnd ? 0 : Math.max(0, this.#lines.length - this.#seen);
	}

	/** The selected line; undefined while nothing is. */
	get cursor(): number | undefined {
		const last = this.#lines.length - 1;
		return this.#cursor === undefined || last < 0 ? undefined : Math.min(this.#cursor, last);
	}

	/** Begins a selection at the selected line, or drops it. */
	anchor(on: boolean): void {
		this.#anchor = on ? this.cursor : undefined;
	}

	/** From the first to the last line that is selected. */
	get chosen(): { readonly from: number; readonly to: number } | undefined {
		const { cursor } = this;
		if (cursor === undefined || this.#anchor === undefined) return undefined;
		const anchor = Math.min(this.#anchor, this.#lines.length - 1);
		return { from: Math.min(cursor, anchor), to: Math.max(cursor, anchor) };
	}

	get first(): number {
		const last = Math.max(0, this.#lines.length - this.#height);
		return this.#top === undefined ? last : Math.min(this.#top, last);
	}

	/** Row of the selected line in the window; undefined where it is out of sight. */
	get cursorRow(): number | undefined {
		const row = this.cursor === undefined ? -1 : this.cursor - this.first;
		return row >= 0 && row < this.#height ? row : undefined;
	}

	/** Another trace, or the same made anew: its end. */
	reset(): void {
		this.#top = undefined;
		this.#cursor = undefined;
		this.#anchor = undefined;
		this.#seen = 0;
	}

	follow(): void {
		this.#top = undefined;
		this.#cursor = undefined;
		this.#anchor = undefined;
	}

	/** Moves the selected line; the window goes along. */
	move(by: number): void {
		const last = this.#lines.length - 1;
		if (last < 0) return;
		const from =
			this.cursor ?? (this.following ? last + (by < 0 ? 1 : 0) : this.first + (by < 0 ? this.#height : -1));
		this.select(from + by);
	}

	select(line: number): void {
		const last = this.#lines.length - 1;
		this.#cursor = Math.max(0, Math.min(last, line));
		const first = this.first;
		if (this.#cursor < first) this.#lookAt(this.#cursor);
		else if (this.#cursor >= first + this.#height) this.#lookAt(this.#cursor - this.#height + 1);
		else if (this.#cursor < last) this.#lookAt(first);
	}

	/** Selects a line and puts it in the middle, where it was not in sight. */
	show(line: number): void {
		const first = this.first;
		if (line < first || line >= first + this.#height) this.#lookAt(line - Math.floor(this.#height / 2));
		else this.#lookAt(first);
		this.#cursor = Math.max(0, Math.min(this.#lines.length - 1, line));
	}

	/** Scrolls without a selection being needed; one that there is stays in sight. */
	scroll(by: number): void {
		const target = this.first + by;
		if (by > 0 && target + this.#height >= this.#lines.length) {
			if (this.#cursor === undefined) this.follow();
			else this.#lookAt(target);
		} else this.#lookAt(target);
		if (this.#cursor === undefined) return;
		const first = this.first;
		this.#cursor = Math.max(first, Math.min(first + this.#height - 1, this.#cursor));
	}

	page(share: number): void {
		const by = Math.max(1, Math.floor(this.#height * Math.abs(share))) * Math.sign(share);
		this.scroll(by);
		if (this.#cursor !== undefined) this.move(by);
	}

	toTop(): void {
		this.#lookAt(0);
		this.#cursor = 0;
	}

	/** The next or previous line where something other than the model's words begins. */
	toEvent(by: 1 | -1): boolean {
		const lines = this.#lines;
		let at = this.cursor ?? (by < 0 ? lines.length : this.first - 1);
		for (at += by; at >= 0 && at < lines.length; at += by) {
			if (lines.line(at).kind === "title") {
				this.show(at);
				return true;
			}
		}
		return false;
	}

	/** The line at a row of the window. */
	lineAtRow(row: number): number | undefined {
		const line = this.first + row;
		return row >= 0 && row < this.#height && line < this.#lines.length ? line : undefined;
	}

	/** Another width: the same text stays at the top, and the same line selected. */
	resize(columns: number): void {
		const lines = this.#lines;
		const top = this.#top === undefined || lines.length === 0 ? undefined : lines.line(this.first).from;
		const cursor = this.cursor === undefined ? undefined : lines.line(this.cursor).from;
		const unseen = this.unseen;
		lines.resize(Math.max(1, columns - GUTTER));
		if (top !== undefined) this.#top = lines.lineAt(top);
		if (cursor !== undefined) this.#cursor = lines.lineAt(cursor);
		this.#seen = lines.length - unseen;
	}

	draw(columns: number, height: number, look: ThinkingLook): readonly string[] {
		this.#height = Math.max(1, height);
		const lines = this.#lines;
		const first = this.first;
		const last = Math.min(lines.length, first + this.#height);
		// What is open changes with every piece of text; what is closed never does.
		const open = last === lines.length ? lines.offset : -1;
		const key = [
			first,
			last,
			open,
			lines.length === last,
			columns,
			height,
			this.#cursor,
			look.focused,
			look.hitsVersion,
			this.#anchor,
			look.mask !== undefined,
		].join();
		if (this.#drawn?.key === key && this.#drawn.paint === look.paint) return this.#drawn.rows;
		const rows = lines.lines(first, last - first).map((line) => this.#row(line, columns, look));
		while (rows.length < height) rows.push("");
		this.#drawn = { key, paint: look.paint, rows };
		return rows;
	}

	#row(line: Line, columns: number, { paint, focused, hits, mask }: ThinkingLook): string {
		const trains = line.kind === "title" ? undefined : mask?.(line);
		const mark = trains === undefined ? MARKS[line.kind] : trains ? TRAINS : TRAINS_NOT;
		if (line.n === this.cursor) {
			return paint(focused ? "selected" : "selected-dim", pad(mark + line.text, columns));
		}
		const { chosen } = this;
		if (chosen && line.n >= chosen.from && line.n <= chosen.to)
			return paint("selected-dim", pad(mark + line.text, columns));
		if (line.kind === "title") return paint(mask ? "dim" : (line.token ?? "dim"), line.text);
		const token = trains === undefined ? TOKENS[line.kind] : trains ? "text" : "dim";
		const found = hits(line.n);
		if (found.length === 0)
			return mark.trim() === "" ? mark + paint(token, line.text) : paint(token, mark + line.text);
		let at = 0;
		let row = paint(token, mark);
		for (const { from, to, current } of found) {
			row +=
				paint(token, line.text.slice(at, from)) +
				paint(current ? "match-current" : "match", line.text.slice(from, to));
			at = to;
		}
		return row + paint(token, line.text.slice(at));
	}

	#lookAt(line: number): void {
		const end = Math.max(0, this.#lines.length - this.#height);
		if (this.#top === undefined) this.#seen = this.#lines.length;
		this.#top = Math.max(0, Math.min(end, line));
	}
}
