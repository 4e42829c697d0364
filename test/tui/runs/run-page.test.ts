/** The page of a run over folders on the disk, laid into rows of text at every size; its trace in the panes of a session. */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Rollout } from "../../../src/data/rollout.ts";
import type { RunNow } from "../../../src/data/run-now.ts";
import { putSheet } from "../../../src/data/run-sheet.ts";
import { RunWatch } from "../../../src/data/run-watch.ts";
import type { OutcomeVerdict } from "../../../src/trace/events.ts";
import { TraceView } from "../../../src/tui/reading/trace-view.ts";
import { lastWords, shortTime } from "../../../src/tui/runs/row.ts";
import { RunPage } from "../../../src/tui/runs/run-page.ts";
import { TopPage, topTable } from "../../../src/tui/runs/top-page.ts";
import { runsBelow, TopWatch } from "../../../src/tui/runs/top-watch.ts";
import { HASH, rolloutOf, sheetFor } from "../../data/rollouts.ts";
import { freshFolder } from "../../trace/folder.ts";
import { FakeDesk, SIZES } from "../desk.ts";

const NOW = Date.parse("2026-01-01T00:01:00.000Z");
const closing: (() => void)[] = [];
afterEach(() => {
	for (const close of closing.splice(0)) close();
});

const line = (rollout: Rollout): string => `${JSON.stringify(rollout)}\n`;

function made(id: string, sample: number, verdict: OutcomeVerdict, text = "So 42.", minute = 0): Rollout {
	return {
		...rolloutOf(id, sample, verdict),
		begun: `2026-01-01T00:${String(minute).padStart(2, "0")}:00.000Z`,
		spans: [{ kind: "model", text }],
	};
}

function said(changes: Partial<RunNow> = {}): RunNow {
	const verdicts = { correct: 1, wrong: 0, unparseable: 0, "no answer": 0, unchecked: 0 };
	return {
		...{ format: 1, shard: "1/1", pid: 1, host: "node7", level: 3, done: 2, owed: 4, total: 6, kept: 2 },
		...{ started: "2026-01-01T00:00:00.000Z", updated: new Date(NOW).toISOString(), verdicts, more: 0 },
		...{ tokensPerSecond: 123, callsPerSecond: 1.5, rolloutsPerSecond: 0.5, inFlight: [] },
		...changes,
	};
}

const flight = (text: string, from = 0): RunNow["inFlight"][number] => ({
	...{ key: `live#${HASH}#0`, problem: "live", asks: "What lives?", sample: 0, begun: NOW - 9_000 },
	...{ tokens: 77, calls: 1, hints: 0 },
	tail: { from, length: from + text.length, spans: [{ kind: "model", text }], hints: [], calls: [] },
});

function runOf(rollouts: readonly Rollout[]): string {
	const folder = freshFolder();
	putSheet(folder, { ...sheetFor(2), hash: HASH }, "new");
	writeFileSync(join(folder, "rollouts-1of1.jsonl"), rollouts.map(line).join(""));
	return folder;
}

async function paged(folder: string) {
	const desk = new FakeDesk();
	const watch = new RunWatch(folder, { now: () => NOW });
	await watch.look();
	const taken: string[] = [];
	const page = new RunPage({
		desk,
		watch,
		depth: "none",
		cwd: folder,
		takeUp: ({ key }) => taken.push(key),
		now: () => NOW,
	});
	desk.open(page);
	closing.push(() => {
		watch.close();
		page.close();
	});
	const text = (): string => desk.screen().join("\n");
	return { desk, watch, page, taken, text };
}

/** What is read from a file comes a moment later. */
async function until(stands: () => boolean, picture: () => string): Promise<void> {
	for (let tries = 0; tries < 400; tries++) {
		if (stands()) return;
		await sleep(10);
	}
	throw new Error(picture());
}

const SIX = [
	made("a", 0, "correct", "The first words."),
	made("a", 1, "wrong", "Other words.", 1),
	made("b", 0, "no answer", "Nothing came.", 2),
	made("b", 1, "unchecked", "What of it?", 3),
	made("c", 0, "unparseable", "A riddle.", 4),
];

describe("the page of a run", () => {
	test.each(SIZES)("fits $columns x $rows in every state of it", async (size) => {
		const folder = runOf(SIX);
		writeFileSync(
			join(folder, "now-1of1.json"),
			JSON.stringify(said({ inFlight: [flight("thinking on ...")] })),
		);
		const { desk, watch } = await paged(folder);
		desk.size = size;
		// `screen` refuses rows that are too wide, and areas outside the screen.
		for (const chord of ["down", "v", "/", "q", "escape", "v", "v", "i", "escape", "G", "g", "f"]) {
			desk.press(chord);
			expect(desk.screen()).toHaveLength(size.rows);
		}
		await watch.look();
		expect(desk.screen()[0]).toContain("sampling");
	});

	test("says how the run stands: done of total, rates, verdicts with their interval, time left, where", async () => {
		const folder = runOf(SIX);
		writeFileSync(join(folder, "now-1of1.json"), JSON.stringify(said()));
		const { desk, text } = await paged(folder);
		desk.size = { columns: 120, rows: 40 };
		expect(text()).toContain("5 of 6 (83.3 %)");
		expect(text()).toMatch(/8 s left {2}0\.50 rollouts\/s {2}123 tok\/s {2}1\.5 calls\/s {2}3 at once/);
		expect(text()).toMatch(/correct 25\.0 % \(95 %: 0\.0 to 61\.7\)/);
		expect(text()).toContain("x wrong 25.0 %  - no answer 25.0 %  ? unparseable 25.0 %  . 1 unchecked");
		expect(desk.screen()[0]).toMatch(/toy, hints off .*sampling {2}on node7/);
		desk.press("i");
		expect(text()).toContain("shard 1/1 on node7");
	});

	test("in flight on top, then the newest first; verdicts have a mark each", async () => {
		const folder = runOf(SIX);
		writeFileSync(
			join(folder, "now-1of1.json"),
			JSON.stringify(said({ inFlight: [flight("and so it goes on")] })),
		);
		const { desk, text } = await paged(folder);
		const rows = desk.screen().filter((row) => /^[> ] [>+x?.-] \w+ +\d/.test(row));
		expect(rows.map((row) => row.slice(2, 9).trim())).toEqual(["> live", "? c", ". b", "- b", "x a", "+ a"]);
		expect(rows[0]).toMatch(/in flight +77 +1 +0 +9\.0 s .*so it goes on/);
		expect(rows[4]).toContain("42");
		await until(() => text().includes("and so it goes on"), text);
		desk.press("down");
		await until(() => text().includes("A riddle."), text);
		desk.press("G");
		await until(() => text().includes("The first words."), text);
	});

	test("filters by kind and by what is typed; Escape shows all again", async () => {
		const { desk, text } = await paged(runOf(SIX));
		const shown = (): number => desk.screen().filter((row) => /^[> ] [>+x?.-] \w+ +\d/.test(row)).length;
		expect(shown()).toBe(5);
		desk.press("v");
		expect(text()).toContain("only correct");
		expect(shown()).toBe(1);
		desk.press("escape");
		expect(shown()).toBe(5);
		desk.press("/");
		desk.type("verdict:wrong");
		expect(shown()).toBe(1);
		desk.press("enter");
		expect(text()).toContain("/verdict:wrong");
		desk.press("escape");
		expect(shown()).toBe(5);
		desk.press("/");
		desk.type('text:"WORDS."');
		await until(() => shown() === 2, text);
		desk.press("escape");
		expect(shown()).toBe(5);
		desk.press("/");
		desk.type("zzz");
		expect(text()).toContain("Nothing fits the filter");
	});

	test("a run that is not there yet is waited for, and shows when it begins", async () => {
		const folder = freshFolder();
		const { watch, text } = await paged(join(folder, "later"));
		expect(text()).toContain("not begun");
		expect(text()).toContain("There is no run yet");
		watch.close();
		const there = runOf([]);
		const { watch: begun, text: now } = await paged(there);
		expect(now()).toContain("No rollout yet.");
		appendFileSync(join(there, "rollouts-1of1.jsonl"), line(SIX[0]!));
		await begun.look();
		expect(now()).toContain("1 of 6");
	});

	test("the open trace of one in flight grows, becomes the whole when it ends, and is left with Escape", async () => {
		const folder = runOf([]);
		const file = join(folder, "now-1of1.json");
		writeFileSync(file, JSON.stringify(said({ inFlight: [flight("begins here", 40)] })));
		const { desk, watch, text } = await paged(folder);
		desk.press("enter");
		const view = desk.top as TraceView;
		expect(view).toBeInstanceOf(TraceView);
		const thinking = (): string => {
			const { lines } = view.model;
			return lines.slice(0, lines.offset);
		};
		expect(thinking()).toBe("begins here");
		writeFileSync(file, JSON.stringify(said({ inFlight: [flight("begins here and goes on", 40)] })));
		await watch.look();
		expect(thinking()).toBe("begins here and goes on");
		const whole = `${"x".repeat(40)}begins here and goes on.`;
		writeFileSync(file, JSON.stringify(said()));
		appendFileSync(join(folder, "rollouts-1of1.jsonl"), line(made("live", 0, "wrong", whole)));
		await watch.look();
		await until(() => thinking() === whole, thinking);
		expect(view.can("rollout.take-up")).toBe(true);
		desk.press("escape");
		expect(desk.top).not.toBe(view);
		expect(text()).toContain("x live");
	});

	test("a rollout whose trace is damaged says so and takes nothing else along", async () => {
		const folder = freshFolder();
		putSheet(folder, { ...sheetFor(2), hash: HASH }, "new");
		const whole = line(SIX[0]!);
		const broken = line(SIX[1]!).replace('"text":"Other words."', '"text":5');
		const cut = line(SIX[2]!).replace('"spans":[', '"spans":[[');
		writeFileSync(join(folder, "rollouts-1of1.jsonl"), whole + broken + cut);
		const { desk, text } = await paged(folder);
		await until(() => text().includes("! it cannot be read: not JSON"), text);
		desk.press("down");
		await until(() => /a #1 - ! it cannot be read/.test(text()), text);
		desk.press("enter", "escape", "E", "down");
		await until(() => text().includes("The first words."), text);
	});

	test("in the trace: to the next and the one before, its id copied, taken up; nothing of it can be changed", async () => {
		const { desk, page, taken } = await paged(runOf(SIX));
		desk.press("enter");
		const view = desk.top as TraceView;
		await until(
			() => view.branch?.outcome?.verdict === "unparseable",
			() => String(view.branch?.outcome),
		);
		desk.press("]");
		await until(
			() => view.branch?.outcome?.verdict === "unchecked",
			() => String(view.branch?.outcome),
		);
		desk.press("c", "s");
		expect(desk.asked).toContain(`copy b#${HASH}#1`);
		expect(taken).toEqual([`b#${HASH}#1`]);
		desk.press("[", "[");
		expect(desk.asked.at(-1)).toBe("say info: there is no other");
		const before = JSON.stringify(view.live.state.branches.get("main"));
		for (const chord of ["space", "x", "h", "i", "U", "r", "u", "a", "R", "t", "w", "T"]) desk.press(chord);
		expect(JSON.stringify(view.live.state.branches.get("main"))).toBe(before);
		expect(desk.top).toBe(view);
		expect(page.selected?.key).toBe(SIX[4]!.key);
	});
});

describe("the list of runs", () => {
	test("has those below a folder, the sampled ones first, and opens one", async () => {
		const folder = freshFolder();
		const { mkdirSync } = await import("node:fs");
		for (const [name, rollouts] of [
			["done", [...SIX, made("c", 1, "correct")]],
			["deep/er/live", SIX.slice(0, 2)],
			[".hidden", SIX],
		] as const) {
			const at = join(folder, name);
			mkdirSync(at, { recursive: true });
			putSheet(at, { ...sheetFor(2), hash: HASH }, "new");
			writeFileSync(join(at, "rollouts-1of1.jsonl"), rollouts.map(line).join(""));
		}
		const soon = said({ updated: new Date().toISOString() });
		writeFileSync(join(folder, "deep/er/live", "now-1of1.json"), JSON.stringify(soon));
		expect(runsBelow(folder)).toEqual([join(folder, "deep/er/live"), join(folder, "done")]);
		const top = new TopWatch({ folders: [folder], cwd: folder });
		closing.push(() => top.close());
		await top.look();
		expect(top.runs.map(({ name }) => name)).toEqual(["deep/er/live", "done"]);
		const [header, live, done] = topTable(top.runs, 140);
		expect(header).toMatch(/^run +state +done +right +left +roll\/s +tok\/s +calls\/s/);
		expect(live).toMatch(
			/^deep\/er\/live +sampling +2\/6 +33\.3 % +50\.0 % +8 s +0\.50 +123 +1\.5 +on node7: toy/,
		);
		expect(done).toMatch(/^done +done +6\/6 +100\.0 %/);
		const desk = new FakeDesk();
		const opened: string[] = [];
		const page = new TopPage({ desk, top, open: (one) => opened.push(one) });
		desk.open(page);
		for (const size of SIZES) {
			desk.size = size;
			expect(desk.screen().join("\n")).toContain("done");
		}
		expect(desk.screen()[0]).toMatch(/runs/);
		desk.press("j", "enter");
		expect(opened).toEqual([join(folder, "done")]);
		page.close();
	});
});

test("the last words of a text end where it ends, and fit", () => {
	const spans = [{ text: "one two three four five " }, { text: "six seven eight\n```" }];
	expect(lastWords(spans, 60)).toBe("one two three four five six seven eight ```");
	expect(lastWords(spans, 24)).toBe("... six seven eight ```");
	expect(lastWords([{ text: "x".repeat(90) }], 20).length).toBeLessThanOrEqual(20);
	expect(lastWords([], 20)).toBe("");
});

test("times stay within seven cells", () => {
	for (const ms of [0, 9_949, 9_950, 99_400, 99_500, 5_999_000, 6_000_000, 400_000_000])
		expect(shortTime(ms).length).toBeLessThanOrEqual(7);
	expect([shortTime(800), shortTime(14_000), shortTime(200_000), shortTime(7_500_000)]).toEqual([
		"0.8 s",
		"14 s",
		"3 m 20",
		"2 h 05",
	]);
});
