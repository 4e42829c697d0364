/**
 * What pages are put together of: rectangles with a title row, lists and texts in them.
 *
 * What always holds: the rows of an area are exactly as wide as it is and as many as it is high; an area whose rows read
 * as they did before keeps the same array, so that nothing of it is drawn anew.
 */
import type { Keymap } from "../keys/keymap.ts";
import { SMALLEST, tooSmall } from "../session/layout.ts";
import { graphemes, pad } from "../text/cells.ts";
import type { Paint, Token } from "../theme/theme.ts";
import type { Area, Drawing, Size } from "../view.ts";
import { fitLine, type Line, lineWidth, type Run, textLines } from "./line.ts";
import { type BodyRow, paintRow } from "./sheet.ts";

export type Rect = {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
};

export function within(rect: Rect | undefined, x: number, y: number): boolean {
	return (
		rect !== undefined && x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height
	);
}

/** What stands on a screen on which no page has room; undefined: there is room. */
export function tooSmallFor(size: Size, paint: Paint): Drawing | undefined {
	if (!tooSmall(size)) return undefined;
	const says = `${size.columns}x${size.rows} is too small: nudge needs ${SMALLEST.columns}x${SMALLEST.rows}.`;
	const rows = textLines(says, size.columns).slice(0, size.rows);
	return {
		areas: [
			{
				key: "too small",
				x: 0,
				y: 0,
				width: size.columns,
				rows: rows.map((row) => paintRow(paint, row, size.columns)),
			},
		],
	};
}

/** The areas of one page, from drawing to drawing. */
export class Areas {
	readonly #before = new Map<string, readonly string[]>();
	#areas: Area[] = [];

	begin(): void {
		this.#areas = [];
	}

	/** Rows that are missing are empty, those too many are left out. */
	put(key: string, rect: Rect, rows: readonly BodyRow[], paint: Paint): void {
		if (rect.width <= 0 || rect.height <= 0) return;
		const painted = Array.from({ length: rect.height }, (_, y) => paintRow(paint, rows[y] ?? "", rect.width));
		const before = this.#before.get(key);
		const same = before?.length === painted.length && before.every((row, y) => row === painted[y]);
		const kept = same ? before : painted;
		this.#before.set(key, kept);
		this.#areas.push({ key, x: rect.x, y: rect.y, width: rect.width, rows: kept });
	}

	get drawn(): readonly Area[] {
		return this.#areas;
	}
}

/** "> Problems - bundled 92 --------": the one that has the focus is marked. Nothing of the rule where `rule` is false. */
export function titleLine(
	name: string,
	extra: string,
	focused: boolean,
	columns: number,
	rule = true,
): readonly Run[] {
	const runs: Line = [
		[focused ? "title-focus" : "title", `${focused ? ">" : " "} ${name}`],
		...(extra === "" ? [] : ([["dim", ` - ${extra}`]] as const)),
		["sheet", " "],
	];
	const fitted = fitLine(runs, columns);
	const rest = Math.max(0, columns - lineWidth(fitted));
	return [...fitted, ["rule", (rule ? "-" : " ").repeat(rest)]];
}

/** The same paint for a list that has not the focus: its selection stands back. */
export function unfocused(paint: Paint): Paint {
	const dimmed = (token: Token, text: string): string =>
		paint(token === "selected" ? "selected-dim" : token, text);
	return Object.assign(dimmed, { theme: paint.theme, over: paint.over.bind(paint) });
}

/** Lines through a window: what is hidden below is counted in the last row. */
export function windowed(lines: readonly Line[], rows: number, top: number, key: string | undefined): Line[] {
	if (lines.length <= rows) return [...lines];
	const shown = lines.slice(top, top + rows - 1);
	const more = lines.length - top - shown.length;
	const says =
		more <= 0 ? "the end" : `${more} more ${more === 1 ? "line" : "lines"}${key ? `: ${key}` : ""}`;
	return [...shown, [["dim", says]]];
}

/** A cell of a table: text in exactly so many columns. */
export function cell(token: Token, text: string, columns: number, end = false): Run {
	const fitted = pad(text, columns);
	if (!end) return [token, fitted];
	const trimmed = fitted.trimEnd();
	return [token, " ".repeat(fitted.length - trimmed.length) + trimmed];
}

/** The keys that still mean a command while a text field has the others: those that write nothing. */
export function whileTyping(keymap: Keymap): Keymap {
	const writes = (chord: string): boolean => chord === "Space" || graphemes(chord).length === 1;
	return {
		find: (key, contexts) => keymap.find(key, contexts),
		keysOf: (command) => keymap.keysOf(command).filter((chord) => !writes(chord)),
	};
}
