/**
 * Multiple choice: which letter did the model choose? The box decides where there is one, else an "answer is C" after
 * the end of thinking. What always holds: a box that names no choice is unparseable, not wrong; a gold answer that names
 * none leaves the problem unchecked.
 */
import type { Problem } from "../trace/events.ts";
import { type ExtractOptions, extractAnswer } from "./answer.ts";
import type { Outcome, ScorePlugin } from "./plugin.ts";

export function choicePlugin(options: ExtractOptions): ScorePlugin {
	type Choosing = Parameters<typeof scoreChoice>[0];
	return {
		id: "choice",
		version: "2",
		says: "choices: the letter in the last box, or after the words that an answer follows",
		settings: { thinkClose: options.thinkClose },
		applies: ({ answer, choices }) =>
			answer !== undefined && answer.trim() !== "" && choices !== undefined && choices.length > 0,
		score: async (problem, text) => scoreChoice(problem as Choosing, text, options),
		explain: async (problem, text) => {
			const { choices, answer: gold } = problem as Choosing;
			const outcome = scoreChoice(problem as Choosing, text, options);
			return {
				outcome,
				steps: [
					{ step: "choices", says: lettered(choices).replaceAll("\n", "; ") },
					{ step: "gold", says: `${JSON.stringify(gold)}, choice ${letterIn(gold, choices) ?? "none"}` },
					{
						step: "extracted",
						says:
							outcome.answer === undefined
								? "no box, and no words that an answer follows"
								: `${JSON.stringify(said(text, options)?.words)}, choice ${letterIn(outcome.answer, choices) ?? "none"}`,
					},
				],
			};
		},
	};
}

/** The choices as a model is shown them: "A. first", one a line. */
export function lettered(choices: readonly string[]): string {
	return choices.map((choice, i) => `${letterOf(i)}. ${choice}`).join("\n");
}

export function scoreChoice(
	problem: Problem & { readonly choices: readonly string[]; readonly answer: string },
	text: string,
	options: ExtractOptions = {},
): Outcome {
	const gold = letterIn(problem.answer, problem.choices);
	if (!gold) {
		return {
			verdict: "unchecked",
			reason: `the problem's own answer, "${problem.answer}", is none of its ${problem.choices.length} choices`,
		};
	}
	const found = said(text, options);
	if (found === undefined) return { verdict: "no answer" };
	const { words, from } = found;
	const place = from === undefined ? {} : { from };
	const letter = letterIn(words, problem.choices);
	if (!letter)
		return {
			verdict: "unparseable",
			answer: words,
			reason: "the answer names none of the choices",
			...place,
		};
	return { verdict: letter === gold ? "correct" : "wrong", answer: letter, ...place };
}

/** What the model says, and where, if not in a box after the thinking. */
function said(
	text: string,
	options: ExtractOptions,
): { readonly words: string; readonly from?: string } | undefined {
	const box = extractAnswer(text, options);
	if (box) return { words: box.answer, ...(box.said && box.box === "boxed" ? {} : { from: fromBox(box) }) };
	const words = anchored(text, options);
	return words === undefined ? undefined : { words, from: "answer is" };
}

function fromBox({ box, said }: { readonly box: string; readonly said: boolean }): string {
	return said ? box : `${box} while thinking`;
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
