/** One line of the screen, from the text as it was put in: what is drawn of it, and where in that an offset stands. */
import { clusterEnd, shown, TAB_CELLS } from "./clusters.ts";

const TAB = 0x09;
const NOT_PLAIN = /[^ -~]/;
/** Stands for a character that is wider than the whole line. */
const REPLACED = "?";

/** At most `columns` cells of a line; its newline, and spaces that hang over the edge, are not drawn. */
export function shownLine(raw: string, columns: number): string {
	const text = withoutNewline(raw);
	if (!NOT_PLAIN.test(text)) return text.length > columns ? text.slice(0, columns) : text;
	return draw(text, columns, text.length, false);
}

/**
 * Which units of the drawn line show the units `from` to `to` of the raw one. Characters are shown whole, so a place
 * inside of one counts as its edge: the left one for `from`, the right one for `to`.
 */
export function shownUnits(
	raw: string,
	columns: number,
	from: number,
	to: number,
): { from: number; to: number } {
	const text = withoutNewline(raw);
	if (!NOT_PLAIN.test(text)) {
		const end = Math.min(text.length, columns);
		return { from: Math.max(0, Math.min(from, end)), to: Math.max(0, Math.min(to, end)) };
	}
	return {
		from: draw(text, columns, from, true).length,
		to: draw(text, columns, Math.min(to, text.length), false).length,
	};
}

/** Draws the characters that begin before `limit`; where they must be `whole`, only those that end there too. */
function draw(text: string, columns: number, limit: number, whole: boolean): string {
	let row = "";
	let cells = 0;
	for (let at = 0; at < limit && cells < columns; ) {
		const end = clusterEnd(text, at);
		if (whole && end > limit) break;
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

function withoutNewline(raw: string): string {
	if (!raw.endsWith("\n")) return raw;
	return raw.slice(0, raw.endsWith("\r\n") ? -2 : -1);
}
