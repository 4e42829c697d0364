import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findAnswer } from "../../src/score/anchors.ts";

const think = { thinkClose: "</think>" };

describe("the answer is taken, in this order, from", () => {
	test.each([
		["x \\boxed{1}</think>so \\boxed{2}. The final answer is 3", "2", "boxed"],
		["x \\boxed{1}</think>The final answer is 3", "1", "boxed while thinking"],
		["</think>\\fbox{2} The final answer is 3", "2", "fbox"],
		["\\fbox{2}</think>The final answer is 3", "2", "fbox while thinking"],
		[
			"</think>Answer: 5\nFinal Answer: The final answer is $\\frac{1}{2}$. I hope it is correct.",
			"\\frac{1}{2}",
			"final answer is",
		],
		["</think>The final answer is 12. I hope it is correct.", "12", "final answer is"],
		["</think>so the answer is 4.\n\nAnswer: $x = 5$", "x = 5", "answer:"],
		["</think>**Answer:** 3.5", "3.5", "answer:"],
		["</think>**Final Answer**: 1,234 dollars.", "1,234 dollars", "answer:"],
		["</think>So the answer is **42**.", "42", "answer is"],
		["</think>The answer is \\(7\\) since 3 + 4 is 7.", "7", "answer is"],
		["The answer is 1. No: the answer is 2.", "2", "answer is"],
	])("%j", (text, answer, place) => {
		expect(findAnswer(text, think)).toEqual({ answer, place });
	});

	test.each([
		["it is 42, as was to be shown"],
		["<think>so the answer is 4, but wait"],
		["the final answer is 4</think>I cannot say."],
		["</think>The answer is"],
		["</think>The answer is not in the text; no words here help"],
		["</think>```output\nAnswer: 5\n```"],
		[`</think>The answer is ${"long ".repeat(100)}`],
		[""],
	])("nothing but what is said there: %j", (text) => {
		const found = findAnswer(text, think);
		if (text.includes("not in the text")) expect(found?.place).toBe("answer is");
		else expect(found).toBeUndefined();
	});

	test("the last number only where that is asked for", () => {
		const text = "</think>First 3, then 1,234.5 in all";
		expect(findAnswer(text, think)).toBeUndefined();
		expect(findAnswer(text, { ...think, lastNumber: true })).toEqual({
			answer: "1234.5",
			place: "last number",
		});
	});
});

test("no text of any kind breaks it, and ten megabytes of the worst are read in one go", () => {
	const piece = fc.constantFrom(
		"\\boxed{",
		"\\fbox",
		"}",
		"{",
		"</think>",
		"<think>",
		"The final answer is ",
		"Answer:",
		"$",
		"\\(",
		"\n",
		"```",
		"\0",
		"7",
		". ",
		"*",
	);
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
			const text = pieces.join("");
			const found = findAnswer(text, { ...think, lastNumber: true });
			if (found) expect(found.answer).not.toBe("");
		}),
	);
	for (const unit of ["{", "\\boxed{", "answer is ", "\nAnswer: ", "$", "```\n", "9", " "]) {
		const text = unit.repeat(Math.ceil(2_000_000 / unit.length));
		findAnswer(text, { ...think, lastNumber: true });
	}
});
