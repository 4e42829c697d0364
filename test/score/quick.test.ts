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
	["1/2", "0.5", undefined],
	["1,234", "1234", undefined],
	["25", "25.0", undefined],
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
