/** Answers that would stop a verifier, through the whole of it: found, tidied, looked at quickly, compared. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MathVerify } from "../../src/score/mathverify.ts";
import { createVerifier } from "../../src/score/verifier.ts";
import type { Problem } from "../../src/trace/events.ts";
import { MAKING_TIMEOUT_MS, testPython } from "./python.ts";

beforeAll(testPython, MAKING_TIMEOUT_MS);

const verifier = createVerifier({ python: testPython, timeLimitMs: 3000, workers: 2 });
afterAll(() => verifier.close());

const problem: Problem = { id: "p", domain: "math", problem: "?", answer: "\\frac{5}{2}" };
const TEN_MB = 10_000_000;

describe("an answer", () => {
	test.each([
		["of ten megabytes", `\\boxed{${"1+".repeat(TEN_MB / 2)}1}`, "unparseable"],
		["of ten megabytes of braces", `\\boxed{${"{".repeat(TEN_MB)}`, "no answer"],
		[
			"of five megabytes of nested braces",
			`\\boxed{${"{".repeat(TEN_MB / 4)}${"}".repeat(TEN_MB / 4)}}`,
			"unparseable",
		],
		["of ten megabytes of boxes that never close", "\\boxed{".repeat(TEN_MB / 7), "no answer"],
		["after ten megabytes of thinking", `${"hm ".repeat(TEN_MB / 3)}</think>\\boxed{2.5}`, "correct"],
		["of ten megabytes of dollars", `</think>the answer is ${"$".repeat(TEN_MB)}`, "no answer"],
	] as const)("%s", async (_, text, verdict) => {
		const outcome = await verifier.verify(problem, text);
		expect(outcome.verdict).toBe(verdict);
		expect((outcome.answer ?? "").length).toBeLessThan(1000);
	});

	test.each([
		["a power of 1e9", "2^{1000000000}"],
		["a tower of powers", "10^{10^{10^{10}}}"],
		["the factorial of 1e9", "(10^9)!"],
		["NUL bytes", "2\u00005/2\u0000"],
		["braces nested deeply", `${"{".repeat(3000)}5${"}".repeat(3000)}`],
		["fractions nested deeply", `${"\\frac{1}{".repeat(800)}2${"}".repeat(800)}`],
		["every Unicode plane", "\u{1d7d8}\u{10ffff}\u200b٥"],
	])("of %s ends in a verdict, and is never correct", async (_, answer) => {
		const { verdict } = await verifier.verify(problem, `\\boxed{${answer}}`);
		expect(["wrong", "unparseable"]).toContain(verdict);
	});
});

test("those that were given ahead to a process that died are judged all the same", async () => {
	const one = new MathVerify({ python: testPython, timeLimitMs: 300_000 });
	const pairs = Array.from({ length: 20 }, (_, i): [string, string, string] =>
		i === 5
			? ["x", "9^{9^{9^{9}}}", "unparseable"]
			: i % 2 === 0
				? [`x+${i}`, `${i}+x`, "correct"]
				: [`x+${i}`, `x-${i}`, "wrong"],
	);
	const before = new Set(workers());
	const comparisons = pairs.map(([gold, answer]) => one.compare(gold, answer));
	// Behind the fifth stands one that is never done with.
	await comparisons[4];
	for (const pid of workers()) if (!before.has(pid)) process.kill(pid, "SIGKILL");
	const verdicts = await Promise.all(comparisons);
	expect(verdicts.map(({ verdict }) => verdict)).toEqual(pairs.map(([, , verdict]) => verdict));
	expect(verdicts[5]?.reason).toContain("died of this answer");
	await one.close();
});

test("one that is given up while it waits behind others is told so, and the others are judged", async () => {
	const one = new MathVerify({ python: testPython, timeLimitMs: 60_000 });
	const stop = new AbortController();
	const before = one.compare("x+1", "1+x");
	const given = one.compare("x+2", "2+x+0y", stop.signal);
	const after = one.compare("x+3", "3+x");
	stop.abort(new Error("given up"));
	await expect(given).rejects.toThrow("given up");
	expect([(await before).verdict, (await after).verdict]).toEqual(["correct", "correct"]);
	await one.close();
});

function workers(): number[] {
	const all = execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" });
	return all
		.split("\n")
		.map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line))
		.filter((found) => found?.[2] === String(process.pid) && found[3]!.includes("verify_worker.py"))
		.map((found) => Number(found![1]));
}
