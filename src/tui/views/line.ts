/**
 * Lines of a sheet before they are painted: runs of text, each with the token that it means.
 *
 * What always holds of a painted line: it is exactly as wide as was asked, and whatever its texts hold, no control
 * character of theirs is in it.
 */
import { visible } from "../../trace/visible.ts";
import { expandTabs, fit, pad, widthOf, wrapText } from "../text/cells.ts";
import type { Paint, Token } from "../theme/theme.ts";

export type Run = readonly [token: Token, text: string];
/** A string is one run in the style of what it lies on. */
export type Line = string | readonly Run[];

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** In one row: what a line of text would move the cursor with is shown instead. */
export function inRow(text: string): string {
	if (!CONTROL.test(text)) return visible(text);
	return visible(expandTabs(text).replaceAll("\n", "\u240a"));
}

export function runsOf(line: Line): readonly Run[] {
	return typeof line === "string" ? [["sheet", line]] : line;
}

/** Its words alone. */
export function plainLine(line: Line): string {
	return typeof line === "string" ? line : line.map(([, text]) => text).join("");
}

export function lineWidth(line: Line): number {
	let width = 0;
	for (const [, text] of runsOf(line)) width += widthOf(inRow(text));
	return width;
}

/** The first cells of a line; a run that is cut says so in its last cells. */
export function fitLine(line: Line, columns: number): Run[] {
	const fitted: Run[] = [];
	let room = columns;
	for (const [token, raw] of runsOf(line)) {
		const text = inRow(raw);
		const width = widthOf(text);
		if (width > room) {
			if (room > 0) fitted.push([token, fit(text, room)]);
			break;
		}
		fitted.push([token, text]);
		room -= width;
	}
	return fitted;
}

/** One line to the left and one to the right of a row; the right one goes where there is no room for both. */
export function spread(left: Line, right: Line, columns: number): Run[] {
	const width = lineWidth(right);
	const room = columns - width - 2;
	if (width === 0 || room < Math.min(lineWidth(left), columns >> 1)) return fitLine(left, columns);
	const fitted = fitLine(left, room);
	return [...fitted, ["sheet", " ".repeat(columns - width - lineWidth(fitted))], ...runsOf(right)];
}

/** Of exactly that width, to be laid over a ground. */
export function paintLine(paint: Paint, line: Line, columns: number): string {
	const runs = fitLine(line, columns);
	const rest = " ".repeat(Math.max(0, columns - lineWidth(runs)));
	return runs.map(([token, text]) => (token === "sheet" ? text : paint(token, text))).join("") + rest;
}

/** The selected line is of one style: what its runs mean is told by their marks. */
export function paintSelected(paint: Paint, line: Line, columns: number): string {
	return paint("selected", pad(plainLine(fitLine(line, columns)), columns));
}

/** A text of several lines, wrapped: what a model, Python or a file wrote may come in. */
export function textLines(text: string, columns: number, token: Token = "sheet"): Line[] {
	if (columns <= 0) return [];
	const rows = wrapText(visible(expandTabs(text).replaceAll("\r\n", "\n")), columns);
	return rows.map((row) => (token === "sheet" ? row : [[token, row]]));
}

/** Names with what they are, one below the other; those that are not known are left out. */
export type Fact = readonly [name: string, value: string | undefined, token?: Token | undefined];

export function factLines(facts: readonly Fact[], columns: number): Line[] {
	const known = facts.filter(([, value]) => value !== undefined && value !== "");
	const names = Math.max(0, ...known.map(([name]) => widthOf(name)));
	const aside = names + 2;
	const narrow = columns - aside < 16;
	return known.flatMap(([name, value, token = "sheet"]) => {
		const rows = textLines(value!, narrow ? columns - 2 : columns - aside).map(plainLine);
		const lead = (text: string): Run => ["dim", text];
		if (narrow) return [[lead(name)], ...rows.map((row): Line => [lead("  "), [token, row]])];
		return rows.map((row, index): Line => [lead(pad(index === 0 ? name : "", aside)), [token, row]]);
	});
}
