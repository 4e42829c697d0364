/** What a trace is made from, and where one stands that is taken up again. */
import type { Engine, Message } from "../engine/engine.ts";
import type { FenceDialect } from "../hints/marker.ts";
import type { Policy } from "../hints/policy.ts";
import type { Interpreter } from "../python/interpreter.ts";
import { lettered } from "../score/choice.ts";
import type {
	EndReason,
	OutcomeVerdict,
	Problem,
	TraceEvent,
	TraceSettings,
	TraceUsage,
} from "../trace/events.ts";
import type { Prefix, Span } from "../trace/span.ts";
import type { Steering } from "./steering.ts";

/** What ends the thinking of a model: the marker "before the end of thinking". A turn without it thinks to its end. */
export const THINK_CLOSE = "</think>";

/** After these words a model doubts itself: the paper's places for a hint. */
export const REFLECTION_WORDS: readonly string[] = ["Wait", "Alternatively", "Hmm", "Hold on", "But wait"];

/** Where a trace stands that is taken up again: from the fold of its journal. */
export type Standing = {
	readonly header: Prefix;
	readonly spans: readonly Span[];
	/** Blocks that ran, in order: their code is run again to bring the namespace back before the next one. */
	readonly blocks: readonly { readonly code: string; readonly output: string }[];
	/** The first block that is run again: the names of those before are there still, or were lost on the way. */
	readonly blocksFrom?: number;
	readonly hints: readonly {
		readonly at: number;
		readonly hint: string;
		readonly kind: string;
		readonly marker: string;
	}[];
	readonly markers: readonly { readonly at: number; readonly marker: string }[];
	/** Where a person decided against a hint: nobody is asked again. Without a marker: whatever is found there. */
	readonly vetoed?: readonly { readonly at: number; readonly marker?: string }[];
	readonly segments: number;
	readonly usage: TraceUsage;
	/** It came to its end. */
	readonly ended?: EndReason;
	/** And has its verdict: nothing is owed any more. */
	readonly scored?: boolean;
};

export type ReasonRequest = {
	readonly session: string;
	readonly branch: string;
	readonly problem: Problem;
	readonly settings: TraceSettings;
	readonly from?: Standing;
};

export type ReasonDeps = {
	readonly engine: Engine;
	/** Asked for when the first block runs. */
	readonly interpreter: () => Promise<Interpreter>;
	readonly policy: Policy;
	readonly dialect: FenceDialect;
	readonly words?: readonly string[];
	readonly thinkClose?: string;
	/** The verdict on the assistant's whole text. */
	readonly score: (
		problem: Problem,
		text: string,
	) => Promise<{ readonly verdict: OutcomeVerdict; readonly answer?: string; readonly reason?: string }>;
	/** Milliseconds since the epoch. */
	readonly now?: () => number;
	readonly signal?: AbortSignal;
	/** A person's hand on the trace while it grows. */
	readonly steering?: Steering;
	/** Waits, abortable; a test hands in one that does not. */
	readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** System and user: the problem, its choices, and what to do. */
export function messagesOf({ problem, settings }: ReasonRequest): readonly Message[] {
	const choices = problem.choices?.length ? lettered(problem.choices) : undefined;
	const content = [problem.problem, choices, settings.instruction].filter(Boolean).join("\n\n");
	return [
		...(settings.system ? [{ role: "system" as const, content: settings.system }] : []),
		{ role: "user", content },
	];
}

/** Says an event of this trace: its type, its time and its branch. */
export type On = <Type extends TraceEvent["type"]>(
	type: Type,
) => { readonly type: Type; readonly t: number; readonly branch: string };

/** The fields that are there: absent and undefined are different things to a strict type. */
export function given<Fields extends Record<string, unknown>>(
	fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
