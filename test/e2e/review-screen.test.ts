/** Samples reviewed by hand with the real program: on the screen, killed and opened again, line by line, and by command. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ReviewEvent } from "../../src/data/dataset/review.ts";
import { madeDataset, madeSample } from "../data/dataset/review-made.ts";
import { expectAsDrawnAnew } from "./composed.ts";
import { type Home, MAKING_TIMEOUT_MS, makeHome, nudge } from "./program.ts";
import { openScreen, type Screen, type ScreenOptions } from "./screen.ts";

let home: Home;
const screens: Screen[] = [];
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterEach(async () => {
	for (const screen of screens.splice(0)) await screen.close();
});
afterAll(() => home?.remove());

const SAMPLES = [
	madeSample("one", { tail: " But wait, is it \\boxed{42}? Yes." }),
	madeSample("two", { words: "A zebra crosses.\n" }),
	madeSample("three", { verdict: "wrong" }),
	madeSample("four"),
];

function fresh(name: string): string {
	return madeDataset(join(home.dir, name), SAMPLES);
}

function open(args: readonly string[], options: ScreenOptions = {}): Screen {
	const screen = openScreen(home, ["dataset", "review", ...args], options);
	screens.push(screen);
	return screen;
}

const eventsOf = (folder: string): ReviewEvent[] =>
	readFileSync(join(folder, "reviews.jsonl"), "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as ReviewEvent);

test.each([
	[80, 24, {}],
	[200, 50, {}],
	[80, 24, { NO_COLOR: "1" }],
] as const)(
	"at %i by %i: accept, reject with a reason, edit, undo, search, filter; killed, nothing is lost (%o)",
	async (columns, rows, env) => {
		const name = `d-${columns}${"NO_COLOR" in env ? "-plain" : ""}`;
		const folder = fresh(name);
		const screen = open([name, "--by", "ada"], { columns, rows, env });
		await screen.until("4 samples");
		screen.press("a");
		await screen.until("+ yes");
		screen.press("R");
		await screen.until("Why reject two?");
		screen.type("a zebra");
		screen.press("enter");
		await screen.until("x no");
		await screen.until("rejected 1");
		expect(eventsOf(folder).map(({ do: did, why }) => [did, why])).toEqual([
			["accept", undefined],
			["reject", "a zebra"],
		]);
		// The third, in the panes: its first line is edited.
		await screen.until("> Samples - 3/4");
		screen.press("enter");
		await screen.until("Thinking");
		await screen.until(". undecided");
		screen.press("v", "e");
		await screen.until("Edit three");
		screen.press("ctrl+e");
		screen.type(" Slowly.");
		screen.press("enter");
		await screen.until("Why do you edit?");
		screen.type("pace");
		screen.press("enter");
		await screen.until("[edit - by ada, ");
		await screen.until("~ 1 edit");
		expect(screen.text()).toContain("~  Slowly.");
		expect(eventsOf(folder).at(-1)).toMatchObject({ do: "edit", by: "ada", why: "pace" });
		screen.press("D");
		await screen.until("+ Let me think. Slowly.");
		expect(screen.text()).toContain("- Let me think.");
		// Alone: with a key right behind it, it would be that key with alt.
		screen.press("escape");
		await screen.until(() => !screen.text().includes("before (-)"), "the sheet to close");
		screen.press("m");
		await screen.until("shows what trains");
		await screen.until("+ Let me");
		expect(screen.text()).toContain(". ```output");
		screen.press("m");
		await screen.until(() => !screen.text().includes("shows what trains"), "the mask to go");
		// A block is taken out after asking, without a second question for the reason; and put back.
		screen.press("/");
		screen.type("print(6");
		await screen.until("hit 1 of 1");
		screen.press("enter", "x");
		await screen.until("Take out the block with its output?");
		screen.press("y");
		await screen.until("~ 2 edits");
		screen.press("u");
		await screen.until("the last edit is taken back");
		await screen.until("~ 1 edit ");
		screen.press("/");
		screen.type("boxed");
		await screen.until("hit 1 of 1");
		screen.press("enter", "escape");
		await screen.until("> Samples - 3/4");
		await expectAsDrawnAnew(screen);

		screen.kill("SIGKILL");
		await screen.exit;
		expect(screen.modes).toMatchObject({ alternate: false, mouse: "none", paste: false });
		expect(screen.everything()).toContain("the same command shows it again");

		const again = open([name, "--by", "bob"], { columns, rows, env });
		await again.until("accepted 1  x rejected 1  ~ edited 1  . undecided 2 of 4");
		again.press("/");
		again.type("decision:none text:slowly");
		await again.until("Samples - 1/1");
		again.press("enter", "u");
		await again.until("edited 0");
		// All again, with the same one selected.
		again.press("escape");
		await again.until("3/4");
		again.press("g");
		await again.until("1/4");
		// The tail behind the answer of the first.
		again.press("enter");
		await again.until("accepted by ada");
		again.press("t");
		await again.until("Why do you edit?");
		again.press("enter");
		await again.until("~ 1 edit");
		expect(eventsOf(folder).at(-1)).toMatchObject({
			do: "edit",
			by: "bob",
			text: "",
			was: expect.stringContaining("But wait"),
		});
		again.press("escape");
		await again.until("Samples - ");
		again.press("q");
		expect(await again.exit).toEqual({ code: 0, signal: 0 });
		expect(existsSync(join(folder, "reviews.lock"))).toBe(false);
		const { stdout } = await nudge(home, ["dataset", "stats", name]);
		expect(stdout).toMatch(/1 accepted, 1 rejected, 2 undecided; 1 edited/);
	},
	120_000,
);

test("two at once: the second is told who has it, sees what is decided, and decides when the first has left", async () => {
	const folder = fresh("shared");
	const first = open(["shared", "--by", "ada"]);
	await first.until("4 samples");
	const second = open(["shared", "--by", "bob"], { columns: 120, rows: 30 });
	await second.until("read only: another nudge (pid ");
	first.press("a");
	await second.until("+ yes");
	second.press("G", "a");
	await second.until("is open in another nudge");
	const refused = await nudge(home, ["dataset", "review", "shared", "--accept", "two"]);
	expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("is open in another nudge")]);
	first.press("q");
	expect((await first.exit).code).toBe(0);
	second.press("a");
	await second.until("accepted 2");
	expect(eventsOf(folder).map(({ by, sample }) => [by, sample])).toEqual([
		["ada", "one#h#0"],
		["bob", "four#h#0"],
	]);
}, 60_000);

test("by command: list, accept, reject, edit, undo, note, show; mistakes are said and nothing is written", async () => {
	const folder = fresh("commands");
	const review = (...args: string[]) =>
		nudge(home, ["dataset", "review", "commands", "--by", "ada", ...args]);
	expect((await review()).code).toBe(2);
	expect((await review("--accept", "one", "--reject", "nothing")).stderr).toContain("has no sample nothing");
	expect((await review("--edit", "one")).code).toBe(2);
	expect(existsSync(join(folder, "reviews.jsonl"))).toBe(false);
	expect((await review("--accept", "one", "--reject", "two", "--why", "so")).stdout).toBe(
		"one#h#0: accepted\ntwo#h#0: rejected\n",
	);
	const { stdout: text } = await review("--show", "three#h#0");
	writeFileSync(join(home.dir, "new.txt"), text.replace("guess 41", "get 42"));
	expect((await review("--edit", "three", "--file", "new.txt")).stdout).toMatch(/edited: \d+ characters/);
	expect((await review("--show", "three")).stdout).toBe(text.replace("guess 41", "get 42"));
	writeFileSync(join(home.dir, "forged.txt"), text.replace("42\n```", "43\n```"));
	expect((await review("--edit", "three", "--file", "forged.txt")).stderr).toContain("cannot be rewritten");
	await review("--note", "four", "--why", "look again");
	const listed = (await review("--list", "--json", "--filter", "edited:yes")).stdout.trim();
	expect(JSON.parse(listed)).toMatchObject({ id: "three#h#0", edits: 1, by: "ada", verdict: "wrong" });
	expect((await review("--undo", "three")).code).toBe(0);
	expect((await review("--undo", "three")).code).toBe(1);
	expect((await review("--show", "three")).stdout).toBe(text);
	expect((await review("--list", "--filter", "decision:acc")).stdout).toBe(
		`one#h#0 correct ${/\d+ tokens/.exec((await review("--list")).stdout)?.[0]} accepted by ada: so\n`,
	);
}, 60_000);

test("on a terminal that knows no sequences it is a dialogue, and none is written", async () => {
	const folder = fresh("lines");
	const screen = open(["lines", "--by", "ada"], { env: { TERM: "dumb" } });
	await screen.until("Sample 1 of 4.");
	screen.type("accept well done\r");
	await screen.until("Sample 2 of 4.");
	screen.type("show\r");
	await screen.until("A zebra crosses.");
	screen.type("1\r");
	await screen.until("accepted by ada: well done");
	screen.type("tail\r");
	await screen.until("undo takes the last one back.");
	screen.type("list text:zebra\r");
	await screen.until("1. two: correct");
	screen.type("quit\r");
	expect((await screen.exit).code).toBe(0);
	expect(screen.raw).not.toContain("\x1b");
	expect(eventsOf(folder).map(({ do: did }) => did)).toEqual(["accept", "edit"]);
}, 60_000);
