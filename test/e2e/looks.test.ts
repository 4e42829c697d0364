/** Themes, colours and keys: found by themselves, chosen, a person's own, changed while the screen is up. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expectAsDrawnAnew, expectComposed, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
}, MAKING_TIMEOUT_MS);
afterEach(async () => {
	await scene.tidy();
	rmSync(join(scene.home.dir, "config"), { recursive: true, force: true });
});
afterAll(() => scene.close());

const TRUE_COLOUR = { COLORTERM: "truecolor" };
const SIZE = { columns: 120, rows: 40 };

const styleOf = (theme: string, token: string): { fg?: string } =>
	JSON.parse(readFileSync(new URL(`../../themes/${theme}.json`, import.meta.url), "utf8")).styles[token];

/** The colour that a hint in the thinking is drawn in. */
function hintColour(screen: Screen): string | number {
	const { x, y } = screen.find("> , I assumed");
	return screen.cell(x, y).fg;
}

/** Every code of every SGR sequence that was written. */
function codesOf(screen: Screen): string[] {
	return [...screen.raw.matchAll(/\x1b\[([\d;:]*)m/g)].flatMap(([, codes = ""]) => codes.split(/[;:]/));
}

async function ended(env: NodeJS.ProcessEnv, background: `#${string}` = "#101010"): Promise<Screen> {
	const screen = scene.open(["--id", "first"], { ...SIZE, env, background });
	await screen.until("-- = correct");
	return screen;
}

test("a theme is tried by going through the list, taken back with Escape, and taken with Enter; light or dark is found", async () => {
	const dark = styleOf("dark", "hint").fg;
	const light = styleOf("light", "hint").fg;
	expect(dark).not.toBe(light);
	const screen = await ended(TRUE_COLOUR);
	await screen.until(() => hintColour(screen) === dark, "the dark theme");
	screen.press("f4");
	await screen.until("+- Theme");
	screen.press("down");
	await screen.until(() => hintColour(screen) === light, "the light theme");
	screen.press("escape");
	await screen.until(() => hintColour(screen) === dark, "the dark theme again");
	expect(screen.text()).not.toContain("+- Theme");
	screen.press("f4");
	await screen.until("+- Theme");
	screen.press("down", "down", "down", "down");
	await screen.until(() => />.*colour-blind-light/.test(screen.text()), "its line");
	screen.press("enter");
	await gone(screen, "+- Theme");
	expect(hintColour(screen)).toBe(styleOf("colour-blind-light", "hint").fg);
	expectComposed(screen);
	await expectAsDrawnAnew(screen);

	const bright = await ended(TRUE_COLOUR, "#fafafa");
	await bright.until(() => hintColour(bright) === light, "the light theme by itself");
});

test("a theme file and a keys file count as they are edited, and a mistake in them is said and costs nothing else", async () => {
	const theme = (hint: string): void =>
		scene.write(
			"config/themes/mine.json",
			`{ "name": "Mine", "extends": "dark",\n"styles": { "hint": { "fg": "${hint}" } } }`,
		);
	theme("#00ff00");
	const screen = await ended(TRUE_COLOUR);
	screen.press("f4");
	await screen.until("Mine");
	screen.press("ctrl+end");
	await screen.until(() => hintColour(screen) === "#00ff00", "the person's own theme");
	screen.press("enter");
	await gone(screen, "+- Theme");
	theme("#00ff01");
	await screen.until(() => hintColour(screen) === "#00ff01", "the edited theme");
	scene.write("config/keys.json", '{ "search": ["ctrl+s"], "problem.show": ["f12"] }');
	// The key line at the foot of the screen shows another key for the same command.
	await screen.until("Ctrl+S search");
	screen.press("f12");
	await screen.until("nudge-tiny/product");
	screen.press("escape");
	await gone(screen, "nudge-tiny/product");
	screen.press("o");
	screen.press("ctrl+s");
	await screen.until("/text to find");
	expect(screen.text()).not.toContain("nudge-tiny/product");
	screen.press("escape");
	await gone(screen, "/text to find");
	theme("green-ish");
	await screen.until(() => /^! .*mine\.json:2/m.test(screen.text()), "the mistake, with its line");
	expect(hintColour(screen)).toBe("#00ff01");

	scene.write("config/keys.json", '{ "search": ["ctrl+s"],\n"problem.shwo": ["f12"] }');
	await screen.until(() => /^! .*keys\.json:2.*problem\.shwo/m.test(screen.text()), "the mistake");
	screen.press("ctrl+s");
	await screen.until("/text to find");
	screen.press("escape");
	await gone(screen, "/text to find");
	screen.press("o");
	await screen.until("nudge-tiny/product");
});

test("NO_COLOR: not one colour is written, and every state is told by its marks", async () => {
	const screen = await ended({ NO_COLOR: "1", ...TRUE_COLOUR });
	expectComposed(screen);
	expect(screen.text()).toMatch(/\[hint after Wait - logic-check\]/);
	for (const mark of [/^> , I assumed/m, /^\| 110968/m, /\+ after Wait/, /# block 1 +ok/, /^ = correct/m])
		expect(screen.text()).toMatch(mark);
	screen.press("g");
	await screen.until(() => screen.cell(5, 2).inverse || screen.cell(5, 2).underline, "a selected line");
	screen.press("/");
	screen.type("286");
	await screen.until("hit 1 of");
	const { x, y } = screen.find("286 is 114400");
	await screen.until(() => screen.cell(x, y).inverse || screen.cell(x, y).underline, "a marked hit");
	screen.press("escape");
	await gone(screen, "hit 1 of");
	screen.press("3");
	await screen.until("> Python");
	screen.type("print('\\x1b[31mred')\r");
	await screen.until(() => /\| red$/m.test(screen.text()), "what Python printed");
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	await expectAsDrawnAnew(screen);
	screen.press("f4");
	await screen.until("Colours are switched off");
	const colours = codesOf(screen).filter((code) => /^(3[0-8]|4[0-8]|9[0-7]|10[0-7])$/.test(code));
	expect(colours).toEqual([]);
});

test("a terminal of 16 colours gets those and no others", async () => {
	const screen = await ended({ TERM: "xterm-16color" });
	expectComposed(screen);
	const codes = codesOf(screen);
	expect(codes.filter((code) => code === "38" || code === "48")).toEqual([]);
	expect(codes.some((code) => /^(3[0-7]|9[0-7])$/.test(code))).toBe(true);
	const colour = hintColour(screen);
	expect(typeof colour === "number" && colour < 16).toBe(true);
	await expectAsDrawnAnew(screen);
});
