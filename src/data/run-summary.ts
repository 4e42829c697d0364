/**
 * What a run came to: accuracy with its interval, verdicts, how often Python ran, how long traces are.
 *
 * The interval is clustered by problem, since samples of one problem resemble each other: with m the mean of all scores,
 * SE^2 = G/(G-1) * sum over problems of (sum over its samples of (score - m))^2 / N^2, for N rollouts of G problems
 * (clustered standard errors as in Miller, "Adding Error Bars to Evals", arXiv 2411.00640, with the usual correction for
 * few clusters), and the interval is m +- 1.96 SE, held inside 0 to 1. Where all problems agree SE is 0 and says nothing:
 * then it is Wilson's interval (JASA 22, 1927) for G trials. One problem alone has no interval.
 *
 * Memory: two numbers for each problem. A rollout that could not be checked counts in no accuracy.
 */
import type { OutcomeVerdict } from "../trace/events.ts";
import type { Rollout } from "./rollout.ts";

const Z = 1.959964;

export type RunSummary = {
	readonly rollouts: number;
	readonly problems: number;
	/** Of those that have a verdict other than unchecked. */
	readonly checked: number;
	readonly accuracy?: number;
	/** 95 %, clustered by problem. */
	readonly interval?: readonly [number, number];
	readonly verdicts: Readonly<Record<OutcomeVerdict, number>>;
	/** Share of the rollouts in which at least one block ran. */
	readonly withPython: number;
	readonly calls: number;
	readonly hints: number;
	/** Sampled by the model, for each rollout. */
	readonly meanTokens: number;
	/** How rollouts ended: eos, tokens, time, context. */
	readonly ends: Readonly<Record<string, number>>;
	/** Problems by how many of their checked samples are right: never, up to a quarter, ..., always. */
	readonly solved: Readonly<Record<(typeof SOLVED)[number], number>>;
};

/** What is counted of a rollout. */
export type Summed = Pick<Rollout, "problem" | "verdict" | "usage" | "calls" | "hints" | "end">;

export const SOLVED = ["none", "to 1/4", "to 1/2", "to 3/4", "below all", "all"] as const;

export class Summing {
	readonly #problems = new Map<string, { checked: number; correct: number }>();
	readonly #verdicts = { correct: 0, wrong: 0, unparseable: 0, "no answer": 0, unchecked: 0 };
	readonly #ends: Record<string, number> = {};
	#rollouts = 0;
	#withPython = 0;
	#calls = 0;
	#hints = 0;
	#tokens = 0;

	add({ problem, verdict, usage, calls, hints, end }: Summed): void {
		const own = this.#problems.get(problem.id) ?? { checked: 0, correct: 0 };
		this.#problems.set(problem.id, own);
		if (verdict !== "unchecked") own.checked++;
		if (verdict === "correct") own.correct++;
		this.#verdicts[verdict]++;
		this.#ends[end.reason] = (this.#ends[end.reason] ?? 0) + 1;
		this.#rollouts++;
		if (calls.length > 0) this.#withPython++;
		this.#calls += calls.length;
		this.#hints += hints.length;
		this.#tokens += usage.sampledTokens;
	}

	get verdicts(): RunSummary["verdicts"] {
		return this.#verdicts;
	}

	summary(): RunSummary {
		const clusters = [...this.#problems.values()].filter(({ checked }) => checked > 0);
		const checked = clusters.reduce((sum, one) => sum + one.checked, 0);
		const solved = Object.fromEntries(SOLVED.map((name) => [name, 0])) as Record<
			(typeof SOLVED)[number],
			number
		>;
		for (const { checked, correct } of clusters) solved[solvedName(correct / checked)]++;
		const estimate = accuracyOf(clusters);
		const share = (count: number): number => (this.#rollouts === 0 ? 0 : count / this.#rollouts);
		return {
			rollouts: this.#rollouts,
			problems: this.#problems.size,
			checked,
			...estimate,
			verdicts: { ...this.#verdicts },
			withPython: share(this.#withPython),
			calls: this.#calls,
			hints: this.#hints,
			meanTokens: share(this.#tokens),
			ends: { ...this.#ends },
			solved,
		};
	}
}

function solvedName(rate: number): (typeof SOLVED)[number] {
	if (rate === 0) return "none";
	if (rate === 1) return "all";
	return rate <= 0.25 ? "to 1/4" : rate <= 0.5 ? "to 1/2" : rate <= 0.75 ? "to 3/4" : "below all";
}

export function accuracyOf(
	clusters: readonly { readonly checked: number; readonly correct: number }[],
): Pick<RunSummary, "accuracy" | "interval"> {
	const total = clusters.reduce((sum, one) => sum + one.checked, 0);
	if (total === 0) return {};
	const mean = clusters.reduce((sum, one) => sum + one.correct, 0) / total;
	const groups = clusters.length;
	if (groups < 2) return { accuracy: mean };
	const squares = clusters.reduce((sum, { checked, correct }) => sum + (correct - mean * checked) ** 2, 0);
	const error = Math.sqrt((groups / (groups - 1)) * squares) / total;
	if (error < 1e-12) {
		const middle = (mean + Z ** 2 / (2 * groups)) / (1 + Z ** 2 / groups);
		const half =
			(Z / (1 + Z ** 2 / groups)) * Math.sqrt((mean * (1 - mean)) / groups + Z ** 2 / (4 * groups ** 2));
		return { accuracy: mean, interval: [Math.max(0, middle - half), Math.min(1, middle + half)] };
	}
	return { accuracy: mean, interval: [Math.max(0, mean - Z * error), Math.min(1, mean + Z * error)] };
}
