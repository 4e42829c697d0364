/**
 * The folder of a dataset:
 *
 * - `dataset.json`: what it is made of and how (DatasetSheet), written when it is whole: a folder without it is none;
 * - `samples.jsonl`: the samples in canonical form (docs/schemas/sample.schema.json) with `lens`, one a line, never changed;
 * - `fates.jsonl`: what became of each rollout that was looked at, one a line (Fate);
 * - `reviews.jsonl`: what people decided since (review.ts), append-only.
 *
 * What always holds: whoever reads samples through `samplesOf` gets them as reviewed, without the rejected ones. Never all
 * in memory: reviews are (they are made by hand), samples come one at a time.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Reading, readLines } from "../../trace/lines.ts";
import type { Sample } from "../../trace/sample.ts";
import { parseReview, type ReviewEvent, type Reviewed, reviewed } from "./review.ts";

export const SHEET_FILE = "dataset.json";
export const SAMPLES_FILE = "samples.jsonl";
export const FATES_FILE = "fates.jsonl";
export const REVIEWS_FILE = "reviews.jsonl";
export const DATASET_FORMAT = 1;

/** A dataset that cannot be made or read: what, where, and what to do. */
export class DatasetError extends Error {
	override readonly name = "DatasetError";
}

export type DatasetKind = "seed" | "start" | "no-tool" | "sessions" | "merge" | "split";

/** Where samples come from. */
export type Source = {
	readonly kind: "run" | "sessions" | "dataset";
	/** What part it plays: `plain` and `hinted` of a seed, the dataset whose problems a no-tool set follows, ... */
	readonly role?: string;
	/** As seen from the dataset's folder. */
	readonly path: string;
	/** Of the run's settings, or of the dataset's samples. */
	readonly hash?: string;
	readonly model?: string;
	/** Rollouts, sessions or samples that were looked at. */
	readonly rollouts: number;
	/** Found more than once, and counted once. */
	readonly duplicates?: number;
	/** Of other settings than those of the run that they lay in: left out. */
	readonly strangers?: number;
	/** Lines that could not be read: left out. */
	readonly damaged?: number;
};

/** One step from rollouts to samples: what was there before it less `dropped` is there after it. */
export type Step = {
	/** A rule's id, or a step of the building: `solved plain`, `not chosen`, ... */
	readonly id: string;
	readonly says: string;
	readonly dropped: number;
	/** Problems that have no rollout left because of it. */
	readonly problems: number;
};

export type Waterfall = {
	readonly rollouts: number;
	readonly problems: number;
	readonly steps: readonly Step[];
	readonly samples: number;
	/** Problems of the samples. */
	readonly kept: number;
};

export type DatasetSheet = {
	readonly format: number;
	readonly kind: DatasetKind;
	readonly name: string;
	/** Of nudge. */
	readonly nudge: string;
	/** ISO 8601, UTC. */
	readonly created: string;
	readonly sources: readonly Source[];
	/** As it was in force, with all defaults; absent where nothing was chosen (merge, split). */
	readonly recipe?: unknown;
	readonly waterfall: Waterfall;
	/** Of `samples.jsonl`. */
	readonly sha256: string;
	/** Whether hints train. */
	readonly trainHints: boolean;
};

/** What became of one rollout (or session). */
export type Fate = {
	/** The rollout's key, or session and branch. */
	readonly id: string;
	readonly question: string;
	/** `passed`: all rules let it through; whether it was chosen shows in the samples. */
	readonly fate: "passed" | "dropped";
	/** The step that dropped it, and why, in one line. */
	readonly step?: string;
	readonly why?: string;
};

export function readDatasetSheet(folder: string): DatasetSheet {
	const file = join(folder, SHEET_FILE);
	if (!existsSync(file))
		throw new DatasetError(
			existsSync(join(folder, SAMPLES_FILE))
				? `${folder} is a dataset that was not finished: there is no ${SHEET_FILE} in it. Make it again`
				: `${folder} is no dataset: there is no ${SHEET_FILE} in it. nudge dataset seed|start|... --out ${folder} makes one`,
		);
	let sheet: Partial<DatasetSheet> | null;
	try {
		sheet = JSON.parse(readFileSync(file, "utf8")) as Partial<DatasetSheet> | null;
	} catch (error) {
		throw new DatasetError(`${file} cannot be read: ${(error as Error).message}`);
	}
	if (sheet?.format !== DATASET_FORMAT)
		throw new DatasetError(
			`${file} is of format ${sheet?.format ?? "unknown"}, and this nudge knows ${DATASET_FORMAT}: use the nudge that made it`,
		);
	return sheet as DatasetSheet;
}

/** What was wrong with a line: a file of a dataset that was written to by something else, or whose disk failed. */
export type OnBadLine = (file: string, line: number, why: string) => void;

const throwing: OnBadLine = (file, line, why) => {
	throw new DatasetError(`${file}:${line} is damaged (${why}): mend or remove the line`);
};

/** By sample. */
export async function readReviews(
	folder: string,
	onBad: OnBadLine = throwing,
): Promise<Map<string, ReviewEvent[]>> {
	const file = join(folder, REVIEWS_FILE);
	const found = new Map<string, ReviewEvent[]>();
	if (!existsSync(file)) return found;
	const events = linesOf(file, parseReview, onBad, undefined, true);
	for await (const event of events) {
		const own = found.get(event.sample);
		if (own) own.push(event);
		else found.set(event.sample, [event]);
	}
	return found;
}

export type SamplesOptions = {
	readonly signal?: AbortSignal;
	readonly onBad?: OnBadLine;
};

/** The samples as they stand, in the order of the file, rejected ones too. */
export async function* reviewedSamplesOf(
	folder: string,
	{ signal, onBad = throwing }: SamplesOptions = {},
): AsyncGenerator<Reviewed, void, void> {
	const reviews = await readReviews(folder, onBad);
	for await (const sample of linesOf(join(folder, SAMPLES_FILE), parseSample, onBad, signal, false)) {
		yield reviewed(sample, reviews.get(sample.id) ?? []);
	}
}

/** A dataset's sheet and its samples as they stand. Throws at once where the folder is none. */
export function reviewedDataset(
	folder: string,
	options: SamplesOptions = {},
): { readonly sheet: DatasetSheet; readonly reviewed: AsyncGenerator<Reviewed, void, void> } {
	return { sheet: readDatasetSheet(folder), reviewed: reviewedSamplesOf(folder, options) };
}

/** What trains: the samples as reviewed, without those that somebody rejected. */
export async function* samplesOf(
	folder: string,
	options: SamplesOptions = {},
): AsyncGenerator<Sample, void, void> {
	for await (const { sample, decision } of reviewedSamplesOf(folder, options))
		if (decision !== "rejected") yield sample;
}

export function parseSample(line: string): Sample | string {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return "not JSON";
	}
	const sample = value as Partial<Sample> | null;
	if (typeof sample !== "object" || sample === null || typeof sample.id !== "string")
		return "no sample: it has no id";
	return Array.isArray(sample.segments) && typeof sample.question_id === "string"
		? (sample as Sample)
		: "no sample: it lacks its problem or its segments";
}

/** Every line of a file as `parse` reads it. Others have their turn meanwhile. A torn last line is told unless `torn` is fine. */
export async function* linesOf<T extends object>(
	file: string,
	parse: (line: string) => T | string,
	onBad: OnBadLine,
	signal: AbortSignal | undefined,
	tornIsFine: boolean,
): AsyncGenerator<T, void, void> {
	const found: T[] = [];
	const reading = readLines(file, (text) => {
		const value = parse(text);
		if (typeof value === "string") return value;
		found.push(value);
		return undefined;
	});
	let told = 0;
	const tell = ({ bad, torn }: Reading): void => {
		for (; told < bad.length; told++) onBad(file, bad[told]!.line, bad[told]!.why);
		if (torn && !tornIsFine) onBad(file, told + 1, "its last line was cut off");
	};
	try {
		for (;;) {
			const step = reading.next();
			yield* found.splice(0);
			if (step.done) {
				tell(step.value);
				return;
			}
			await new Promise(setImmediate);
			signal?.throwIfAborted();
		}
	} finally {
		reading.return(undefined as never);
	}
}
