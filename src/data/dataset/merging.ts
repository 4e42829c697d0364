/**
 * Datasets into one, and one into parts. Samples and reviews are carried over as they are.
 *
 * What always holds: a sample is in a merged dataset once, as the first dataset that has it has it, with the reviews that
 * it has there; no question is in two parts of a split, and which part it is in depends on the seed and its text alone,
 * so that a dataset that has grown splits the same way. Memory: a name for each sample.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Sample } from "../../trace/sample.ts";
import {
	DatasetError,
	type DatasetSheet,
	linesOf,
	type OnBadLine,
	parseSample,
	readDatasetSheet,
	readReviews,
	SAMPLES_FILE,
	type Source,
} from "./dataset.ts";
import { printOf } from "./questions.ts";
import { type ReviewEvent, reviewed } from "./review.ts";
import { type Losing, Waterfalling } from "./waterfall.ts";
import { assertFree, type Drafting, seenFrom, writeDataset, writeDatasets } from "./writing.ts";

export type Merging = {
	readonly out: string;
	readonly nudge: string;
	readonly now?: () => Date;
	readonly signal?: AbortSignal;
	readonly onWarning?: (says: string) => void;
};

const refusing: OnBadLine = (file, line, why) => {
	throw new DatasetError(`${file}:${line} is damaged (${why}): mend or remove the line`);
};

type Member = {
	readonly folder: string;
	readonly sheet: DatasetSheet;
	readonly reviews: Map<string, ReviewEvent[]>;
};

async function memberOf(folder: string): Promise<Member> {
	return { folder, sheet: readDatasetSheet(folder), reviews: await readReviews(folder) };
}

const samplesIn = (folder: string, signal: AbortSignal | undefined): AsyncGenerator<Sample, void, void> =>
	linesOf(join(folder, SAMPLES_FILE), parseSample, refusing, signal, false);

type Problem = Losing & { kept: number };

/** The problems of samples, by what they ask. */
class Problems {
	readonly #problems = new Map<string, Problem>();

	of({ problem, gold }: Sample): Problem {
		const print = printOf(problem, gold);
		let own = this.#problems.get(print);
		if (!own) {
			own = { lastStep: -1, kept: 0 };
			this.#problems.set(print, own);
		}
		return own;
	}

	values(): Iterable<Problem> {
		return this.#problems.values();
	}
}

export type Merged = {
	readonly sheet: DatasetSheet;
	/** The same sample in several datasets, and of these the ones that were reviewed differently. */
	readonly twice: number;
	readonly reviewedDifferently: number;
};

export async function mergeDatasets(
	folders: readonly string[],
	onePerQuestion: boolean,
	{ out, nudge, now, signal, onWarning }: Merging,
): Promise<Merged> {
	assertFree(out);
	const members: Member[] = [];
	for (const folder of folders) members.push(await memberOf(folder));
	const [first, ...others] = members;
	if (!first) throw new DatasetError("there is nothing to merge: name the datasets");
	for (const other of others)
		if (other.sheet.trainHints !== first.sheet.trainHints)
			throw new DatasetError(
				`hints train in ${(first.sheet.trainHints ? first : other).folder} and are masked in ${(first.sheet.trainHints ? other : first).folder}: one dataset has one rule. Make one of them again`,
			);
	const best = onePerQuestion ? await bestOf(members, signal) : undefined;
	const waterfall = new Waterfalling([
		{ id: "twice", says: "an earlier dataset has the same sample" },
		...(best
			? [
					{
						id: "not-chosen",
						says: "another sample of its question was kept: an accepted one, else the first that is not rejected",
					},
				]
			: []),
	]);
	const problems = new Problems();
	/** Of each sample, the reviews' and the sample's own print. */
	const seen = new Map<string, string>();
	let reviewedDifferently = 0;
	let changed = 0;
	const sheet = await writeDataset({ out, now }, async (draft) => {
		const sources: Source[] = [];
		let [samples, twice] = [0, 0];
		for (const { folder, sheet, reviews } of members) {
			let rollouts = 0;
			for await (const sample of samplesIn(folder, signal)) {
				const { id, question_id: question } = sample;
				const events = reviews.get(id) ?? [];
				const problem = problems.of(sample);
				rollouts++;
				waterfall.rollout();
				const own = `${printText(JSON.stringify(sample))} ${printText(JSON.stringify(events))}`;
				const earlier = seen.get(id);
				if (earlier !== undefined) {
					if (earlier.split(" ")[0] !== own.split(" ")[0]) changed++;
					else if (earlier !== own) reviewedDifferently++;
					waterfall.drop("twice", problem);
					twice++;
					draft.fate({ id, question, fate: "dropped", step: "twice", why: `${sheet.name} has it too` });
					continue;
				}
				seen.set(id, own);
				const kept = best?.get(printOf(sample.problem, sample.gold));
				if (kept !== undefined && kept !== id) {
					waterfall.drop("not-chosen", problem);
					draft.fate({ id, question, fate: "dropped", step: "not-chosen", why: `${kept} was kept` });
					continue;
				}
				draft.fate({ id, question, fate: "passed", why: `from ${sheet.name}` });
				carry(draft, sample, events);
				problem.kept++;
				samples++;
			}
			sources.push({ kind: "dataset", path: seenFrom(out, folder), hash: sheet.sha256, rollouts });
		}
		if (changed > 0)
			onWarning?.(
				`${changed} samples have the same id and not the same text: each is kept as the first dataset has it`,
			);
		if (reviewedDifferently > 0)
			onWarning?.(
				`${reviewedDifferently} samples were reviewed differently: the reviews of the first dataset that has the sample stand`,
			);
		return {
			twice,
			sheet: draft.finish({
				kind: "merge",
				nudge,
				sources,
				waterfall: waterfall.sum(problems.values(), samples, ({ kept }) => kept > 0),
				trainHints: first.sheet.trainHints,
			}),
		};
	});
	return { ...sheet, reviewedDifferently };
}

/** By question, the one that is kept. */
async function bestOf(
	members: readonly Member[],
	signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
	const ranks = { accepted: 2, none: 1, rejected: 0 };
	const best = new Map<string, { id: string; rank: number }>();
	const seen = new Set<string>();
	for (const { folder, reviews } of members) {
		for await (const sample of samplesIn(folder, signal)) {
			if (seen.has(sample.id)) continue;
			seen.add(sample.id);
			const rank = ranks[reviewed(sample, reviews.get(sample.id) ?? []).decision ?? "none"];
			const print = printOf(sample.problem, sample.gold);
			if (rank > (best.get(print)?.rank ?? -1)) best.set(print, { id: sample.id, rank });
		}
	}
	return new Map([...best].map(([print, { id }]) => [print, id]));
}

export type Part = { readonly name: string; readonly share: number };

/** "train=0.95,valid=0.05". */
export function parseParts(text: string): Part[] | string {
	const parts: Part[] = [];
	for (const words of text.split(",")) {
		const found = /^\s*([\p{L}\p{N}_][\p{L}\p{N}_.-]*)\s*=\s*(\d*\.?\d+)\s*$/u.exec(words);
		const share = Number(found?.[2]);
		if (!found || !(share > 0)) return `"${words}" is no part: write NAME=SHARE, as in train=0.95,valid=0.05`;
		if (parts.some(({ name }) => name === found[1])) return `the part ${found[1]} is there twice`;
		parts.push({ name: found[1]!, share });
	}
	const sum = parts.reduce((all, { share }) => all + share, 0);
	if (Math.abs(sum - 1) > 1e-6) return `the shares add up to ${Number(sum.toFixed(6))}, not to 1`;
	return parts;
}

/** The part of a question: the same text (case and white space aside) is in the same part under every id. */
export function partOf(problem: string, seed: number, parts: readonly Part[]): number {
	const text = problem.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
	const digest = createHash("sha256")
		.update(JSON.stringify([seed, text]))
		.digest();
	const draw = digest.readUIntBE(0, 6) / 2 ** 48;
	let upTo = 0;
	for (const [index, { share }] of parts.entries()) {
		upTo += share;
		if (draw < upTo) return index;
	}
	return parts.length - 1;
}

export async function splitDataset(
	folder: string,
	parts: readonly Part[],
	seed: number,
	{ out, nudge, now, signal }: Merging,
): Promise<DatasetSheet[]> {
	assertFree(out);
	const { sheet, reviews } = await memberOf(folder);
	const counts = parts.map(() => ({ problems: new Problems(), samples: 0 }));
	const falls = parts.map(
		() => new Waterfalling([{ id: "other-part", says: "its question is in another part" }]),
	);
	const names = parts.map(({ name }) => name);
	return writeDatasets({ out, now }, names, async (drafts) => {
		for await (const sample of samplesIn(folder, signal)) {
			const mine = partOf(sample.problem, seed, parts);
			for (const [index, { problems }] of counts.entries()) {
				const problem = problems.of(sample);
				falls[index]!.rollout();
				if (index !== mine) falls[index]!.drop("other-part", problem);
				else problem.kept++;
			}
			counts[mine]!.samples++;
			const draft = drafts[mine]!;
			draft.fate({ id: sample.id, question: sample.question_id, fate: "passed", why: `from ${sheet.name}` });
			carry(draft, sample, reviews.get(sample.id) ?? []);
		}
		return parts.map(({ name }, index) => {
			const { problems, samples } = counts[index]!;
			const from = seenFrom(join(out, name), folder);
			return drafts[index]!.finish({
				kind: "split",
				nudge,
				sources: [{ kind: "dataset", path: from, hash: sheet.sha256, rollouts: falls[index]!.rollouts }],
				recipe: { parts: Object.fromEntries(parts.map((part) => [part.name, part.share])), seed },
				waterfall: falls[index]!.sum(problems.values(), samples, ({ kept }) => kept > 0),
				trainHints: sheet.trainHints,
			});
		});
	});
}

function carry(draft: Drafting, sample: Sample, events: readonly ReviewEvent[]): void {
	draft.sample(sample);
	for (const event of events) draft.review(event);
}

function printText(text: string): string {
	return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
