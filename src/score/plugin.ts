/**
 * What a verifier is: it says to which problems it applies, and judges the assistant's whole text. nudge's own (math,
 * choice, code) are plug-ins of this interface like those that a user writes (docs/scoring.md).
 *
 * What always holds: "unparseable" is not "wrong"; a problem that gives nothing to check against, or a gold answer that
 * cannot be read, is "unchecked" and never counts an answer wrong; the reason is there wherever the verdict alone would
 * leave a question; a verifier that is broken throws instead of judging.
 */
import type { InterpreterHost } from "../python/interpreter.ts";
import type { OutcomeVerdict, Problem } from "../trace/events.ts";

/** How one test of a code problem ended. */
export type TestVerdict = "pass" | "fail" | "error" | "timeout" | "memory";

export type TestResult = {
	/** From 1. */
	readonly test: number;
	readonly verdict: TestVerdict;
	readonly ms: number;
	readonly why?: string;
};

/** What the tests of a program came to. Of many tests only some are kept one by one: failures first. */
export type TestReport = {
	readonly total: number;
	readonly counts: Readonly<Partial<Record<TestVerdict, number>>>;
	/** Not run, since one before them failed. */
	readonly notRun: number;
	readonly slowestMs: number;
	readonly shown: readonly TestResult[];
};

export type Outcome = {
	readonly verdict: OutcomeVerdict;
	/** What was taken for the answer: the content of the box, a letter, the code that was tested. */
	readonly answer?: string;
	/** One sentence for a person, wherever the verdict alone would leave a question. */
	readonly reason?: string;
	/** Where the answer was found, if not in the place where it should stand. */
	readonly from?: string;
	readonly tests?: TestReport;
};

/** What a plug-in is lent. */
export type ScoreContext = {
	readonly signal?: AbortSignal;
	/** Isolated Python, where the caller has one: for tests. */
	readonly interpreters?: () => Promise<InterpreterHost>;
};

/** One step of a decision, for `nudge verify`: "extracted" -> "18, from the last box after the thinking". */
export type Step = { readonly step: string; readonly says: string };

export type Explanation = { readonly outcome: Outcome; readonly steps: readonly Step[] };

export interface ScorePlugin {
	/** Lower-case letters, digits and hyphens; names it in `--verifier` and in kept verdicts. */
	readonly id: string;
	/** Changes whenever a verdict may: verdicts of other versions are given anew. */
	readonly version: string;
	/** One sentence. */
	readonly says: string;
	/** All else that verdicts depend on; part of what a kept verdict is known by. */
	readonly settings?: Readonly<Record<string, unknown>>;
	/** Of several plug-ins the first that applies judges. Never slow. */
	applies(problem: Problem): boolean;
	/** Throws where it is broken, and the signal's reason where that is aborted. */
	score(problem: Problem, text: string, context: ScoreContext): Promise<Outcome>;
	/** The same with how it came about. */
	explain?(problem: Problem, text: string, context: ScoreContext): Promise<Explanation>;
	close?(): Promise<void>;
}
