import { expect, test } from "vitest";
import { lineWidth, plainLine } from "../../../../src/tui/views/line.ts";
import { type Readiness, readinessLines } from "../../../../src/tui/views/start/readiness.ts";

const MODEL: Readiness = {
	what: "engine",
	state: "working",
	says: "nudge-tiny is loading",
	done: 3e7,
	total: 9e7,
};
const PYTHON: Readiness = { what: "python", state: "working", says: "Python: sympy", done: 3, total: 9 };
const said = (readiness: readonly Readiness[], columns: number): string[] =>
	readinessLines(readiness, columns).map(plainLine);

test("both stand in one row with bars, without bars where there is less room, then below each other", () => {
	expect(said([MODEL, PYTHON], 100)).toEqual([
		"~ nudge-tiny is loading [===       ] 33 %   ~ Python: sympy [===       ] 3 of 9",
	]);
	expect(said([MODEL, PYTHON], 60)).toEqual(["~ nudge-tiny is loading 33 %   ~ Python: sympy 3 of 9"]);
	expect(said([MODEL, PYTHON], 40)).toHaveLength(2);
});

test("a count that is in the words already is not said twice", () => {
	expect(said([{ ...PYTHON, says: "sympy (3 of 9)" }], 80)).toEqual(["~ sympy (3 of 9) [===       ]"]);
});

test("a failure says all that fits, in rows of its own, beside what is ready", () => {
	const failed: Readiness = { what: "engine", state: "failed", says: "There is no file. ".repeat(20) };
	const ready: Readiness = { what: "python", state: "ready", says: "Python is ready" };
	const lines = said([failed, ready], 60);
	expect(lines[0]).toMatch(/^! There is no file/);
	expect(lines.at(-1)).toBe("+ Python is ready");
	for (const line of readinessLines([failed, ready], 60)) expect(lineWidth(line)).toBeLessThanOrEqual(60);
	expect(said([], 80)).toEqual([]);
});
