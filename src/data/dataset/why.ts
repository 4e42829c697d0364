/**
 * What became of one rollout, or of all rollouts of one question.
 *
 * `fates.jsonl` may have as many lines as there were rollouts: they are looked through as bytes, and only those that hold
 * the name are parsed. Memory: the rollouts of one question.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
	type DatasetSheet,
	FATES_FILE,
	type Fate,
	parseSample,
	readDatasetSheet,
	readReviews,
	SAMPLES_FILE,
} from "./dataset.ts";
import { eachRawLine } from "./raw-lines.ts";
import { type Decision, reviewed } from "./review.ts";

export type Told = Fate & {
	readonly chosen: boolean;
	readonly decision?: Decision;
	readonly edits?: number;
};

export type Why = {
	readonly folder: string;
	readonly sheet: DatasetSheet;
	readonly question: string;
	/** The rollout that was asked for, where it was one. */
	readonly asked?: string;
	/** All rollouts of the question, in the order of their ids: of several settings, one after the other. */
	readonly rollouts: readonly Told[];
	/** The same in the datasets that this one was made of. */
	readonly before: readonly Why[];
	/** Datasets that it was made of, which are not there any more. */
	readonly gone: readonly string[];
};

/** Undefined where nothing of that name was looked at. */
export async function whyOf(folder: string, id: string, signal?: AbortSignal): Promise<Why | undefined> {
	const sheet = readDatasetSheet(folder);
	const named = await fatesNaming(folder, id, signal);
	const asked = named.find((fate) => fate.id === id);
	const question = asked?.question ?? (named.some((fate) => fate.question === id) ? id : undefined);
	const before: Why[] = [];
	const gone: string[] = [];
	for (const source of sheet.kind === "merge" || sheet.kind === "split" ? sheet.sources : []) {
		const from = resolve(folder, source.path);
		if (!existsSync(from)) gone.push(from);
		else {
			const earlier = await whyOf(from, id, signal);
			if (earlier) before.push(earlier);
		}
	}
	if (question === undefined) {
		const [first] = before;
		return first && { folder, sheet, question: first.question, rollouts: [], before, gone };
	}
	const fates = question === id ? named : await fatesNaming(folder, question, signal);
	const samples = await samplesNaming(folder, question, signal);
	const rollouts = fates
		.filter((fate) => fate.question === question)
		.map((fate): Told => {
			const sample = fate.fate === "passed" ? samples.get(fate.id) : undefined;
			return { ...fate, chosen: sample !== undefined, ...sample };
		})
		.sort((a, b) => inOrder(a.id, b.id));
	return { folder, sheet, question, ...(asked ? { asked: id } : {}), rollouts, before, gone };
}

const numbered = new Intl.Collator("en", { numeric: true });

/** Sample 10 comes behind sample 9. */
const inOrder = (a: string, b: string): number => numbered.compare(a, b) || (a < b ? -1 : 1);

async function fatesNaming(folder: string, name: string, signal: AbortSignal | undefined): Promise<Fate[]> {
	const found: Fate[] = [];
	await linesNaming(join(folder, FATES_FILE), name, signal, (line) => {
		const fate = JSON.parse(line) as Fate;
		if (fate.id === name || fate.question === name) found.push(fate);
	});
	return found;
}

type Standing = Pick<Told, "decision" | "edits">;

async function samplesNaming(
	folder: string,
	question: string,
	signal: AbortSignal | undefined,
): Promise<Map<string, Standing>> {
	const found = new Map<string, Standing>();
	const reviews = await readReviews(folder);
	await linesNaming(join(folder, SAMPLES_FILE), question, signal, (line) => {
		const sample = parseSample(line);
		if (typeof sample === "string" || sample.question_id !== question) return;
		const { decision, edits } = reviewed(sample, reviews.get(sample.id) ?? []);
		found.set(sample.id, { ...(decision ? { decision } : {}), edits });
	});
	return found;
}

async function linesNaming(
	file: string,
	name: string,
	signal: AbortSignal | undefined,
	take: (line: string) => void,
): Promise<void> {
	const needle = Buffer.from(JSON.stringify(name));
	await eachRawLine(
		file,
		(bytes) => {
			if (bytes.indexOf(needle) < 0) return undefined;
			try {
				take(bytes.toString("utf8"));
				return undefined;
			} catch {
				return "not JSON";
			}
		},
		{ signal },
	);
}
