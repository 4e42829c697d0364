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
import type {
	EndReason,
	OutcomeVerdict,
	Problem,
	Sampling,
	TraceSettings,
	TraceUsage,
	Who,
} from "./events.ts";
import { type Branch, mainBranch, type SessionState } from "./fold.ts";
import type { Prefix, Span, SpanKind } from "./span.ts";

export type Segment = {
	readonly kind: "prompt" | SpanKind;
	readonly text: string;
	readonly train: boolean;
	/** Where the engine gave them: they detokenise to exactly `text`. */
	readonly ids?: readonly number[];
	/** As in a span, where whoever made the sample keeps them: a segment can then be cut without losing its ids. */
	readonly lens?: readonly number[];
	/** Of a segment of kind `edit` that a review made: who changed what, when and why. */
	readonly edited?: Edited;
};

export type Edited = {
	readonly by: string;
	/** ISO 8601, UTC. */
	readonly at: string;
	readonly was: string;
	readonly why?: string;
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
	/** Session and branch, or the key of the rollout: the same trace has the same id in every export. */
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
	/** Of a trace that a session keeps. */
	readonly session?: string;
	readonly branch?: string;
	/** Of a rollout: the name of its run. */
	readonly run?: string;
	/** When the trace was begun (ISO 8601, UTC). */
	readonly created: string;
	/** Reviewed by a person; absent where nobody has. */
	readonly review?: {
		readonly decision: "accepted" | "rejected";
		readonly by: string;
		readonly why?: string;
	};
};

/** A trace with all that a sample says of it, wherever it is kept: a branch of a session, or a rollout of a run. */
export type Traced = {
	readonly id: string;
	readonly problem: Omit<Problem, "tests">;
	readonly settings: TraceSettings;
	readonly header?: Prefix;
	readonly spans: readonly Span[];
	readonly end?: { readonly reason: EndReason; readonly eos?: string; readonly eosIds?: readonly number[] };
	readonly hints: readonly {
		readonly hint: string;
		readonly kind: string;
		readonly wording: string;
		readonly marker: string;
		readonly by: Who;
	}[];
	readonly verdict: OutcomeVerdict;
	readonly answer?: string;
	readonly usage?: TraceUsage;
	readonly versions: Readonly<Record<string, string>>;
	/** ISO 8601, UTC. */
	readonly created: string;
	readonly origin: { readonly session: string; readonly branch: string } | { readonly run: string };
};

export type SampleOptions = {
	/** Whether hints train. They do unless said otherwise: a model whose hints were masked never began by itself. */
	readonly trainHints?: boolean;
	/** Which branch; the one that speaks for the session otherwise. */
	readonly branch?: string;
	/** Whether the segments keep `lens`. */
	readonly lens?: boolean;
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

/** Whether text of a kind trains: rule 4 of the design, masks come from spans. */
export function trains(kind: Segment["kind"], trainHints: boolean): boolean {
	return kind === "model" || kind === "edit" || (kind === "hint" && trainHints);
}

/** Header, spans and end of turn as segments. Neighbouring text of the model is one where both have ids or both lack them. */
export function segmentsOf(
	{ header, spans, end }: Pick<Branch, "header" | "spans"> & Pick<Traced, "end">,
	trainHints = true,
	keepLens = false,
): Segment[] {
	const segments: Segment[] = [];
	const add = (kind: Segment["kind"], { text, ids, lens }: Omit<Span, "kind">): void => {
		if (text === "") return;
		const own = { ...(ids && { ids }), ...(keepLens && ids && lens && { lens }) };
		const last = segments.at(-1);
		const alike = last && (last.ids === undefined) === (ids === undefined);
		if (kind === "model" && last?.kind === kind && alike && (last.lens === undefined) === !("lens" in own)) {
			segments[segments.length - 1] = {
				...last,
				text: last.text + text,
				...(last.ids && ids && { ids: [...last.ids, ...ids] }),
				...(last.lens && own.lens && { lens: [...last.lens, ...own.lens] }),
			};
		} else segments.push({ kind, text, train: trains(kind, trainHints), ...own });
	};
	if (header) add("prompt", header);
	for (const { kind, ...rest } of spans) add(kind, rest);
	if (end?.reason === "eos" && end.eos)
		add("model", {
			text: end.eos,
			...(end.eosIds && { ids: end.eosIds, lens: lensOfEnd(end.eosIds, end.eos) }),
		});
	return segments;
}

/** One token ends a turn; of several, the last one completes the text. */
function lensOfEnd(ids: readonly number[], text: string): number[] {
	return ids.map((_, i) => (i === ids.length - 1 ? text.length : 0));
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

/** What trains of a sample, and how many tokens it has where that is known. Counted anew wherever segments change. */
export function countsOf(segments: readonly Segment[], eos?: string): Pick<Sample, "trained" | "n_tokens"> {
	let tokens: number | undefined = 0;
	for (const segment of segments) {
		const own = tokensOf(segment, eos);
		tokens = tokens === undefined || own === undefined ? undefined : tokens + own;
	}
	return { ...(tokens !== undefined && { n_tokens: tokens }), trained: trainedOf(segments, eos) };
}

/** Throws SessionSampleError where nothing of the trace would train. */
export function sampleOfTrace(
	traced: Traced,
	{ trainHints = true, lens = false }: SampleOptions = {},
): Sample {
	const { problem, settings, end, hints, origin } = traced;
	const segments = segmentsOf(traced, trainHints, lens);
	const { trained, ...counted } = countsOf(segments, end?.reason === "eos" ? end.eos : undefined);
	if (Object.keys(trained).length === 0) {
		const where =
			"run" in origin ? `rollout ${traced.id}` : `branch ${origin.branch} of session ${origin.session}`;
		throw new SessionSampleError(
			`${where} has nothing to train on: no text of the model, no edit${hints.length > 0 ? " (and its hints are masked)" : ", no hint"}`,
		);
	}
	return {
		id: traced.id,
		question_id: problem.id,
		problem: problem.problem,
		domain: problem.domain,
		...(traced.answer !== undefined && { answer: traced.answer }),
		...(problem.answer !== undefined && { gold: problem.answer }),
		...(problem.source !== undefined && { source: problem.source }),
		verdict: traced.verdict,
		model: settings.model,
		engine: settings.engine,
		exact: settings.exact,
		dialect: settings.dialect,
		policy: settings.policy,
		sampling: settings.sampling,
		hints: hints.map(({ hint, kind, wording, marker, by }) => ({ id: hint, kind, wording, marker, by })),
		segments,
		...counted,
		trained,
		...(end && { end: end.reason }),
		...(traced.usage && { usage: traced.usage }),
		versions: traced.versions,
		...origin,
		created: traced.created,
	};
}

/** A branch of a session with all that a sample says of it. */
export function tracedBranch(state: SessionState, wanted?: string): Traced {
	const { session, problem } = state;
	if (!session || !problem) {
		throw new SessionSampleError("the first line of the journal is damaged: the problem is not known");
	}
	const branch = branchOf(state, wanted);
	const { outcome } = branch;
	return {
		id: `${session.id}-${branch.id}`,
		problem,
		settings: branch.settings,
		...(branch.header && { header: branch.header }),
		spans: branch.spans,
		...(branch.end && { end: branch.end }),
		hints: branch.hints,
		verdict: outcome?.verdict ?? "unchecked",
		...(outcome?.answer !== undefined && { answer: outcome.answer }),
		...(branch.usage && { usage: branch.usage }),
		versions: { ...session.environment, nudge: session.nudge },
		created: new Date(branch.t).toISOString(),
		origin: { session: session.id, branch: branch.id },
	};
}

export function sampleOf(state: SessionState, options: SampleOptions = {}): Sample {
	return sampleOfTrace(tracedBranch(state, options.branch), options);
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
