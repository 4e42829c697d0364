import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quickVerdict, tidy } from "../../src/score/quick.ts";

test.each([
	["25", "25", "correct"],
	["025", "25", "correct"],
	["25", "+25", "correct"],
	["-0", "0", "correct"],
	["25", "26", "wrong"],
	["25", "-25", "wrong"],
	["9".repeat(400), `1${"0".repeat(400)}`, "wrong"],
	["\\frac{1}{2}", "\\frac{1}{2}", "correct"],
	["1/2", "0.5", "correct"],
	["\\frac12", "\\dfrac{1}{2}", "correct"],
	["\\frac{1}{2}", "-\\frac{1}{2}", "wrong"],
	["1,234", "1234", "correct"],
	["11,\\! 111", "11111", "correct"],
	["1,234", "1235", undefined],
	["1, 234", "1,234", undefined],
	["1 234", "1234", undefined],
	["25", "25.0", "correct"],
	["0.333333", "\\frac{1}{3}", undefined],
	["0.33", "\\frac{1}{3}", "wrong"],
	["90^\\circ", "90", "correct"],
	["90^{\\circ}", "91", "wrong"],
	["10\\%", "10", "correct"],
	["10\\%", "0.1", undefined],
	["\\$18.00", "18", "correct"],
	["\\text{(A)}", "\\textbf{A}", "correct"],
	["\\text{A}", "\\text{B}", "wrong"],
	["A", "\\text{A}", undefined],
	["\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\dfrac{\\pi}2)", "correct"],
	["x^{2}", "x^2", "correct"],
	["\\sqrt[3]{2}", "\\sqrt[3]2", undefined],
	["3\\frac{1}{3}", "\\frac{10}{3}", undefined],
	["\\frac{1}{0}", "1", undefined],
	["1,2,3", "3,2,1", undefined],
	["\\text{two words}", "\\text{twowords}", undefined],
	["{", "{ ", undefined],
	["25", "x=25", undefined],
	["25", "", undefined],
	["", "", undefined],
	["25", "２５", undefined],
] as const)("gold %j against %j: %s", (gold, answer, verdict) => {
	expect(quickVerdict(gold, answer)).toBe(verdict);
});

test("any two integers are decided as arithmetic decides them, leading zeros or not", () => {
	fc.assert(
		fc.property(fc.bigInt(), fc.bigInt(), fc.nat(3), (a, b, zeros) => {
			const padded = `${b < 0n ? "-" : ""}${"0".repeat(zeros)}${b < 0n ? -b : b}`;
			expect(quickVerdict(String(a), padded)).toBe(a === b ? "correct" : "wrong");
			expect(quickVerdict(String(b), padded)).toBe("correct");
		}),
	);
});

describe("tidying takes off what carries no meaning", () => {
	test.each([
		["$25$", "25"],
		["$$25$$", "25"],
		["\\(25\\)", "25"],
		["\\[25\\]", "25"],
		[" 25. ", "25"],
		["18 dollars", "18 \\text{ dollars}"],
		["\\$18", "\\$18"],
		["$1$ and $2$", "$1$ and $2$"],
		["3 x", "3 x"],
		["2 \\pi", "2 \\pi"],
		["1...", "1..."],
		["$", "$"],
		["$$", "$$"],
	])("%j becomes %j", (text, tidied) => {
		expect(tidy(text)).toBe(tidied);
	});
});
