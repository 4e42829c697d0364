import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractAnswer } from "../../src/score/answer.ts";

const think = { thinkClose: "</think>" };

function answerOf(text: string, options = {}): string | undefined {
	return extractAnswer(text, options)?.answer;
}

describe("the answer is the content of the last box", () => {
	test.each([
		["The answer is \\boxed{42}.", "42"],
		["\\boxed{1} no, \\boxed{2}", "2"],
		["\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"],
		["\\boxed{\\left\\{1, 2\\right\\}}", "\\left\\{1, 2\\right\\}"],
		["\\boxed{a \\} b}", "a \\} b"],
		["\\boxed{1 \\\\{2}}", "1 \\\\{2}"],
		["$\\boxed 7$", "7"],
		["\\boxed {8}", "8"],
		["\\boxed\n{9}", "9"],
		["\\boxed{  10 }", "10"],
		["\\fbox{11}", "11"],
		["\\boxed{\\text{Evelyn}}", "\\text{Evelyn}"],
		["\\boxed{\\boxed{12}}", "12"],
		["} \\boxed{13} }", "13"],
		["{ { \\boxed{14}", "14"],
		["$\\{x\\}$ and \\boxed{15}", "15"],
	])("%s", (text, answer) => {
		expect(answerOf(text)).toBe(answer);
	});

	test.each([
		["no box at all"],
		["\\boxed{}"],
		["put it within \\boxed{ } please"],
		["\\boxed{12"],
		["\\boxed"],
		["\\boxedness{5}"],
		["boxed{5}"],
		["\\boxed\\"],
		[""],
	])("there is none in %j", (text) => {
		expect(extractAnswer(text)).toBeUndefined();
	});

	test("a box that was cut off is no answer, and the whole one before it is", () => {
		expect(answerOf("so \\boxed{12}. Or rather \\boxed{1")).toBe("12");
	});

	test("an fbox counts only where there is no box", () => {
		expect(answerOf("\\boxed{1} \\fbox{2}")).toBe("1");
	});

	test("what is said after the thinking goes before what was thought", () => {
		expect(answerOf("\\boxed{1}</think>\\boxed{2}", think)).toBe("2");
		expect(extractAnswer("\\boxed{1}</think>\\boxed{2}", think)?.said).toBe(true);
		expect(extractAnswer("\\boxed{1}</think>It is one.", think)).toMatchObject({ answer: "1", said: false });
		expect(answerOf("\\boxed{1</think>}", think)).toBeUndefined();
	});

	test("thinking that was never ended is searched whole", () => {
		expect(answerOf("<think>\\boxed{3}", think)).toBe("3");
	});
});

describe("whatever the text", () => {
	const noise = fc.string({
		unit: fc.constantFrom(
			"\\boxed",
			"\\fbox",
			"{",
			"}",
			"\\",
			" ",
			"a",
			"1",
			"$",
			"</think>",
			"\n",
			"é",
			"🂡",
		),
		maxLength: 60,
	});

	test("extracting never throws and gives a trimmed, non-empty piece of the text", () => {
		fc.assert(
			fc.property(noise, (text) => {
				const found = extractAnswer(text, think);
				if (!found) return;
				expect(found.answer).not.toBe("");
				expect(found.answer).toBe(found.answer.trim());
				expect(text.slice(found.at)).toContain(found.answer);
				expect(text.startsWith("\\boxed", found.at) || text.startsWith("\\fbox", found.at)).toBe(true);
			}),
		);
	});

	test("a box put behind the thinking is found whatever went before it", () => {
		fc.assert(
			fc.property(noise, (text) => {
				expect(answerOf(`${text}</think>\\boxed{42}`, think)).toBe("42");
			}),
		);
	});

	// 10 MB each: a quadratic search would not come back within the suite's time.
	test.each([
		["unclosed boxes", "\\boxed{"],
		["nested complete boxes", "\\boxed{}"],
		["open braces", "{"],
		["backslashes", "\\"],
		["bare commands", "\\boxed "],
		["words", "wait, \\boxed x "],
	])("ten megabytes of %s are read in one pass", (_, unit) => {
		const text = `\\boxed{5}${unit.repeat(Math.ceil(10_000_000 / unit.length))}`;
		const found = extractAnswer(text);
		expect(found?.answer).toBe(unit.startsWith("wait") ? "x" : "5");
	});

	test("a million boxes inside one another are read in one pass", () => {
		const depth = 1_000_000;
		expect(answerOf(`${"\\boxed{".repeat(depth)}7${"}".repeat(depth)}`)).toBe("7");
	});
});
