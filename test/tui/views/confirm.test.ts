import { beforeEach, expect, test } from "vitest";
import { confirm } from "../../../src/tui/views/confirm.ts";
import { FakeDesk, SIZES } from "../desk.ts";

let desk: FakeDesk;
let answers: boolean[];

function ask(size = SIZES[0]!): void {
	desk = new FakeDesk(size);
	answers = [];
	confirm({
		desk,
		title: "Delete this session?",
		says: "20261122-g7k2 goes with its 3 branches. This cannot be undone.",
		yes: "Delete it",
		no: "Keep it",
		done: (yes) => answers.push(yes),
	});
}
beforeEach(() => ask());

test("it says what would happen, and no is selected", () => {
	expect(desk.sheet()).toEqual([
		"+- Delete this session? -------------------------------------------+",
		"| 20261122-g7k2 goes with its 3 branches. This cannot be undone.   |",
		"|                                                                  |",
		"| > Keep it     Delete it                                          |",
		"|                                                                  |",
		"| y yes  n no  Left select  Enter take it  Esc close               |",
		"+------------------------------------------------------------------+",
	]);
});

test.each([
	[["enter"], false],
	[["n"], false],
	[["escape"], false],
	[["y"], true],
	[["right", "enter"], true],
	[["tab", "left", "enter"], false],
])("%j answers %s, once, and closes", (keys, answer) => {
	desk.press(...keys);
	expect(answers).toEqual([answer]);
	expect(desk.views).toEqual([]);
});

test("a click selects an answer, a second one takes it; a click outside closes with no", () => {
	const { x, y } = desk.find("Delete it");
	desk.click(x, y);
	expect(answers).toEqual([]);
	expect(desk.screen()[y]).toContain("  Keep it   > Delete it");
	desk.click(x, y);
	expect(answers).toEqual([true]);
	ask();
	desk.screen();
	desk.click(0, 0);
	expect(answers).toEqual([false]);
});

test.each(SIZES)("question and answers are seen at $columns x $rows", (size) => {
	ask(size);
	const screen = desk.screen().join("\n");
	expect(screen).toContain("Delete this session?");
	expect(screen).toContain("> Keep it");
	expect(screen).toContain("Delete it");
});
