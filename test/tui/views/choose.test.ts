import { beforeEach, expect, test } from "vitest";
import { type Choice, choose } from "../../../src/tui/views/choose.ts";
import { FakeDesk, SIZES } from "../desk.ts";

const POLICIES: readonly Choice<string>[] = [
	{
		value: "auto",
		label: "auto",
		says: "hints go in by themselves; each is shown for a moment before it does",
	},
	{
		value: "ask",
		label: "ask",
		says: "each hint waits for you: insert it, say it otherwise, or veto it, with the reason that it was drawn for",
	},
	{ value: "off", label: "off", says: "no hints go in", not: "a block runs" },
];

let desk: FakeDesk;
let seen: string[];

function open(choices = POLICIES, size = SIZES[0]!): void {
	desk = new FakeDesk(size);
	seen = [];
	choose({
		desk,
		title: "Hint policy",
		choices,
		current: "ask",
		done: (value) => seen.push(`done ${value}`),
		selected: (value) => seen.push(`selected ${value}`),
		cancelled: () => seen.push("cancelled"),
	});
}
beforeEach(() => open());

test("choices with their sentences; what holds now is marked and selected", () => {
	expect(desk.sheet()).toEqual([
		"+- Hint policy ------------------------------------------------------------+",
		"|     auto  hints go in by themselves; each is shown for a moment before   |",
		"|           it does                                                        |",
		"| > * ask   each hint waits for you: insert it, say it otherwise, or veto  |",
		"|           it, with the reason that it was drawn for                      |",
		"|     off   no hints go in (not now: a block runs)                         |",
		"|                                                                          |",
		"| Enter choose  Up/Down move  Esc close                                    |",
		"+--------------------------------------------------------------------------+",
	]);
});

test("selecting tells what would hold, choosing takes it, closing takes it back", () => {
	desk.press("up");
	desk.press("enter");
	expect(seen).toEqual(["selected auto", "done auto"]);
	open();
	desk.press("up", "escape");
	expect(seen).toEqual(["selected auto", "cancelled"]);
	expect(desk.views).toEqual([]);
});

test("what cannot be taken now stays a choice that does nothing", () => {
	desk.press("down", "down", "enter");
	expect(seen).toEqual(["selected off"]);
	expect(desk.views).toHaveLength(1);
});

test("a click selects, a second click on the same choice takes it, the wheel moves", () => {
	const { x, y } = desk.find("auto");
	desk.click(x, y);
	expect(seen).toEqual(["selected auto"]);
	desk.mouse("wheel-down", x, y);
	desk.click(x, y + 1);
	desk.click(x, y);
	expect(seen).toEqual(["selected auto", "selected ask", "selected auto", "done auto"]);
});

test("many choices scroll, and the selected one is always whole", () => {
	const many = Array.from({ length: 200 }, (_, i) => ({
		value: `${i}`,
		label: `theme ${i}`,
		says: `the sentence of ${i} is long enough to be broken in two rows wherever the screen is as narrow as this one`,
	}));
	for (const size of SIZES) {
		open(many, size);
		for (let i = 0; i < 60; i++) desk.press("down");
		expect(desk.screen().join("\n")).toContain("> theme 60");
		expect(desk.screen().join("\n")).toContain("61/200");
		desk.press("pagedown");
		expect(desk.screen().join("\n")).toContain("> theme 199");
	}
});

test("without choices it says so", () => {
	open([]);
	expect(desk.sheet().join("\n")).toContain("There is nothing to choose from.");
	desk.press("down", "enter", "escape");
	expect(seen).toEqual(["cancelled"]);
});
