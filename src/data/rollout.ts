/**
 * One rollout: a trace that was sampled without anybody at it, as one line of a run's file holds it.
 *
 * What always holds: its key (problem, settings, number of the sample) names it in every run and shard, so that what is
 * done can be told from what is owed; its seed follows from the run's seed, the problem and the number, whatever the
 * order or the machine; `header`, `spans` and `end` are those of a session's branch, so that all that makes samples
 * out of sessions makes them out of rollouts.
 */
import { createHash } from "node:crypto";
import type {
	EndReason,
	EventOf,
	OutcomeVerdict,
	Problem,
	TraceEvent,
	TraceSettings,
	TraceUsage,
} from "../trace/events.ts";
import { type Branch, type Call, Fold } from "../trace/fold.ts";
import type { Prefix, Span } from "../trace/span.ts";

/** Without its tests, which may be far larger than the rollout. */
export type RolledProblem = Omit<Problem, "tests">;

export type RolloutHint = Pick<EventOf<"hint">, "at" | "hint" | "kind" | "wording" | "marker" | "by">;

export type Rollout = {
	readonly key: string;
	readonly problem: RolledProblem;
	/** From 0. */
	readonly sample: number;
	readonly settings: TraceSettings;
	readonly verdict: OutcomeVerdict;
	/** What was taken for the answer. */
	readonly answer?: string;
	/** Wherever the verdict alone would leave a question. */
	readonly why?: string;
	/** `eos` is the text of the token that ended the turn: no span has it. */
	readonly end: { readonly reason: EndReason; readonly eos?: string; readonly eosIds?: readonly number[] };
	readonly usage: TraceUsage;
	readonly hints: readonly RolloutHint[];
	readonly calls: readonly Call[];
	readonly header: Prefix;
	readonly spans: readonly Span[];
	/** When it was begun (ISO 8601, UTC). */
	readonly begun: string;
};

export function keyOf(problem: string, settings: string, sample: number): string {
	return `${problem}#${settings}#${sample}`;
}

/** A seed of its own for every rollout. */
export function rolloutSeed(seed: number, problem: string, sample: number): number {
	const digest = createHash("sha256")
		.update(JSON.stringify([seed, problem, sample]))
		.digest();
	return digest.readUInt32BE(0) & 0x7fff_ffff;
}

/** Gathers the events of one trace into a rollout. */
export class Gathering {
	readonly #fold = new Fold();

	constructor(settings: TraceSettings, begunMs: number) {
		this.#fold.apply({ type: "branch", t: begunMs, branch: "main", settings, by: "policy" });
	}

	take(event: TraceEvent): void {
		this.#fold.apply(event);
	}

	get branch(): Branch {
		return this.#fold.state.branches.get("main")!;
	}

	/** Undefined unless the trace came to its end and has its verdict: what was broken off is still owed. */
	rollout(key: string, problem: Problem, sample: number): Rollout | undefined {
		const { header, spans, settings, end, outcome, hints, calls, t } = this.branch;
		if (!header || !end || !outcome || end.reason === "interrupted" || end.reason === "engine")
			return undefined;
		const { tests: _, ...rolled } = problem;
		const { reason, eos, eosIds } = end;
		return {
			key,
			problem: rolled,
			sample,
			settings,
			verdict: outcome.verdict,
			...(outcome.answer === undefined ? {} : { answer: outcome.answer }),
			...(outcome.reason === undefined ? {} : { why: outcome.reason }),
			end: { reason, ...(eos === undefined ? {} : { eos }), ...(eosIds === undefined ? {} : { eosIds }) },
			usage: outcome.usage,
			hints: hints.map(({ at, hint, kind, wording, marker, by }) => ({
				at,
				hint,
				kind,
				wording,
				marker,
				by,
			})),
			calls,
			header,
			spans,
			begun: new Date(t).toISOString(),
		};
	}
}

/** A rollout from a line of a run's file, or what is wrong with the line. */
export function parseRollout(text: string): Rollout | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return "not JSON";
	}
	const row = value as Partial<Rollout> | null;
	if (typeof row !== "object" || row === null || typeof row.key !== "string")
		return "no rollout: it has no key";
	const whole =
		typeof row.problem?.id === "string" &&
		typeof row.problem.problem === "string" &&
		typeof row.sample === "number" &&
		typeof row.verdict === "string" &&
		typeof row.settings?.dialect === "string" &&
		typeof row.end?.reason === "string" &&
		Array.isArray(row.spans) &&
		row.spans.every((span) => typeof span?.kind === "string" && typeof span.text === "string") &&
		Array.isArray(row.calls) &&
		row.calls.every((call) => typeof call === "object" && call !== null) &&
		typeof row.usage?.sampledTokens === "number";
	return whole
		? (row as Rollout)
		: "no rollout: it lacks its problem, settings, verdict, end, spans, calls or usage";
}
