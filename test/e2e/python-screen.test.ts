/** The live Python beside the thinking: a person's and the model's at once. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expectAsDrawnAnew, expectComposed, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
	scene.tell("bonus", {
		thinking: "It depends.\nWait, I can look.\n",
		code: "print(bonus * 2)\nseen = 7\n```\n",
	});
	scene.tell("slow", {
		thinking: "It depends.\nWait, I can look.\n",
		code: "import time\ntime.sleep(60)\n```\n",
	});
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

/** The row of the prompt that waits for input has this text. */
const prompt = (screen: Screen, text: string): Promise<void> =>
	screen.until(() => lastPrompt(screen) === text, `>>> ${text}`);
const lastPrompt = (screen: Screen): string | undefined =>
	[...screen.text().matchAll(/(?<!model)>>>(.*)$/gm)].at(-1)?.[1]?.trim();

test("a person types into it: history, completion, several lines, Ctrl+C; only Ctrl+] leaves", async () => {
	const screen = scene.open(["--problem", "bonus", "--hints", "off"], { columns: 120, rows: 40 });
	await screen.until("= unchecked");
	screen.press("3");
	await prompt(screen, "");
	expect(screen.text()).toMatch(/> Python .*Ctrl\+\] leaves/);
	expect(screen.row(39)).toContain("Ctrl+] leave Python");
	screen.type("bo");
	screen.type("nus = 20 + 1\r");
	await screen.until(">>> bonus = 20 + 1");
	await prompt(screen, "");
	screen.type("bon");
	screen.press("tab");
	await prompt(screen, "bonus");
	screen.type(" + 1\r");
	await screen.until(() => /\| 22$/m.test(screen.text()), "22");
	await prompt(screen, "");
	screen.press("up");
	await prompt(screen, "bonus + 1");
	screen.press("up");
	await prompt(screen, "bonus = 20 + 1");
	screen.press("ctrl+c");
	await screen.until("KeyboardInterrupt");
	await prompt(screen, "");
	// Escape is Python's (its line editor shows one that is quoted), and so is a key that is a command elsewhere.
	screen.type("q");
	await prompt(screen, "q");
	screen.press("ctrl+v");
	screen.press("escape");
	await prompt(screen, "q^[");
	screen.press("ctrl+u");
	await prompt(screen, "");
	expect(screen.text()).toMatch(/> Python/);
	// A paste of several lines is one block, and runs when it is told to.
	screen.paste("for i in range(2):\n    print('got', i)\n");
	await screen.until("print('got', i)");
	expect(screen.text()).not.toContain("got 1");
	screen.press("enter");
	await screen.until("got 1");
	screen.type("import time; time.sleep(60)\r");
	await screen.until("* you run");
	screen.press("ctrl+c");
	await gone(screen, "* you run");
	await prompt(screen, "");
	expect(screen.cursor.shown).toBe(true);
	expectComposed(screen);
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	expect(screen.text()).toMatch(/ {3}Python/);
	screen.press("tab", "tab");
	await screen.until("> Python");
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	await expectAsDrawnAnew(screen);
	// Nothing that a person types is in the trace.
	expect(JSON.stringify(scene.events())).not.toContain("KeyboardInterrupt");
});

test("the model's block sees what a person has set, and the other way round; F8 begins afresh", async () => {
	const screen = scene.open(["--problem", "bonus", "--hints", "ask"], { columns: 80, rows: 24 });
	await screen.until("? a hint waits");
	screen.press("3");
	await prompt(screen, "");
	screen.type("bonus = 21\r");
	await prompt(screen, "");
	expectComposed(screen);
	screen.press("ctrl+]");
	await screen.until(">1 Thinking");
	screen.press("i");
	await screen.until("[output 1 - ok");
	expect(screen.text()).toMatch(/^\| 42$/m);
	await screen.until("? hint before end");
	screen.press("v");
	await screen.until("= unchecked");
	screen.press("3");
	await screen.until("[block 1: ok");
	expect(screen.text()).toContain("model>>> print(bonus * 2)");
	screen.type("seen + 1\r");
	await screen.until(() => /^8$/m.test(screen.text()), "8");
	screen.press("ctrl+]");
	await screen.until(">1 Thinking");
	screen.press("f8");
	screen.press("3");
	await screen.until("earlier variables are gone");
	screen.type("seen\r");
	await screen.until("NameError");
	expectComposed(screen);
	// The next block finds what the blocks before it had set; it is another namespace for all else.
	screen.type("bonus = 30\r");
	await prompt(screen, "");
	screen.press("ctrl+]");
	await screen.until(">1 Thinking");
	screen.press("h");
	await screen.until("+- Hints --");
	screen.press("enter");
	await screen.until("[output 2 - ok");
	expect(screen.text()).toMatch(/^\| 60$/m);
});

test("a block that runs is seen to run; F7 interrupts it, and keys typed meanwhile wait for it", async () => {
	const screen = scene.open(["--problem", "slow"], { columns: 120, rows: 40 });
	await screen.until("# Python runs");
	await screen.until("> model runs block 1");
	expectComposed(screen);
	screen.press("3");
	await screen.until("> Python");
	screen.type("6 * 111\r");
	await screen.until("keys wait");
	screen.press("ctrl+]");
	await screen.until("> Thinking");
	screen.press("f7");
	await screen.until("[output 1 - error");
	await screen.until(() => /\| 666$/m.test(screen.text()), "what was typed meanwhile");
	expect(screen.text()).toContain("KeyboardInterrupt");
});

test("its scrollback is looked at with keys and wheel, and typing goes back to the prompt", async () => {
	const screen = scene.open(["--problem", "bonus", "--hints", "off"], { columns: 120, rows: 40 });
	await screen.until("= unchecked");
	screen.press("3");
	await prompt(screen, "");
	screen.type("for n in range(300): print('line', n)\r");
	screen.press("enter");
	await screen.until("line 299");
	await prompt(screen, "");
	screen.press("shift+pageup");
	await gone(screen, "line 299");
	expect(screen.text()).toMatch(/> Python .*-\d+ lines/);
	const { x, y } = screen.find("line 2");
	screen.wheel(x, y, "up");
	screen.wheel(x, y, "up");
	const first = (): number => Number(/line (\d+)/.exec(screen.text())?.[1]);
	const before = first();
	await screen.until(() => first() < before, "older lines");
	expectComposed(screen);
	screen.type("1");
	await screen.until("line 299");
	await prompt(screen, "1");
});
