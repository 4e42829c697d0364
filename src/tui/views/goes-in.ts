/** How a text would stand in the stream: behind what is there now, with every line end to be seen. */

import type { Span } from "../../trace/span.ts";
import { widthOf } from "../text/cells.ts";
import type { Token } from "../theme/theme.ts";
import { type Line, plainLine, textLines } from "./line.ts";

/** As much of the end of what is there as tells where one is. */
const TAIL_UNITS = 400;
const TAIL_ROWS = 2;

const NEWLINE = "\\n";

/** The text, wrapped, each line end of it shown as a mark. */
export function exactLines(text: string, columns: number, token: Token): Line[] {
	const lines = text.split("\n");
	return lines.flatMap((line, index): Line[] => {
		const last = index === lines.length - 1;
		if (last && line === "") return [];
		const room = columns - (last ? 0 : NEWLINE.length);
		const rows = textLines(line, Math.max(1, room)).map(plainLine);
		return rows.map((row, at): Line => {
			const spaces =
				at === rows.length - 1
					? (/ +$/.exec(line)?.[0].slice(0, Math.max(0, room - widthOf(row))) ?? "")
					: "";
			const end = at === rows.length - 1 && !last ? NEWLINE : "";
			return [
				[token, row + spaces],
				["dim", end],
			];
		});
	});
}

/** The end of a trace, without putting all of it together. */
export function tailOf(spans: readonly Span[]): string {
	let tail = "";
	for (let i = spans.length - 1; i >= 0 && tail.length < TAIL_UNITS; i--) tail = spans[i]!.text + tail;
	return tail.slice(-TAIL_UNITS);
}

/** The last rows of what is there, then the text with a mark before each row: so it would read. */
export function inStream(before: string, text: string, columns: number, token: Token): Line[] {
	const tail = textLines(before.replace(/\n$/, ""), columns).slice(-TAIL_ROWS);
	const inner = Math.max(1, columns - 2);
	return [
		...tail.map((line): Line => [["dim", plainLine(line)]]),
		...exactLines(text, inner, token).map(
			(line): Line => [[token, "+ "], ...(typeof line === "string" ? [[token, line] as const] : line)],
		),
	];
}
