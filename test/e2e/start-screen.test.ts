/** The start page as a person meets it: the first start, a problem of one's own, of a file, of a set, and the settings. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Problem } from "../../src/trace/events.ts";
import { expectAsDrawnAnew, expectComposed, expectNoRemains, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
	scene.tell("How far?", { thinking: "It is 7 km.\n", answer: "7" });
	scene.tell("How many?", { thinking: "There are 3.\n", answer: "3" });
	scene.write("one.txt", "Four hens and a dog.\nHow many?\n");
	scene.write(
		"own.jsonl",
		[
			'{"id": "a-1", "domain": "math", "problem": "Eggs in a box: How many?", "answer": "3"}',
			'{"id": "b-2", "domain": "science", "problem": "To the moon: How far?", "answer": "7"}',
			'{"id": "b-3", "domain": "math", "problem": "Back again: How far?", "answer": "8"}',
		].join("\n"),
	);
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

function problemOf(session = scene.sessions().at(-1)): Problem | undefined {
	const [first] = scene.events(session);
	return first?.type === "session" ? first.problem : undefined;
}

test("the first start explains itself and says what is ready; a pasted problem of several lines waits for Enter", async () => {
	const screen = scene.open([], { columns: 80, rows: 24 });
	await screen.until("Enter begins");
	for (const line of [/^ *Left .*model thinks/m, /^ *Right .*hints/m, /^ *Keys .*Ctrl\+P/m])
		expect(screen.text()).toMatch(line);
	for (const part of ["> Problem", "Gold answer", "Problems - bundled", "Sessions", "F6", "F7", "F8"])
		expect(screen.text()).toContain(part);
	await screen.until("+ scripted is ready");
	await screen.until("+ Python is ready");
	expectNoRemains(screen);
	expect(screen.cursor).toMatchObject({ shown: true, y: screen.find("> Problem").y + 1 });

	screen.paste("A train goes 7 km.\n\nHow far?");
	await screen.until("How far?");
	expect(screen.find("How far?").y).toBe(screen.find("A train goes 7 km.").y + 2);
	screen.press("tab");
	await screen.until("> Gold answer");
	screen.type("7");
	await screen.until(() => /\|7 /.test(screen.text()), "the answer");
	await expectAsDrawnAnew(screen);
	expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });
	expect(scene.sessions()).toEqual([]);
	screen.press("enter");
	await screen.until("= correct");
	expectComposed(screen);
	expect(problemOf()).toMatchObject({
		problem: "A train goes 7 km.\n\nHow far?",
		answer: "7",
		domain: "math",
	});
});

test("a problem comes from a file whose path is completed, and is edited before it begins", async () => {
	const screen = scene.open([], { columns: 120, rows: 40 });
	await screen.until("> Problem");
	screen.press("f2");
	await screen.until("Problem from a file");
	screen.type("one");
	screen.press("tab");
	await screen.until("one.txt");
	screen.press("enter");
	await screen.until("How many?");
	await gone(screen, "Problem from a file");
	screen.press("ctrl+end", "backspace");
	screen.type(", then?");
	await screen.until("How many, then?");
	screen.press("enter");
	await screen.until("= unchecked");
	expectComposed(screen);
	expect(problemOf()?.problem).toBe("Four hens and a dog.\nHow many, then?");
});

test("a set of one's own is searched, a problem of it begins, and the next one after it", async () => {
	const screen = scene.open([], { columns: 200, rows: 50 });
	await screen.until("> Problem");
	screen.press("f5");
	await screen.until("Another problem set");
	screen.type("own.jsonl");
	screen.press("enter");
	await screen.until("own.jsonl, 3");
	await screen.until("> Problems");
	screen.type("moon");
	await gone(screen, "Eggs in a box");
	// The preview shows the whole of what is selected.
	expect(screen.text()).toMatch(/gold answer +7/);
	expect(screen.text()).toMatch(/domain +science/);
	await screen.until("+ Python is ready");
	await expectAsDrawnAnew(screen);
	screen.press("enter");
	await screen.until("= correct");
	expect(screen.row(0)).toContain("b-2: To the moon: How far?");
	screen.press("ctrl+n");
	await screen.until("= wrong - answer 7 - gold 8");
	expectComposed(screen);
	expect(problemOf()?.id).toBe("b-3");
	screen.press("enter");
	await screen.until("that was the last problem of the set");
});

test("engine, policy and the settings of the run are shown and changed, and the trace is made with them", async () => {
	// As a person starts it: without a word, on the model that comes with nudge.
	const screen = scene.run([], { columns: 80, rows: 24, env: { NUDGE_ENGINE: "" } });
	await screen.until("F6 embedded");
	screen.press("f7");
	await screen.until("Whether hints go into the thinking");
	screen.press("down", "enter");
	await screen.until("F7 ask");
	screen.press("f8");
	await screen.until("Settings of the run");
	screen.press("backspace");
	screen.type("41");
	await screen.until(() => /Seed +41/.test(screen.text()), "the seed");
	screen.press("enter");
	await screen.until("seed 41");
	screen.press("f6");
	await screen.until("What samples the tokens");
	screen.press("down", "enter");
	await gone(screen, "What samples the tokens");
	screen.type(`vllm:${scene.server.url}`);
	screen.press("enter");
	await screen.until("+ scripted is ready");
	screen.type("Once more, How far?");
	screen.press("enter");
	await screen.until("? a hint waits");
	expectComposed(screen);
	expect(screen.row(22)).toContain("hints ask");
	screen.press("v");
	await screen.until("= unchecked");
	const branch = scene.events().find(({ type }) => type === "branch");
	expect(branch).toMatchObject({
		settings: { engine: expect.stringContaining("vllm"), sampling: { seed: 41 } },
	});
});

test("a mistake in what was typed is said where it was typed, and nothing is lost", async () => {
	const screen = scene.open([], { columns: 80, rows: 24 });
	await screen.until("> Problem");
	screen.type("Stays here");
	screen.press("f2");
	await screen.until("Problem from a file");
	screen.type("nowhere.txt");
	screen.press("enter");
	await screen.until(() => /! There is no file .*nowhere\.txt/.test(screen.text()), "the mistake");
	screen.press("escape");
	await gone(screen, "Problem from a file");
	expect(screen.text()).toContain("Stays here");
});

test("the problem is written in $EDITOR, and the screen is whole again behind it", async () => {
	scene.write("ed", '#!/bin/sh\nprintf "Nine men: How many?\\n" > "$1"\n');
	const screen = scene.open([], { columns: 120, rows: 40, env: { EDITOR: "./ed" } });
	await screen.until("> Problem");
	screen.press("ctrl+g");
	await screen.until("Nine men: How many?");
	await screen.until("+ Python is ready");
	expect(screen.modes).toMatchObject({ alternate: true, paste: true, mouse: "drag" });
	await expectAsDrawnAnew(screen);
	screen.press("enter");
	await screen.until("= unchecked");
	expect(problemOf()?.problem).toBe("Nine men: How many?");
});

test("a later start shows the sessions instead of explaining itself, and opens one of them", async () => {
	const screen = scene.open([], { columns: 120, rows: 40 });
	await screen.until("> Problem");
	expect(screen.text()).not.toContain("Right stand the hints");
	await screen.until("Nine men");
	screen.press("tab");
	await screen.until("> Problems");
	screen.press("tab");
	await screen.until("> Sessions");
	screen.type("moon");
	await gone(screen, "Nine men");
	screen.press("enter");
	await screen.until("= correct - answer 7 - gold 7");
	expect(screen.row(0)).toContain("b-2: To the moon");
	await gone(screen, "is loading");
	expectComposed(screen);
	await expectAsDrawnAnew(screen);
	screen.press("q");
	expect((await screen.exit).code).toBe(0);
});
