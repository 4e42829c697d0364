/**
 * A line of an editor in rows of a width.
 *
 * What always holds: every grapheme is in exactly one row; a row leaves the last of its columns free, so that the cursor has
 * a cell after the text; only white space may hang over (it is not shown there), so that a row begins with a word.
 * A row breaks after white space and beside wide characters, and within a word only where the word is longer than the row.
 */
import { type Shown, shown } from "./clusters.ts";
import type { Line } from "./lines.ts";

/** A tab is always this wide in a field: its text can change before it at every key. */
const TAB_CELLS = 4;
const TAB: Shown = { text: " ".repeat(TAB_CELLS), cells: TAB_CELLS };

/** How a grapheme looks in a field. */
export function lookOf(grapheme: string): Shown {
	return grapheme === "\t" ? TAB : shown(grapheme);
}

function cellsOf(grapheme: string): number {
	return grapheme === "\t" ? TAB_CELLS : shown(grapheme).cells;
}

/** The cells of the graphemes from one column to another. */
export function cellsBetween(line: Line, from: number, to: number): number {
	let cells = 0;
	for (let i = from; i < to; i++) cells += cellsOf(line[i]!);
	return cells;
}

/** The rows of a line for the width they were last asked for: lines do not change, and one width is asked again and again. */
const WRAPPED = new WeakMap<Line, { columns: number; starts: readonly number[] }>();

/** The column at which each row of the line begins; the first is 0. */
export function rowStarts(line: Line, columns: number): readonly number[] {
	if (columns === Number.POSITIVE_INFINITY) return [0];
	const known = WRAPPED.get(line);
	if (known?.columns === columns) return known.starts;
	const starts = wrap(line, Math.max(1, columns - 1));
	WRAPPED.set(line, { columns, starts });
	return starts;
}

function wrap(line: Line, limit: number): number[] {
	const starts = [0];
	let start = 0;
	let used = 0;
	let breakAt = 0;
	let usedAtBreak = 0;
	for (let i = 0; i < line.length; i++) {
		const grapheme = line[i]!;
		const cells = cellsOf(grapheme);
		const space = grapheme === " " || grapheme === "\t";
		const wide = cells === 2 && grapheme.charCodeAt(0) > 0x7f;
		if (wide) {
			breakAt = i;
			usedAtBreak = used;
		}
		if (!space && used + cells > limit && i > start) {
			const at = breakAt > start ? breakAt : i;
			used -= breakAt > start ? usedAtBreak : used;
			starts.push(at);
			start = at;
			usedAtBreak = 0;
			// What was carried over may itself fill the row (a wide look in a very narrow field).
			if (used + cells > limit && i > start) {
				starts.push(i);
				start = i;
				used = 0;
			}
		}
		used += cells;
		if (space || wide) {
			breakAt = i + 1;
			usedAtBreak = used;
		}
	}
	return starts;
}

/** The row of a line in which a column stands: at a break, the row that begins there. */
export function rowOf(starts: readonly number[], column: number): number {
	let low = 0;
	let high = starts.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if (starts[middle]! <= column) low = middle;
		else high = middle - 1;
	}
	return low;
}
