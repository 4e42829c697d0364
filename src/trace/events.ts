/**
 * What happens to a session, as the journal keeps it: one JSON object a line, append-only. All state (the tree of
 * traces, their spans, what was proposed and decided, verdicts, names and tags) is the fold of these events and of
 * nothing else. `reason()` yields the same events that the journal stores and the screen shows.
 *
 * Readers tolerate event types and fields that they do not know. Offsets are UTF-16 units from the start of the
 * assistant's text. `branch` names the trace that an event belongs to.
 */
import type { SpanKind } from "./span.ts";

export const JOURNAL_VERSION = 1;

export type Domain = "math" | "code" | "science";

export type CodeTests =
	| { readonly input: string; readonly output: string }[]
	| {
			readonly entry_point: string;
			readonly test: string;
			readonly style: "check" | "script";
			/** Code that a program finds already there, such as the classes that its arguments are of. */
			readonly preamble?: string;
	  };

/** A question with a way to check it. */
export type Problem = {
	readonly id: string;
	readonly domain: Domain;
	readonly problem: string;
	readonly answer?: string;
	readonly tests?: CodeTests;
	readonly choices?: readonly string[];
	readonly source?: string;
};

export type Who = "policy" | "person" | "model";

export type AnswerVerdict = "correct" | "wrong" | "unparseable" | "no answer";
/** Nothing to check against: no gold answer was given. */
export type OutcomeVerdict = AnswerVerdict | "unchecked";

export type BlockVerdict = "ok" | "error" | "timeout" | "memory" | "killed" | "lost";

export type Sampling = {
	readonly temperature: number;
	readonly topP?: number;
	readonly topK?: number;
	readonly minP?: number;
	readonly seed: number;
};

export type Budgets = {
	readonly maxTokens: number;
	readonly maxCalls: number;
	readonly maxRounds: number;
	readonly maxMs?: number;
};

/** Everything a trace was made with, so that its figures can be repeated. */
export type TraceSettings = {
	readonly engine: string;
	readonly model: string;
	/** False where what the model was continued from cannot be known to the byte (chat APIs). */
	readonly exact: boolean;
	readonly dialect: string;
	readonly policy: string;
	readonly sampling: Sampling;
	readonly budgets: Budgets;
	readonly system?: string;
	/** What the user's message says after the problem, so that the answer comes in a form that can be checked. */
	readonly instruction?: string;
};

export type TraceUsage = {
	/** Tokens the model sampled, accepted or not. */
	readonly sampledTokens: number;
	/** Tokens of the prefixes that were computed; undefined where an engine did not say. */
	readonly computedPromptTokens?: number;
	readonly hints: number;
	readonly calls: number;
	readonly durationMs: number;
};

/** Why a trace is where it is. `interrupted` and `engine` can be taken up again; the others are ends. */
export type EndReason = "eos" | "tokens" | "time" | "context" | "interrupted" | "engine";

type Of<Type extends string, Fields> = { readonly type: Type; readonly t: number } & Readonly<Fields>;
type OnBranch<Type extends string, Fields> = Of<Type, Fields & { branch: string }>;

/** `t` is milliseconds since the Unix epoch. */
export type TraceEvent =
	/** The first line of every journal. */
	| Of<
			"session",
			{ version: number; id: string; problem: Problem; nudge: string; environment: Record<string, string> }
	  >
	/** Opens a trace: new, or growing out of another one at an offset (the text before it is shared). */
	| OnBranch<"branch", { parent?: { branch: string; at: number }; settings: TraceSettings; by: Who }>
	/** What the engine rendered of system and user; the assistant's text comes after it. */
	| OnBranch<"header", { text: string; ids?: readonly number[] }>
	/** Text of the model, as accepted. `segment` counts the engine's requests of this trace. */
	| OnBranch<"tokens", { text: string; ids?: readonly number[]; lens?: readonly number[]; segment: number }>
	| OnBranch<"marker", { marker: string; at: number; word?: string; index: number }>
	| OnBranch<"proposal", { at: number; hint: string; kind: string; text: string; reason: string }>
	/** What became of a marker. `by` says who decided. */
	| OnBranch<
			"decision",
			{ at: number; decision: "insert" | "edit" | "veto" | "skip"; by: Who; reason: string; hint?: string }
	  >
	| OnBranch<
			"hint",
			{
				at: number;
				text: string;
				ids?: readonly number[];
				hint: string;
				kind: string;
				wording: string;
				marker: string;
				by: Who;
			}
	  >
	/** A block of the model begins to run. */
	| OnBranch<"call", { block: number; code: string }>
	/** Its end: `text` is the span put into the stream, frame and all; `output` what the interpreter said. */
	| OnBranch<
			"output",
			{
				block: number;
				text: string;
				ids?: readonly number[];
				output: string;
				verdict: BlockVerdict;
				durationMs: number;
				stateLost?: boolean;
			}
	  >
	/** A block was not run because the calls were used up; `text` (an output span) tells the model. */
	| OnBranch<"limit", { block: number; text: string; ids?: readonly number[] }>
	/** A person rewrote what stood from `at` to the end of the trace. */
	| OnBranch<"edit", { at: number; text: string; ids?: readonly number[] }>
	/** A cut connection was taken up again, a call was refused, ...: for the log and the screen, no part of the trace. */
	| OnBranch<"notice", { level: "info" | "warning" | "error"; text: string }>
	/** `eos` is the text of the token that ended the turn: no span has it, an exported sample trains it. */
	| OnBranch<
			"end",
			{ reason: EndReason; usage: TraceUsage; message?: string; eos?: string; eosIds?: readonly number[] }
	  >
	/** `reason` is there wherever the verdict alone would leave a question. */
	| OnBranch<
			"outcome",
			{ verdict: OutcomeVerdict; answer?: string; reason?: string; usage: TraceUsage; session: string }
	  >
	/** What a person says of a session. */
	| Of<"name", { name: string }>
	| Of<"tag", { tag: string; on: boolean }>
	| Of<"note", { text: string }>
	| Of<"mark", { branch: string; mark: "accepted" | "rejected" | "none" }>;

export type EventOf<Type extends TraceEvent["type"]> = Extract<TraceEvent, { type: Type }>;

/** Event types that add a span, and the kind they add. */
export const SPAN_OF: Readonly<Record<"tokens" | "hint" | "output" | "limit" | "edit", SpanKind>> = {
	tokens: "model",
	hint: "hint",
	output: "output",
	limit: "output",
	edit: "edit",
};
