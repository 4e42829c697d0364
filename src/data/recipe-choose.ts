/**
 * Which of a question's rollouts becomes its sample. The paper keeps at most one and does not say which; this is the
 * rule, written down (docs/rules.md).
 *
 * What always holds: the choice is a total order over small records, so it needs one record a question, and neither the
 * order of reading, nor shards, nor other questions change it. Ties are broken by a draw that the seed and the rollout's
 * key alone decide.
 */
import { createHash } from "node:crypto";
import type { Rollout } from "./rollout.ts";

export const ORDERS = ["shortest", "longest", "fewest-calls", "most-calls", "first", "random"] as const;
export type Order = (typeof ORDERS)[number];

/** What a rollout must have done to be chosen at all. */
export const NEEDS = ["correct", "executed"] as const;
export type Need = (typeof NEEDS)[number];

export const MEASURES = ["tokens", "characters"] as const;

export type Choose = {
	readonly from: readonly Need[];
	readonly order: readonly Order[];
	readonly by: (typeof MEASURES)[number];
	readonly per_question: number;
	readonly seed: number;
};

/** The shortest correct one is what Sky-T1 takes too: https://github.com/NovaSky-AI/SkyThought */
export const CHOOSE: Choose = {
	from: ["correct", "executed"],
	order: ["shortest"],
	by: "tokens",
	per_question: 1,
	seed: 0,
};

/** All that the choice looks at. */
export type Candidate = {
	readonly key: string;
	readonly question: string;
	readonly sample: number;
	readonly correct: boolean;
	/** Of what the model and the hints wrote: outputs are not counted. */
	readonly tokens: number;
	readonly chars: number;
	readonly calls: number;
	readonly okCalls: number;
	/** From 0 up to 1. */
	readonly draw: number;
};

export type Chooser = {
	readonly perQuestion: number;
	readonly says: string;
	readonly candidate: (rollout: Rollout) => Candidate;
	/** Why it cannot be chosen; undefined: it can. */
	readonly refuses: (candidate: Candidate) => string | undefined;
	/** Negative where `a` is better; never 0 for two different keys. */
	readonly compare: (a: Candidate, b: Candidate) => number;
	readonly better: (a: Candidate, b: Candidate) => boolean;
};

export function chooserOf(recipe: { readonly choose: Choose }): Chooser {
	const { from, order, by, per_question, seed } = recipe.choose;
	const size = (one: Candidate): number => (by === "tokens" ? one.tokens : one.chars);
	const orders: Readonly<Record<Order, (a: Candidate, b: Candidate) => number>> = {
		shortest: (a, b) => size(a) - size(b),
		longest: (a, b) => size(b) - size(a),
		"fewest-calls": (a, b) => a.calls - b.calls,
		"most-calls": (a, b) => b.calls - a.calls,
		first: (a, b) => a.sample - b.sample,
		random: (a, b) => a.draw - b.draw,
	};
	const compare = (a: Candidate, b: Candidate): number => {
		for (const name of order) {
			const difference = orders[name](a, b);
			if (difference !== 0) return difference;
		}
		return a.draw - b.draw || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
	};
	return {
		perQuestion: per_question,
		says: chooseSays(recipe.choose),
		candidate: (rollout) => candidateOf(rollout, seed),
		refuses: ({ correct, calls, okCalls }) => {
			if (from.includes("correct") && !correct) return "it is not correct";
			if (from.includes("executed") && okCalls === 0)
				return calls === 0 ? "no code ran" : `none of its ${calls} blocks of code ran without an error`;
			return undefined;
		},
		compare,
		better: (a, b) => compare(a, b) < 0,
	};
}

export function candidateOf(rollout: Rollout, seed: number): Candidate {
	let chars = 0;
	let tokens: number | undefined = 0;
	for (const { kind, text, ids } of rollout.spans) {
		if (kind === "output") continue;
		chars += text.length;
		if (tokens !== undefined) tokens = ids || text === "" ? tokens + (ids?.length ?? 0) : undefined;
	}
	return {
		key: rollout.key,
		question: rollout.problem.id,
		sample: rollout.sample,
		correct: rollout.verdict === "correct",
		tokens: tokens ?? rollout.usage.sampledTokens,
		chars,
		calls: rollout.calls.length,
		okCalls: rollout.calls.filter(({ output }) => output?.verdict === "ok").length,
		draw: drawOf(seed, rollout.key),
	};
}

function drawOf(seed: number, key: string): number {
	return (
		createHash("sha256")
			.update(JSON.stringify([seed, key]))
			.digest()
			.readUInt32BE(0) / 0x1_0000_0000
	);
}

/** The rule in words: "at most 1 a question: correct, at least one block that ran; shortest by tokens, then drawn (seed 0)". */
export function chooseSays({ from, order, by, per_question, seed }: Choose): string {
	const needs = from.map((need) => (need === "correct" ? "correct" : "with a block of code that ran"));
	const orders = order.map((one) => (one === "shortest" || one === "longest" ? `${one} by ${by}` : one));
	return `at most ${per_question} a question: ${[needs.join(", ") || "any", orders.join(", then ")].filter(Boolean).join("; ")}, then drawn (seed ${seed})`;
}
