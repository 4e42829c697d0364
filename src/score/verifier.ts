/**
 * The verdict on a trace: what kind of check a problem carries decides who checks it. Mathematics goes to the quick
 * look and then to Math-Verify, choices to letters, code to its tests.
 *
 * What always holds: "unparseable" is not "wrong"; a problem without anything to check against is "unchecked"; the
 * reason is there wherever the verdict is not plain; a broken verifier throws ScoreError instead of judging.
 */
import type { FenceDialect } from "../hints/marker.ts";
import type { InterpreterHost } from "../python/interpreter.ts";
import type { OutcomeVerdict, Problem } from "../trace/events.ts";
import { extractAnswer } from "./answer.ts";
import { scoreChoice } from "./choice.ts";
import { scoreCode } from "./code.ts";
import { MathVerify } from "./mathverify.ts";
import { quickVerdict, tidy } from "./quick.ts";

export type Outcome = {
	readonly verdict: OutcomeVerdict;
	/** What was taken for the answer: the content of the box, a letter, the code that was tested. */
	readonly answer?: string;
	/** One sentence for a person, wherever the verdict alone would leave a question. */
	readonly reason?: string;
};

export interface Verifier {
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
};

export function createVerifier(options: VerifierOptions): Verifier {
	const mathVerify = new MathVerify({
		python: options.python,
		...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }),
		...(options.workers === undefined ? {} : { workers: options.workers }),
	});
	const extract = { thinkClose: options.thinkClose ?? "</think>" };
	const most = options.answerChars ?? 10_000;

	return {
		async verify(problem, text, signal) {
			if (problem.tests !== undefined) {
				if (!options.interpreters) {
					return { verdict: "unchecked", reason: "its tests need a Python to run in, and none was given" };
				}
				const host =
					typeof options.interpreters === "function" ? await options.interpreters() : options.interpreters;
				return scoreCode(problem.tests, text, host, {
					...extract,
					...(options.dialect ? { dialect: options.dialect } : {}),
					...(signal ? { signal } : {}),
				});
			}
			if (problem.answer === undefined || problem.answer.trim() === "") {
				return { verdict: "unchecked", reason: "the problem gives no answer to check against" };
			}
			if (problem.choices && problem.choices.length > 0) {
				return scoreChoice({ ...problem, answer: problem.answer, choices: problem.choices }, text, extract);
			}
			return scoreMath(problem.answer, text, signal);
		},
		close: () => mathVerify.close(),
	};

	async function scoreMath(gold: string, text: string, signal: AbortSignal | undefined): Promise<Outcome> {
		const found = extractAnswer(text, extract);
		if (!found) return { verdict: "no answer" };
		const answer = found.answer;
		const goldTidy = tidy(gold);
		const answerTidy = tidy(answer);
		const quick = quickVerdict(goldTidy, answerTidy);
		if (quick) return { verdict: quick, answer };
		if (answer.length > most) {
			return {
				verdict: "unparseable",
				answer: `${answer.slice(0, 200)}...`,
				reason: `the answer has ${answer.length} characters; only the first ${most} would be compared`,
			};
		}
		return { ...(await mathVerify.compare(goldTidy, answerTidy, signal)), answer };
	}
}
