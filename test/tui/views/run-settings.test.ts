import { expect, test } from "vitest";
import { type RunValues, runSettings } from "../../../src/tui/views/run-settings.ts";
import { FakeDesk, SIZES } from "../desk.ts";

const VALUES: RunValues = {
	seed: 0,
	temperature: 0.6,
	topP: 0.95,
	maxTokens: 2048,
	maxCalls: 6,
	rounds: 1,
	words: 1,
	vetoMs: 1500,
};

function open(size = SIZES[0]!, refuse?: string) {
	const desk = new FakeDesk(size);
	const done: RunValues[] = [];
	runSettings({
		desk,
		values: VALUES,
		done: (values) => {
			if (refuse !== undefined) throw new Error(refuse);
			done.push(values);
		},
	});
	return { desk, done, text: () => desk.screen().join("\n") };
}

test("each value with what it is", () => {
	expect(open().desk.sheet()).toEqual([
		"+- Settings of the run ----------------------------------------------------+",
		"| > Seed          0               what sampling and hint draws begin from  |",
		"|   Temperature   0.6             0 always takes the likeliest token       |",
		"|   Top-p         0.95            the share of probability kept; 1 is all  |",
		"|   Tokens        2048            that the model may sample in one trace   |",
		"|   Python calls  6               blocks the model may run in one trace    |",
		"|   Rounds        1               most hints before the end of thinking    |",
		"|   Words         1               most hints after reflection words        |",
		"|   Seconds                       wall time of a trace; empty: no limit    |",
		"|   Veto (ms)     1500            auto shows a hint so long; 0: no wait    |",
		"|                                                                          |",
		"| Enter apply  Up/Down move  Esc close                                     |",
		"+--------------------------------------------------------------------------+",
	]);
});

test("values are edited in place and applied together", () => {
	const { desk, done } = open();
	desk.type("7");
	desk.press("tab", "ctrl+u");
	desk.type(".25");
	desk.press("up", "up");
	desk.press("backspace", "backspace", "backspace", "backspace");
	desk.type("0");
	desk.press("shift+tab");
	desk.type("1e2");
	desk.press("enter");
	expect(done).toEqual([{ ...VALUES, seed: 7, temperature: 0.25, maxSeconds: 100, vetoMs: 0 }]);
	expect(desk.views).toEqual([]);
});

test.each([
	["seed", 0, "-1", "Seed must be a whole number of at least 0 and at most 2147483647"],
	["seed", 0, "1.5", "Seed must be a whole number"],
	["seed", 0, "", "Seed must be a whole number"],
	["temperature", 1, "5.1", "Temperature must be a number of at least 0 and at most 5"],
	["temperature", 1, "0x1", "Temperature must be"],
	["top-p", 2, "0", "Top-p must be a number above 0 and at most 1"],
	["tokens", 3, "0", "Tokens must be a whole number of at least 1"],
	["seconds", 7, "0", "Seconds must be a number above 0 and at most 1000000000, or empty"],
])("%s cannot be %j ... and Enter leads to it", (_, downs, typed, says) => {
	const { desk, done, text } = open();
	for (let i = 0; i < downs; i++) desk.press("down");
	desk.press("ctrl+u");
	desk.type(typed);
	expect(text()).toContain(`! ${says}`);
	desk.press("down");
	expect(text()).not.toContain(says);
	desk.press("enter");
	expect(text()).toContain(`! ${says}`);
	expect(done).toEqual([]);
});

test("what the run says of them is shown, and they stay to be changed", () => {
	const { desk, text } = open(SIZES[0], "the engine takes no seed");
	desk.press("enter");
	expect(text()).toContain("! the engine takes no seed");
	desk.type("1");
	expect(text()).not.toContain("takes no seed");
});

test("a click goes to a value", () => {
	const { desk, done } = open();
	const { x, y } = desk.find("2048");
	desk.click(x + 2, y);
	desk.type("9");
	desk.press("enter");
	expect(done[0]?.maxTokens).toBe(20948);
});

test.each(SIZES)("every value can be reached and seen at $columns x $rows", (size) => {
	const { desk, text } = open(size);
	for (const label of [
		"Seed",
		"Temperature",
		"Top-p",
		"Tokens",
		"Python calls",
		"Rounds",
		"Words",
		"Seconds",
		"Veto",
	]) {
		expect(text()).toContain(`> ${label}`);
		expect(desk.top!.draw(size).cursor?.y).toBe(desk.find(`> ${label}`).y);
		desk.press("down");
	}
});
