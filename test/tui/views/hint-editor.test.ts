import fc from "fast-check";
import { expect, test } from "vitest";
import { widthOf } from "../../../src/tui/text/cells.ts";
import { exactLines } from "../../../src/tui/views/goes-in.ts";
import { type HintEditorOptions, hintEditor } from "../../../src/tui/views/hint-editor.ts";
import { plainLine } from "../../../src/tui/views/line.ts";
import { FakeDesk, SIZES } from "../desk.ts";

function open(options: Partial<HintEditorOptions> = {}, size = SIZES[0]!) {
	const desk = new FakeDesk(size);
	const done: string[] = [];
	const drafts: string[] = [];
	hintEditor({
		desk,
		title: "Write a hint",
		done: (text) => done.push(text),
		cancelled: (draft) => drafts.push(draft),
		...options,
	});
	return { desk, done, drafts, text: () => desk.screen().join("\n") };
}

test("what goes in is shown to the last newline", () => {
	const { desk, done, text } = open();
	expect(text()).toContain("Nothing goes into the stream yet.");
	desk.type("Wait.");
	desk.press("alt+enter");
	desk.type("So");
	expect(text()).toContain("Goes into the stream exactly so:");
	expect(text()).toMatch(/\| Wait\.\\n +\|/);
	desk.press("alt+enter", "enter");
	expect(done).toEqual(["Wait.\nSo\n"]);
	expect(desk.views).toEqual([]);
});

test("closing keeps the draft, and an empty text is no hint", () => {
	const { desk, done, drafts, text } = open();
	desk.press("enter");
	expect(done).toEqual([]);
	expect(text()).toContain("! an empty text is no hint");
	desk.type("half");
	expect(text()).not.toContain("an empty text");
	desk.press("escape");
	expect(drafts).toEqual(["half"]);
	expect(done).toEqual([]);
});

test("it goes on in the person's editor", async () => {
	const { desk, done } = open({ text: "half" });
	desk.edited = "half of it\nall of it\n";
	desk.press("ctrl+g");
	await Promise.resolve();
	desk.press("enter");
	expect(desk.asked).toEqual(["edit md: half"]);
	expect(done).toEqual(["half of it\nall of it"]);
});

test("where more goes in than is written, that is what is shown", () => {
	const { desk, text } = open({ framed: (said) => `Wait, ${said}.\n` });
	desk.type("look");
	expect(text()).toContain("| Wait, look.\\n");
});

test.each(SIZES)("there is always a row to write in at $columns x $rows", (size) => {
	const { desk, text } = open(
		{ says: "It goes in where the trace stands.", text: "line\n".repeat(200) },
		size,
	);
	desk.screen();
	desk.type("here it is");
	expect(text()).toContain("here it is");
	expect(desk.top!.draw(size).cursor).toBeDefined();
});

test("the rows that are shown hold every word of the text, one mark for each newline, and fit", () => {
	const texts = fc.string({ unit: fc.constantFrom("a", "bc", " ", "\n", "日", "é", "."), maxLength: 60 });
	fc.assert(
		fc.property(texts, fc.integer({ min: 4, max: 30 }), (text, columns) => {
			const rows = exactLines(text, columns, "hint").map(plainLine);
			for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(columns);
			const joined = rows.join("");
			expect(joined.split("\\n").length).toBe(text.split("\n").length);
			expect(joined.replaceAll("\\n", "").replaceAll(" ", "")).toBe(text.replace(/[\n ]/g, ""));
		}),
	);
});
