import { describe, expect, test } from "vitest";
import { lettered, letterIn, scoreChoice } from "../../src/score/choice.ts";
import type { Problem } from "../../src/trace/events.ts";

const choices = ["helium", "argon", "carbon", "A carbon ring"];
const problem = {
	id: "p",
	domain: "science",
	problem: "Which?",
	answer: "C",
	choices,
} as const satisfies Problem;

describe("a letter is read from", () => {
	test.each([
		["C", "C"],
		["c", "C"],
		["(C)", "C"],
		["C.", "C"],
		["\\text{C}", "C"],
		["\\textbf{(C)}", "C"],
		["$C$", "C"],
		["C. carbon", "C"],
		["(C) carbon", "C"],
		["carbon", "C"],
		["Carbon", "C"],
		["A carbon ring", "D"],
		["\\text{A carbon ring}", "D"],
	])("%j", (text, letter) => {
		expect(letterIn(text, choices)).toBe(letter);
	});

	test.each([["E"], ["neon"], ["A noble gas"], ["12"], [""]])("none from %j", (text) => {
		expect(letterIn(text, choices)).toBeUndefined();
	});
});

describe("the verdict on a multiple choice answer", () => {
	test.each([
		["so \\boxed{C}", "correct"],
		["so \\boxed{B}", "wrong"],
		["so \\boxed{neon}", "unparseable"],
		["I cannot say", "no answer"],
		["<think>The answer is B</think>The answer is C.", "correct"],
		["<think>x</think>**Answer: (B)**", "wrong"],
		["<think>x</think>The answer is a mystery", "no answer"],
		["The answer is B.</think>I cannot say", "no answer"],
	] as const)("%j is %s", (text, verdict) => {
		expect(scoreChoice(problem, text, { thinkClose: "</think>" }).verdict).toBe(verdict);
	});

	test("a gold answer that is no choice is reported and never counts as wrong", () => {
		const broken = scoreChoice({ ...problem, answer: "Z" }, "\\boxed{A}");
		expect(broken.verdict).toBe("unchecked");
		expect(broken.reason).toContain("problem's own answer");
	});

	test("a gold answer may be the text of the choice", () => {
		expect(scoreChoice({ ...problem, answer: "carbon" }, "\\boxed{C}").verdict).toBe("correct");
	});

	test("a megabyte of spaces after the word does not stall the search", () => {
		const text = `answer${" ".repeat(1_000_000)}`.repeat(3);
		expect(scoreChoice(problem, text).verdict).toBe("no answer");
	});
});

test("choices are shown with letters", () => {
	expect(lettered(["x", "y"])).toBe("A. x\nB. y");
});
