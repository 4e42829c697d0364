import { expect, test } from "vitest";
import type { TraceEvent } from "../../../src/trace/events.ts";
import { type Branch, Fold, fold, type SessionState } from "../../../src/trace/fold.ts";
import { branchSheet, treeOf } from "../../../src/tui/views/branches.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { fakeLive } from "./fake-live.ts";

const { settings } = [...fakeLive("").state.branches.values()][0] as Branch;
const usage = { sampledTokens: 812, hints: 1, calls: 1, durationMs: 3_400 };
const TEXT = "Let me think.\nThe sum of the first cubes is 100, and that is a square. Wait";

const EVENTS: TraceEvent[] = [
	{ type: "branch", t: 0, branch: "b0", settings, by: "person" },
	{ type: "tokens", t: 0, branch: "b0", text: TEXT, segment: 0 },
	{
		type: "hint",
		t: 0,
		branch: "b0",
		at: TEXT.length,
		text: ", check.\n",
		hint: "self-reflection",
		kind: "self-reflection",
		wording: "check",
		marker: "after-word",
		by: "policy",
	},
	{ type: "outcome", t: 0, branch: "b0", verdict: "wrong", answer: "42", usage, session: "s" },
	{ type: "branch", t: 1, branch: "b1", parent: { branch: "b0", at: TEXT.length }, settings, by: "person" },
	{ type: "tokens", t: 1, branch: "b1", text: ", no. It is 41, as 日本語 says.\nAnd on.", segment: 0 },
	{ type: "branch", t: 2, branch: "b2", parent: { branch: "b0", at: 14 }, settings, by: "person" },
	{
		type: "branch",
		t: 3,
		branch: "b3",
		parent: { branch: "b1", at: TEXT.length + 5 },
		settings,
		by: "person",
	},
	{ type: "outcome", t: 4, branch: "b1", verdict: "correct", answer: "41", usage, session: "s" },
	{ type: "mark", t: 5, branch: "b1", mark: "accepted" },
];

function open(state: SessionState, size = SIZES[0]!, current = "b1") {
	const desk = new FakeDesk(size);
	const chosen: string[] = [];
	branchSheet({ desk, state, current, done: (branch) => chosen.push(branch) });
	return { desk, chosen, text: () => desk.screen().join("\n") };
}

test("parents stand before their children, in the order in which they were opened", () => {
	expect(treeOf(fold(EVENTS).branches)).toEqual([
		{ id: "b0", depth: 0 },
		{ id: "b1", depth: 1 },
		{ id: "b3", depth: 2 },
		{ id: "b2", depth: 1 },
	]);
});

test("each says where it left its parent, what is in it and what became of it; the current one is marked", () => {
	const { desk } = open(fold(EVENTS));
	expect(desk.sheet().slice(3, 7)).toEqual([
		"|     b0                                             +1  wrong             |",
		"| > *   b1  after ... 100, and that is a square. Wait    correct  accepted |",
		"|         b3  after ... that is a square. Wait, no.                        |",
		"|       b2  after Let me think.                                            |",
	]);
});

test("the preview shows both sides of the fork", () => {
	const { text } = open(fold(EVENTS), SIZES[1]);
	const shown = text();
	const order = [
		"The sum of the first cubes",
		"-- leaves b0 here",
		", no. It is 41, as",
		"And on.",
		"answer     41",
	];
	const places = order.map((says) => shown.indexOf(says, shown.indexOf("Let me think.")));
	expect(places.every((place) => place >= 0)).toBe(true);
	expect(places).toEqual([...places].sort((a, b) => a - b));
});

test("Enter changes to the selected one; verdicts, marks and words find it", () => {
	for (const [typed, id] of [
		["b3", "b3"],
		["wrong", "b0"],
		["accepted", "b1"],
		["日本語 says", "b1"],
	] as const) {
		const { desk, chosen } = open(fold(EVENTS));
		desk.type(typed);
		desk.press("enter");
		expect([typed, ...chosen]).toEqual([typed, id]);
	}
});

test("it follows what grows meanwhile", () => {
	const growing = new Fold();
	for (const event of EVENTS) growing.apply(event);
	const { text } = open(growing.state);
	expect(text()).not.toContain("b4");
	growing.apply({
		type: "branch",
		t: 9,
		branch: "b4",
		parent: { branch: "b3", at: 3 },
		settings,
		by: "person",
	});
	expect(text()).toContain("b4");
	expect(text()).toContain("> *   b1");
});

test("a session without a branch says so", () => {
	const { desk, text, chosen } = open(fold([]));
	expect(text()).toContain("There is no branch yet");
	desk.press("enter");
	expect(chosen).toEqual([]);
});

test.each(SIZES)("ten thousand branches, each out of the one before, at $columns x $rows", (size) => {
	const chain: TraceEvent[] = EVENTS.slice(0, 2);
	for (let i = 1; i < 10_000; i++) {
		chain.push({
			type: "branch",
			t: i,
			branch: `c${i}`,
			parent: { branch: i === 1 ? "b0" : `c${i - 1}`, at: 14 },
			settings,
			by: "person",
		});
	}
	const { desk, text } = open(fold(chain), size, "c9000");
	expect(text()).toMatch(/> \* {25}c9000 /);
	desk.press("ctrl+end");
	expect(text()).toContain("10000/10000");
});
