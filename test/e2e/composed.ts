/**
 * Is the screen whole? Everything stands where it belongs, in any state; and what Ink wrote piece by piece is what it
 * would write anew.
 */
import { expect } from "vitest";
import { cellOf, type Screen } from "./screen.ts";

/** With fewer columns the panes are tabs. */
const COLUMNS_FOR_PANES = 100;
/** The word that the status row begins with, behind its mark. */
const STATES =
	/^ (o ready|> thinking|# Python runs|\? a hint waits|= paused|= stopped|! failed|\. ended|> replay|= (correct|wrong|unparseable|no answer|unchecked))( |$)/;

/** A session's screen, with nothing open over it: name above, panes, status, keys below. */
export function expectComposed(screen: Screen, how: { readonly panes?: "all" | "one" } = {}): void {
	const { rows, columns } = screen;
	const all = how.panes === undefined ? columns >= COLUMNS_FOR_PANES : how.panes === "all";
	const says = screen.text();
	expect(screen.row(0), says).toMatch(/^ nudge {2}\S/);
	expect(screen.row(0), says).toMatch(/ \d{8}-\w+ ?$/);
	expectBar(screen, 0);
	expect(screen.row(rows - 2), says).toMatch(STATES);
	expectBar(screen, rows - 2);
	expect(screen.row(rows - 1).trim(), says).not.toBe("");
	if (columns < COLUMNS_FOR_PANES) {
		for (const tab of ["1 Thinking", "2 Hints", "3 Python"]) expect(screen.row(1), says).toContain(tab);
		expect(screen.row(1).match(/>\d /g), says).toHaveLength(1);
	} else if (all) {
		const rule = ruleOf(screen);
		expect(rule, `no rule from top to bottom:\n${says}`).toBeDefined();
		const right = Array.from({ length: rows - 3 }, (_, y) => textBeyond(screen, (rule ?? 0) + 2, y + 1));
		expect(screen.row(1), says).toMatch(/^[ >] Thinking /);
		expect(right[0], says).toMatch(/^[ >] Hints /);
		expect(
			right.filter((row) => /^[ >]?\s?Python\b/.test(row)),
			says,
		).not.toHaveLength(0);
	}
	expectNoRemains(screen);
}

/** No piece of a control sequence, no broken character, is left on the screen as text; unless it is shown whole, or in code. */
export function expectNoRemains(screen: Screen): void {
	expect(screen.text()).not.toMatch(/(?<!␛|\\u001b)\[(\d+(;\d+)*m|\?\d+[hl])|\ufffd/);
	// What Ink puts where a row is wider than its area.
	expect(screen.text()).not.toContain("…");
}

/** The column of the rule between left and right. */
export function ruleOf(screen: Screen): number | undefined {
	const height = screen.rows - 3;
	for (let x = 0; x < screen.columns; x++) {
		let y = 0;
		while (y < height && screen.cell(x, y + 1).chars === "|") y++;
		if (y === height) return x;
	}
	return undefined;
}

/** A bar from the first cell to the last: what stands out in it may have a ground of its own, but there is no hole. */
function expectBar(screen: Screen, y: number): void {
	const holes = Array.from({ length: screen.columns }, (_, x) => x).filter((x) => {
		const { bg, inverse } = screen.cell(x, y);
		return bg === "default" && !inverse;
	});
	expect(holes, `holes in row ${y} of\n${screen.text()}`).toEqual([]);
}

function textBeyond(screen: Screen, x: number, y: number): string {
	let text = "";
	for (let at = x; at < screen.columns; at++) text += screen.cell(at, y).chars || " ";
	return text;
}

/** Everything that stands in the cells: each row's text, with a style in braces wherever another one begins. */
export function cellsOf(screen: Screen): string[] {
	const buffer = screen.terminal.buffer.active;
	return Array.from({ length: screen.rows }, (_, y) => {
		const line = buffer.getLine(buffer.viewportY + y);
		let row = "";
		let last = PLAIN;
		let lastGround = PLAIN_GROUND;
		for (let x = 0; x < screen.columns; x++) {
			const cell = line?.getCell(x);
			if (!cell || cell.getWidth() === 0) continue;
			const { chars, fg, bg, bold, dim, italic, underline, inverse, strike } = cellOf(cell);
			const style = [fg, bg, bold, dim, italic, underline, inverse, strike].join();
			// What is blank looks the same whatever a letter would look like there.
			const ground = [bg, underline, inverse && fg, strike].join();
			if (chars.trim() === "" && ground === lastGround) {
				row += chars || " ";
				continue;
			}
			lastGround = ground;
			row += `${style === last ? "" : `{${style}}`}${chars || " "}`;
			last = style;
		}
		return row;
	});
}
const PLAIN = ["default", "default", false, false, false, false, false, false].join();
const PLAIN_GROUND = ["default", false, false, false].join();

/** The same screen drawn anew has the same cells: nothing was left over. For a screen on which nothing moves. */
export async function expectAsDrawnAnew(screen: Screen): Promise<void> {
	const before = await settled(screen);
	const from = screen.raw.length;
	const same = (): boolean => cellsOf(screen).every((row, y) => row === before[y]);
	screen.press("ctrl+l");
	await screen.until(() => screen.raw.slice(from).includes("\x1b[?1049h"), "the screen to be drawn anew");
	try {
		await screen.until(same);
	} catch {
		const rows = cellsOf(screen).flatMap((row, y) =>
			row === before[y] ? [] : [`${y} was   ${before[y]}`, `${y} anew  ${row}`],
		);
		throw new Error(`drawn anew, the screen is another one:\n${rows.join("\n")}\n${screen.text()}`);
	}
}

/** The cells of a screen when the last of what was on its way (a prompt, a verdict) is there. */
async function settled(screen: Screen): Promise<string[]> {
	let cells = cellsOf(screen);
	for (let i = 0; i < 50; i++) {
		await new Promise((resolve) => setTimeout(resolve, 200));
		const now = cellsOf(screen);
		if (now.every((row, y) => row === cells[y])) break;
		cells = now;
	}
	return cells;
}

/** Waits until a text has gone. */
export function gone(screen: Screen, text: string): Promise<void> {
	return screen.until(() => !screen.text().includes(text), `the end of "${text}"`);
}
