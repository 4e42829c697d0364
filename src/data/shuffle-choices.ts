/**
 * The choices of a problem in an order drawn from a seed and the problem's id, with the letter of the right one following:
 * a model that likes "A", or a file that names the right choice first, then shows in no figure.
 *
 * What always holds: the same seed and id give the same order everywhere; what comes out holds its own order (a rollout
 * keeps it, and is scored again by it); a problem without choices stays as it is.
 */
import { createHash } from "node:crypto";
import { letterIn } from "../score/choice.ts";
import type { Problem } from "../trace/events.ts";

export function shuffledChoices(problem: Problem, seed: number): Problem {
	const { id, choices, answer } = problem;
	if (!choices || choices.length < 2 || answer === undefined) return problem;
	const right = letterIn(answer, choices);
	if (right === undefined) return problem;
	const drawn = choices.map((text, place) => ({
		text,
		place,
		key: createHash("sha256")
			.update(JSON.stringify([seed, id, place]))
			.digest("hex"),
	}));
	drawn.sort((a, b) => (a.key < b.key ? -1 : 1));
	const now = drawn.findIndex(({ place }) => place === right.charCodeAt(0) - 65);
	return { ...problem, choices: drawn.map(({ text }) => text), answer: String.fromCharCode(65 + now) };
}
