/** The parts of the session's screen that need no terminal: arrangement, timeline, lines, the window on them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "../../../src/trace/fold.ts";
import { arranged } from "../../../src/tui/session/arrange.ts";
import { ARRANGEMENT, layout, PANES, paneAt, SMALLEST } from "../../../src/tui/session/layout.ts";
import { sayLed } from "../../../src/tui/session/led-to.ts";
import { Rate } from "../../../src/tui/session/rate.ts";
import { ThinkingPane } from "../../../src/tui/session/thinking-pane.ts";
import { timelineOf } from "../../../src/tui/session/timeline.ts";
import { TraceModel } from "../../../src/tui/session/trace-model.ts";
import { widthOf } from "../../../src/tui/text/cells.ts";
import { LineIndex } from "../../../src/tui/text/line-index.ts";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { paintOf } from "../../../src/tui/theme/paint.ts";
import { recorded } from "./recorded.ts";

const paint = paintOf(builtInThemes().find(({ id }) => id === "plain")!, "none");
const plain = (row: string): string => row.replace(/\x1b\[[\d;]*m/g, "");

test("panes never overlap, never leave the screen, and every cell between head and status has one or is the rule", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: SMALLEST.columns, max: 300 }),
			fc.integer({ min: SMALLEST.rows, max: 100 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			fc.constantFrom(...PANES),
			fc.boolean(),
			fc.boolean(),
			(columns, rows, split, upper, focus, zoomed, hidden) => {
				const where = layout(
					{ columns, rows },
					arranged(ARRANGEMENT, { split, upper, zoomed, hidden }),
					focus,
				);
				expect(where.panes[focus]).toBeDefined();
				for (let y = 0; y < rows; y++) {
					for (let x = 0; x < columns; x++) {
						const owners = PANES.filter((name) => {
							const rect = where.panes[name];
							return (
								rect && x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height
							);
						});
						expect(owners.length).toBeLessThanOrEqual(1);
						expect(paneAt(where, x, y)).toBe(owners[0]);
						const body = y >= 1 && y < where.status;
						const isRule = where.rule !== undefined && x >= where.rule.x && x < where.rule.x + 2;
						expect(owners.length === 1).toBe(body && !isRule);
					}
				}
			},
		),
		{ numRuns: 60 },
	);
});

test("at 80 columns the panes are tabs, at 120 and 200 they stand side by side", () => {
	expect(Object.keys(layout({ columns: 80, rows: 24 }, ARRANGEMENT, "thinking").panes)).toEqual(["thinking"]);
	for (const size of [
		{ columns: 120, rows: 40 },
		{ columns: 200, rows: 50 },
	]) {
		expect(Object.keys(layout(size, ARRANGEMENT, "thinking").panes)).toEqual([
			"thinking",
			"timeline",
			"python",
		]);
	}
});

test("the timeline says what was proposed, who decided, and what it led to", () => {
	const state = fold(recorded());
	const entries = timelineOf(state.branches.get("main")!);
	expect(entries.map(({ kind, mark, place, who }) => [kind, mark, place, who])).toEqual([
		["hint", "+", "after Wait", "policy"],
		["block", "#", "block 1", undefined],
		["veto", "x", "before end", "person"],
		["outcome", "=", "correct", undefined],
	]);
	expect(sayLed(entries[0]!.led!)).toBe("code ok, answer 41 -> 42");
	const own = timelineOf(state.branches.get("b2")!);
	expect(own.map(({ kind, place, what, who }) => [kind, place, what, who])).toEqual([
		["hint", "by hand", "written", "person"],
	]);
});

test("event by event or made anew: the lines of a branch are the same", () => {
	const events = recorded().filter((event) => !("branch" in event) || event.branch === "main");
	const state = fold(events);
	const stepwise = new TraceModel(40);
	for (const event of events) if ("branch" in event) stepwise.event(event);
	const anew = new TraceModel(40);
	anew.show(state.branches.get("main")!);
	const textOf = (model: TraceModel): string[] =>
		model.lines.lines(0, model.lines.length).map(({ kind, text }) => `${kind} ${text}`);
	expect(textOf(stepwise)).toEqual(textOf(anew));
	expect(textOf(anew)).toContain("title [hint after Wait - self-reflection]");
});

test("a trace that goes on after it was stopped no longer says that it stopped", () => {
	const model = new TraceModel(60);
	const on = { t: 1, branch: "main" };
	const usage = { sampledTokens: 1, hints: 0, calls: 0, durationMs: 1 };
	model.event({ type: "tokens", ...on, text: "one ", segment: 0 });
	model.event({ type: "end", ...on, reason: "interrupted", usage });
	expect(model.lines.lines(0, 9).some(({ kind }) => kind === "title")).toBe(true);
	model.event({ type: "tokens", ...on, text: "two", segment: 1 });
	expect(model.lines.lines(0, 9).map(({ text }) => text)).toEqual(["one two"]);
});

function paneOf(lines: number): {
	index: LineIndex;
	pane: ThinkingPane;
	rows: (height?: number) => string[];
} {
	const index = new LineIndex(38);
	for (let n = 0; n < lines; n++) index.append("model", `line ${n}\n`);
	const pane = new ThinkingPane(index);
	const look = { paint, focused: true, hits: () => [], hitsVersion: 0 };
	return { index, pane, rows: (height = 10) => pane.draw(40, height, look).map(plain) };
}

test("the end is followed until somebody scrolls up; then the text stays and what came is counted", () => {
	const { index, pane, rows } = paneOf(100);
	expect(rows().map((row) => row.trim())).toContain("line 99");
	pane.scroll(-5);
	const before = rows();
	expect(pane.following).toBe(false);
	for (let n = 100; n < 120; n++) index.append("model", `line ${n}\n`);
	expect(rows()).toEqual(before);
	expect(pane.unseen).toBe(20);
	pane.follow();
	expect(pane.unseen).toBe(0);
	expect(rows().map((row) => row.trim())).toContain("line 119");
});

test("rows that did not change are the same array", () => {
	const { index, pane } = paneOf(100);
	const look = { paint, focused: true, hits: () => [], hitsVersion: 0 };
	pane.scroll(-50);
	pane.draw(40, 10, look);
	pane.scroll(-5);
	const rows = pane.draw(40, 10, look);
	index.append("model", "more\n");
	expect(pane.draw(40, 10, look)).toBe(rows);
	expect(pane.draw(40, 10, { ...look, focused: false })).not.toBe(undefined);
});

test("a narrower window keeps the text that was read at its top, and the selected line", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 4, max: 120 }),
			fc.integer({ min: 4, max: 120 }),
			fc.nat(900),
			(from, to, up) => {
				const index = new LineIndex(from);
				for (let n = 0; n < 60; n++)
					index.append("model", `paragraph ${n} with some words that are wrapped at most widths\n`);
				const pane = new ThinkingPane(index);
				const look = { paint, focused: true, hits: () => [], hitsVersion: 0 };
				pane.draw(from + 2, 10, look);
				pane.scroll(-1 - up);
				const top = index.line(pane.first).from;
				pane.resize(to + 2);
				pane.draw(to + 2, 10, look);
				const line = index.line(pane.first);
				if (pane.first < index.length - 10) {
					expect(line.from).toBeLessThanOrEqual(top);
					expect(line.to).toBeGreaterThan(top);
				}
			},
		),
		{ numRuns: 80 },
	);
});

test("the selection moves line by line and takes the window along; rows fit their width", () => {
	const { index, pane, rows } = paneOf(50);
	rows();
	pane.move(-1);
	expect(pane.cursor).toBe(index.length - 1);
	for (let n = 0; n < 30; n++) pane.move(-1);
	expect(pane.cursor).toBe(index.length - 31);
	for (const row of rows()) expect(widthOf(row)).toBeLessThanOrEqual(40);
	expect(pane.cursorRow).toBe(0);
	pane.toTop();
	expect(pane.cursor).toBe(0);
	pane.move(-5);
	expect(pane.cursor).toBe(0);
});

test("tokens per second count what came in the last two seconds, and are unknown when nothing did", () => {
	let now = 0;
	const rate = new Rate(() => now);
	expect(rate.perSecond).toBeUndefined();
	for (let step = 0; step < 20; step++) {
		rate.add(10);
		now += 100;
	}
	expect(rate.perSecond).toBeCloseTo(100, -1);
	now += 5_000;
	expect(rate.perSecond).toBeUndefined();
});
