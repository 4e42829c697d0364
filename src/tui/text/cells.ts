/**
 * Text in cells of the screen: how wide it is, cut and filled to a width, wrapped.
 *
 * All of it takes plain text without SGR. What always holds of what `fit`, `pad` and `wrapText` give back: it is fit for a
 * row (no newline, no tab, no character that a terminal would obey), at most as wide as was asked, and no wide
 * character is cut in two: where half of one would stand, there is a space.
 */
import stringWidth from "string-width";
import { clusterEnd, shown, TAB_CELLS } from "./clusters.ts";
import { Flow } from "./flow.ts";
import { shownLine } from "./shown-line.ts";

/** Printable ASCII: one character, one unit, one cell. A class without a quantifier cannot backtrack. */
const NOT_PLAIN = /[^ -~]/;

const isPlain = (text: string): boolean => !NOT_PLAIN.test(text);

/** The characters of a text as a person counts them. */
export function graphemes(text: string): string[] {
	if (isPlain(text)) return text.split("");
	const found: string[] = [];
	for (let at = 0; at < text.length; ) {
		const end = clusterEnd(text, at);
		found.push(text.slice(at, end));
		at = end;
	}
	return found;
}

/** The cells that a text takes. Newlines, tabs and controls count nothing: they belong in no row. */
export function widthOf(text: string): number {
	return isPlain(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true });
}

/** At most that many cells of it; where it is cut, it says so: "..." or, in little room, "~". */
export function fit(text: string, columns: number): string {
	const room = roomOf(columns);
	if (isPlain(text))
		return text.length <= room ? text : text.slice(0, room - markOf(room).length) + markOf(room);
	const mark = markOf(room);
	let row = "";
	let cells = 0;
	/** What stays where it must be cut. */
	let kept = "";
	for (let at = 0; at < text.length; ) {
		const end = clusterEnd(text, at);
		const next = shown(text.slice(at, end));
		cells += next.cells;
		if (cells > room) return filled(kept, room - mark.length) + mark;
		row += next.text;
		if (cells <= room - mark.length) kept = row;
		at = end;
	}
	return row;
}

/** Exactly that many cells of it. */
export function pad(text: string, columns: number): string {
	const room = roomOf(columns);
	if (isPlain(text)) return text.length <= room ? text.padEnd(room) : fit(text, room);
	return filled(fit(text, room), room);
}

/** Tabs as spaces, to the next multiple of TAB_CELLS in their line; everything else as it was. */
export function expandTabs(text: string): string {
	if (!text.includes("\t")) return text;
	const lines: string[] = [];
	for (const line of text.split("\n")) {
		let out = "";
		let cells = 0;
		for (const [index, part] of line.split("\t").entries()) {
			if (index > 0) {
				const width = TAB_CELLS - (cells % TAB_CELLS);
				out += " ".repeat(width);
				cells += width;
			}
			out += part;
			cells += widthOf(part);
		}
		lines.push(out);
	}
	return lines.join("\n");
}

/** Rows of at most that many cells, broken as the thinking is: newlines kept, words whole where they fit. */
export function wrapText(text: string, columns: number): string[] {
	const room = Math.max(1, roomOf(columns));
	const flow = new Flow(room);
	const rows: string[] = [];
	for (const line of text.split(/\r?\n/)) {
		let begin = 0;
		const row = (end: number): void => {
			rows.push(shownLine(line.slice(begin, end), room).trimEnd());
			begin = end;
		};
		flow.begin(0);
		for (let at = 0; at < line.length; ) {
			const end = clusterEnd(line, at);
			const began = flow.take(line.slice(at, end), at, false);
			if (began > 0) row(flow.first);
			if (began > 1) row(flow.second);
			at = end;
		}
		row(line.length);
	}
	return rows;
}

const markOf = (room: number): string => (room >= 8 ? "..." : "~".slice(0, room));
const roomOf = (columns: number): number => (columns > 0 ? Math.floor(columns) : 0);

function filled(row: string, columns: number): string {
	return row + " ".repeat(Math.max(0, columns - widthOf(row)));
}
