/**
 * A text field: an editor as rows. It has no frame and knows nothing of the screen; whoever shows it says how much room
 * there is and puts the terminal's cursor where `draw` says, which is also where an input method opens.
 *
 * What always holds of what `draw` gives: every row is exactly as wide as was asked, and fit for a terminal whatever was
 * pasted; the cursor is within the rows. A one-line field never holds a line end.
 */
import type { Key } from "../term/input.ts";
import type { Paint } from "../theme/theme.ts";
import { pad } from "./cells.ts";
import { type Editor, edit, editorOf, placed, textOf } from "./editor.ts";
import { type Action, actionOf } from "./editor-keys.ts";
import { cleaned, type Line } from "./lines.ts";
import { cellsBetween, lookOf, rowOf, rowStarts } from "./soft-wrap.ts";

export type FieldOptions = {
	readonly paint: Paint;
	/** Shown while there is no text. */
	readonly placeholder?: string;
	readonly multiline: boolean;
	/** What was written before, the latest last; up and down bring it back. It is read at the key, so it may grow. */
	readonly history?: readonly string[];
};

export type FieldDrawing = {
	readonly rows: string[];
	readonly cursor: { readonly x: number; readonly y: number };
};

/** A row of a line: the line's number, and the row's within the line. */
type Place = { readonly line: number; readonly row: number };

/** Too narrow to say where it is cut off. */
const NARROW = 6;

export class Field {
	/** Changes when the theme does. */
	paint: Paint;
	placeholder: string;
	readonly multiline: boolean;
	readonly #history: readonly string[];
	#editor: Editor = editorOf("");
	#text: { readonly of: Editor["lines"]; readonly text: string } | undefined;
	/** How many entries back in the history we are; 0: what is being written. */
	#back = 0;
	/** What was left behind at other places of the history, with its cursor and undo. */
	#left = new Map<number, Editor>();
	/** What is first in view: a row of a multi-line field, a column of a one-line one. */
	#top: Place = { line: 0, row: 0 };
	#first = 0;
	#columns = 80;
	#rows = 1;

	constructor({ paint, placeholder = "", multiline, history = [] }: FieldOptions) {
		this.paint = paint;
		this.placeholder = placeholder;
		this.multiline = multiline;
		this.#history = history;
	}

	get text(): string {
		const { lines } = this.#editor;
		if (this.#text?.of !== lines) this.#text = { of: lines, text: textOf(this.#editor) };
		return this.#text.text;
	}

	/** A new text: the cursor goes to its end, and there is nothing to undo. What was cut away can still be put back. */
	set text(text: string) {
		this.#editor = { ...editorOf(this.#fitting(text)), ring: this.#editor.ring };
		this.#back = 0;
		this.#left.clear();
		this.#top = { line: 0, row: 0 };
		this.#first = 0;
	}

	get empty(): boolean {
		const { lines } = this.#editor;
		return lines.length === 1 && lines[0]!.length === 0;
	}

	/** Does what the key means to a text; false where it means nothing here, so that somebody else may take it. */
	key(key: Key): boolean {
		const action = actionOf(key) ?? this.#pageOf(key);
		return action !== undefined && this.do(action);
	}

	do(action: Action | "page-up" | "page-down"): boolean {
		switch (action) {
			case "newline":
				if (!this.multiline) return false;
				break;
			case "page-up":
			case "page-down": {
				const step = action === "page-up" ? "up" : "down";
				for (let i = 1; i < Math.max(2, this.#rows); i++) this.#apply(step);
				return true;
			}
			case "up":
			case "down":
				return (this.multiline && this.#apply(action)) || this.#recall(action === "up" ? 1 : -1);
		}
		if (typeof action === "object") {
			const typed = "type" in action;
			const text = this.#fitting(typed ? action.type : action.paste);
			this.#apply(typed ? { type: text } : { paste: text });
			return true;
		}
		this.#apply(action);
		return true;
	}

	paste(text: string): void {
		this.do({ paste: text });
	}

	/** Puts the cursor where the mouse pressed, in cells of what was drawn last. */
	click(x: number, y: number): void {
		const { lines } = this.#editor;
		let number = 0;
		let from = this.#first;
		let to = lines[0]!.length;
		let cells = this.#first > 0 && this.#columns >= NARROW ? 1 : 0;
		if (this.multiline) {
			const place = this.#stepped(this.#top, y);
			const starts = rowStarts(lines[place.line]!, this.#columns);
			number = place.line;
			from = starts[place.row]!;
			to = (starts[place.row + 1] ?? lines[number]!.length + 1) - 1;
			cells = 0;
		}
		const line = lines[number]!;
		let column = from;
		for (; column < to; column++) {
			cells += lookOf(line[column]!).cells;
			if (cells > x) break;
		}
		this.#editor = placed(this.#editor, { line: number, column });
	}

	/** How many rows all of the text takes at this width; counted no further than `most`. */
	height(columns: number, most = Number.POSITIVE_INFINITY): number {
		if (!this.multiline) return 1;
		let rows = 0;
		for (const line of this.#editor.lines) {
			if (rows >= most) break;
			rows += rowStarts(line, columns).length;
		}
		return Math.min(rows, most);
	}

	draw(columns: number, rows: number): FieldDrawing {
		this.#columns = Math.max(1, Math.floor(columns));
		this.#rows = this.multiline ? Math.max(1, Math.floor(rows)) : 1;
		const drawing = this.multiline ? this.#drawRows() : this.#drawLine();
		if (this.empty && this.placeholder !== "") {
			drawing.rows[0] = this.#ground(this.paint("dim", pad(this.placeholder, this.#columns)));
		}
		return drawing;
	}

	#ground(row: string): string {
		return this.paint.over("field", row);
	}

	#fitting(text: string): string {
		return this.multiline ? text : cleaned(text).replaceAll("\n", " ");
	}

	#pageOf({ name, ctrl, alt }: Key): "page-up" | "page-down" | undefined {
		if (!this.multiline || ctrl || alt) return undefined;
		return name === "pageup" ? "page-up" : name === "pagedown" ? "page-down" : undefined;
	}

	#apply(action: Action): boolean {
		const before = this.#editor;
		this.#editor = edit(before, action, this.#columns);
		return this.#editor !== before;
	}

	#recall(step: 1 | -1): boolean {
		const back = this.#back + step;
		if (back < 0 || back > this.#history.length) return false;
		this.#left.set(this.#back, this.#editor);
		const { ring } = this.#editor;
		const old = this.#left.get(back) ?? editorOf(this.#fitting(this.#history.at(-back) ?? ""));
		this.#editor = edit({ ...old, ring }, "text-end");
		this.#back = back;
		this.#first = 0;
		return true;
	}

	#drawRows(): FieldDrawing {
		const columns = this.#columns;
		const { lines, cursor } = this.#editor;
		const starts = rowStarts(lines[cursor.line]!, columns);
		const at: Place = { line: cursor.line, row: rowOf(starts, cursor.column) };
		this.#scrollTo(at);

		const rows: string[] = [];
		let y = 0;
		let place: Place | undefined = this.#top;
		while (rows.length < this.#rows) {
			if (place === undefined) {
				rows.push(this.#ground(" ".repeat(columns)));
				continue;
			}
			if (isSame(place, at)) y = rows.length;
			const line: Line = lines[place.line]!;
			const own = rowStarts(line, columns);
			const { text } = cells(line, own[place.row]!, own[place.row + 1] ?? line.length, columns);
			rows.push(this.#ground(text));
			place = this.#next(place);
		}
		const x = cellsBetween(lines[cursor.line]!, starts[at.row]!, cursor.column);
		return { rows, cursor: { x: Math.min(x, columns - 1), y } };
	}

	/** Moves the view no more than it must: the cursor is in it, and no row is empty while others are hidden above. */
	#scrollTo(at: Place): void {
		const { lines } = this.#editor;
		const lastLine = lines.length - 1;
		const last = { line: lastLine, row: rowStarts(lines[lastLine]!, this.#columns).length - 1 };
		const lowest = this.#stepped(at, 1 - this.#rows);
		const fullest = this.#stepped(last, 1 - this.#rows);
		let top = isBefore(fullest, this.#top) ? fullest : this.#top;
		if (isBefore(top, lowest)) top = lowest;
		if (isBefore(at, top)) top = at;
		// The line may be wrapped otherwise now.
		const rows = rowStarts(lines[top.line]!, this.#columns).length;
		this.#top = { line: top.line, row: Math.min(top.row, rows - 1) };
	}

	/** So many rows further down, or up; it stops at the text's ends. */
	#stepped(place: Place, steps: number): Place {
		const { lines } = this.#editor;
		let { line, row } = place;
		for (let left = Math.abs(steps); left > 0; left--) {
			if (steps < 0) {
				if (row > 0) row--;
				else if (line === 0) break;
				else row = rowStarts(lines[--line]!, this.#columns).length - 1;
			} else {
				const next = this.#next({ line, row });
				if (next === undefined) break;
				({ line, row } = next);
			}
		}
		return { line, row };
	}

	#next({ line, row }: Place): Place | undefined {
		const { lines } = this.#editor;
		if (row + 1 < rowStarts(lines[line]!, this.#columns).length) return { line, row: row + 1 };
		return line + 1 < lines.length ? { line: line + 1, row: 0 } : undefined;
	}

	#drawLine(): FieldDrawing {
		const columns = this.#columns;
		const line = this.#editor.lines[0]!;
		const { column } = this.#editor.cursor;
		const marks = columns >= NARROW;
		this.#first = firstInView(line, column, this.#first, columns);
		const left = marks && this.#first > 0 ? "<" : "";
		const all = cells(line, this.#first, line.length, columns - left.length);
		const isCut = marks && all.end < line.length;
		const { text } = isCut ? cells(line, this.#first, line.length, columns - left.length - 1) : all;
		const row = (left && this.paint("dim", left)) + text + (isCut ? this.paint("dim", ">") : "");
		const x = left.length + cellsBetween(line, this.#first, column);
		return { rows: [this.#ground(row)], cursor: { x: Math.min(x, columns - 1), y: 0 } };
	}
}

const isSame = (a: Place, b: Place): boolean => a.line === b.line && a.row === b.row;
const isBefore = (a: Place, b: Place): boolean => (a.line === b.line ? a.row < b.row : a.line < b.line);

/** The first column to show so that the cursor and what it stands on are in view, near to the one shown before. */
function firstInView(line: Line, column: number, before: number, columns: number): number {
	const mark = columns >= NARROW ? 1 : 0;
	/** The cells that must be there when the view begins at `first`: up to the cursor, what is under it, and a mark. */
	const needed = (first: number, cells: number): number => {
		const under = column < line.length ? lookOf(line[column]!).cells : 1;
		return (first > 0 ? mark : 0) + cells + under + (column + 1 < line.length ? mark : 0);
	};
	let first = Math.min(before, line.length);
	if (column <= first) first = Math.max(0, column - 1);
	// From the cursor leftwards: never more steps than the field has cells, however long the line is.
	let reach = column;
	let cells = 0;
	while (reach > first) {
		const wider = cells + lookOf(line[reach - 1]!).cells;
		if (needed(reach - 1, wider) > columns) break;
		reach--;
		cells = wider;
	}
	first = Math.max(first, reach);
	// Nothing is hidden on the left while there is room on the right.
	let rest = 1;
	for (let i = first; i < line.length && rest <= columns; i++) rest += lookOf(line[i]!).cells;
	while (first > 0) {
		rest += lookOf(line[first - 1]!).cells;
		if (rest + (first - 1 > 0 ? mark : 0) > columns) break;
		first--;
	}
	return first;
}

/** The looks of a part of a line in exactly so many cells, and the column up to which there was room. */
function cells(line: Line, from: number, to: number, columns: number): { text: string; end: number } {
	let text = "";
	let used = 0;
	let end = from;
	for (; end < to; end++) {
		const look = lookOf(line[end]!);
		if (used + look.cells > columns) break;
		text += look.text;
		used += look.cells;
	}
	// A look wider than all the room, in a row of its own: as much of it as there is room for.
	if (used === 0 && end < to) return { text: pad(lookOf(line[end]!).text, columns), end };
	return { text: text + " ".repeat(Math.max(0, columns - used)), end };
}
