/** What a person does to a trace: pausing, stopping, hints of their own, going back, branches, opening it again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fold } from "../../src/trace/fold.ts";
import { textOf } from "../../src/trace/span.ts";
import { expectAsDrawnAnew, expectComposed, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

const THOUGHT = [
	"Okay, let me multiply 388 by 286.",
	"400 times 286 is 114400, and 12 times 286 is about 3400.",
	"Wait, that is only a guess.",
	"So the value is 111000.",
	"</think>",
	"",
	"The answer is \\boxed{111000}.",
].join("\n");

const textOfBranch = (name: string): string => textOf(fold(scene.events()).branches.get(name)?.spans ?? []);

test("paused, gone on, stopped and gone on: each is said, and the text is the same to the byte", async () => {
	scene.stream.run(" is about");
	const screen = scene.open(["--id", "first", "--hints", "off"], { columns: 120, rows: 40 });
	await screen.until("12 times 286");
	screen.press("space");
	await screen.until("= paused");
	expect(screen.row(39)).toContain("Space go on");
	expectComposed(screen);
	await expectAsDrawnAnew(screen);
	scene.stream.run(" value");
	screen.press("space");
	await scene.stream.reached;
	await screen.until("So the");
	screen.press("x");
	await screen.until("= stopped");
	await screen.until("stopped here; it can be taken up again]");
	expectComposed(screen);
	scene.stream.run();
	screen.press("space");
	await screen.until("-- = wrong - answer 111000");
	await gone(screen, "stopped here");
	expectComposed(screen);
	expect(textOfBranch("main")).toBe(THOUGHT);
});

test("Ctrl+C stops the model once, and twice with nothing running leaves", async () => {
	scene.stream.run(" is about");
	const screen = scene.open(["--id", "first", "--hints", "off"], { columns: 80, rows: 24 });
	await screen.until("12 times 286");
	screen.press("ctrl+c");
	await screen.until("= stopped");
	screen.press("ctrl+c");
	await screen.until("once more leaves nudge");
	screen.press("ctrl+c");
	expect((await screen.exit).code).toBe(0);
	expect(screen.everything()).toContain(`nudge open ${scene.sessions().at(-1)}`);
});

describe("a person's own hints, and going back", () => {
	test("one is written, one picked, one comes from $EDITOR; the last is undone, and u brings it back", async () => {
		scene.write("ed", '#!/bin/sh\ntest -z "$(cat "$1")" && printf "From my editor.\\n" > "$1"\n');
		scene.stream.run(" is about");
		const screen = scene.open(["--id", "first", "--hints", "off"], {
			columns: 120,
			rows: 40,
			env: { EDITOR: "./ed" },
		});
		await screen.until("12 times 286");
		screen.press("i");
		await screen.until("+ your hint");
		await screen.until("= paused");
		screen.type("No,");
		screen.press("alt+enter");
		screen.type("I round it up.");
		await screen.until("I round it up.");
		expectComposed(screen);
		expect(screen.cursor).toEqual({ shown: true, ...screen.find("I round it up."), x: expect.any(Number) });
		// Left with Escape it stays for later, and the model goes on.
		screen.press("escape");
		await gone(screen, "+ your hint");
		await screen.until("> thinking");
		screen.press("i");
		await screen.until("I round it up.");
		scene.stream.run("thought");
		screen.press("enter");
		await screen.until("[hint by hand - written - by you]");
		await screen.until("That is a");
		expect(screen.text()).toMatch(/> No,\s[\s\S]*> I round it up\./);
		expect(screen.text()).toMatch(/\+ by hand +written +you/);

		screen.press("h");
		await screen.until("+- Hints --");
		screen.type("general");
		await screen.until("> # general-tool-use");
		scene.stream.run("believe");
		screen.press("enter");
		await screen.until("[hint by hand - general-tool-use - by you]");
		await screen.until("so I");
		expect(screen.text()).toContain("# block 1");

		screen.press("ctrl+g");
		await screen.until("> From my editor.");
		scene.stream.run();
		await screen.until("-- = correct - answer 110968");
		expect(screen.text()).toContain("3 hints (3 by you), 1 call (1 ok)");
		expectComposed(screen);
		const hints = scene.events().filter(({ type }) => type === "hint");
		expect(hints).toMatchObject([
			{ by: "person", text: "No,\nI round it up.\n" },
			{ by: "person", hint: "general-tool-use" },
			{ by: "person", text: "From my editor.\n" },
		]);

		screen.press("U");
		await screen.until("branch b2: Space goes on, u goes back");
		await screen.until("o ready");
		await gone(screen, "From my editor.");
		expect(screen.row(0)).toContain("branch b2 2/2");
		expect(screen.text()).toMatch(/x by hand +written, undone +you/);
		expectComposed(screen);
		screen.press("u");
		await screen.until("> From my editor.");
		expect(screen.row(0)).toContain("branch main 1/2");
	});

	test("a rewind to a line goes on as a branch of its own; branches are listed and changed", async () => {
		const screen = scene.open(["--id", "first"], { columns: 120, rows: 40 });
		await screen.until("-- = correct");
		const whole = textOfBranch("main");
		screen.press("r");
		await screen.until("select where to first");
		screen.press("g", "j");
		await screen.until(() => screen.cell(2, 3).bg !== "default", "a selected line");
		expect(screen.row(3)).toContain("400 times 286");
		screen.press("r");
		await screen.until("branch b2: Space goes on");
		await gone(screen, "[hint after Wait");
		expect(screen.row(0)).toContain("branch b2 2/2");
		screen.press("space");
		await screen.until("= correct");
		expect(fold(scene.events()).branches.get("b2")?.parent).toMatchObject({ branch: "main" });
		expect(textOfBranch("main")).toBe(whole);
		expect(textOfBranch("b2")).toBe(whole);

		// To an entry of the timeline: before its hint.
		screen.press("2", "g", "r");
		await screen.until("branch b3: Space goes on");
		expect(textOfBranch("b3")).toBe(whole.slice(0, whole.indexOf("Wait") + 4));
		screen.press("]");
		await screen.until("branch main 1/3");
		screen.press("[");
		await screen.until("branch b3 3/3");
		screen.press("b");
		await screen.until("+- Branches");
		await expectAsDrawnAnew(screen);
		screen.type("b2");
		screen.press("enter");
		await screen.until("branch b2 2/3");
		await screen.until("-- = correct");
		screen.press("u");
		await screen.until("branch main");
		expectComposed(screen);
		await expectAsDrawnAnew(screen);
	});
});

test("a session that was left in the middle is opened where it stood, and goes on", async () => {
	scene.stream.run(" is about");
	const left = scene.open(["--id", "first", "--hints", "off"], { columns: 80, rows: 24 });
	await left.until("12 times 286");
	left.press("q");
	expect((await left.exit).code).toBe(0);
	scene.stream.run();
	const screen = scene.open(["last"], { columns: 80, rows: 24 });
	await screen.until("12 times 286");
	await screen.until("= stopped");
	expectComposed(screen);
	screen.press("space");
	await screen.until("-- = wrong - answer 111000");
	expect(textOfBranch("main")).toBe(THOUGHT);
});
