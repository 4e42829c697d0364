import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDatasetSheet, reviewedSamplesOf, samplesOf } from "../../../src/data/dataset/dataset.ts";
import { diffOf } from "../../../src/data/dataset/diff.ts";
import { makeSeed, makeStart } from "../../../src/data/dataset/from-runs.ts";
import { mergeDatasets, parseParts, partOf, splitDataset } from "../../../src/data/dataset/merging.ts";
import type { ReviewEvent } from "../../../src/data/dataset/review.ts";
import { statsOf } from "../../../src/data/dataset/stats.ts";
import { whyOf } from "../../../src/data/dataset/why.ts";
import {
	fatesIn,
	HINTED_SHEET,
	makeRun,
	makingAt,
	PLAIN_SHEET,
	recipeWith,
	samplesIn,
	type Told,
	toldRollout,
} from "./made.ts";

let root: string;
let count = 0;
const fresh = (name: string): string => join(root, `${++count}`, name);
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "nudge-dataset-parts-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = (question: string, sample: number): string => `${question}#${HINTED_SHEET.hash}#${sample}`;
const right = (question: string, sample = 0, tokens = 5): Told => ({
	question,
	sample,
	verdict: "correct",
	ran: [true],
	tokens,
});

async function datasetOf(all: readonly Told[], perQuestion = 1): Promise<string> {
	const base = recipeWith("verdict");
	const recipe = { ...base, choose: { ...base.choose, per_question: perQuestion } };
	const lines = all.map((each) => JSON.stringify(toldRollout(HINTED_SHEET, each)));
	const out = fresh("d");
	await makeStart([makeRun(fresh("run"), HINTED_SHEET, [lines])], makingAt(out, recipe));
	return out;
}

function review(folder: string, ...events: readonly (Partial<ReviewEvent> & { sample: string })[]): void {
	const whole = events.map((event) => ({ by: "ada", at: "2026-01-02T00:00:00.000Z", ...event }));
	appendFileSync(join(folder, "reviews.jsonl"), whole.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

const merging = (out: string, warned: string[] = []) => ({
	out,
	nudge: "0",
	now: () => new Date(0),
	onWarning: (says: string) => void warned.push(says),
});

async function standing(folder: string): Promise<[string, string | undefined, number][]> {
	const found: [string, string | undefined, number][] = [];
	for await (const { sample, decision, edits } of reviewedSamplesOf(folder))
		found.push([sample.id, decision, edits]);
	return found;
}

const editOf = (question: string): Partial<ReviewEvent> & { sample: string } => ({
	do: "edit",
	sample: key(question, 0),
	from: 0,
	was: question,
	text: "Better",
});

test("a merged dataset has each sample once, as the first has it, with its reviews", async () => {
	const one = await datasetOf([right("a"), right("b"), right("c")]);
	const other = await datasetOf([right("b"), right("c"), right("d")]);
	review(one, editOf("b"), { do: "reject", sample: key("a", 0) });
	review(other, { do: "reject", sample: key("b", 0) }, { do: "accept", sample: key("d", 0) });
	const out = fresh("m");
	const warned: string[] = [];
	const merged = await mergeDatasets([one, other], false, merging(out, warned));
	expect(merged).toMatchObject({ twice: 2, reviewedDifferently: 1 });
	expect(warned.join("\n")).toContain("1 samples were reviewed differently");
	expect(await standing(out)).toEqual([
		[key("a", 0), "rejected", 0],
		[key("b", 0), undefined, 1],
		[key("c", 0), undefined, 0],
		[key("d", 0), "accepted", 0],
	]);
	const { waterfall, sources } = readDatasetSheet(out);
	expect(waterfall).toMatchObject({ rollouts: 6, samples: 4, problems: 4, kept: 4 });
	expect(waterfall.steps).toMatchObject([{ id: "twice", dropped: 2, problems: 0 }]);
	expect(sources.map(({ rollouts }) => rollouts)).toEqual([3, 3]);
	expect(fatesIn(out)).toHaveLength(6);
});

test("one of a question: an accepted sample, else the first that nobody rejected", async () => {
	const one = await datasetOf([right("a", 0), right("b", 0), right("c", 0)]);
	const other = await datasetOf([right("a", 1), right("b", 1), right("c", 1)]);
	review(one, { do: "reject", sample: key("a", 0) });
	review(other, { do: "accept", sample: key("b", 1) });
	const out = fresh("m");
	await mergeDatasets([one, other], true, merging(out));
	expect(samplesIn(out).map(({ id }) => id)).toEqual([key("c", 0), key("a", 1), key("b", 1)]);
	expect(readDatasetSheet(out).waterfall.steps.map(({ dropped }) => dropped)).toEqual([0, 3]);
});

test("datasets in which hints train and others are not merged", async () => {
	const one = await datasetOf([right("a")]);
	const recipe = { ...recipeWith("verdict"), train: { hints: false } };
	const lines = [JSON.stringify(toldRollout(HINTED_SHEET, right("b")))];
	const other = fresh("d");
	await makeStart([makeRun(fresh("run"), HINTED_SHEET, [lines])], makingAt(other, recipe));
	await expect(mergeDatasets([one, other], false, merging(fresh("m")))).rejects.toThrow(
		/hints train in .* masked in/,
	);
});

test("a split has every sample once, no question twice, its reviews, and grows with the dataset", async () => {
	const questions = Array.from({ length: 60 }, (_, index) => `q${index}`);
	const small = await datasetOf(
		questions.slice(0, 40).flatMap((id) => [right(id, 0), right(id, 1)]),
		2,
	);
	const large = await datasetOf(
		questions.flatMap((id) => [right(id, 0), right(id, 1), right(id, 2)]),
		3,
	);
	review(small, editOf("q3"));
	const parts = [
		{ name: "train", share: 0.7 },
		{ name: "valid", share: 0.3 },
	];
	const place = new Map<string, string>();
	for (const folder of [small, large]) {
		const out = fresh("parts");
		const sheets = await splitDataset(folder, parts, 5, merging(out));
		const ids: string[] = [];
		for (const { name } of parts) {
			for (const { id, question_id: question } of samplesIn(join(out, name))) {
				ids.push(id);
				expect(place.get(question) ?? name).toBe(name);
				place.set(question, name);
			}
		}
		expect(ids.sort()).toEqual(
			samplesIn(folder)
				.map(({ id }) => id)
				.sort(),
		);
		const { waterfall } = sheets[0]!;
		expect(waterfall.rollouts - waterfall.steps[0]!.dropped).toBe(waterfall.samples);
		expect(waterfall.problems - waterfall.steps[0]!.problems).toBe(waterfall.kept);
		if (folder === small) {
			const edited = (await standing(join(out, place.get("q3")!))).filter(([, , edits]) => edits > 0);
			expect(edited.map(([id]) => id)).toEqual([key("q3", 0)]);
		}
	}
	expect(place.size).toBe(60);
	expect(new Set(place.values())).toEqual(new Set(["train", "valid"]));
});

test("the part of a question follows from seed and text: shares are kept on average, another seed is another split", () => {
	const parts = [
		{ name: "a", share: 0.2 },
		{ name: "b", share: 0.3 },
		{ name: "c", share: 0.5 },
	];
	fc.assert(
		fc.property(fc.string(), fc.nat(), (text, seed) => {
			const part = partOf(text, seed, parts);
			expect(partOf(` ${text.toUpperCase().toLowerCase()}\n`, seed, parts)).toBe(
				partOf(text.toUpperCase().toLowerCase(), seed, parts),
			);
			expect(part).toBeGreaterThanOrEqual(0);
			expect(part).toBeLessThan(3);
		}),
	);
	const counts = [0, 0, 0];
	let moved = 0;
	for (let index = 0; index < 4000; index++) {
		counts[partOf(`question ${index}`, 1, parts)]!++;
		if (partOf(`question ${index}`, 1, parts) !== partOf(`question ${index}`, 2, parts)) moved++;
	}
	expect(counts.map((one) => Math.round(one / 400))).toEqual([2, 3, 5]);
	expect(moved).toBeGreaterThan(2000);
});

test("parts that cannot be are said", () => {
	expect(parseParts("train=0.9, valid=0.1")).toEqual([
		{ name: "train", share: 0.9 },
		{ name: "valid", share: 0.1 },
	]);
	expect(parseParts("train=0.9")).toContain("add up to 0.9");
	expect(parseParts("train=0.5,train=0.5")).toContain("twice");
	expect(parseParts("../out=1")).toContain("no part");
	expect(parseParts("train=0,valid=1")).toContain("no part");
});

test("why tells every rollout of a question, those that were chosen, and follows datasets that were merged", async () => {
	const plain = [
		{ question: "q", sample: 0, verdict: "wrong" as const },
		{ question: "solved", sample: 0, verdict: "correct" as const },
	].map((each) => JSON.stringify(toldRollout(PLAIN_SHEET, each)));
	const hinted = [
		right("q", 2, 9),
		right("q", 10, 3),
		{ ...right("q", 1), verdict: "wrong" as const },
		right("solved"),
	];
	const lines = hinted.map((each) => JSON.stringify(toldRollout(HINTED_SHEET, each)));
	const seed = fresh("seed");
	await makeSeed(
		makeRun(fresh("plain"), PLAIN_SHEET, [plain]),
		[makeRun(fresh("hinted"), HINTED_SHEET, [lines])],
		0,
		makingAt(seed, recipeWith("verdict")),
	);
	review(seed, { do: "accept", sample: key("q", 10) });
	const why = (await whyOf(seed, "q"))!;
	const told = why.rollouts.map(({ id, chosen, step, decision }) => [id, chosen, step, decision]);
	expect(told).toHaveLength(4);
	expect(told.filter(([id]) => String(id).includes(HINTED_SHEET.hash))).toEqual([
		[key("q", 1), false, "verdict", undefined],
		[key("q", 2), false, undefined, undefined],
		[key("q", 10), true, undefined, "accepted"],
	]);
	expect(await whyOf(seed, key("q", 2))).toMatchObject({ asked: key("q", 2), question: "q" });
	expect((await whyOf(seed, "solved"))?.rollouts.map(({ step }) => step).sort()).toEqual([
		"plain",
		"solved-plain",
	]);
	expect(await whyOf(seed, "q#")).toBeUndefined();

	const merged = fresh("m");
	await mergeDatasets([seed], false, merging(merged));
	expect(await whyOf(merged, "q")).toMatchObject({
		rollouts: [{ id: key("q", 10), chosen: true }],
		before: [{ question: "q", rollouts: [{}, {}, {}, {}] }],
	});
	expect(await whyOf(merged, "solved")).toMatchObject({ rollouts: [], before: [{ question: "solved" }] });
	renameSync(seed, `${seed}-away`);
	expect(await whyOf(merged, "q")).toMatchObject({ before: [], gone: [seed] });
});

test("stats are those of the samples as reviewed, without the rejected ones", async () => {
	const folder = await datasetOf([right("a", 0, 2), right("b", 0, 4), right("c", 0, 6)]);
	review(folder, editOf("b"), { do: "accept", sample: key("b", 0) }, { do: "reject", sample: key("c", 0) });
	const stats = await statsOf(folder);
	expect(stats).toMatchObject({
		samples: 3,
		training: 2,
		problems: 2,
		reviews: { accepted: 1, rejected: 1, edited: 1, misfits: 0 },
		verdicts: { correct: 2 },
		calls: { 1: 2 },
		ends: { eos: 2 },
	});
	const all: number[] = [];
	let model = 0;
	for await (const { segments, trained } of samplesOf(folder)) {
		all.push(segments.reduce((sum, { text }) => sum + text.length, 0));
		model += trained.model?.chars ?? 0;
	}
	expect(stats.chars).toMatchObject({
		count: 2,
		sum: all[0]! + all[1]!,
		least: Math.min(...all),
		most: Math.max(...all),
	});
	expect(stats.trained).toMatchObject({ model: { chars: model }, edit: { chars: "Better".length } });
});

test("diff tells what only one has, what was reviewed since, and which rule differs", async () => {
	const one = await datasetOf([right("a"), right("b"), right("c", 0)]);
	const other = await datasetOf([right("b"), right("c", 1), right("d")]);
	expect(await diffOf(one, one)).toMatchObject({ onlyA: [], onlyB: [], changed: [], same: 3, made: [] });
	review(other, editOf("b"));
	const found = await diffOf(one, other);
	expect(found).toMatchObject({
		onlyA: [key("a", 0), key("c", 0)],
		onlyB: [key("c", 1), key("d", 0)],
		same: 0,
		otherChoice: 1,
		made: [],
	});
	expect(found.changed).toEqual([
		{ id: key("b", 0), question: "b", what: ["text", "review: undecided, now undecided, 1 edit"] },
	]);
	const sheet = readFileSync(join(other, "dataset.json"), "utf8");
	expect(sheet).toContain('"kind": "start"');
});
