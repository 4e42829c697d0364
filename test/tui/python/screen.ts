/** A second terminal, which reads what ours makes as a person's would. */
import xterm from "@xterm/headless";
import { cellsOf } from "../../../src/tui/python/cell-text.ts";

export type Seen = { readonly text: string; readonly width: number; readonly style: string };

export function terminal(columns: number, rows: number): xterm.Terminal {
	const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, logLevel: "off" });
	screen.unicode.register({
		version: "test",
		wcwidth: cellsOf,
		charProperties: (code, before) => {
			const width = cellsOf(code);
			const joins = width === 0 && before !== 0 && ((before >> 1) & 3) !== 0;
			return ((joins ? (before >> 1) & 3 : width) << 1) | (joins ? 1 : 0);
		},
	});
	screen.unicode.activeVersion = "test";
	return screen;
}

export const written = (screen: xterm.Terminal, text: string): Promise<void> =>
	new Promise((resolve) => screen.write(text, resolve));

export function cellsOfRow(screen: xterm.Terminal, y: number): Seen[] {
	const { active } = screen.buffer;
	const line = active.getLine(active.viewportY + y)!;
	return Array.from({ length: screen.cols }, (_, x) => {
		const cell = line.getCell(x)!;
		const style = [
			cell.isBold(),
			cell.isDim(),
			cell.isItalic(),
			cell.isUnderline(),
			cell.isInverse(),
			cell.isStrikethrough(),
		].map(Boolean);
		// The first 16 of the 256 are the palette's 16, however they were asked for.
		const colours = [
			cell.isFgDefault() ? "" : `${cell.isFgRGB()} ${cell.getFgColor()}`,
			cell.isBgDefault() ? "" : `${cell.isBgRGB()} ${cell.getBgColor()}`,
		];
		return {
			text: cell.getChars() || (cell.getWidth() === 0 ? "" : " "),
			width: cell.getWidth(),
			style: `${style} ${colours}`,
		};
	});
}
