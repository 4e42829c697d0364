/**
 * Scores the rollouts of a run, or scores them again: reads them one at a time, asks the verifiers, and keeps each verdict
 * in the run's book (score-book.ts). The rollouts themselves are never touched.
 *
 * What always holds: a rollout that the same verifier (version and settings included) has judged is not judged again,
 * unless that is asked for; broken off at any moment, what was judged is kept and the rest is owed; a verifier that is
 * broken stops the scoring and judges nothing. Memory: the keys of the run, a megabyte of rollouts, and what is in flight.
 */
import { ScoreError } from "../score/mathverify.ts";
import type { Outcome, ScoreContext, ScorePlugin } from "../score/plugin.ts";
import { judged, type Registry, stampOf } from "../score/registry.ts";
import type { CodeTests, Problem } from "../trace/events.ts";
import { readLines } from "../trace/lines.ts";
import { parseRollout, type Rollout } from "./rollout.ts";
import { rolloutFiles } from "./run-folder.ts";
import type { ScoreBook } from "./score-book.ts";
import { Changes } from "./score-changes.ts";
import type { Score } from "./scores.ts";

/** Verdicts that are there, by the verifiers of this scoring: which rollouts need not be judged. */
export class Judged {
	readonly #stamps: readonly string[];
	/** By key: which of the stamps, as bits. */
	readonly #keys = new Map<string, number>();
	readonly changes = new Changes();

	constructor(stamps: readonly string[]) {
		this.#stamps = stamps;
	}

	readonly take = (score: Score): void => {
		const place = this.#stamps.indexOf(score.by);
		if (place < 0) return;
		this.#keys.set(score.key, (this.#keys.get(score.key) ?? 0) | (1 << place));
		this.changes.add(score);
	};

	/** By this one; without a stamp, by any. */
	has(key: string, stamp?: string): boolean {
		const bits = this.#keys.get(key) ?? 0;
		return stamp === undefined ? bits !== 0 : (bits & (1 << this.#stamps.indexOf(stamp))) !== 0;
	}
}

export type ScoringOptions = {
	readonly registry: Registry;
	readonly context: ScoreContext;
	readonly book: ScoreBook;
	readonly judged: Judged;
	/** Judge also what has been judged. */
	readonly again: boolean;
	/** Rollouts that are judged at once. */
	readonly atOnce: number;
	/** The tests of a problem; asked for where a rollout's problem may have some. */
	readonly tests: (id: string) => Promise<CodeTests | undefined>;
	readonly signal: AbortSignal;
};

export type ScoringHooks = {
	readonly onScored: (score: Score) => void;
	/** Judged before, or nothing that these verifiers apply to. */
	readonly onPassed: (why: "cached" | "not theirs") => void;
	readonly onTrouble: (says: string) => void;
};

export type ScoringEnd = {
	/** Verdicts that a verifier failed to give: still owed. */
	readonly failed: number;
	readonly trouble?: string;
};

/** So many failures in a row are no accident. */
const FAILURES_IN_ROW = 20;
const ANSWER_CHARS = 20_000;
const TRIES = 2;

/** How many rollouts a run has, damaged lines aside. */
export async function countRollouts(folder: string, signal: AbortSignal): Promise<number> {
	const keys = new Set<string>();
	for (const file of rolloutFiles(folder))
		for await (const lines of piecesOf(file, signal))
			for (const line of lines) {
				const key = keyIn(line);
				if (key !== undefined) keys.add(key);
			}
	return keys.size;
}

export async function scoreRun(
	folder: string,
	options: ScoringOptions,
	hooks: ScoringHooks,
): Promise<ScoringEnd> {
	return new Scoring(options, hooks).all(folder);
}

class Scoring {
	readonly #options: ScoringOptions;
	readonly #hooks: ScoringHooks;
	readonly #stamps: ReadonlyMap<ScorePlugin, string>;
	readonly #seen = new Set<string>();
	readonly #inFlight = new Set<Promise<void>>();
	#failed = 0;
	#inRow = 0;
	#trouble: string | undefined;
	#fatal: unknown;

	constructor(options: ScoringOptions, hooks: ScoringHooks) {
		this.#options = options;
		this.#hooks = hooks;
		this.#stamps = new Map(options.registry.plugins.map((plugin) => [plugin, stampOf(plugin)]));
	}

	async all(folder: string): Promise<ScoringEnd> {
		const { signal, atOnce } = this.#options;
		try {
			for (const file of rolloutFiles(folder))
				for await (const lines of piecesOf(file, signal))
					for (const line of lines) {
						signal.throwIfAborted();
						if (this.#fatal !== undefined) throw this.#fatal;
						const work = this.#begin(line);
						if (!work) continue;
						const running: Promise<void> = work.finally(() => this.#inFlight.delete(running));
						this.#inFlight.add(running);
						if (this.#inFlight.size >= atOnce) await Promise.race(this.#inFlight);
					}
		} finally {
			await Promise.allSettled(this.#inFlight);
		}
		signal.throwIfAborted();
		if (this.#fatal !== undefined) throw this.#fatal;
		return { failed: this.#failed, ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }) };
	}

	/** Undefined: nothing is owed for this line. */
	#begin(line: string): Promise<void> | undefined {
		const { judged, again, registry } = this.#options;
		const key = keyIn(line);
		if (key === undefined || this.#seen.has(key)) return undefined;
		this.#seen.add(key);
		// nudge's own verifiers do not compete: whichever judged it would judge it again.
		if (!again && judged.has(key) && registry.own) {
			this.#hooks.onPassed("cached");
			return undefined;
		}
		const rollout = parseRollout(line);
		if (typeof rollout !== "string") return this.#one(rollout);
		// Damaged: the same one may stand whole in another file.
		this.#seen.delete(key);
		return undefined;
	}

	async #one(rollout: Rollout): Promise<void> {
		const { judged, again, registry, signal } = this.#options;
		try {
			const problem = await this.#problem(rollout);
			const plugin = registry.for(problem);
			if (!plugin) return this.#hooks.onPassed("not theirs");
			const by = this.#stamps.get(plugin)!;
			if (!again && judged.has(rollout.key, by)) return this.#hooks.onPassed("cached");
			const text = rollout.spans.map((span) => span.text).join("");
			const began = performance.now();
			const outcome = await this.#outcome(plugin, problem, text);
			if (signal.aborted) return;
			this.#keep(rollout, by, outcome, performance.now() - began);
			this.#inRow = 0;
		} catch (error) {
			if (signal.aborted) return;
			this.#failure(rollout.key, error);
		}
	}

	async #problem(rollout: Rollout): Promise<Problem> {
		const { problem } = rollout;
		if (problem.domain !== "code" && problem.answer !== undefined) return problem;
		const tests = await this.#options.tests(problem.id);
		return tests === undefined ? problem : { ...problem, tests };
	}

	async #outcome(plugin: ScorePlugin, problem: Problem, text: string): Promise<Outcome> {
		for (let tries = 1; ; tries++) {
			try {
				return await judged(plugin, problem, text, this.#options.context);
			} catch (error) {
				if (tries === TRIES || error instanceof ScoreError || this.#options.signal.aborted) throw error;
			}
		}
	}

	#keep(rollout: Rollout, by: string, outcome: Outcome, ms: number): void {
		const { verdict, answer, reason, from, tests } = outcome;
		const score: Score = {
			key: rollout.key,
			by,
			was: rollout.verdict,
			verdict,
			...(answer === undefined ? {} : { answer: answer.slice(0, ANSWER_CHARS) }),
			...(reason === undefined ? {} : { why: reason }),
			...(from === undefined ? {} : { from }),
			...(tests === undefined ? {} : { tests }),
			ms: Math.round(ms * 10) / 10,
		};
		try {
			this.#options.book.append(score);
		} catch (error) {
			this.#fatal ??= error;
			return;
		}
		this.#options.judged.changes.add(score);
		this.#hooks.onScored(score);
	}

	#failure(key: string, error: unknown): void {
		const says = error instanceof Error ? error.message : String(error);
		const fatal = ["ScoreError", "NotIsolatedError", "EnvironmentError", "RunError", "ProblemError"];
		this.#failed++;
		this.#inRow++;
		this.#trouble = says;
		if (error instanceof Error && fatal.includes(error.name)) this.#fatal ??= error;
		else if (this.#inRow >= FAILURES_IN_ROW)
			this.#fatal ??= new ScoreError(`${FAILURES_IN_ROW} rollouts in a row could not be judged: ${says}`);
		else this.#hooks.onTrouble(`${key}: ${says}; it stays owed`);
	}
}

/** The lines of a file, some at a time; others have their turn between. A torn end is left out. */
async function* piecesOf(file: string, signal: AbortSignal): AsyncGenerator<readonly string[], void, void> {
	let lines: string[] = [];
	const reading = readLines(file, (line) => {
		// What is no rollout is somebody else's to say.
		if (!line.endsWith("}")) return "no rollout";
		lines.push(line);
		return undefined;
	});
	try {
		for (;;) {
			const { done } = reading.next();
			const some = lines;
			lines = [];
			yield some;
			if (done) return;
			await new Promise(setImmediate);
			signal.throwIfAborted();
		}
	} finally {
		reading.return(undefined as never);
	}
}

/** As rollouts are written, the key stands first; a line of another hand is parsed. */
function keyIn(line: string): string | undefined {
	const found = /^\{"key":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
	try {
		if (found !== undefined) return JSON.parse(found) as string;
		const key = (JSON.parse(line) as { key?: unknown } | null)?.key;
		return typeof key === "string" ? key : undefined;
	} catch {
		return undefined;
	}
}
