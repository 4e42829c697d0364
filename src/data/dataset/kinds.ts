/**
 * The three datasets that are made of runs, each as what it says about rollouts besides the rules.
 *
 * - seed: the paper's D_seed (arXiv 2503.04625, section 3.2): problems that fail without hints and succeed with them. A
 *   problem fails if one of its plain samples at least was checked and found wrong or without an answer, and none (or
 *   `plainMost` at most) is correct. Samples that are unchecked or unparseable say nothing of the problem; a problem of
 *   which no plain sample says anything is left out: nobody knows whether it needs a hint.
 * - start: at most so many responses a question as the recipe says (one), of many samples.
 * - no-tool: the ablation's set: responses without hints and without Python, as many as another dataset has, of its
 *   problems as far as there are any, then of others in an order that the seed draws.
 */
import { createHash } from "node:crypto";
import type { Kind } from "./building.ts";
import { DatasetError, reviewedDataset, type Source } from "./dataset.ts";
import { printOf, type Question } from "./questions.ts";
import { seenFrom } from "./writing.ts";

export const PLAIN = "plain";
export const HINTED = "hinted";

export function seedKind(plainMost: number): Kind {
	const bound = plainMost === 0 ? "a plain sample" : `more than ${plainMost} of the plain samples`;
	return {
		kind: "seed",
		gates: [
			{ id: PLAIN, says: "it is of the plain run, which says which problems fail without hints" },
			{
				id: "no-plain",
				says: "no plain sample of its problem could be checked: nobody knows whether it fails without hints",
			},
			{ id: "solved-plain", says: `its problem does not fail without hints: ${bound} is correct` },
		],
		gate: ({ verdict, answer }, question, { role }) => {
			if (role === PLAIN) {
				if (verdict === "correct") question.plainCorrect++;
				else if (verdict === "wrong" || verdict === "no answer") question.plainFailed++;
				else question.plainSilent++;
				const said = answer === undefined ? "" : `: ${answer.replace(/\s+/g, " ").slice(0, 80)}`;
				return { step: PLAIN, why: `${verdict}${said}` };
			}
			const { plainCorrect, plainFailed, plainSilent } = question;
			const checked = plainCorrect + plainFailed;
			if (checked === 0) return { step: "no-plain", why: silence(plainSilent) };
			if (plainCorrect > plainMost || plainFailed === 0)
				return {
					step: "solved-plain",
					why: `${plainCorrect} of ${checked} checked plain samples are correct`,
				};
			return undefined;
		},
		settings: { plain_most: plainMost },
		most: (_, perQuestion) => perQuestion,
	};
}

function silence(samples: number): string {
	return samples === 0
		? "its problem has no plain sample"
		: `none of its ${samples} plain samples could be checked (unchecked or unparseable)`;
}

export const startKind: Kind = {
	kind: "start",
	gates: [],
	gate: () => undefined,
	most: (_, perQuestion) => perQuestion,
};

export type Like = {
	readonly path: string;
	/** Samples by what is asked: ids of sessions' questions are no names. */
	readonly questions: ReadonlyMap<string, number>;
	readonly samples: number;
	readonly source: Source;
};

/** What a dataset has of each question, as reviewed: rejected samples are not counted. */
export async function readLike(folder: string, out: string, signal?: AbortSignal): Promise<Like> {
	const questions = new Map<string, number>();
	let samples = 0;
	const { sheet, reviewed } = reviewedDataset(folder, signal ? { signal } : {});
	for await (const { sample, decision } of reviewed) {
		if (decision === "rejected") continue;
		samples++;
		const print = printOf(sample.problem, sample.gold);
		questions.set(print, (questions.get(print) ?? 0) + 1);
	}
	if (samples === 0) throw new DatasetError(`${folder} has no samples: there is nothing to be as large as`);
	const source: Source = {
		kind: "dataset",
		role: "like",
		path: seenFrom(out, folder),
		hash: sheet.sha256,
		rollouts: 0,
	};
	return { path: folder, questions, samples, source };
}

export type NoTool = {
	readonly kind: Kind;
	/** After building: how many samples are of the followed dataset's problems, how many of others, how many are missing. */
	readonly outcome: () => { readonly same: number; readonly others: number; readonly missing: number };
};

export function noToolKind(like: Like, seed: number): NoTool {
	let outcome = { same: 0, others: 0, missing: like.samples };
	const followed = ({ print }: Question): number => like.questions.get(print) ?? 0;
	const settle = (questions: readonly Question[]): ((question: Question) => number) => {
		const take = new Map<Question, number>();
		// The same question under two ids is followed once.
		const left = new Map(like.questions);
		let same = 0;
		for (const question of questions) {
			const open = left.get(question.print) ?? 0;
			const count = Math.min(open, question.picks.length);
			take.set(question, count);
			left.set(question.print, open - count);
			same += count;
		}
		// Whoever is drawn first is taken first: a larger set is this one and more.
		const spare = questions
			.filter((question) => followed(question) === 0 && question.picks.length > 0)
			.map((question) => ({ question, draw: drawOf(seed, question.id) }))
			.sort((a, b) => (a.draw < b.draw ? -1 : 1))
			.slice(0, like.samples - same);
		for (const { question } of spare) take.set(question, 1);
		outcome = { same, others: spare.length, missing: like.samples - same - spare.length };
		return (question) => take.get(question) ?? 0;
	};
	return {
		outcome: () => outcome,
		kind: {
			kind: "no-tool",
			gates: [{ id: "with-tool", says: "a hint went in or Python ran" }],
			gate: ({ usage: { hints, calls } }) =>
				hints + calls === 0
					? undefined
					: {
							step: "with-tool",
							why: `${hints} ${hints === 1 ? "hint" : "hints"}, ${calls} ${calls === 1 ? "call" : "calls"} of Python`,
						},
			most: (question) => followed(question) || 1,
			settle,
		},
	};
}

/** In hexadecimal: it sorts as it is. */
export function drawOf(seed: number, id: string): string {
	return createHash("sha256")
		.update(JSON.stringify([seed, id]))
		.digest("hex");
}
