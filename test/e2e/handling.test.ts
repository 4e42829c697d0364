/** What a person does with the screen itself: searching, following, copying, the mouse, sizes, palette, help. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { cellsOf, expectAsDrawnAnew, expectComposed, gone, ruleOf } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

let scene: Scene;
const COUNT = Array.from({ length: 400 }, (_, n) => `Step ${n} of the way is done.`);
beforeAll(async () => {
	scene = await Scene.make();
	scene.tell("long hint", { thinking: `${COUNT.slice(0, 20).join("\n")}\nWait, is it?\n` });
	scene.tell("long way", { thinking: `${COUNT.join("\n")}\nThe needle lies here.\nSo it is.\n` });
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

const LONG = ["--problem", "A long way", "--hints", "off", "--max-tokens", "20000"];

/** What the terminal was asked to put into its clipboard. */
function clipboardOf(screen: Screen): string[] {
	return [...screen.raw.matchAll(/\x1b\]52;c;([^\x07\x1b]*)(?:\x07|\x1b\\)/g)].map(([, code = ""]) =>
		Buffer.from(code, "base64").toString("utf8"),
	);
}

test("search, moving, copying and the plain terminal, in a trace that has ended", async () => {
	const screen = scene.open(LONG, { columns: 120, rows: 40 });
	await screen.until("= unchecked");
	// Search: hits are counted as one types, marked, and gone through both ways.
	screen.press("g");
	await screen.until("Step 0 of");
	screen.press("/");
	screen.type("Step 39");
	await screen.until("hit 1 of 11");
	await screen.until("Step 39 of the way");
	expect(screen.cursor).toMatchObject({ shown: true, y: 39 });
	expect(screen.row(39)).toContain("/Step 39");
	await expectAsDrawnAnew(screen);
	screen.press("enter");
	await gone(screen, "/Step 39");
	screen.press("n");
	await screen.until("hit 2 of 11");
	await screen.until("Step 390 of the way");
	screen.press("N", "N");
	await screen.until("hit 11 of 11");
	const hit = screen.find("Step 399");
	await screen.until(() => screen.cell(hit.x, hit.y).bg !== "default", "a marked hit");
	expectComposed(screen);
	screen.press("/");
	screen.type("nowhere");
	await screen.until('"nowhere" is not there');
	screen.press("escape");
	await gone(screen, "nowhere");
	expect(screen.text()).not.toContain("hit 11");

	// By keys: half pages, pages, both ends, vi-like and arrows.
	screen.press("home");
	await screen.until("Step 0 of");
	expect(screen.text()).toContain("- f follows");
	screen.press("pagedown");
	await gone(screen, "Step 0 of");
	screen.press("pageup");
	await screen.until("Step 0 of");
	screen.press("j", "down", "down", "k");
	await screen.until(() => screen.cursor.y === 4 && screen.cursor.shown, "the selected line");

	// Copying: the line, and all of it.
	screen.press("y");
	await screen.until(() => clipboardOf(screen).length === 1, "the line in the clipboard");
	expect(clipboardOf(screen)).toEqual(["Step 2 of the way is done."]);
	await screen.until("Copied 26 characters");
	screen.press("Y");
	await screen.until(() => clipboardOf(screen).length === 2, "the trace in the clipboard");
	const whole = clipboardOf(screen)[1] ?? "";
	expect(whole.startsWith("Step 0 of the way is done.\nStep 1")).toBe(true);
	expect(whole.endsWith("\\boxed{111000}.")).toBe(true);
	expect(readFileSync(join(scene.home.dir, "cache", "clipboard.txt"), "utf8")).toBe(whole);

	// The plain terminal: everything is there for its own selection, and Enter comes back.
	const before = cellsOf(screen);
	screen.press("f9");
	await screen.until("[Enter goes back to nudge]");
	expect(screen.modes).toMatchObject({ alternate: false, mouse: "none", paste: false });
	expect(screen.everything()).toContain("A long way");
	expect(screen.everything()).toContain("The needle lies here.");
	screen.press("enter");
	await screen.until(() => screen.modes.alternate && screen.modes.mouse === "drag", "the screen");
	await screen.until("Step 0 of");
	expect(cellsOf(screen).slice(0, 38)).toEqual(before.slice(0, 38));
	screen.press("f");
	await screen.until("The needle lies here.");
	expect(screen.text()).not.toContain("follows");
});

test("scrolled away while it streams, new lines are counted and what is read stays; f follows again", async () => {
	scene.stream.run("Step 60");
	const screen = scene.open(LONG, { columns: 120, rows: 40 });
	await screen.until("Step 59 of");
	screen.press("pageup");
	await screen.until("- f follows");
	const top = screen.row(2);
	scene.stream.run("Step 80");
	await screen.until("20 new lines, f follows");
	expect(screen.row(2)).toBe(top);
	expectComposed(screen);
	scene.stream.run("Step 90");
	await screen.until("30 new lines");
	screen.press("end");
	await screen.until("Step 89 of");
	await gone(screen, "new lines");
	scene.stream.run("Step 100");
	await screen.until("Step 99 of");
	expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });
});

test("the timeline leads to what it tells of: by keys, by the mouse, closer, and into the clipboard", async () => {
	const screen = scene.open(["--problem", "A long hint", "--max-tokens", "20000"], {
		columns: 120,
		rows: 26,
	});
	await screen.until("= unchecked");
	expect(screen.text()).not.toContain("[hint after Wait");
	screen.press("2", "g");
	await screen.until("[hint after Wait - logic-check]");
	const { y } = screen.find("[hint after Wait");
	await screen.until(() => screen.cell(0, y).bg !== "default", "the hint to be selected in the thinking");
	expectComposed(screen);
	screen.press("y");
	await screen.until(() => clipboardOf(screen).length === 1, "the hint in the clipboard");
	expect(clipboardOf(screen)[0]).toMatch(/^, I assumed .*\n```python\n$/);
	screen.press("enter");
	await screen.until("+- after Wait: logic-check");
	expect(screen.text()).toMatch(/decided +insert: the model doubts itself/);
	expect(screen.text()).toMatch(/led to +code ok/);
	screen.press("escape");
	await gone(screen, "+- after Wait: logic-check");
	screen.press("f");
	await screen.until("\\boxed{42}");
	const entry = screen.find("# block 1");
	screen.click(entry.x + 3, entry.y);
	await screen.until("[output 1 - ok");
	// From hint to block to end, by keys in the thinking.
	screen.press("1", "f", "{");
	await screen.until(() => screen.row(screen.cursor.y).startsWith("[unchecked"), "the outcome");
	screen.press("{", "{", "{");
	await screen.until(() => /^\[hint before end/.test(screen.row(screen.cursor.y)), "the hint before the end");
	screen.press("}");
	await screen.until(() => /^\[output 2/.test(screen.row(screen.cursor.y)), "the output behind it");
});

test("the mouse: wheel and click where they point; switched off it is the terminal's", async () => {
	const screen = scene.open(["--id", "first"], { columns: 120, rows: 40 });
	await screen.until("-- = correct");
	expect(screen.modes.mouse).toBe("drag");
	const entry = screen.find("+ before end");
	screen.click(entry.x + 3, entry.y);
	await screen.until("> Hints");
	await screen.until(() => screen.cell(entry.x, entry.y).bg !== "default", "the entry to be selected");
	const line = screen.find("400 times");
	screen.click(line.x, line.y);
	await screen.until("> Thinking");
	await screen.until(() => screen.cursor.y === line.y && screen.cursor.shown, "the line to be selected");
	const python = screen.find("[block 2: ok");
	screen.click(python.x, python.y);
	await screen.until("> Python");
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	screen.press("f3");
	await screen.until("the mouse is the terminal's");
	expect(screen.modes.mouse).toBe("none");
	screen.press("f3");
	await screen.until("the mouse is nudge's");
	expect(screen.modes.mouse).toBe("drag");

	// In tabs a click on a tab goes there; the wheel scrolls what it points at.
	screen.resize(80, 24);
	await screen.until(">1 Thinking");
	screen.wheel(10, 10, "up");
	await screen.until("follows");
	const tab = screen.find("2 Hints");
	screen.click(tab.x, tab.y);
	await screen.until(">2 Hints");
	expectComposed(screen);
});

test("panes are resized, zoomed and hidden, and the terminal can have any size while it streams", async () => {
	scene.stream.run("Step 30");
	const screen = scene.open(LONG, { columns: 120, rows: 40 });
	await screen.until("Step 29 of");
	// No speed is told of a stream that stands.
	await screen.until(() => !/tok \d+\/s/.test(screen.row(38)), "the end of the speed");
	const at = (): number => ruleOf(screen) ?? -1;
	const start = at();
	screen.press(">");
	await screen.until(() => at() > start, "the rule further right");
	screen.press("<", "<");
	await screen.until(() => at() >= 0 && at() < start, "the rule further left");
	expectComposed(screen);
	const python = (): number => screen.find(" Python ").y;
	const upper = python();
	screen.press("+");
	await screen.until(() => python() > upper, "more rows for the hints");
	screen.press("-", "-");
	await screen.until(() => python() < upper, "fewer rows for the hints");
	expectComposed(screen);
	await expectAsDrawnAnew(screen);
	screen.press("z");
	await screen.until(() => at() < 0 && !screen.text().includes("Hints"), "the thinking alone");
	await expectAsDrawnAnew(screen);
	screen.press("z", "\\");
	await gone(screen, "Hints");
	screen.press("2");
	await screen.until("> Hints");
	screen.press("1");
	await screen.until("> Thinking");
	expectComposed(screen);

	const cleared = { ...screen.clears };
	scene.stream.everyMs = 1;
	scene.stream.run("Step 390");
	for (const [columns, rows] of [
		[80, 24],
		[200, 50],
		[100, 12],
		[41, 11],
		[39, 9],
		[133, 33],
	] as const) {
		screen.resize(columns, rows);
		if (columns < 40) await screen.until("39x9 is too small");
		else await screen.until(() => wholeAt(screen), `a screen of ${columns} by ${rows}`);
	}
	scene.stream.everyMs = 0;
	await screen.until("Step 389 of");
	await scene.stream.reached;
	await screen.until(() => / > thinking {2}\d+ tok {2}left/.test(screen.row(31)), "the stream to stand");
	expectComposed(screen);
	await expectAsDrawnAnew(screen);
	expect({ ...screen.clears }).toEqual(cleared);
});

/** The picture has the size of the terminal: its status stands on the last row but one, over all its width. */
function wholeAt(screen: Screen): boolean {
	const { rows, columns } = screen;
	return (
		/^ > thinking/.test(screen.row(rows - 2)) &&
		screen.cell(columns - 1, rows - 2).bg !== "default" &&
		screen.cell(columns - 1, 0).bg !== "default" &&
		/^[ >](1 )?Thinking|^> Thinking/.test(screen.row(1))
	);
}

test("the palette runs any command, help lists keys, and both close with Escape", async () => {
	const screen = scene.open(["--id", "first", "--hints", "off"], { columns: 80, rows: 24 });
	await screen.until("-- = wrong");
	screen.press("ctrl+p");
	await screen.until("+- Commands");
	await expectAsDrawnAnew(screen);
	screen.type("problem");
	await screen.until("> Show the problem");
	screen.press("enter");
	await screen.until("gold answer");
	expect(screen.text()).toContain("nudge-tiny/product:388,286");
	screen.press("escape");
	await gone(screen, "nudge-tiny/product:388,286");
	screen.press("?");
	await screen.until("+- Help");
	expect(screen.text()).toMatch(/PgDn Ctrl\+F +Page down/);
	await expectAsDrawnAnew(screen);
	screen.type("rewind");
	await screen.until(() => /r +Rewind to here/.test(screen.text()), "the key of a command");
	screen.press("escape");
	await gone(screen, "+- Help");
	// A command that means nothing now is not offered.
	screen.press("ctrl+p");
	await screen.until("+- Commands");
	screen.type("stop");
	await screen.until("Nothing fits what is typed.");
	screen.press("escape");
	await gone(screen, "+- Commands");
	expectComposed(screen);
});
