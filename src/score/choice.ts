/**
 * Multiple choice: which letter did the model choose? The box decides where there is one, else an "answer is C" after
 * the end of thinking. What always holds: a box that names no choice is unparseable, not wrong.
 */
import type { AnswerVerdict, Problem } from "../trace/events.ts";
import { type ExtractOptions, extractAnswer } from "./answer.ts";

export type ChoiceOutcome = {
	readonly verdict: AnswerVerdict;
	readonly answer?: string;
	readonly reason?: string;
};

/** The choices as a model is shown them: "A. first", one a line. */
export function lettered(choices: readonly string[]): string {
	return choices.map((choice, i) => `${letterOf(i)}. ${choice}`).join("\n");
}

export function scoreChoice(
	problem: Problem & { readonly choices: readonly string[]; readonly answer: string },
	text: string,
	options: ExtractOptions = {},
): ChoiceOutcome {
	const gold = letterIn(problem.answer, problem.choices);
	if (!gold) {
		return {
			verdict: "unparseable",
			reason: `the problem's own answer, "${problem.answer}", is none of its ${problem.choices.length} choices`,
		};
	}
	const boxed = extractAnswer(text, options)?.answer;
	const said = boxed ?? anchored(text, options);
	if (said === undefined) return { verdict: "no answer" };
	const letter = letterIn(said, problem.choices);
	if (!letter)
		return { verdict: "unparseable", answer: said, reason: "the answer names none of the choices" };
	return { verdict: letter === gold ? "correct" : "wrong", answer: letter };
}

/** "(C)", "\text{C}", "C. carbon", "carbon", ...: the letter, or undefined. */
export function letterIn(text: string, choices: readonly string[]): string | undefined {
	const plain = unwrapped(text);
	const same = choices.findIndex((choice) => unwrapped(choice).toLowerCase() === plain.toLowerCase());
	const letters = choices.map((_, i) => letterOf(i));
	const alone = /^\(?([A-Za-z])\)?[.:]?$/.exec(plain)?.[1]?.toUpperCase();
	if (alone && letters.includes(alone)) return alone;
	if (same >= 0) return letters[same];
	// "C. carbon" or "(C) carbon"; never the article of "A carbon atom"
	const leading = /^(?:\(([A-Z])\)|([A-Z])[.:)])\s/.exec(plain);
	const letter = leading?.[1] ?? leading?.[2];
	return letter && letters.includes(letter) ? letter : undefined;
}

function letterOf(index: number): string {
	return String.fromCharCode(65 + index);
}

function unwrapped(text: string): string {
	let plain = text.trim();
	for (;;) {
		const inner = /^(?:\\(?:text|textbf|mathrm|mathbf|textrm)\{(.*)\}|\$(.*)\$|\*\*(.*)\*\*)$/s.exec(plain);
		const next = (inner?.[1] ?? inner?.[2] ?? inner?.[3])?.trim();
		if (next === undefined) return plain;
		plain = next;
	}
}

/** The last "answer is C" or "Answer: C" that is said after the thinking. */
function anchored(text: string, options: ExtractOptions): string | undefined {
	const close = options.thinkClose ? text.lastIndexOf(options.thinkClose) : -1;
	const tail = close < 0 ? text : text.slice(close);
	let last: string | undefined;
	for (const found of tail.matchAll(
		/\banswer(?:\s{1,3}is)?\s{0,3}:?\s{0,3}\*{0,2}\(?([A-Z])\)?(?![A-Za-z0-9'])/gi,
	)) {
		const letter = found[1] as string;
		if (letter === letter.toUpperCase()) last = letter;
	}
	return last;
}
