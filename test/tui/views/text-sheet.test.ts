import { expect, test } from "vitest";
import { textSheet } from "../../../src/tui/views/text-sheet.ts";
import { FakeDesk, SIZES } from "../desk.ts";

const LONG = Array.from({ length: 300 }, (_, i) => `line ${i} of the problem`).join("\n");

function open(text: string, size = SIZES[0]!) {
	const desk = new FakeDesk(size);
	textSheet({ desk, title: "The problem", text });
	return { desk, text: () => desk.screen().join("\n") };
}

test("a short text is as small as it is, and says nothing of scrolling", () => {
	const { desk } = open("Find x.\n\n日本語");
	expect(desk.sheet()).toEqual([
		"+- The problem ------------------------------------------------------------+",
		"| Find x.                                                                  |",
		"|                                                                          |",
		"| 日本語                                                                   |",
		"|                                                                          |",
		"| y copy  Esc close                                                        |",
		"+--------------------------------------------------------------------------+",
	]);
});

test.each(SIZES)("a long one is read to its end at $columns x $rows", (size) => {
	const { desk, text } = open(LONG, size);
	const seen = new Set<number>();
	for (let i = 0; i < 120; i++) {
		for (const [, number] of text().matchAll(/line (\d+) /g)) seen.add(Number(number));
		desk.press("space");
	}
	expect(seen.size).toBe(300);
	expect(text()).toContain(" 300/300 ");
	desk.press("g");
	expect(text()).toContain("line 0 ");
	desk.press("j", "down", "k");
	expect(text()).not.toContain("line 0 ");
	expect(text()).toContain("line 1 ");
	desk.press("G");
	expect(text()).toContain("line 299 ");
	desk.mouse("wheel-up", size.columns >> 1, size.rows >> 1);
	expect(text()).not.toContain("line 299 ");
});

test("what is copied is the text itself", () => {
	const { desk } = open("a\x1b[2Jb\ttab");
	desk.press("y");
	expect(desk.asked).toEqual(["copy a\x1b[2Jb\ttab"]);
	expect(desk.screen().join("\n")).toContain("a\u241b[2Jb");
});

test("lines that were made for the width are made once for it, and copied as they read", () => {
	const widths: number[] = [];
	const desk = new FakeDesk(SIZES[0]);
	textSheet({
		desk,
		title: "t",
		lines: (columns) => {
			widths.push(columns);
			return [
				[
					["hint", "one"],
					["dim", " two"],
				],
				"three",
			];
		},
	});
	desk.screen();
	desk.press("y", "j");
	desk.screen();
	expect(widths).toEqual([72]);
	expect(desk.asked).toEqual(["copy one two\nthree"]);
	desk.size = SIZES[1]!;
	desk.screen();
	expect(widths).toEqual([72, 106]);
});

test.each(["escape", "q", "enter"])("%s closes", (key) => {
	const { desk } = open(LONG);
	desk.press(key);
	expect(desk.views).toEqual([]);
	expect(desk.asked).toEqual([]);
});
