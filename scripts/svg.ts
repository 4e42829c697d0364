/**
 * A terminal's screen as SVG, cell by cell as its emulator holds it: colours, bold, dim, italic, underline, inverse,
 * struck through, wide characters in their two cells, and the cursor.
 */
import type xterm from "@xterm/headless";

export type Look = {
	/** The terminal's own background and text. */
	readonly paper: string;
	readonly ink: string;
	/** The sixteen colours: eight, and eight brighter. */
	readonly palette: readonly string[];
};

export const DARK: Look = {
	paper: "#16181f",
	ink: "#d8dee9",
	palette: [
		...["#1d1f28", "#ff6b6b", "#7bd88f", "#ffd166", "#6cb6ff", "#c792ea", "#5fd7d7", "#d8dee9"],
		...["#6b7089", "#ff8f8f", "#a5e8b5", "#ffe29a", "#9ccfff", "#dcb8f5", "#90e9e9", "#ffffff"],
	],
};

export const LIGHT: Look = {
	paper: "#fbfbf8",
	ink: "#24272e",
	palette: [
		...["#24272e", "#b3261e", "#1f7a3d", "#8a6100", "#1f5fb0", "#7b3fa0", "#0f7173", "#d5d8de"],
		...["#6b7089", "#d5453d", "#2f9c55", "#a97a10", "#3f7fd0", "#9a5fc0", "#2f9193", "#ffffff"],
	],
};

export type SvgOptions = {
	readonly look?: Look;
	readonly cursor?: { readonly x: number; readonly y: number; readonly shown: boolean };
	/** Only as far down as something stands: for what was printed, where a screen is drawn whole. */
	readonly trimmed?: boolean;
};

const CELL = { width: 8.4, height: 18, base: 13, margin: 14, font: 14 };
const BRAILLE = /[\u2800-\u28ff]/;
const DIM = 0.6;

/** What cells that stand beside each other must share to be one piece of text. */
type Style = {
	readonly fill: string;
	readonly back: string | undefined;
	readonly bold: boolean;
	readonly dim: boolean;
	readonly italic: boolean;
	readonly underline: boolean;
	readonly strike: boolean;
	/** A wide character is placed by itself: fonts differ in how wide theirs are. */
	readonly wide: boolean;
};

type Piece = { readonly style: Style; readonly x: number; text: string; cells: number };

export function svgOf(screen: xterm.Terminal, options: SvgOptions = {}): string {
	const { look = DARK, cursor, trimmed = false } = options;
	const buffer = screen.buffer.active;
	let last = trimmed ? buffer.length - 1 : buffer.viewportY + screen.rows - 1;
	if (trimmed) while (last > 0 && buffer.getLine(last)?.translateToString(true) === "") last--;
	const first = trimmed ? Math.max(0, last + 1 - screen.rows) : buffer.viewportY;
	const out: string[] = [];
	for (let row = first; row <= last; row++) {
		const line = buffer.getLine(row);
		const under = cursor?.shown && cursor.y === row - first ? cursor.x : undefined;
		if (line)
			for (const piece of piecesOf(line, screen.cols, look, under)) out.push(...drawn(piece, row - first));
	}
	const width = Math.ceil(CELL.margin * 2 + screen.cols * CELL.width);
	const height = CELL.margin * 2 + (last - first + 1) * CELL.height;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
		`<rect width="100%" height="100%" rx="8" fill="${look.paper}"/>`,
		`<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${CELL.font}" fill="${look.ink}" xml:space="preserve">`,
		...out,
		"</g></svg>",
		"",
	].join("\n");

	function drawn({ style, x, text, cells }: Piece, row: number): string[] {
		const left = CELL.margin + x * CELL.width;
		const top = CELL.margin + row * CELL.height;
		const wide = (cells * CELL.width).toFixed(1);
		const rect = (y: number, height: number, fill: string, opacity: string): string =>
			`<rect x="${left.toFixed(1)}" y="${y}" width="${wide}" height="${height}" fill="${fill}"${opacity}/>`;
		const dim = style.dim ? ` opacity="${DIM}"` : "";
		const parts: string[] = [];
		if (style.back) parts.push(rect(top, CELL.height, style.back, ""));
		const trimmed = text.trimEnd();
		if (trimmed !== "") {
			const fill = style.fill === look.ink ? "" : ` fill="${style.fill}"`;
			const font = `${style.bold ? ' font-weight="bold"' : ""}${style.italic ? ' font-style="italic"' : ""}`;
			const say = (at: number, of: number, words: string): string =>
				`<text x="${(left + at * CELL.width).toFixed(1)}" y="${top + CELL.base}" textLength="${(of * CELL.width).toFixed(1)}"${fill}${font}${dim}>${xmlText(words)}</text>`;
			// Dots of a curve come from another font, whose width nobody knows: each stands where its cell is.
			if (BRAILLE.test(trimmed)) {
				const words = trimmed.matchAll(/[\u2801-\u28ff]|[^\u2800-\u28ff\s]+/g);
				for (const { 0: word, index } of words) parts.push(say(index, word.length, word));
			} else parts.push(say(0, cells - (text.length - trimmed.length), trimmed));
		}
		if (style.underline) parts.push(rect(top + CELL.base + 2, 1, style.fill, dim));
		if (style.strike) parts.push(rect(top + CELL.base - 5, 1, style.fill, dim));
		return parts;
	}
}

function piecesOf(line: xterm.IBufferLine, columns: number, look: Look, cursor: number | undefined): Piece[] {
	const pieces: Piece[] = [];
	for (let x = 0; x < columns; x++) {
		const cell = line.getCell(x);
		if (!cell || cell.getWidth() === 0) continue;
		const style = styleOf(cell, look, cursor === x);
		const text = cell.isInvisible() ? " ".repeat(cell.getWidth()) : cell.getChars() || " ";
		const before = pieces.at(-1);
		if (before && !style.wide && sameStyle(before.style, style)) {
			before.text += text;
			before.cells += cell.getWidth();
		} else pieces.push({ style, x, text, cells: cell.getWidth() });
	}
	return pieces;
}

function styleOf(cell: xterm.IBufferCell, look: Look, cursor: boolean): Style {
	const fore = colourOf(cell, "fg", look) ?? look.ink;
	const back = colourOf(cell, "bg", look);
	// The cursor is a block: what is under it is turned round, once more where it is already.
	const turned = (cell.isInverse() !== 0) !== cursor;
	return {
		fill: turned ? (back ?? look.paper) : fore,
		back: turned ? fore : back,
		bold: cell.isBold() !== 0,
		dim: cell.isDim() !== 0,
		italic: cell.isItalic() !== 0,
		underline: cell.isUnderline() !== 0,
		strike: cell.isStrikethrough() !== 0,
		wide: cell.getWidth() > 1,
	};
}

const sameStyle = (a: Style, b: Style): boolean =>
	(Object.keys(a) as (keyof Style)[]).every((part) => a[part] === b[part]);

/** Undefined: the terminal's own. */
function colourOf(cell: xterm.IBufferCell, which: "fg" | "bg", look: Look): string | undefined {
	const value = which === "fg" ? cell.getFgColor() : cell.getBgColor();
	if (which === "fg" ? cell.isFgDefault() : cell.isBgDefault()) return undefined;
	if (which === "fg" ? cell.isFgRGB() : cell.isBgRGB()) return `#${hex(value, 6)}`;
	if (value < 16) return look.palette[value];
	// The 24 greys, then the cube of 6 by 6 by 6 (xterm's 256 colours).
	if (value >= 232) return `#${hex(8 + (value - 232) * 10, 2).repeat(3)}`;
	const level = (step: number): string => hex(step === 0 ? 0 : 55 + step * 40, 2);
	const index = value - 16;
	return `#${level(Math.floor(index / 36))}${level(Math.floor(index / 6) % 6)}${level(index % 6)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const xmlText = (text: string): string =>
	text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
