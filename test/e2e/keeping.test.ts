/** What is kept and found again: names, tags, marks, exports, the next problem, the list of sessions, replays. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { fold } from "../../src/trace/fold.ts";
import { textOf } from "../../src/trace/span.ts";
import { expectAsDrawnAnew, expectComposed, expectNoRemains, gone } from "./composed.ts";
import { MAKING_TIMEOUT_MS } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

let scene: Scene;
beforeAll(async () => {
	scene = await Scene.make();
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene.close());

const journal = (session: string): string =>
	readFileSync(join(scene.home.dir, "data", "sessions", session, "journal.jsonl"), "utf8");

/** Answers a question for one line. */
async function answer(screen: Screen, key: string, title: string, text: string): Promise<void> {
	screen.press(key);
	await screen.until(title);
	screen.type(text);
	await screen.until(text);
	screen.press("enter");
	await gone(screen, `+- ${title}`);
}

test("a session is named, tagged, noted, marked and exported, and the next problem of the set begins", async () => {
	const screen = scene.open(["--id", "first", "--hints", "ask"], { columns: 120, rows: 40 });
	await screen.until("? a hint waits");
	screen.press("i");
	await screen.until("? hint before end");
	screen.press("v");
	await screen.until("-- = correct");
	const [id = ""] = scene.sessions();
	await answer(screen, "T", "Name of the session", "by twelves");
	await screen.until("nudge  by twelves: What is 388");
	await answer(screen, "t", "Tag the session", "hard");
	await screen.until("#hard");
	await answer(screen, "t", "Tag the session", "odd");
	await screen.until("#odd");
	await answer(screen, "t", "Tag the session", "-odd");
	await gone(screen, "#odd");
	screen.press("w");
	await screen.until("Write a note");
	screen.type("First line,");
	screen.press("alt+enter");
	screen.type("second line.");
	await screen.until("second line.");
	await expectAsDrawnAnew(screen);
	screen.press("enter");
	await gone(screen, "second line.");
	screen.press("R");
	await screen.until("[rejected]");
	screen.press("a");
	await screen.until("[accepted]");
	screen.press("a");
	await gone(screen, "[accepted]");
	screen.press("a");
	await screen.until("[accepted]");
	await screen.until(
		() => /1 hint \(1 by you\), 1 call \(1 ok\), .*, accepted/.test(screen.text()),
		"the mark",
	);
	expect(screen.text()).toContain("[correct - answer 110968]");
	const said = scene.events(id).filter(({ type }) => /^(name|tag|note|mark)$/.test(type));
	expect(said).toMatchObject([
		{ type: "name", name: "by twelves" },
		{ type: "tag", tag: "hard", on: true },
		{ type: "tag", tag: "odd", on: true },
		{ type: "tag", tag: "odd", on: false },
		{ type: "note", text: "First line,\nsecond line." },
		{ type: "mark", branch: "main", mark: "rejected" },
		{ type: "mark", mark: "accepted" },
		{ type: "mark", mark: "none" },
		{ type: "mark", mark: "accepted" },
	]);

	// The export: what trains and what does not comes from the spans.
	screen.press("E");
	await screen.until("+- Export");
	screen.press("enter");
	await screen.until("Export as training sample");
	screen.press("ctrl+u");
	screen.type("out/sample.jsonl");
	screen.press("enter");
	await screen.until(
		() => /no folder|is not there|There is no/.test(screen.text()),
		"what is wrong with the place",
	);
	screen.press("ctrl+u");
	screen.type("sample.jsonl");
	screen.press("enter");
	await screen.until("written to sample.jsonl");
	expect(screen.text()).toMatch(/model \d+ segments?, \d+ chars, \d+ tokens/);
	const sample = JSON.parse(readFileSync(join(scene.home.dir, "sample.jsonl"), "utf8"));
	const spans = fold(scene.events(id)).branches.get("main")?.spans ?? [];
	const segments: { kind: string; text: string; train: boolean }[] = sample.segments;
	expect(segments.map(({ kind, train }) => [kind, train])).toEqual([
		["prompt", false],
		["model", true],
		["hint", true],
		["model", true],
		["output", false],
		["model", true],
	]);
	const behind = segments
		.slice(1)
		.map(({ text }) => text)
		.join("");
	expect(behind.startsWith(textOf(spans))).toBe(true);
	expect(segments[4]?.text).toBe("```output\n110968\n```\n");
	screen.press("E");
	await screen.until("+- Export");
	screen.press("enter");
	await screen.until("Export as training sample");
	screen.press("ctrl+u");
	screen.type("sample.jsonl");
	screen.press("enter");
	await screen.until("sample.jsonl is there already");
	screen.press("enter");
	const lines = (): number =>
		readFileSync(join(scene.home.dir, "sample.jsonl"), "utf8").trimEnd().split("\n").length;
	await screen.until(() => lines() === 2, "a second line");

	screen.press("ctrl+n");
	await screen.until("theatre: A theatre has 26 rows");
	await screen.until("? a hint waits");
	expectComposed(screen);
	expect(scene.sessions()).toHaveLength(2);
	screen.press("q");
	await screen.exit;
});

test("sessions are found by words, tags and marks, looked at, opened, and deleted after a question", async () => {
	const [first = "", second = ""] = scene.sessions();
	const screen = scene.open([], { columns: 120, rows: 40 });
	await screen.until("> Problem");
	screen.press("ctrl+o");
	await screen.until("> Sessions - 1/2");
	expect(screen.text()).toMatch(/accepted .*by twelves/);
	await screen.until(() => /gold +1066/.test(screen.text()), "the preview");
	expectNoRemains(screen);
	await expectAsDrawnAnew(screen);
	for (const [filter, stays] of [
		["twelves", first],
		["tag:hard", first],
		["mark:accepted", first],
		["theatre", second],
	] as const) {
		screen.type(filter);
		await screen.until(() => screen.text().includes(`> ${stays}`), `${filter} to find ${stays}`);
		await gone(screen, stays === first ? second : first);
		screen.press("ctrl+u");
		await screen.until("1/2");
	}
	// The preview tells what is in it.
	screen.type("twelves");
	await screen.until(() => /answer +110968: correct/.test(screen.text()), "the preview");
	screen.press("enter");
	await screen.until("-- = correct");
	expect(screen.row(0)).toContain("by twelves");
	expectComposed(screen);

	screen.press("ctrl+o");
	await screen.until("> Sessions");
	screen.type("theatre");
	await gone(screen, first);
	screen.press("ctrl+x");
	await screen.until("Delete");
	screen.press("escape");
	await screen.until(() => !/\+- Delete/.test(screen.text()), "the end of the question");
	expect(existsSync(join(scene.home.dir, "data", "sessions", second))).toBe(true);
	screen.press("delete");
	await screen.until("+- Delete");
	screen.press("y");
	await screen.until(
		() => !existsSync(join(scene.home.dir, "data", "sessions", second)),
		"the session to go",
	);
	await gone(screen, "A theatre has");
	expect(scene.sessions()).toEqual([first]);
	// Escape takes the filter away, then the list.
	screen.press("escape");
	await screen.until("> Sessions - 1/1");
	screen.press("escape");
	await screen.until("-- = correct");
	screen.press("q");
	await screen.exit;
});

test("a replay runs at any speed, goes forward and back, and changes nothing", async () => {
	const [id = ""] = scene.sessions();
	const before = journal(id);
	const screen = scene.open([id], { columns: 120, rows: 40 });
	await screen.until("-- = correct");
	await gone(screen, "is loading");
	screen.press("P");
	await screen.until("> replay");
	screen.press("space");
	const event = (): number => Number(/event (\d+) of \d+/.exec(screen.row(38))?.[1]);
	await screen.until(() => event() > 0, "a replay");
	screen.press("left", "left", "left", "left", "left", "left", "left", "left", "left", "left");
	await gone(screen, "[hint after Wait");
	const at = event();
	screen.press("right");
	await screen.until(() => event() > at, "a later event");
	screen.press("+");
	await screen.until("2x, event");
	screen.press("-", "-");
	await screen.until("0.5x, event");
	// What would change the session means nothing here.
	screen.press("i", "x", "U", "r");
	expectComposed(screen);
	screen.press("+", "+", "+", "+", "+", "space");
	await screen.until("[hint after Wait - logic-check - by you]");
	screen.press("E");
	await screen.until("[correct - answer 110968]");
	await screen.until(() => /event (\d+) of \1\b/.test(screen.row(38)), "the last event");
	expect(screen.text()).toContain("Python, as it ran");
	expect(screen.text()).toMatch(/\| >>> a = 388/);
	await expectAsDrawnAnew(screen);
	screen.press("escape");
	await screen.until("-- = correct");
	expectComposed(screen);
	expect(journal(id)).toBe(before);
});
