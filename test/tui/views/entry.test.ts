import { expect, test } from "vitest";
import type { TraceEvent } from "../../../src/trace/events.ts";
import { fold } from "../../../src/trace/fold.ts";
import { timelineOf } from "../../../src/tui/session/timeline.ts";
import { endSheet, entryLines, entrySheet, problemSheet } from "../../../src/tui/views/entry.ts";
import { plainLine } from "../../../src/tui/views/line.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { fakeLive } from "./fake-live.ts";

const { settings } = [...fakeLive("").state.branches.values()][0]!;
const usage = { sampledTokens: 812, hints: 1, calls: 1, durationMs: 3_400 };
const on = { branch: "b0", t: 0 };
const THOUGHT = "The sum is \\boxed{9}. Wait";
const HINT = ", let me check with Python.\n```python\n";
const CODE = "print(1/0)\n```\n";
const OUTPUT = "```output\nZeroDivisionError\x1b[2J\n```\n";
const LATER = "Alternatively, it is \\boxed{10}. Hmm";

const EVENTS: TraceEvent[] = [
	{ type: "branch", ...on, settings, by: "person" },
	{ type: "tokens", ...on, text: THOUGHT, segment: 0 },
	{ type: "marker", ...on, marker: "after-word", at: THOUGHT.length, word: "Wait", index: 0 },
	{
		type: "proposal",
		...on,
		at: THOUGHT.length,
		hint: "self-reflection",
		kind: "self-reflection",
		text: ", other.\n",
		reason: "the model doubts itself",
	},
	{
		type: "decision",
		...on,
		at: THOUGHT.length,
		decision: "edit",
		by: "person",
		reason: "",
		hint: "self-reflection",
	},
	{
		type: "hint",
		...on,
		at: THOUGHT.length,
		text: HINT,
		hint: "self-reflection",
		kind: "self-reflection",
		wording: "let me check with Python",
		marker: "after-word",
		by: "person",
	},
	{ type: "tokens", ...on, text: CODE, segment: 1 },
	{ type: "call", ...on, block: 0, code: "print(1/0)" },
	{
		type: "output",
		...on,
		block: 0,
		text: OUTPUT,
		output: "ZeroDivisionError\x1b[2J\n",
		verdict: "error",
		durationMs: 12,
		stateLost: true,
	},
	{ type: "tokens", ...on, text: LATER, segment: 2 },
];
const AT_LATER = (THOUGHT + HINT + CODE + OUTPUT + LATER).length;
const VETOED: TraceEvent[] = [
	{ type: "marker", ...on, marker: "after-word", at: AT_LATER, word: "Hmm", index: 1 },
	{
		type: "proposal",
		...on,
		at: AT_LATER,
		hint: "logic-check",
		kind: "logic-check",
		text: ", no.\n",
		reason: "round 1 of 1",
	},
	{
		type: "decision",
		...on,
		at: AT_LATER,
		decision: "veto",
		by: "person",
		reason: "vetoed",
		hint: "logic-check",
	},
	{ type: "tokens", ...on, text: ".", segment: 3 },
	{ type: "end", ...on, reason: "eos", usage },
	{ type: "outcome", ...on, verdict: "wrong", answer: "10", reason: "10 is not 9", usage, session: "s" },
];

const branch = fold([...EVENTS, ...VETOED]).branches.get("b0")!;
const entries = timelineOf(branch);

function told(kind: string): string {
	const entry = entries.find((one) => one.kind === kind)!;
	return entryLines(entry, branch, 60).map(plainLine).join("\n");
}

test("a hint: what went in, what was proposed, who decided and what it led to", () => {
	for (const says of [
		"hint       self-reflection",
		"where      after Wait",
		"proposed   the model doubts itself",
		"decided    edit",
		"led to     code error, answer 9 -> 10",
		"by         person",
		"What went in\n, let me check with Python.\n```python",
		"What was proposed\n, other.",
	]) {
		expect(told("hint")).toContain(says);
	}
});

test("a block: its code, its output made safe, and that the variables are lost", () => {
	for (const says of [
		"verdict    error",
		"time       12 ms",
		"lost: Python was started anew",
		"Code\nprint(1/0)",
		"ZeroDivisionError\u241b[2J",
	]) {
		expect(told("block")).toContain(says);
	}
});

test("a veto: what would have gone in", () => {
	for (const says of [
		"decided    veto",
		"hint       logic-check",
		"proposed   round 1 of 1",
		"What would have gone in\n, no.",
	]) {
		expect(told("veto")).toContain(says);
	}
});

test("the end: verdict, answer against gold, why, and what of it would train", () => {
	const desk = new FakeDesk(SIZES[0]);
	endSheet({ desk, branch, problem: { id: "p", domain: "math", problem: "x", answer: "9" } });
	const text = desk.screen().join("\n");
	for (const says of [
		"The end: wrong",
		"answer       10",
		"gold answer  9",
		"why          10 is not 9",
		"ended        the model ended its turn",
		"hints        1: self-reflection",
		"blocks       1: error",
		"sampled      812 tokens in 3.4 s",
		"as a sample  trained: model 3 segments",
	]) {
		expect(text).toContain(says);
	}
});

test("the problem with its gold answer and source, or that there is none", () => {
	const desk = new FakeDesk(SIZES[0]);
	problemSheet({
		desk,
		problem: { id: "aime-1", domain: "math", problem: "Find $x$.", answer: "42", source: "AIME 2024" },
	});
	expect(
		desk
			.sheet()
			.slice(0, 6)
			.map((row) => row.replace(/ *\|?$/, "")),
	).toEqual([
		"+- Problem aime-1 ---------------------------------------------------------+",
		"| Find $x$.",
		"|",
		"| domain       math",
		"| gold answer  42",
		"| source       AIME 2024",
	]);
	desk.press("y");
	expect(desk.asked).toEqual(["copy Find $x$."]);
	desk.press("escape");
	problemSheet({ desk, problem: { id: "p", domain: "science", problem: "Which?", choices: ["a", "b"] } });
	expect(desk.screen().join("\n")).toContain("none: the answer cannot be checked");
	expect(desk.screen().join("\n")).toContain("- b ");
});

test.each(SIZES)("every kind of entry can be opened at $columns x $rows", (size) => {
	const pending = {
		proposal: { hint: "x", kind: "k", wording: "w", text: ", w.\n", reason: "r" },
		marker: { kind: "after-word", at: branch.length, word: "Wait", index: 3 },
	} as Parameters<typeof timelineOf>[1];
	const all = [...timelineOf(branch, pending), ...timelineOf(fold(EVENTS.slice(0, 3)).branches.get("b0")!)];
	expect(new Set(all.map(({ kind }) => kind))).toEqual(
		new Set(["hint", "block", "veto", "outcome", "pending", "marker"]),
	);
	for (const entry of all) {
		const desk = new FakeDesk(size);
		entrySheet({ desk, entry, branch });
		expect(desk.sheet().length).toBeGreaterThan(4);
	}
});
