/**
 * The verdict on a trace: what kind of check a problem carries decides who checks it (registry.ts). Mathematics goes to
 * the quick look and then to Math-Verify, choices to letters, code to its tests; a user's own verifiers go before.
 *
 * What always holds: "unparseable" is not "wrong"; a problem without anything to check against is "unchecked"; the
 * reason is there wherever the verdict is not plain; a broken verifier throws ScoreError instead of judging.
 */
import type { FenceDialect } from "../hints/marker.ts";
import type { InterpreterHost, Limits } from "../python/interpreter.ts";
import type { Problem } from "../trace/events.ts";
import { choicePlugin } from "./choice.ts";
import { codePlugin } from "./code.ts";
import { mathPlugin } from "./math.ts";
import type { Outcome, ScorePlugin } from "./plugin.ts";
import { Registry } from "./registry.ts";

export type { Outcome } from "./plugin.ts";

export interface Verifier {
	readonly registry: Registry;
	/** Judges the assistant's whole text. Throws ScoreError where the verifier is broken, and the signal's reason where it is aborted. */
	verify(problem: Problem, text: string, signal?: AbortSignal): Promise<Outcome>;
	close(): Promise<void>;
}

export type VerifierOptions = {
	/** The Python of nudge's own environment, which has math-verify. Asked for only when an answer needs it. */
	readonly python: () => Promise<string>;
	/** Where the tests of code problems run. Without it they stay "unchecked", with a reason. */
	readonly interpreters?: InterpreterHost | (() => Promise<InterpreterHost>);
	/** What ends the thinking of this model. */
	readonly thinkClose?: string;
	/** How this model writes code; Markdown fences by default. */
	readonly dialect?: FenceDialect;
	/** For one comparison by Math-Verify. */
	readonly timeLimitMs?: number;
	/** Math-Verify processes at most. */
	readonly workers?: number;
	/** Answers longer than this are unparseable unless they equal the gold one: parsers take far more than linear time. */
	readonly answerChars?: number;
	/** Take the last number of a text that has no box and no anchor: a guess, off by default. */
	readonly lastNumber?: boolean;
	/** Of the tests of a program: run all, also after one has failed. */
	readonly allTests?: boolean;
	/** Of the tests of a program; the interpreters' own by default. */
	readonly limits?: Partial<Limits>;
	/** A user's own, which go before nudge's. */
	readonly plugins?: readonly ScorePlugin[];
};

export function createVerifier(options: VerifierOptions): Verifier {
	const { interpreters } = options;
	const foreign = options.plugins ?? [];
	const registry = new Registry([...foreign, ...ownPlugins(options)], foreign.length === 0);
	const lent =
		interpreters === undefined
			? {}
			: { interpreters: async () => (typeof interpreters === "function" ? interpreters() : interpreters) };
	return {
		registry,
		verify: (problem, text, signal) =>
			registry.score(problem, text, { ...lent, ...(signal ? { signal } : {}) }),
		close: () => registry.close(),
	};
}

/** nudge's own, in the order in which they are asked. */
export function ownPlugins(options: VerifierOptions): readonly ScorePlugin[] {
	const { python, dialect, timeLimitMs, workers, answerChars, lastNumber, allTests, limits } = options;
	const thinkClose = options.thinkClose ?? "</think>";
	return [
		codePlugin({
			thinkClose,
			...(dialect ? { dialect } : {}),
			...(limits ? { limits } : {}),
			...(allTests ? { allTests } : {}),
		}),
		choicePlugin({ thinkClose }),
		mathPlugin({
			python,
			thinkClose,
			...(timeLimitMs === undefined ? {} : { timeLimitMs }),
			...(workers === undefined ? {} : { workers }),
			...(answerChars === undefined ? {} : { answerChars }),
			...(lastNumber ? { lastNumber } : {}),
		}),
	];
}
