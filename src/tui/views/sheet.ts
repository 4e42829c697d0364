/**
 * The panel that every sheet is: a rule with the title, the body, one line that names the keys, a rule. It lies in the
 * middle of the screen, nearly as wide as a small one and never wider than can be read on a large one.
 *
 * What always holds: nothing of it lies outside the screen, however small that is; every row is exactly its width.
 */
import { type CommandId, commandOf } from "../keys/command-table.ts";
import type { Keymap } from "../keys/keymap.ts";
import { fit, widthOf } from "../text/cells.ts";
import type { Paint } from "../theme/theme.ts";
import type { Area, Size } from "../view.ts";
import { inRow, type Line, lineWidth, paintLine, type Run } from "./line.ts";

/** Beyond this a line is hard to follow to its end. */
const WIDEST = 110;
/** Screens narrower or lower than these are all needed. */
const NARROW = 60;
const LOW = 16;
/** A rule and a space to each side of the body; a rule above it, and the keys and a rule below. */
const SIDES = 4;
const FRAME_ROWS = 3;

export type Rectangle = {
	readonly x: number;
	readonly y: number;
	readonly columns: number;
	readonly rows: number;
};

/** Where a sheet lies, and its body in it. */
export type Box = { readonly outer: Rectangle; readonly inner: Rectangle };

/** What a body would like to have; `rows` may be anything, it is held within the screen. */
export type Wanted = { readonly columns?: number; readonly rows: number };

/** A row that is painted already (a selected line, a text field's), exactly as wide as the body. */
export type Painted = { readonly painted: string };
export type BodyRow = Line | Painted;

/** The most that a body can have on such a screen. */
export function roomIn({ columns, rows }: Size): { readonly columns: number; readonly rows: number } {
	const aside = columns < NARROW ? 0 : 4;
	const above = rows < LOW ? 0 : 2;
	return {
		columns: Math.max(1, Math.min(WIDEST, columns - aside) - SIDES),
		rows: Math.max(1, rows - above - FRAME_ROWS),
	};
}

export function boxIn(size: Size, wanted: Wanted): Box {
	const room = roomIn(size);
	const columns = Math.min(room.columns, Math.max(1, wanted.columns ?? room.columns));
	const rows = Math.min(room.rows, Math.max(1, wanted.rows));
	const width = Math.min(size.columns, columns + SIDES);
	const height = Math.min(size.rows, rows + FRAME_ROWS);
	const x = Math.floor((size.columns - width) / 2);
	// A little above the middle, where one looks first.
	const y = Math.floor((size.rows - height) / (size.rows > height + 8 ? 3 : 2));
	return {
		outer: { x, y, columns: width, rows: height },
		inner: { x: x + SIDES / 2, y: y + 1, columns: Math.max(0, width - SIDES), rows },
	};
}

export type SheetParts = {
	readonly key: string;
	readonly paint: Paint;
	readonly box: Box;
	readonly title: string;
	/** To the right of the title: a count, where one is. */
	readonly aside?: string;
	readonly body: readonly BodyRow[];
	readonly footer: Line;
};

export function sheetArea({ key, paint, box, title, aside = "", body, footer }: SheetParts): Area {
	const { outer, inner } = box;
	const rows =
		inner.columns < 1
			? Array.from({ length: outer.rows }, () => " ".repeat(outer.columns))
			: framed(paint, box, topRule(title, aside, outer.columns), body, footer);
	return {
		key,
		x: outer.x,
		y: outer.y,
		width: outer.columns,
		rows: rows.slice(0, outer.rows).map((row) => paint.over("sheet", row)),
	};
}

export function paintRow(paint: Paint, row: BodyRow, columns: number): string {
	return typeof row === "object" && "painted" in row ? row.painted : paintLine(paint, row, columns);
}

function framed(
	paint: Paint,
	{ outer, inner }: Box,
	top: Line,
	body: readonly BodyRow[],
	footer: Line,
): string[] {
	const side = paint("rule", "|");
	const row = (inside: BodyRow): string => `${side} ${paintRow(paint, inside, inner.columns)} ${side}`;
	return [
		paintLine(paint, top, outer.columns),
		...Array.from({ length: inner.rows }, (_, index) => row(body[index] ?? "")),
		row(footer),
		paint("rule", `+${"-".repeat(outer.columns - 2)}+`),
	];
}

function topRule(title: string, aside: string, columns: number): Line {
	const named = fit(inRow(title), columns - 5);
	const left: Run[] = [
		["rule", "+- "],
		["title", named],
		["rule", " "],
	];
	const used = lineWidth(left);
	const counted = aside !== "" && used + widthOf(aside) + 6 <= columns;
	const right: Run[] = counted
		? [
				["rule", " "],
				["dim", aside],
				["rule", " -+"],
			]
		: [["rule", "+"]];
	return [...left, ["rule", "-".repeat(Math.max(0, columns - used - lineWidth(right)))], ...right];
}

/** A key and what it does here: a command, or two that belong together ("Up/Down move"). */
export type KeyHint = readonly [command: CommandId | readonly CommandId[], says?: string];

/**
 * The keys of a sheet in one line, as they are bound now. Where they do not fit, the last one (it closes the sheet) is
 * kept and those before it are left out, last first; help has them all.
 */
export function keyLine(keymap: Keymap, hints: readonly KeyHint[], columns: number): Run[] {
	const parts = hints.flatMap(([which, says]): { keys: string; text: string }[] => {
		const commands = typeof which === "string" ? [which] : which;
		const keys = commands.flatMap((command) => keymap.keysOf(command).slice(0, 1)).join("/");
		return keys === "" ? [] : [{ keys, text: ` ${says ?? commandOf(commands[0]!).title.toLowerCase()}` }];
	});
	const width = (): number => parts.reduce((sum, { keys, text }) => sum + widthOf(keys + text) + 2, -2);
	while (parts.length > 1 && width() > columns) parts.splice(-2, 1);
	return parts.flatMap(({ keys, text }, index): Run[] => [
		...(index > 0 ? [["sheet", "  "] as const] : []),
		["key", keys],
		["dim", text],
	]);
}
