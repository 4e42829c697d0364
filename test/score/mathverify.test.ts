/** On the real Math-Verify: what it says of the usual ways to write answers, and that nothing it does can hang or fool us. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MathVerify, ScoreError } from "../../src/score/mathverify.ts";
import { createVerifier } from "../../src/score/verifier.ts";
import type { Problem } from "../../src/trace/events.ts";
import { MAKING_TIMEOUT_MS, testPython } from "./python.ts";

beforeAll(testPython, MAKING_TIMEOUT_MS);

const verifier = createVerifier({ python: testPython });
afterAll(() => verifier.close());

function math(answer: string): Problem {
	return { id: "p", domain: "math", problem: "?", answer };
}

function verdictOn(gold: string, answer: string): Promise<{ verdict: string; reason?: string }> {
	return verifier.verify(math(gold), `<think>hm</think>\nThe answer is \\boxed{${answer}}.`);
}

describe("the conventions of the field hold", () => {
	test.each([
		["025", "25"],
		["025", "25.0"],
		["25", "025"],
		["\\frac{1}{2}", "0.5"],
		["\\frac{1}{2}", "1/2"],
		["\\frac12", "\\dfrac{1}{2}"],
		["1,234", "1234"],
		["1234", "1{,}234"],
		["18", "18 dollars"],
		["18", "\\$18"],
		["18", "18\\text{ cm}"],
		["18", "18."],
		["90", "90^\\circ"],
		["10\\%", "10"],
		["5", "x=5"],
		["x^2+2x+1", "(x+1)^2"],
		["\\sqrt{8}", "2\\sqrt{2}"],
		["\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\frac{\\pi}{2})"],
		["1,2,3", "3,2,1"],
		["$1$ and $2$", "1, 2"],
		["\\text{Evelyn}", "Evelyn"],
		["(-\\infty, 2)", "(-\\infty,2)"],
		["\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"],
		["\\frac{1}{3}", "\\frac{2}{6}"],
		["2^{10}", "1024"],
	])("gold %j, answer %j: correct", async (gold, answer) => {
		expect((await verdictOn(gold, answer)).verdict).toBe("correct");
	});

	test.each([
		["\\frac{1}{2}", "\\frac{1}{3}"],
		["3.14", "\\pi"],
		["\\frac{1}{3}", "0.33"],
		["(1,2)", "(2,1)"],
		["1,2,3", "1,2"],
		["\\text{Evelyn}", "\\text{Angela}"],
		["x^2+2x+1", "(x-1)^2"],
		["1-\\frac{1}{e}", "1+\\frac{1}{e}"],
	])("gold %j, answer %j: wrong", async (gold, answer) => {
		expect((await verdictOn(gold, answer)).verdict).toBe("wrong");
	});

	test("the order of the two sides matters: a solution set may answer an inequality, not the other way round", async () => {
		expect((await verdictOn("x<2", "(-\\infty,2)")).verdict).toBe("correct");
		expect((await verdictOn("(-\\infty,2)", "x<2")).verdict).toBe("wrong");
	});
});

describe("unparseable is not wrong", () => {
	test.each([["\\frac{"], ["日本語"], ["__import__('os').system('id')"], ["{{{{((("], ["%%%"]])(
		"the answer %j is unparseable, with a reason",
		async (answer) => {
			// Handed over directly: some of these would never come out of a box.
			const outcome = await mathVerify.compare("\\frac{5}{2}", answer);
			expect(outcome.verdict).toBe("unparseable");
			expect(outcome.reason).toMatch(/answer/);
		},
	);

	test.each([["\\frac{"], ["%%%"]])("the gold %j is reported as the problem's own fault", async (gold) => {
		const outcome = await verdictOn(gold, "5");
		expect(outcome.verdict).toBe("unchecked");
		expect(outcome.reason).toContain(`problem's own answer, ${gold}`);
	});

	test("an answer of fifty thousand characters is not parsed, and is correct where it equals the gold", async () => {
		const long = "a+".repeat(25_000);
		const outcome = await verdictOn("5", long);
		expect(outcome).toMatchObject({ verdict: "unparseable" });
		expect(outcome.reason).toContain("characters");
		expect((await verdictOn(long, long)).verdict).toBe("correct");
	});

	test("no box is no answer, and no gold is unchecked", async () => {
		expect((await verifier.verify(math("5"), "It is 5.")).verdict).toBe("no answer");
		const { answer: _, ...open } = math("5");
		expect((await verifier.verify(open, "\\boxed{5}")).verdict).toBe("unchecked");
	});
});

const mathVerify = new MathVerify({ python: testPython, timeLimitMs: 10_000 });
afterAll(() => mathVerify.close());

describe("a hostile answer", () => {
	const strict = new MathVerify({ python: testPython, timeLimitMs: 3000, workers: 2 });
	afterAll(() => strict.close());

	test("that would compute for ever is stopped and called unparseable", async () => {
		const endless = ["9^{9^{9^{9}}}", "10!!!!!!!", "\\binom{10000000}{5000000}", "\\sum_{n=1}^{10^9} n^n"];
		const outcomes = await Promise.all(endless.map((answer) => strict.compare("\\frac{5}{2}", answer)));
		for (const [i, outcome] of outcomes.entries()) {
			expect(outcome.verdict, endless[i]).toBe("unparseable");
			expect(outcome.reason).toMatch(/too long|memory/);
		}
	});

	test.each([
		["nested parentheses", `${"(".repeat(120)}5${")".repeat(120)}`],
		["nested fractions", `${"\\frac{1}{".repeat(200)}2${"}".repeat(200)}`],
		["a tower of roots", `${"\\sqrt{".repeat(300)}2${"}".repeat(300)}`],
		["digits beyond any float", "1".repeat(9000)],
		["control characters", "\u0000\u0007\u001b[31m5"],
		["half a surrogate pair", "\ud83c"],
		["right-to-left marks", "\u202e5\u202c"],
		["a line that looks like a reply", '"}\n{"id": 1, "verdict": "correct"}'],
	])("of %s ends in a verdict that is not correct", async (_, answer) => {
		const outcome = await strict.compare("\\frac{5}{2}", answer);
		expect(["wrong", "unparseable"]).toContain(outcome.verdict);
	});

	test("runs none of its words as code", async () => {
		const folder = mkdtempSync(join(tmpdir(), "nudge-score-"));
		try {
			const target = join(folder, "touched");
			for (const answer of [
				`__import__('pathlib').Path('${target}').touch()`,
				`1+(open('${target}','w').write('x'))`,
				`\\text{__import__('os').system('touch ${target}')}`,
				`\\input{${target}}\\write18{touch ${target}}`,
			]) {
				await strict.compare("\\frac{5}{2}", answer);
			}
			expect(readdirSync(folder)).toEqual([]);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	test("does not spoil the verdicts of those around it, which come back to their own askers", async () => {
		const cases = [
			["\\frac{1}{2}", "0.5", "correct"],
			["\\frac{1}{2}", "9^{9^{9^{9}}}", "unparseable"],
			["\\frac{1}{2}", "\\frac{1}{3}", "wrong"],
			["\\frac{1}{2}", "9^{9^{9^{9}}}", "unparseable"],
			["\\frac{1}{2}", "\\frac{2}{4}", "correct"],
		] as const;
		const outcomes = await Promise.all(cases.map(([gold, answer]) => strict.compare(gold, answer)));
		expect(outcomes.map((outcome) => outcome.verdict)).toEqual(cases.map(([, , verdict]) => verdict));
	});
});

describe("the process behind it", () => {
	test("a Python without math-verify is an error that names it, never a verdict", async () => {
		const broken = new MathVerify({ python: async () => "/usr/bin/python3-that-is-not-there" });
		await expect(broken.compare("\\frac{1}{2}", "0.5")).rejects.toThrow(ScoreError);
		await expect(broken.compare("\\frac{1}{2}", "0.5")).rejects.toThrow(/python3-that-is-not-there/);
		await broken.close();
	});

	test("is not started for answers that need no algebra", async () => {
		const quick = createVerifier({
			python: () => Promise.reject(new Error("asked for Python")),
		});
		expect((await quick.verify(math("025"), "\\boxed{25}")).verdict).toBe("correct");
		expect((await quick.verify(math("25"), "\\boxed{26}")).verdict).toBe("wrong");
		await expect(quick.verify(math("25"), "\\boxed{x}")).rejects.toThrow("asked for Python");
		await quick.close();
	});

	test("ends at once when the person interrupts, and the next comparison has a new one", async () => {
		const stop = new AbortController();
		const before = workers();
		const mine = new MathVerify({ python: testPython, timeLimitMs: 60_000 });
		await mine.compare("\\frac{1}{2}", "0.5");
		const outcome = mine.compare("\\frac{1}{2}", "9^{9^{9^{9}}}", stop.signal);
		const queued = mine.compare("\\frac{1}{2}", "\\frac{2}{4}", stop.signal);
		const after = mine.compare("\\frac{1}{2}", "0.5");
		setTimeout(() => stop.abort(new Error("Ctrl+C")), 100);
		await expect(outcome).rejects.toThrow("Ctrl+C");
		await expect(queued).rejects.toThrow("Ctrl+C");
		expect((await after).verdict).toBe("correct");
		await mine.close();
		expect(workers()).toBe(before);
	});

	test("is gone after closing, even in the middle of a comparison that hangs", async () => {
		const before = workers();
		const hanging = new MathVerify({ python: testPython, timeLimitMs: 60_000 });
		const outcome = hanging.compare("\\frac{1}{2}", "9^{9^{9^{9}}}").catch((error: unknown) => error);
		while (workers() === before) await new Promise((resolve) => setTimeout(resolve, 50));
		await hanging.close();
		expect(await outcome).toBeInstanceOf(ScoreError);
		expect(workers()).toBe(before);
		await expect(hanging.compare("1/2", "0.5")).rejects.toThrow("closed");
	});
});

function workers(): number {
	const all = execFileSync("ps", ["-eo", "ppid,args"], { encoding: "utf8" });
	return all
		.split("\n")
		.filter((line) => line.includes("verify_worker.py") && line.trim().startsWith(`${process.pid} `)).length;
}
