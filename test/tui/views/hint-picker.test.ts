import { expect, test } from "vitest";
import { type HintPickerOptions, hintPicker, type PickedHint } from "../../../src/tui/views/hint-picker.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { fakeLive } from "./fake-live.ts";

const TEXT = "Let me think.\nThe sum of the cubes is 25502500, if I am right. Wait";

function open(options: Partial<HintPickerOptions> = {}, size = SIZES[1]!) {
	const desk = new FakeDesk(size);
	const picked: PickedHint[] = [];
	let cancelled = 0;
	hintPicker({
		desk,
		live: fakeLive(TEXT),
		done: (hint) => picked.push(hint),
		cancelled: () => cancelled++,
		...options,
	});
	return { desk, picked, text: () => desk.screen().join("\n"), cancelled: () => cancelled };
}

test("the selected hint is shown as it would stand in the stream, with what is known of it", () => {
	const shown = open().text();
	for (const says of [
		"> # complex-calculation",
		"The sum of the cubes is 25502500, if I am right. Wait",
		"| + , it is safer to use Python to compute this ",
		"| + exactly.\\n",
		"+ ```python\\n",
		"kind     complex-calculation",
		"for      math problems",
		"goes in  after-word, before-end",
		"wording  1 of 10",
		"math.yaml:",
	]) {
		expect(shown).toContain(says);
	}
});

test("right and left turn through the wordings, and what is shown goes in", () => {
	const { desk, picked, text } = open();
	desk.press("left");
	expect(text()).toContain("wording  10 of 10");
	desk.press("right", "right");
	expect(text()).toContain("wording  2 of 10");
	expect(text()).toContain("+ , maybe I can use Python to compute this.\\n");
	desk.press("enter");
	expect(picked).toEqual([
		{
			hint: "complex-calculation",
			kind: "complex-calculation",
			wording: "maybe I can use Python to compute this",
			text: ", maybe I can use Python to compute this.\n```python\n",
		},
	]);
	expect(desk.views).toEqual([]);
});

test("words of a wording find its hint, with that wording", () => {
	const { desk, picked } = open();
	desk.type("trusted my own");
	desk.press("enter");
	expect(picked[0]).toMatchObject({ hint: "self-reflection" });
	expect(picked[0]!.wording).toMatch(/^I have trusted my own arithmetic/);
});

test("its words can be edited first; leaving the editor leads back to the list", () => {
	const { desk, picked, cancelled } = open();
	desk.press("ctrl+e");
	expect(desk.views).toHaveLength(2);
	desk.press("escape");
	expect(desk.views).toHaveLength(1);
	desk.press("down", "ctrl+e", "ctrl+home");
	desk.type(" Hm");
	desk.press("enter");
	expect(picked).toEqual([
		{
			hint: "self-reflection",
			kind: "self-reflection",
			wording: "maybe I can use Python to check this",
			text: " Hm, maybe I can use Python to check this.\n```python\n",
		},
	]);
	expect(desk.views).toEqual([]);
	expect(cancelled()).toBe(0);
});

test("what cannot go in here is marked and says why; its words alone can be edited and put in", () => {
	const { desk, picked, text } = open({ live: fakeLive(TEXT, "math", "no Python calls are left") });
	expect(text()).toContain("> x complex-calculation");
	expect(text()).toContain("Not here: no Python calls are left.");
	desk.press("enter");
	expect(picked).toEqual([]);
	expect(desk.asked[0]).toContain(
		"cannot go in here: no Python calls are left; Ctrl+E edits its words first",
	);
	desk.press("ctrl+e");
	expect(text()).toContain("As it stands it cannot go in here: no Python calls are left.");
	desk.press("enter");
	expect(picked[0]).toMatchObject({ text: "it is safer to use Python to compute this exactly" });
});

test("a library that is not there yet, and one that comes", () => {
	const live = fakeLive(TEXT);
	let there = false;
	const { desk, text, cancelled } = open({ live: { ...live, library: () => (there ? live.library() : []) } });
	expect(text()).toContain("No hints: the library is read with the model");
	desk.press("enter", "right", "ctrl+e");
	expect(desk.views).toHaveLength(1);
	there = true;
	expect(text()).toContain("> # complex-calculation");
	desk.press("escape");
	expect(cancelled()).toBe(1);
});

test.each(SIZES)("hints and keys are seen at $columns x $rows, whatever stands before them", (size) => {
	for (const before of ["", "日本語 ".repeat(300), "\x1b]0;title\x07\x9b31m", "a".repeat(5_000), "\n\n\n"]) {
		const { desk, text } = open({ live: fakeLive(before) }, size);
		for (let i = 0; i < 6; i++) {
			expect(text()).toContain("> #");
			desk.press("down", "right", "alt+down");
		}
		expect(text()).toContain("Enter insert");
	}
});
