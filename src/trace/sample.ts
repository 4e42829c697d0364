/**
 * A trace as a training sample: the canonical form that every other format is derived from (docs/schemas/sample.schema.json).
 *
 * What always holds: what trains comes from the kinds of the spans and from nothing else. `model` and `edit` train, `hint`
 * does unless the caller masks it, the prompt and the interpreter's `output` never do. The texts of the segments joined
 * are header + spans + the end-of-turn text, byte for byte. A sample in which no token trains is refused.
 *
 * The end-of-turn token was sampled by the model and stands in no span: it is the last `model` segment of a trace that
 * ended by itself, and trains. A trace that was cut off (budget, time, context) has none, so that training does not
 * teach to stop there.
 */
import type { OutcomeVerdict, Sampling, TraceUsage } from "./events.ts";
import { type Branch, mainBranch, type SessionState } from "./fold.ts";
import type { SpanKind } from "./span.ts";

export type Segment = {
	readonly kind: "prompt" | SpanKind;
	readonly text: string;
	readonly train: boolean;
	/** Where the engine gave them: they detokenise to exactly `text`. */
	readonly ids?: readonly number[];
};

export type Trained = {
	readonly segments: number;
	readonly chars: number;
	/** Undefined where a segment of the kind has no ids. */
	readonly tokens?: number;
};

export type SampleHint = {
	readonly id: string;
	readonly kind: string;
	readonly wording: string;
	readonly marker: string;
	readonly by: string;
};

export type Sample = {
	/** Session and branch: the same trace has the same id in every export. */
	readonly id: string;
	readonly question_id: string;
	readonly problem: string;
	readonly domain: string;
	/** What the trace answered, as the verifier read it. */
	readonly answer?: string;
	/** What it was checked against. */
	readonly gold?: string;
	readonly source?: string;
	readonly verdict: OutcomeVerdict;
	readonly model: string;
	readonly engine: string;
	/** False where the engine could not say to the byte what the model was continued from. */
	readonly exact: boolean;
	readonly dialect: string;
	readonly policy: string;
	readonly sampling: Sampling;
	readonly hints: readonly SampleHint[];
	readonly segments: readonly Segment[];
	/** Of the whole sample, prompt included; undefined unless every segment has ids. */
	readonly n_tokens?: number;
	/** What trains, by kind; kinds that the trace lacks or that do not train are absent. */
	readonly trained: Readonly<Partial<Record<SpanKind, Trained>>>;
	/** How the trace ended; absent for one that has not. */
	readonly end?: string;
	readonly usage?: TraceUsage;
	/** Of nudge and of what the figures depend on. */
	readonly versions: Readonly<Record<string, string>>;
	readonly session: string;
	readonly branch: string;
	/** When the trace was begun (ISO 8601, UTC). */
	readonly created: string;
};

export type SampleOptions = {
	/** Whether hints train. They do unless said otherwise: a model whose hints were masked never began by itself. */
	readonly trainHints?: boolean;
	/** Which branch; the one that speaks for the session otherwise. */
	readonly branch?: string;
};

/** The trace cannot be a sample; says why. */
export class SessionSampleError extends Error {
	override readonly name = "SessionSampleError";
}

/** The branch that the caller named, or the one that speaks for the session. */
export function branchOf(state: SessionState, wanted: string | undefined): Branch {
	const session = state.session?.id ?? "without an id";
	if (wanted === undefined) {
		const main = mainBranch(state);
		if (!main) throw new SessionSampleError(`session ${session} has no trace yet`);
		return main;
	}
	const branch = state.branches.get(wanted);
	if (branch) return branch;
	const has = [...state.branches.keys()].join(", ") || "none";
	throw new SessionSampleError(`session ${session} has no branch "${wanted}"; it has ${has}`);
}

/** Header, spans and end of turn as segments. Neighbouring text of the model is one where both have ids or both lack them. */
export function segmentsOf({ header, spans, end }: Branch, trainHints = true): Segment[] {
	const segments: Segment[] = [];
	const add = (kind: Segment["kind"], text: string, ids?: readonly number[]): void => {
		if (text === "") return;
		const train = kind === "model" || kind === "edit" || (kind === "hint" && trainHints);
		const last = segments.at(-1);
		if (kind === "model" && last?.kind === kind && (last.ids === undefined) === (ids === undefined)) {
			const joined = last.ids && ids ? { ids: [...last.ids, ...ids] } : {};
			segments[segments.length - 1] = { ...last, text: last.text + text, ...joined };
		} else segments.push({ kind, text, train, ...(ids && { ids }) });
	};
	if (header) add("prompt", header.text, header.ids);
	for (const { kind, text, ids } of spans) add(kind, text, ids);
	if (end?.reason === "eos" && end.eos) add("model", end.eos, end.eosIds);
	return segments;
}

/** What trains, by kind. `eos` is the text of one token that has no id in its segment. */
export function trainedOf(segments: readonly Segment[], eos?: string): Sample["trained"] {
	const trained: Partial<Record<SpanKind, Trained>> = {};
	for (const segment of segments) {
		const { kind, text, train } = segment;
		if (!train || kind === "prompt") continue;
		const sum = trained[kind] ?? { segments: 0, chars: 0, tokens: 0 };
		const own = tokensOf(segment, eos);
		const tokens = sum.tokens === undefined || own === undefined ? undefined : sum.tokens + own;
		trained[kind] = {
			segments: sum.segments + 1,
			chars: sum.chars + text.length,
			...(tokens !== undefined && { tokens }),
		};
	}
	return trained;
}

function tokensOf({ ids, text }: Segment, eos: string | undefined): number | undefined {
	return ids?.length ?? (text === eos ? 1 : undefined);
}

export function sampleOf(state: SessionState, options: SampleOptions = {}): Sample {
	const { session, problem } = state;
	if (!session || !problem) {
		throw new SessionSampleError("the first line of the journal is damaged: the problem is not known");
	}
	const branch = branchOf(state, options.branch);
	const { settings, outcome, end } = branch;
	const segments = segmentsOf(branch, options.trainHints);
	const eos = end?.reason === "eos" ? end.eos : undefined;
	const trained = trainedOf(segments, eos);
	if (Object.keys(trained).length === 0) {
		throw new SessionSampleError(
			`branch ${branch.id} of session ${session.id} has nothing to train on: no text of the model, no edit${
				branch.hints.length > 0 ? " (and its hints are masked)" : ", no hint"
			}`,
		);
	}
	let tokens: number | undefined = 0;
	for (const segment of segments) {
		const own = tokensOf(segment, eos);
		tokens = tokens === undefined || own === undefined ? undefined : tokens + own;
	}
	return {
		id: `${session.id}-${branch.id}`,
		question_id: problem.id,
		problem: problem.problem,
		domain: problem.domain,
		...(outcome?.answer !== undefined && { answer: outcome.answer }),
		...(problem.answer !== undefined && { gold: problem.answer }),
		...(problem.source !== undefined && { source: problem.source }),
		verdict: outcome?.verdict ?? "unchecked",
		model: settings.model,
		engine: settings.engine,
		exact: settings.exact,
		dialect: settings.dialect,
		policy: settings.policy,
		sampling: settings.sampling,
		hints: branch.hints.map(({ hint, kind, wording, marker, by }) => ({
			id: hint,
			kind,
			wording,
			marker,
			by,
		})),
		segments,
		...(tokens !== undefined && { n_tokens: tokens }),
		trained,
		...(end && { end: end.reason }),
		...(branch.usage && { usage: branch.usage }),
		versions: { ...session.environment, nudge: session.nudge },
		session: session.id,
		branch: branch.id,
		created: new Date(branch.t).toISOString(),
	};
}

/** One line for a person: "trained: model 3 segments, 812 chars, 240 tokens; hint ...". */
export function trainedLine(trained: Sample["trained"]): string {
	const parts = Object.entries(trained).map(([kind, { segments, chars, tokens }]) => {
		const counted = tokens === undefined ? "tokens not known" : plural(tokens, "token");
		return `${kind} ${plural(segments, "segment")}, ${plural(chars, "char")}, ${counted}`;
	});
	return `trained: ${parts.join("; ")}`;
}

function plural(count: number, word: string): string {
	return `${count} ${word}${count === 1 ? "" : "s"}`;
}
