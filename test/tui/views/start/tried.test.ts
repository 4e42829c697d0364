import { expect, test } from "vitest";
import type { Summary } from "../../../../src/trace/summary.ts";
import { best, TriedProblems, triedInWords } from "../../../../src/tui/views/start/tried.ts";

const LONG = "x".repeat(500);
const kept = (fields: Partial<Summary>) => ({
	id: "s",
	summary: {
		version: 1 as const,
		journalBytes: 1,
		id: "s",
		branches: 1,
		hints: 0,
		calls: 0,
		open: false,
		tags: [],
		damaged: 0,
		problemId: "p",
		problem: LONG.slice(0, 200),
		...fields,
	},
});

test("the best of all sessions on a problem counts; other problems of that id do not", () => {
	const tried = new TriedProblems([
		kept({ verdict: "wrong" }),
		kept({ verdict: "correct", hints: 2 }),
		kept({ open: true }),
		kept({ verdict: "correct", problem: "another" }),
		{ id: "broken", trouble: "EISDIR" },
	]);
	const here = tried.of({ id: "p", problem: LONG })!;
	expect(best(here)).toEqual({ says: "with hints", token: "correct" });
	expect(triedInWords(here)).toBe("3 sessions: 1 correct with hints, 1 wrong, 1 not at the end");
	expect(best(tried.of({ id: "p", problem: "another" })).says).toBe("correct");
	expect(tried.of({ id: "p", problem: "a third" })).toBeUndefined();
	expect(best(undefined).says).toBe("");
});

test.each([
	["wrong", 0, "wrong"],
	["unparseable", 0, "unclear"],
	["unchecked", 1, "unclear"],
	[undefined, 0, "begun"],
] as const)("a single session with verdict %s is shown as %s", (verdict, hints, says) => {
	const entry = kept({ hints, ...(verdict ? { verdict } : {}) });
	expect(best(new TriedProblems([entry]).of({ id: "p", problem: LONG })).says).toBe(says);
});
