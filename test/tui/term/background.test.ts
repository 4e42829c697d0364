import { expect, test } from "vitest";
import { ASK_BACKGROUND, askBackground } from "../../../src/tui/term/background.ts";

/** A terminal that answers with these, one after the other, when it is asked. */
async function answered(
	answers: readonly string[],
	env: NodeJS.ProcessEnv = {},
): Promise<[string, unknown, number]> {
	let asked = "";
	const listeners = new Set<(text: string) => void>();
	const background = await askBackground(
		(text) => {
			asked += text;
			queueMicrotask(() => {
				for (const answer of answers) for (const listener of [...listeners]) listener(answer);
			});
		},
		(listener) => {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		answers.length === 0 ? 1 : 60_000,
		env,
	);
	return [asked, background, listeners.size];
}

const DA1 = "\x1b[?1;2c";
const colour = (rgb: string, end = "\x1b\\"): string => `\x1b]11;rgb:${rgb}${end}`;

test.each([
	[colour("0000/0000/0000"), "dark"],
	[colour("ffff/ffff/ffff"), "light"],
	[colour("1e1e/1e1e/2e2e", "\x07"), "dark"],
	[colour("fd/f6/e3"), "light"],
	[colour("0/0/f"), "dark"],
	["\x1b]11;rgba:eeee/eeee/ffff/8080\x1b\\", "light"],
])("a background of %j is %s", async (answer, shade) => {
	expect(await answered([answer, DA1])).toEqual([ASK_BACKGROUND, shade, 0]);
});

test("a terminal that does not know the question is known by its other answer; one that is silent, by the time", async () => {
	expect((await answered([DA1]))[1]).toBeUndefined();
	expect(await answered([])).toEqual([ASK_BACKGROUND, undefined, 0]);
	expect((await answered(["\x1b[3;5R", "\x1b]10;rgb:0/0/0\x07", DA1]))[1]).toBeUndefined();
});

test.each([
	["15;0", "dark"],
	["0;15", "light"],
	["0;default;7", "light"],
	["12;8", "dark"],
	["default;default", undefined],
	["", undefined],
])("without an answer COLORFGBG (%s) is taken for a hint", async (COLORFGBG, shade) => {
	expect((await answered([DA1], { COLORFGBG }))[1]).toBe(shade);
	expect((await answered([], { COLORFGBG }))[1]).toBe(shade);
});

test("tmux says white where it does not know: that is no answer, another colour is", async () => {
	const white = colour("ffff/ffff/ffff");
	expect((await answered([white, DA1], { TMUX: "/tmp/tmux,1,0" }))[1]).toBeUndefined();
	expect((await answered([white, DA1], { TERM: "tmux-256color", COLORFGBG: "15;0" }))[1]).toBe("dark");
	expect((await answered([colour("fdfd/f6f6/e3e3")], { TMUX: "/tmp/tmux,1,0" }))[1]).toBe("light");
});
