/** How an answer is given: once, and after the code that leads to it. */
import { type Box, eachBox } from "../../score/answer.ts";
import { tidy } from "../../score/quick.ts";
import { model, output } from "./examples.ts";
import type { Reading } from "./reading.ts";
import { plural, rule } from "./rule.ts";

const LONGEST = 2000;
const SHOWN = 4;

export const severalAnswers = rule<Record<never, never>>({
	id: "several-answers",
	says: "different answers are boxed after the thinking",
	details:
		"The same answer in another way of writing (\\dfrac and \\frac, spaces) is the same. Where no thinking is marked the whole text counts. A question that asks for several answers, each boxed by itself, is dropped too.",
	source:
		"NeMo-Skills' drop_multi_boxed, which drops equal ones as well: https://github.com/NVIDIA/NeMo-Skills",
	on: true,
	options: {},
	examples: [
		{ says: "one answer", case: {}, drops: false },
		{
			says: "another one in the thinking is a thought",
			case: { spans: [model("Is it \\boxed{41}? No.\n</think>\n\nThe answer is \\boxed{42}.")] },
			drops: false,
		},
		{
			says: "two answers after the thinking",
			case: { spans: [model("Hm.\n</think>\n\n\\boxed{41}, or rather \\boxed{42}.")] },
			drops: true,
		},
		{
			says: "the same answer twice, written differently",
			case: {
				spans: [model("Hm.\n</think>\n\nIt is \\boxed{\\dfrac{1}{2}}.\n\n**Answer** \\boxed{\\frac 12}")],
			},
			drops: false,
		},
		{
			says: "a number, written in two ways",
			case: { spans: [model("</think>\\boxed{1{,}024} or \\boxed{1024}")] },
			drops: false,
		},
		{
			says: "a box in a box is one answer",
			case: { spans: [model("</think>\\boxed{\\boxed{42}}")] },
			drops: false,
		},
	],
	make: () => ({
		check: (reading) => {
			const from = reading.answerFrom;
			if (from === undefined || !reading.text.includes("\\boxed", from)) return undefined;
			const boxes: Box[] = [];
			eachBox(reading.text, from, reading.text.length, (kind, box) => {
				if (kind !== "boxed") return;
				// Inner ones close first: the outermost speaks for them.
				while ((boxes.at(-1)?.at ?? -1) > box.at) boxes.pop();
				boxes.push(box);
			});
			const found = new Map<string, string>();
			for (const { from, to } of boxes) {
				const answer = reading.text.slice(from, Math.min(to, from + LONGEST)).trim();
				const key = written(answer);
				if (!found.has(key)) found.set(key, answer);
				if (found.size > SHOWN) break;
			}
			if (found.size < 2) return undefined;
			const shown = [...found.values()].slice(0, SHOWN).map((one) => one.slice(0, 40).replace(/\s+/g, " "));
			const more = found.size > SHOWN ? ", …" : "";
			return `${found.size > SHOWN ? `more than ${SHOWN}` : found.size} different answers: ${shown.join(", ")}${more}`;
		},
	}),
});

/** An answer without what only says how it is set: "1{,}000" is "1000", "\text{A}" is "A", "042" is "42". */
function written(answer: string): string {
	return tidy(answer)
		.replace(/\\[dt]frac/g, "\\frac")
		.replace(/\\(?:left|right|boxed|displaystyle|text|textbf|mathrm|mathbf)(?![a-z])|\\[,;:! ]/g, "")
		.replace(/[{}\s$]/g, "")
		.replace(/(\d),(?=\d{3}(?!\d))/g, "$1")
		.replace(/^0+(?=\d+$)/, "");
}

export const answerFirst = rule<{ mention: boolean }>({
	id: "answer-first",
	says: "the answer is given before any code",
	details:
		"Off: START thinks first and lets Python verify what it found, and this rule (NeMo-Skills has it for data in which the code is to find the answer) would drop just those traces.",
	source: "NeMo-Skills' filters of OpenMathReasoning: https://github.com/NVIDIA/NeMo-Skills",
	on: false,
	options: {
		mention: {
			type: "boolean",
			default: false,
			says: "an answer that is only mentioned before the code counts too, not only a boxed one",
		},
	},
	examples: [
		{ says: "the answer is boxed behind the code", case: {}, drops: false },
		{
			says: "it is boxed before",
			case: {
				spans: [
					model("It is \\boxed{42}. I verify.\n```python\nprint(42)\n```\n"),
					output("42"),
					model("</think>\\boxed{42}"),
				],
			},
			drops: true,
		},
		{ says: "it was mentioned before: START's way", case: {}, options: { mention: true }, drops: true },
		{ says: "there is no code", case: "It is \\boxed{42}.", drops: false },
		{
			says: "a number that contains the answer does not mention it",
			case: {
				spans: [
					model("Is it 142 or 42.5?\n```python\nprint(6*7)\n```\n"),
					output("42"),
					model("</think>\\boxed{42}"),
				],
			},
			options: { mention: true },
			drops: false,
		},
	],
	make: ({ mention }) => ({
		check: (reading) => {
			const code = reading.blocks.find(({ runnable }) => runnable);
			if (!code) return undefined;
			let boxed: string | undefined;
			eachBox(reading.text, 0, code.start, (_, { from, to }) => {
				boxed ??= reading.text.slice(from, Math.min(to, from + 40));
			});
			if (boxed !== undefined) return `\\boxed{${boxed}} stands before the first code`;
			const { answer } = reading.rollout;
			if (!mention || answer === undefined || answer === "") return undefined;
			const at = mentioned(reading, answer, code.start);
			return at < 0
				? undefined
				: `the answer ${answer.slice(0, 40)} is mentioned at character ${at}, ${plural(code.start - at, "character")} before the first code`;
		},
	}),
});

/** Where the answer stands as a word of its own before an offset. */
function mentioned({ text }: Reading, answer: string, before: number): number {
	const within = /[\p{L}\p{N}]/u;
	for (let at = text.indexOf(answer); at >= 0 && at < before; at = text.indexOf(answer, at + answer.length)) {
		const end = at + answer.length;
		const left = text[at - 1] ?? " ";
		const right = text[end] ?? " ";
		const decimal = /[.,]/.test(right) && /\d/.test(text[end + 1] ?? " ");
		if (!within.test(left) && !within.test(right) && !decimal) return at;
	}
	return -1;
}
