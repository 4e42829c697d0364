/** The quick look against the real Math-Verify: on answers of the kinds that benchmarks have, written for this test. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MathVerify } from "../../src/score/mathverify.ts";
import { quick, tidy } from "../../src/score/quick.ts";
import { otherForms } from "./other-forms.ts";
import { MAKING_TIMEOUT_MS, testPython } from "./python.ts";

beforeAll(testPython, MAKING_TIMEOUT_MS);
const mathVerify = new MathVerify({ python: testPython, workers: 2, timeLimitMs: 120_000 });
afterAll(() => mathVerify.close());

const GOLDS = [
	"12",
	"-7",
	"025",
	"0",
	"1234",
	"1,234",
	"11,\\! 250",
	"27.0",
	"0.125",
	"-3.5",
	"100.00",
	"\\frac{3}{4}",
	"-\\frac{7}{9}",
	"\\frac{12}{4}",
	"5/8",
	"\\dfrac{1}{6}",
	"\\frac23",
	"45^\\circ",
	"30^{\\circ}",
	"15\\%",
	"\\$32",
	"\\text{(C)}",
	"\\text{B}",
	"\\text{east}",
	"\\text{two thirds}",
	"\\left( 2, \\frac{\\pi}{3} \\right)",
	"(4,-1)",
	"[0,5)",
	"(-\\infty, 3]",
	"\\{1,2,3\\}",
	"2,5",
	"x^2-4",
	"3\\sqrt{2}",
	"2^{10}",
	"x = 6",
	"\\frac{\\sqrt{3}}{2}",
	"\\pi",
	"6\\pi",
	"e^{2}",
	"1\\frac{1}{2}",
	"\\begin{pmatrix} 1 \\\\ 0 \\end{pmatrix}",
	"10^{6}",
	"a_1",
	"|x|",
	"n!",
	"\\sqrt[3]{5}",
	"8\\text{ cm}",
	"3 + 2i",
	"90°",
	"−4",
];

async function agree(pairs: readonly (readonly [string, string])[]): Promise<number> {
	let decided = 0;
	await Promise.all(
		pairs.map(async ([gold, answer]) => {
			const [a, b] = [tidy(gold), tidy(answer)];
			const sure = quick(a, b);
			if (!sure) return;
			decided++;
			const { verdict } = await mathVerify.compare(a, b);
			expect(verdict, `${gold} against ${answer}, decided by ${sure.rule}`).toBe(sure.verdict);
		}),
	);
	return decided;
}

test("on every answer against itself and against every other", { timeout: 120_000 }, async () => {
	const decided = await agree(GOLDS.flatMap((gold) => GOLDS.map((answer) => [gold, answer] as const)));
	expect(decided).toBeGreaterThan(400);
});

test("on answers that other hands typeset", { timeout: 120_000 }, async () => {
	const decided = await agree(GOLDS.flatMap((gold) => otherForms(gold).map((form) => [gold, form] as const)));
	expect(decided).toBeGreaterThan(100);
});

test("on numbers of any kind in any form", { timeout: 120_000 }, async () => {
	const whole = fc.integer({ min: -20_000, max: 20_000 });
	const part = fc.integer({ min: 1, max: 60 });
	const form = fc.oneof(
		whole.map(String),
		whole.map((n) => `${n < 0 ? "-" : ""}${Math.abs(n).toLocaleString("en-US")}`),
		fc.tuple(whole, part).map(([n, m]) => `\\frac{${n}}{${m}}`),
		fc.tuple(part, part).map(([n, m]) => `${n}/${m}`),
		fc.tuple(part, part).map(([n, m]) => `-\\dfrac{${n}}{${m}}`),
		fc.tuple(whole, fc.integer({ min: 0, max: 6 })).map(([n, digits]) => (n / 8).toFixed(digits)),
		part.map((n) => `${n}\\%`),
		part.map((n) => `${n}^\\circ`),
		part.map((n) => `\\$${n}.00`),
	);
	const pairs = fc.sample(fc.tuple(form, form), { numRuns: 300, seed: 7 });
	// Few pairs of any two numbers are equal: each against its own double as well.
	expect(await agree([...pairs, ...pairs.map(([a]) => [a, a] as const)])).toBeGreaterThan(400);
});
