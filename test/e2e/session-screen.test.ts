/** A session from its first token to its verdict, and what a person does to it on the way, at the sizes it is made for. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EventOf } from "../../src/trace/events.ts";
import { expectAsDrawnAnew, expectComposed, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

const decisions = (): EventOf<"decision">[] => scene.events().filter((event) => event.type === "decision");
const status = (screen: Screen): string => screen.row(screen.rows - 2);

test.each([
	[80, 24],
	[120, 40],
	[200, 50],
])(
	"at %i by %i: thinking streams, a hint is shown and goes in, its block is seen to run, the end is told",
	async (columns, rows) => {
		const wide = columns >= 100;
		scene.stream.run("14400");
		const screen = scene.open(["--id", "first", "--veto-ms", "60000"], { columns, rows });
		await screen.until("400 times 286 is");
		await screen.until("> thinking");
		expectComposed(screen);
		expect(screen.text()).not.toContain("14400");
		expect(status(screen)).toMatch(/\d+ tok.* left \d+ {2}rounds 0\/1 {2}calls 0\/6 {2}hints auto/);
		const cleared = { ...screen.clears };

		// A proposal says where, why and what, and its time runs down.
		scene.stream.run("print");
		await screen.until("goes in by itself in");
		const seconds = (): number => Number(/by itself in ([\d.]+) s/.exec(screen.text())?.[1]);
		const first = seconds();
		await screen.until(() => seconds() < first, "its time to run down");
		expect(screen.text()).toMatch(/-- \? hint after Wait - goes in/);
		expect(screen.text()).toContain("the model doubts itself");
		expect(screen.text()).toContain("> , I assumed that this holds for every case.");
		expect(status(screen)).toContain("? a hint waits");
		expectComposed(screen);
		screen.press("enter");
		await screen.until("[hint after Wait - logic-check - by you]");
		expect(screen.text()).not.toContain("by itself");
		expectComposed(screen);
		scene.stream.run();
		await screen.until("-- ? hint before end - goes in by itself in");
		screen.press("i");

		// The end: verdict, gold answer, what it took.
		await screen.until("-- = correct - answer 110968 - gold 110968");
		await screen.until(() => status(screen).includes("= correct"));
		expect(screen.text()).toMatch(/2 hints \(2 by you\), 2 calls \(2 ok\), \d+ tokens, /);
		expect(status(screen)).toMatch(
			/= correct {2}\d+ tok {2}left \d+ {2}rounds 1\/1 {2}calls 2\/6 {2}hints auto/,
		);
		if (wide) expect(status(screen)).toMatch(/scripted {2}seed 0\s*$/);
		expectComposed(screen);
		await expectAsDrawnAnew(screen);

		// What the hint led to stands in the timeline, and the blocks in Python with their verdicts.
		if (!wide) screen.press("2");
		await screen.until("-> code ok, answer 110968");
		expect(screen.text()).toMatch(/\+ after Wait +logic-check +you$/m);
		expect(screen.text()).toMatch(/\+ before end .* you$/m);
		expect(screen.text()).toMatch(/# block 1 +ok +\d/);
		if (!wide) {
			expectComposed(screen);
			screen.press("3");
		}
		await screen.until("block 1: ok");
		expect(screen.text()).toMatch(/model>>> a = 388/);
		expect(screen.text()).toMatch(/^.*110968\s*$/m);
		expectComposed(screen);
		expect(screen.clears).toEqual(cleared);
		expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });

		const hints = scene.events().filter(({ type }) => type === "hint");
		expect(hints).toMatchObject([
			{ by: "person", kind: "logic-check", marker: "after-word" },
			{ by: "person", marker: "before-end" },
		]);
		expect(scene.events().at(-1)).toMatchObject({ type: "outcome", verdict: "correct", answer: "110968" });
	},
);

test("the model that comes with nudge fails by itself; woken by a hint, it computes and is right", async () => {
	const screen = scene.run(["open", "--id", "first", "--rounds", "0"], { columns: 80, rows: 24 });
	await screen.until("goes in by itself in");
	expect(screen.text()).toContain("Okay, let me multiply 388 by 286.");
	expectComposed(screen);
	await screen.until("[output 1 - ok");
	await screen.until("-- = correct - answer 110968 - gold 110968");
	expect(status(screen)).toMatch(
		/= correct {2}\d+ tok {2}left \d+ {2}rounds 0\/0 {2}calls 1\/6 {2}hints auto/,
	);
	expectComposed(screen);
	expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });
	expect(decisions()[0]).toMatchObject({ decision: "insert", by: "policy" });
});

describe("what a person does with a proposed hint is theirs in the journal", () => {
	test("left alone it goes in by itself, and the policy has decided", async () => {
		const screen = scene.open(["--id", "first", "--veto-ms", "400"], { columns: 120, rows: 40 });
		await screen.until("by itself");
		await screen.until("[hint after Wait - logic-check]");
		await screen.until("= correct");
		expect(decisions()[0]).toMatchObject({ decision: "insert", by: "policy" });
		expect(screen.text()).toMatch(/\+ after Wait +logic-check +policy/);
	});

	test("it is said otherwise and edited, the next one exchanged for another in one's own words, the last one vetoed", async () => {
		const screen = scene.open(["--id", "first", "--hints", "ask", "--rounds", "2"], {
			columns: 120,
			rows: 40,
		});
		await screen.until("? a hint waits");
		expect(screen.text()).not.toContain("by itself");
		await screen.until("> , I assumed that this holds");
		screen.press("o");
		await gone(screen, "> , I assumed that this holds");
		expect(screen.text()).toContain("-- ? hint after Wait - logic-check");
		screen.press("e");
		await screen.until("Edit the proposed hint");
		screen.press("ctrl+home");
		screen.type(", 388 is 400 - 12");
		await screen.until("388 is 400 - 12");
		screen.press("enter");
		await screen.until("[hint after Wait - logic-check - by you]");
		await screen.until(() => /~ after Wait +logic-check, edited +you/.test(screen.text()), "the entry");

		// Another hint goes in in the words that were chosen, and edited, in the list.
		await screen.until("-- ? hint before end - complex-calculation");
		screen.press("h");
		await screen.until("+- Hints --");
		screen.type("dpthnk");
		await screen.until("> # deep-thinking");
		await gone(screen, "# logic-check");
		const wording = (): string | undefined => /wording +\d+ of \d+/.exec(screen.text())?.[0];
		const first = wording();
		screen.press("right");
		await screen.until(() => wording() !== first, "another wording");
		await expectAsDrawnAnew(screen);
		screen.press("ctrl+e");
		await screen.until("Edit deep-thinking");
		screen.press("ctrl+home");
		screen.type("Slowly now. ");
		await screen.until("Slowly now.");
		screen.press("enter");
		await screen.until("[hint before end - deep-thinking - by you]");
		await screen.until("rounds 1/2");
		await screen.until("-- ? hint before end");
		screen.press("v");
		await screen.until("-- = correct");
		expect(screen.text()).toMatch(/x before end .*, vetoed +you/);
		expect(decisions()).toMatchObject([
			{ decision: "edit", by: "person", hint: "logic-check" },
			{ decision: "edit", by: "person", hint: "deep-thinking" },
			{ decision: "veto", by: "person" },
		]);
		expect(scene.events().filter(({ type }) => type === "hint")).toMatchObject([
			{ by: "person", text: expect.stringMatching(/^, 388 is 400 - 12/) },
			{ by: "person", hint: "deep-thinking", text: expect.stringMatching(/^Slowly now\. /) },
		]);
		expectComposed(screen);
	});

	test("a kind that was vetoed does not come back in this trace", async () => {
		// Nothing but one kind is left in the library.
		const others = ["complex-calculation", "self-reflection", "alternative-method", "general-tool-use"];
		scene.write(
			"config/hints/few.yaml",
			`hints:\n${[...others, "deep-thinking"].map((id) => `  - id: ${id}\n    disabled: true\n`).join("")}`,
		);
		const screen = scene.open(["--id", "first", "--hints", "ask"], { columns: 120, rows: 40 });
		await screen.until("-- ? hint after Wait - logic-check");
		screen.press("v");
		await screen.until("-- ? hint before end - logic-check");
		screen.press("r");
		await screen.until("select where to first");
		screen.press("g", "r");
		await screen.until("branch b2: Space goes on");
		screen.press("space");
		await screen.until("-- ? hint after Wait - logic-check");
		screen.press("V");
		await screen.until("-- = wrong - answer 111000 - gold 110968");
		expect(decisions().filter((one) => one.decision === "veto")).toMatchObject([
			{ branch: "main", by: "person", reason: "vetoed" },
			{ branch: "b2", by: "person", reason: expect.stringContaining("every hint of kind logic-check") },
		]);
		rmSync(join(scene.home.dir, "config"), { recursive: true });
	});

	test("another policy counts from here on", async () => {
		const screen = scene.open(["--id", "first", "--hints", "ask"], { columns: 120, rows: 40 });
		await screen.until("-- ? hint after Wait");
		screen.press("p");
		await screen.until("Hints from here on");
		screen.press("down", "enter");
		await screen.until("hints off");
		await screen.until("-- = wrong - answer 111000 - gold 110968");
		expectComposed(screen);
		expect(scene.events().filter(({ type }) => type === "hint")).toEqual([]);
	});
});
