/**
 * The cells of a terminal emulator as rows for the screen: one string a row, with the SGR that its cells need.
 *
 * What always holds of a row: it is exactly as wide as was asked, in the cells that Ink and the terminal count; it holds
 * no control character but SGR; it takes back every style that it sets. The 16 colours of the palette stay the user's
 * own. A row whose cells have not changed is the same string, and rows none of which has changed are the same array.
 */
import type xterm from "@xterm/headless";
import { widthOf } from "../text/cells.ts";
import type { Depth } from "../theme/colour.ts";
import { NAMED, rgbOf256, sgrOf } from "../theme/colour.ts";
import { cellText, joined } from "./cell-text.ts";

type Line = xterm.IBufferLine;
type Cell = xterm.IBufferCell;

const BOLD = 1;
const DIM = 2;
const ITALIC = 4;
const UNDERLINE = 8;
const INVERSE = 16;
const STRIKE = 32;
const INVISIBLE = 64;
/** Each with what sets it and what takes it back; bold and dim, which share theirs, are apart. */
const FLAGS = [
	[ITALIC, "3", "23"],
	[UNDERLINE, "4", "24"],
	[INVERSE, "7", "27"],
	[STRIKE, "9", "29"],
] as const;

/** Numbers kept of a cell: its code point, its style's flags, foreground, background. */
const PER_CELL = 4;
const SPACE = 0x20;
const TILDE = 0x7e;

type Kept = { readonly cells: Int32Array; plain: boolean; text: string };

export class RowCache {
	#kept: Kept[] = [];
	#rows: readonly string[] = [];
	#columns = 0;
	#depth: Depth | undefined;
	#cell: Cell | undefined;
	#scan = new Int32Array(0);

	/** `height` rows of the buffer from line `top` on. */
	rows(buffer: xterm.IBuffer, top: number, columns: number, height: number, depth: Depth): readonly string[] {
		if (columns !== this.#columns || depth !== this.#depth) {
			this.#columns = columns;
			this.#depth = depth;
			this.#kept = [];
			this.#scan = new Int32Array(columns * PER_CELL);
		}
		this.#cell ??= buffer.getNullCell();
		const before = this.#rows;
		let same = before.length === height;
		const rows: string[] = [];
		for (let y = 0; y < height; y++) {
			const text = this.#row(buffer.getLine(top + y), y, depth);
			same &&= text === before[y];
			rows.push(text);
		}
		if (!same) this.#rows = rows;
		return this.#rows;
	}

	#row(line: Line | undefined, y: number, depth: Depth): string {
		const columns = this.#columns;
		if (!line) return " ".repeat(columns);
		const scan = this.#scan;
		const plain = scanCells(line, columns, this.#cell!, scan);
		const kept = this.#kept[y];
		// A cell's code point says little of a cluster, so that only plain rows are known by their numbers.
		if (plain && kept?.plain && equal(kept.cells, scan)) return kept.text;
		const text = plain ? plainRow(scan, depth) : clusterRow(line, this.#cell!, scan, columns, depth);
		if (kept) {
			kept.cells.set(scan);
			kept.plain = plain;
			kept.text = text;
		} else this.#kept[y] = { cells: scan.slice(), plain, text };
		return text;
	}
}

/** Reads a line's cells into `into`; true where all of them are printable ASCII. */
function scanCells(line: Line, columns: number, cell: Cell, into: Int32Array): boolean {
	let plain = true;
	const length = Math.min(columns, line.length);
	for (let x = 0, at = 0; x < columns; x++, at += PER_CELL) {
		if (x >= length || !line.getCell(x, cell)) {
			into[at] = SPACE;
			into[at + 1] = into[at + 2] = into[at + 3] = 0;
			continue;
		}
		const code = cell.getCode() || SPACE;
		if (code < SPACE || code > TILDE || cell.getWidth() !== 1) plain = false;
		into[at] = code;
		if (cell.isAttributeDefault()) {
			into[at + 1] = into[at + 2] = into[at + 3] = 0;
			continue;
		}
		into[at + 1] =
			(cell.isBold() ? BOLD : 0) |
			(cell.isDim() ? DIM : 0) |
			(cell.isItalic() ? ITALIC : 0) |
			(cell.isUnderline() ? UNDERLINE : 0) |
			(cell.isInverse() ? INVERSE : 0) |
			(cell.isStrikethrough() ? STRIKE : 0) |
			(cell.isInvisible() ? INVISIBLE : 0);
		into[at + 2] = cell.isFgDefault() ? 0 : cell.getFgColorMode() | cell.getFgColor();
		into[at + 3] = cell.isBgDefault() ? 0 : cell.getBgColorMode() | cell.getBgColor();
	}
	return plain;
}

function equal(one: Int32Array, other: Int32Array): boolean {
	for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
	return true;
}

function plainRow(cells: Int32Array, depth: Depth): string {
	let row = "";
	const pen = new Pen(depth);
	for (let at = 0; at < cells.length; at += PER_CELL) {
		row += pen.to(cells[at + 1]!, cells[at + 2]!, cells[at + 3]!);
		row += cells[at + 1]! & INVISIBLE ? " " : String.fromCharCode(cells[at]!);
	}
	return row + pen.to(0, 0, 0);
}

/** A row with characters that are wide, or made of several code points, or that others would count another way. */
function clusterRow(line: Line, cell: Cell, cells: Int32Array, columns: number, depth: Depth): string {
	const texts: string[] = [];
	const starts: number[] = [];
	for (let x = 0; x < columns; ) {
		line.getCell(x, cell);
		const width = x < line.length ? cell.getWidth() : 1;
		const room = Math.min(Math.max(1, width), columns - x);
		const hidden = (cells[x * PER_CELL + 1]! & INVISIBLE) !== 0;
		// Half of a wide character, at an edge or left over, is a space.
		const whole = x < line.length && width === room && !hidden;
		texts.push(whole ? cellText(cell.getChars(), width) : " ".repeat(room));
		starts.push(x);
		x += room;
	}
	starts.push(columns);
	if (widthOf(texts.join("")) !== columns) joined(texts, starts);
	let row = "";
	const pen = new Pen(depth);
	for (const [index, text] of texts.entries()) {
		if (text === "") continue;
		const at = starts[index]! * PER_CELL;
		row += pen.to(cells[at + 1]!, cells[at + 2]!, cells[at + 3]!) + text;
	}
	return row + pen.to(0, 0, 0);
}

/** The style that is set where the row has got to. */
class Pen {
	#flags = 0;
	#fg = 0;
	#bg = 0;
	readonly #depth: Depth;

	constructor(depth: Depth) {
		this.#depth = depth;
	}

	/** What has to be written for the next cell's style. */
	to(flags: number, fg: number, bg: number): string {
		if (flags === this.#flags && fg === this.#fg && bg === this.#bg) return "";
		const codes: string[] = [];
		const before = this.#flags;
		const weight = flags & (BOLD | DIM);
		let had = before & (BOLD | DIM);
		if (had & ~weight) {
			codes.push("22");
			had = 0;
		}
		if (weight & BOLD & ~had) codes.push("1");
		if (weight & DIM & ~had) codes.push("2");
		for (const [flag, on, off] of FLAGS) if ((flags ^ before) & flag) codes.push(flags & flag ? on : off);
		if (fg !== this.#fg) pushColour(codes, this.#fg, fg, "fg", this.#depth);
		if (bg !== this.#bg) pushColour(codes, this.#bg, bg, "bg", this.#depth);
		this.#flags = flags;
		this.#fg = fg;
		this.#bg = bg;
		return codes.length === 0 ? "" : `\x1b[${codes.join(";")}m`;
	}
}

function pushColour(codes: string[], before: number, after: number, ground: "fg" | "bg", depth: Depth): void {
	const code = colourCode(after, ground, depth);
	if (code !== undefined) codes.push(code);
	else if (colourCode(before, ground, depth) !== undefined) codes.push(ground === "fg" ? "39" : "49");
}

/** As the emulator marks what kind of colour a number is. */
const KIND = 0x3000000;
const RGB_KIND = 0x3000000;
const VALUE = 0xffffff;

/** What sets a colour; undefined for the terminal's own, and where there are none. */
function colourCode(colour: number, ground: "fg" | "bg", depth: Depth): string | undefined {
	if (colour === 0 || depth === "none") return undefined;
	const value = colour & VALUE;
	if ((colour & KIND) === RGB_KIND) return sgrOf(hex(value), ground, depth);
	if (value < 16) return sgrOf(NAMED[value]!, ground, depth);
	if (depth !== "16") return `${ground === "fg" ? "38" : "48"};5;${value}`;
	const [red, green, blue] = rgbOf256(value);
	return sgrOf(hex((red << 16) | (green << 8) | blue), ground, depth);
}

const hex = (value: number): string => `#${value.toString(16).padStart(6, "0")}`;
