import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeNoTool, makeSeed, makeStart } from "../../../src/data/dataset/from-runs.ts";
import { chooserOf } from "../../../src/data/recipe.ts";
import type { Rollout } from "../../../src/data/rollout.ts";
import {
	bytesIn,
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
	root = mkdtempSync(join(tmpdir(), "nudge-dataset-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const verdicts = ["correct", "wrong", "unparseable", "no answer", "unchecked"] as const;
const told = (questions: number): fc.Arbitrary<Told> =>
	fc.record({
		question: fc.integer({ min: 1, max: questions }).map((n) => `q${n}`),
		sample: fc.oneof(fc.nat(40), fc.constantFrom(31, 32, 63, 70_000)),
		verdict: fc.oneof(fc.constantFrom("correct" as const, "wrong" as const), fc.constantFrom(...verdicts)),
		ran: fc.array(fc.boolean(), { maxLength: 2 }),
		tokens: fc.integer({ min: 1, max: 4 }),
		words: fc.constantFrom("the same", "another"),
	});
const some = (questions: number): fc.Arbitrary<Told[]> =>
	fc.uniqueArray(told(questions), {
		maxLength: 24,
		selector: ({ question, sample }) => `${question}#${sample}`,
	});

/** How rollouts lie in files: an order, files of any number, and some lines twice. */
const layout = fc.record({
	order: fc.infiniteStream(fc.nat()),
	files: fc.integer({ min: 1, max: 3 }),
	again: fc.nat(3),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function laid(rollouts: readonly Rollout[], { order, files, again }: Layout): string[][] {
	const lines = rollouts.map((one) => JSON.stringify(one));
	const mixed = [...lines, ...lines.slice(0, again)]
		.map((line) => ({ line, place: order.next().value as number }))
		.sort((a, b) => a.place - b.place);
	const into: string[][] = Array.from({ length: files }, () => []);
	for (const { line, place } of mixed) into[place % files]!.push(line);
	return into;
}

describe("from runs to samples", () => {
	test("D_seed is what its definition says, in whichever order and files the rollouts lie", async () => {
		const recipe = recipeWith("verdict");
		const chooser = chooserOf(recipe);
		await fc.assert(
			fc.asyncProperty(
				some(5),
				some(5),
				fc.nat(1),
				layout,
				layout,
				async (plainTold, hintedTold, most, one, other) => {
					const plain = plainTold.map((each) => toldRollout(PLAIN_SHEET, each));
					const hinted = hintedTold.map((each) => toldRollout(HINTED_SHEET, each));

					const wanted: string[] = [];
					for (const question of [...new Set(hinted.map(({ problem }) => problem.id))].sort()) {
						const said = plain.filter(({ problem }) => problem.id === question).map(({ verdict }) => verdict);
						const fails =
							said.filter((verdict) => verdict === "wrong" || verdict === "no answer").length >= 1;
						const solves = said.filter((verdict) => verdict === "correct").length > most;
						const able = hinted.filter(
							({ problem, verdict, calls }) =>
								problem.id === question &&
								verdict === "correct" &&
								calls.some(({ output }) => output?.verdict === "ok"),
						);
						const best = able.map(chooser.candidate).sort(chooser.compare)[0];
						if (fails && !solves && best) wanted.push(best.key);
					}

					const texts: string[] = [];
					for (const how of [one, other]) {
						const out = fresh("d");
						const runs = [
							makeRun(fresh("plain"), PLAIN_SHEET, laid(plain, how)),
							makeRun(fresh("hinted"), HINTED_SHEET, laid(hinted, how)),
						] as const;
						const { sheet, counted } = await makeSeed(runs[0], [runs[1]], most, makingAt(out, recipe));
						expect(samplesIn(out).map(({ id }) => id)).toEqual(wanted);
						texts.push(bytesIn(out));

						const fates = fatesIn(out);
						const all = [...plain, ...hinted].map(({ key }) => key).sort();
						expect(fates.map(({ id }) => id).sort()).toEqual(all);
						const { waterfall } = sheet;
						expect(waterfall.rollouts).toBe(all.length);
						expect(waterfall.steps.reduce((left, { dropped }) => left - dropped, all.length)).toBe(
							wanted.length,
						);
						expect(waterfall.steps.reduce((left, { problems }) => left - problems, waterfall.problems)).toBe(
							wanted.length,
						);
						for (const { id, dropped } of waterfall.steps)
							if (id !== "not-chosen") expect(fates.filter(({ step }) => step === id)).toHaveLength(dropped);
						const twice = Math.min(how.again, plain.length) + Math.min(how.again, hinted.length);
						expect(counted.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(twice);
					}
					expect(texts[1]).toBe(texts[0]);
				},
			),
			{ numRuns: 60 },
		);
	});

	test("rules that remember others decide the same in every order, and no question has more than it may", async () => {
		await fc.assert(
			fc.asyncProperty(
				some(3),
				fc.integer({ min: 1, max: 3 }),
				fc.nat(9),
				layout,
				layout,
				async (all, perQuestion, seed, one, other) => {
					const base = recipeWith("verdict", "duplicates");
					const choose = { ...base.choose, order: ["random"] as const, per_question: perQuestion, seed };
					const recipe = { ...base, choose };
					const rollouts = all.map((each) => toldRollout(HINTED_SHEET, each));
					const made: { text: string; fates: string }[] = [];
					for (const how of [one, other]) {
						const out = fresh("d");
						await makeStart(
							[makeRun(fresh("run"), HINTED_SHEET, laid(rollouts, how))],
							makingAt(out, recipe),
						);
						const fates = fatesIn(out).map((fate) => JSON.stringify(fate));
						made.push({ text: bytesIn(out), fates: fates.sort().join("\n") });
						const questions = samplesIn(out).map(({ question_id }) => question_id);
						for (const id of questions)
							expect(questions.filter((each) => each === id).length).toBeLessThanOrEqual(perQuestion);
						expect(fates).toHaveLength(rollouts.length);
					}
					expect(made[1]).toEqual(made[0]);
				},
			),
			{ numRuns: 40 },
		);
	});

	test("parts of one run in folders of their own are one run", async () => {
		const rollouts = [0, 1, 2, 3].map((sample) =>
			toldRollout(HINTED_SHEET, {
				question: "q",
				sample,
				verdict: "correct",
				ran: [true],
				tokens: 9 - sample,
			}),
		);
		const lines = rollouts.map((each) => JSON.stringify(each));
		const parts = [
			makeRun(fresh("run"), HINTED_SHEET, [lines.slice(0, 3)]),
			makeRun(fresh("run"), HINTED_SHEET, [lines.slice(2)]),
		];
		const out = fresh("d");
		const { sheet } = await makeStart(parts, makingAt(out, recipeWith("verdict")));
		expect(sheet.waterfall).toMatchObject({ rollouts: 4, samples: 1 });
		expect(sheet.sources.map(({ rollouts, duplicates }) => [rollouts, duplicates])).toEqual([
			[3, undefined],
			[1, 1],
		]);
		expect(samplesIn(out)[0]!.id).toBe(rollouts[3]!.key);
	});
});

describe("what stands in the files", () => {
	const line = (each: Told): string => JSON.stringify(toldRollout(HINTED_SHEET, each));
	const right = (sample: number, tokens = 5): Told => ({
		question: "q",
		sample,
		verdict: "correct",
		ran: [true],
		tokens,
	});

	test("damaged lines are counted and named, wherever the damage is", async () => {
		const good = line(right(0, 9));
		const bad = [
			good.slice(0, 200),
			`${line({ ...right(1), verdict: "wrong" }).slice(0, 400)}${line(right(2))}`,
			line(right(3)).replace('"spans":[', '"spans":[['),
			line(right(4)).replace('"text":"q', '"text":"\u0000q'),
			'{"key":"of something else"}',
			"",
		];
		const run = makeRun(fresh("run"), HINTED_SHEET, [
			[good, ...bad, line({ ...right(5), verdict: "wrong" })],
		]);
		writeFileSync(join(run, "rollouts-2of2.jsonl"), `${line(right(6, 7))}\n${line(right(7)).slice(0, -20)}`);
		const out = fresh("d");
		const { counted, sheet } = await makeStart([run], makingAt(out, recipeWith("verdict")));
		expect(counted[0]).toMatchObject({ rollouts: 3, damaged: 7 });
		expect(counted[0]!.damage.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, undefined]);
		expect(sheet.sources[0]).toMatchObject({ damaged: 7, rollouts: 3 });
		expect(samplesIn(out).map(({ id }) => id)).toEqual([`q#${HINTED_SHEET.hash}#6`]);
	});

	test("a good copy of a damaged line counts", async () => {
		const good = line(right(0));
		const run = makeRun(fresh("run"), HINTED_SHEET, [[good.replace('"spans":[', '"spans":[['), good]]);
		const out = fresh("d");
		const { counted } = await makeStart([run], makingAt(out, recipeWith("verdict")));
		expect(counted[0]).toMatchObject({ rollouts: 1, damaged: 1, duplicates: 0 });
		expect(samplesIn(out)).toHaveLength(1);
	});

	test("rollouts of other settings are strangers, and verdicts that were given afterwards are in force", async () => {
		const stranger = JSON.stringify(toldRollout(PLAIN_SHEET, right(1, 1)));
		const run = makeRun(fresh("run"), HINTED_SHEET, [
			[line({ ...right(0), verdict: "wrong" }), stranger, line(right(2, 1))],
		]);
		const key = (sample: number): string => `q#${HINTED_SHEET.hash}#${sample}`;
		const scores = [
			{ start: "2026-01-01T00:00:00Z", by: ["math@2"], nudge: "0" },
			{ key: key(0), by: "math@2", was: "wrong", verdict: "correct", answer: "43", ms: 1 },
			{ key: key(2), by: "math@2", was: "correct", verdict: "wrong", answer: "1", ms: 1 },
		];
		writeFileSync(join(run, "scores.jsonl"), scores.map((each) => `${JSON.stringify(each)}\n`).join(""));
		const out = fresh("d");
		const warned: string[] = [];
		const { counted } = await makeStart(
			[run],
			makingAt(out, recipeWith("verdict"), { onWarning: (says) => warned.push(says) }),
		);
		expect(counted[0]).toMatchObject({ rollouts: 2, strangers: 1 });
		expect(warned.join("\n")).toContain("1 rollouts of other settings");
		expect(samplesIn(out)).toMatchObject([{ id: key(0), verdict: "correct", answer: "43" }]);
		expect(fatesIn(out).find(({ id }) => id === key(2))).toMatchObject({ step: "verdict" });
	});

	test("another text under the same id is refused, and nothing is left of the dataset", async () => {
		const plain = makeRun(fresh("plain"), PLAIN_SHEET, [
			[JSON.stringify(toldRollout(PLAIN_SHEET, { ...right(0), verdict: "wrong" }))],
		]);
		const hinted = makeRun(fresh("hinted"), HINTED_SHEET, [
			[line(right(0)).replace("What is q?", "What is r?")],
		]);
		const out = fresh("d");
		await expect(makeSeed(plain, [hinted], 0, makingAt(out, recipeWith("verdict")))).rejects.toThrow(
			/the problem "q" is not the same everywhere.*What is r\?/,
		);
		expect(readdirSync(join(out, ".."))).toEqual([]);
	});

	test("whatever ends the building, nothing half made is left, and what is there is never written over", async () => {
		const run = makeRun(fresh("run"), HINTED_SHEET, [[line(right(0))]]);
		const out = fresh("d");
		const aborted = makingAt(out, recipeWith("verdict"), { signal: AbortSignal.abort() });
		await expect(makeStart([run], aborted)).rejects.toThrow();
		expect(existsSync(join(out, "..")) ? readdirSync(join(out, "..")) : []).toEqual([]);
		mkdirSync(out, { recursive: true });
		writeFileSync(join(out, "mine.txt"), "");
		await expect(makeStart([run], makingAt(out, recipeWith("verdict")))).rejects.toThrow(/not empty/);
		expect(readdirSync(out)).toEqual(["mine.txt"]);
	});
});

test("the set without tools has the other one's size: its problems first, others drawn, what is missing said", async () => {
	const like = fresh("like");
	const hinted = ["a", "b", "c", "d"].map((question) =>
		JSON.stringify(toldRollout(HINTED_SHEET, { question, sample: 0, verdict: "correct", ran: [true] })),
	);
	await makeStart([makeRun(fresh("hinted"), HINTED_SHEET, [hinted])], makingAt(like, recipeWith("verdict")));
	const plain: Told[] = [
		{ question: "a", sample: 0, verdict: "correct", tokens: 5 },
		{ question: "a", sample: 1, verdict: "correct", tokens: 3 },
		{ question: "b", sample: 0, verdict: "correct", ran: [true] },
		{ question: "c", sample: 0, verdict: "wrong" },
		...["v", "w", "x", "y", "z"].map((question): Told => ({ question, sample: 0, verdict: "correct" })),
	];
	const recipe = recipeWith("verdict");
	const without = { ...recipe, choose: { ...recipe.choose, from: ["correct" as const] } };
	const lines = (all: readonly Told[]): string[] =>
		all.map((each) => JSON.stringify(toldRollout(PLAIN_SHEET, each)));
	const run = makeRun(fresh("plain"), PLAIN_SHEET, [lines(plain)]);
	const out = fresh("d");
	const built = await makeNoTool([run], like, makingAt(out, without));
	expect(built).toMatchObject({ same: 1, others: 3, missing: 0 });
	const ids = samplesIn(out).map(({ question_id }) => question_id);
	expect(ids).toHaveLength(4);
	expect(samplesIn(out)[0]!.id).toBe(`a#${PLAIN_SHEET.hash}#1`);
	expect(built.sheet.waterfall.steps.find(({ id }) => id === "not-needed")).toMatchObject({
		dropped: 2,
		problems: 2,
	});
	expect(built.sheet.sources.at(-1)).toMatchObject({ kind: "dataset", role: "like" });

	const few = makeRun(fresh("plain"), PLAIN_SHEET, [lines(plain.slice(0, 5))]);
	expect(await makeNoTool([few], like, makingAt(fresh("d"), without))).toMatchObject({
		same: 1,
		others: 1,
		missing: 2,
	});
});
