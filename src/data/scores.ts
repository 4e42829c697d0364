/**
 * `scores.jsonl` of a run: the verdicts that `nudge score` gave afterwards, append-only beside the rollouts, which are
 * never touched. A line is the start of a scoring (which verifiers it used) or one verdict.
 *
 * What always holds: a verdict is known by the rollout's key and by the verifier with its version and settings, so that
 * nothing is judged twice by the same; of several verifiers the one of the latest start that judged a rollout is in
 * force; a torn or damaged line is passed over and what it would have said is owed again. Memory: a key and a number for
 * each verdict, and whole only those that differ from the rollout's own.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestReport } from "../score/plugin.ts";
import type { OutcomeVerdict } from "../trace/events.ts";
import { type Reading, readLines } from "../trace/lines.ts";

export const SCORES_FILE = "scores.jsonl";

/** One verdict, as its line holds it. */
export type Score = {
	/** Of the rollout. */
	readonly key: string;
	/** The verifier: "math@1+0123abcd", its id, its version and a hash of its settings. */
	readonly by: string;
	/** The rollout's own verdict, from when it was sampled. */
	readonly was: OutcomeVerdict;
	readonly verdict: OutcomeVerdict;
	readonly answer?: string;
	readonly why?: string;
	/** Where the answer was found, if not in the box after the thinking. */
	readonly from?: string;
	readonly tests?: TestReport;
	readonly ms: number;
};

/** A scoring began, with these verifiers. */
export type ScoringStart = { readonly start: string; readonly by: readonly string[]; readonly nudge: string };

/** A verdict that takes the place of the rollout's own. */
export type Rescored = {
	readonly verdict: OutcomeVerdict;
	readonly answer?: string;
	readonly why?: string;
};

/** The verdicts in force that differ from the rollouts' own, by key. Empty where the run was never scored again. */
export async function rescored(folder: string, signal?: AbortSignal): Promise<ReadonlyMap<string, Rescored>> {
	// Later starts go before earlier ones, whatever the order of the lines.
	const ranks = new Map<string, number>();
	let starts = 0;
	const onStart = ({ by }: ScoringStart): void => {
		starts++;
		for (const one of by) ranks.set(one, starts);
	};
	await readScores(folder, { onStart }, signal);
	const found = new Map<string, Rescored>();
	if (starts === 0) return found;
	const ranked = new Map<string, number>();
	await readScores(
		folder,
		{
			onScore: ({ key, by, was, verdict, answer, why }) => {
				const rank = ranks.get(by) ?? 0;
				if (rank < (ranked.get(key) ?? 0)) return;
				ranked.set(key, rank);
				if (verdict === was) found.delete(key);
				else
					found.set(key, {
						verdict,
						...(answer === undefined ? {} : { answer }),
						...(why === undefined ? {} : { why }),
					});
			},
		},
		signal,
	);
	return found;
}

export type ScoreReader = {
	readonly onStart?: (start: ScoringStart) => void;
	readonly onScore?: (score: Score) => void;
};

/** Hands over every line of the file in order, and says what else was found; undefined where there is no file. */
export async function readScores(
	folder: string,
	{ onStart, onScore }: ScoreReader,
	signal?: AbortSignal,
): Promise<Reading | undefined> {
	const file = join(folder, SCORES_FILE);
	if (!existsSync(file)) return undefined;
	const reading = readLines(file, (text) => {
		const line = parseLine(text);
		if (typeof line === "string") return line;
		if ("start" in line) onStart?.(line);
		else onScore?.(line);
		return undefined;
	});
	try {
		for (;;) {
			const step = reading.next();
			if (step.done) return step.value;
			await new Promise(setImmediate);
			signal?.throwIfAborted();
		}
	} finally {
		reading.return(undefined as never);
	}
}

const VERDICTS: readonly string[] = ["correct", "wrong", "unparseable", "no answer", "unchecked"];

function parseLine(text: string): Score | ScoringStart | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return "not JSON";
	}
	if (typeof value !== "object" || value === null) return "no verdict";
	const row = value as Partial<Score & ScoringStart>;
	if (typeof row.start === "string" && Array.isArray(row.by)) return row as unknown as ScoringStart;
	const whole =
		typeof row.key === "string" &&
		typeof row.by === "string" &&
		VERDICTS.includes(row.was as string) &&
		VERDICTS.includes(row.verdict as string);
	return whole ? (row as unknown as Score) : "no verdict: it lacks its key, verifier or verdict";
}
