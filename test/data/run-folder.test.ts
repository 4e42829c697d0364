import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keysOf, owedJobs } from "../../src/data/owed.ts";
import { ProblemError } from "../../src/data/problems.ts";
import { parseRollout, type Rollout, rolloutSeed } from "../../src/data/rollout.ts";
import { ofShard, parseShard, readRollouts, ShardWriter, WHOLE } from "../../src/data/run-folder.ts";
import { mergeRuns } from "../../src/data/run-merge.ts";
import { hashOf, readSheet, settleSheet, surveyed } from "../../src/data/run-sheet.ts";
import { rescored, SCORES_FILE } from "../../src/data/scores.ts";
import { freshFolder } from "../trace/folder.ts";
import { HASH, problemOf, rolloutOf, sheetFor } from "./rollouts.ts";

const shardFile = (folder: string, name = "1of1"): string => join(folder, `rollouts-${name}.jsonl`);

async function rolloutsOf(file: string): Promise<Rollout[]> {
	const all: Rollout[] = [];
	const { bad, torn } = await readRollouts(file, (one) => all.push(one));
	expect([bad, torn]).toEqual([[], undefined]);
	return all;
}

async function written(folder: string, rollouts: readonly Rollout[], shard = WHOLE): Promise<void> {
	const { writer } = await ShardWriter.open(folder, shard);
	for (const one of rollouts) writer.append(one);
	writer.close();
}

describe("a shard's file", () => {
	const rollouts = ["a", "b", "c"].flatMap((id) => [0, 1].map((sample) => rolloutOf(id, sample)));

	test("cut off anywhere, it is repaired, and what is owed then makes it the same set again", async () => {
		const folder = freshFolder();
		await written(folder, rollouts);
		const whole = readFileSync(shardFile(folder));
		// Just before and behind each newline, where a line is whole and only its end is missing.
		const ends = [...whole.keys()].filter((at) => whole[at] === 10).flatMap((at) => [at, at + 1]);
		await fc.assert(
			fc.asyncProperty(fc.oneof(fc.nat(whole.length), fc.constantFrom(...ends)), async (length) => {
				writeFileSync(shardFile(folder), whole);
				truncateSync(shardFile(folder), length);
				const seen: string[] = [];
				const { writer, keys, damage } = await ShardWriter.open(folder, WHOLE, ({ key }) => seen.push(key));
				expect(new Set(seen)).toEqual(keys);
				const lines = whole.subarray(0, length).toString("latin1").split("\n");
				// A whole object whose newline alone is gone is kept.
				const lastIsWhole =
					typeof parseRollout(whole.subarray(0, length).toString().split("\n").at(-1)!) !== "string";
				expect(keys.size).toBe(lines.length - 1 + (lastIsWhole ? 1 : 0));
				expect(damage).toHaveLength(!lastIsWhole && lines.at(-1) !== "" ? 1 : 0);
				for (const one of rollouts) if (!keys.has(one.key)) writer.append(one);
				writer.close();
				expect(await rolloutsOf(shardFile(folder))).toEqual(rollouts);
			}),
			{ numRuns: 120 },
		);
	});

	test("a damaged line in the middle is said and owed, the others stay", async () => {
		const folder = freshFolder();
		await written(folder, rollouts);
		const lines = readFileSync(shardFile(folder), "utf8").split("\n");
		lines[2] = lines[2]!.slice(0, 50);
		lines[4] = '{"key":"x"}';
		writeFileSync(shardFile(folder), lines.join("\n"));
		const { writer, keys, damage } = await ShardWriter.open(folder, WHOLE);
		writer.close();
		expect(keys).toEqual(new Set(rollouts.filter((_, i) => i !== 2 && i !== 4).map(({ key }) => key)));
		expect(damage.map(({ line }) => line)).toEqual([3, 5]);
	});

	test("has one writer, and a run has one partition at a time", async () => {
		const folder = freshFolder();
		const first = await ShardWriter.open(folder, { index: 1, count: 2 });
		await expect(ShardWriter.open(folder, { index: 1, count: 2 })).rejects.toThrow(
			/shard 1\/2 .* is open in/,
		);
		await expect(ShardWriter.open(folder, WHOLE)).rejects.toThrow(/being sampled as shard 1\/2/);
		const second = await ShardWriter.open(folder, { index: 2, count: 2 });
		second.writer.append(rolloutOf("a", 0));
		first.writer.close();
		second.writer.close();
		const { writer, keys } = await ShardWriter.open(folder, WHOLE);
		writer.close();
		expect([...keys]).toEqual([rolloutOf("a", 0).key]);
	});
});

describe("shards", () => {
	test("part the keys: each is in exactly one, all samples of a problem together", () => {
		fc.assert(
			fc.property(
				fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 60 }),
				fc.integer({ min: 1, max: 12 }),
				fc.integer({ min: 1, max: 4 }),
				(ids, count, samples) => {
					const plan = { hash: HASH, samples, seed: 0 };
					const whole = [...keysOf(ids, { ...plan, shard: WHOLE })];
					const parts = Array.from({ length: count }, (_, i) => [
						...keysOf(ids, { ...plan, shard: { index: i + 1, count } }),
					]);
					expect(parts.flat().sort()).toEqual([...whole].sort());
					expect(new Set(parts.flat()).size).toBe(ids.length * samples);
					for (const part of parts) {
						expect(part.length % samples).toBe(0);
						expect(part.length).toBeLessThanOrEqual(Math.ceil(ids.length / count) * samples);
					}
				},
			),
		);
		expect(ofShard(2, { index: 1, count: 2 })).toBe(true);
		for (const wrong of ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2"])
			expect(parseShard(wrong)).toBeUndefined();
	});

	test("what is owed are the keys that are not done, each with a seed of its own", async () => {
		const file = join(freshFolder(), "p.jsonl");
		const ids = ["a", "b", "c", "d", "e"];
		writeFileSync(file, ids.map((id) => `${JSON.stringify(problemOf(id))}\n`).join(""));
		const plan = { hash: HASH, samples: 3, seed: 7, shard: { index: 2, count: 2 } };
		const all = [...keysOf(ids, plan)];
		const done = new Set([all[1]!, all[5]!]);
		const jobs = [];
		for await (const job of owedJobs([file], plan, done)) jobs.push(job);
		expect(jobs.map(({ key }) => key)).toEqual(all.filter((key) => !done.has(key)));
		expect(new Set(jobs.map(({ seed }) => seed)).size).toBe(jobs.length);
		expect(jobs[0]!.seed).toBe(rolloutSeed(7, "b", 0));
	});
});

describe("run.json", () => {
	test("other settings or problems are refused, with what differs; more samples may be asked for, fewer not", () => {
		const folder = freshFolder();
		const sheet = sheetFor();
		expect(settleSheet(folder, sheet)).toEqual(sheet);
		expect(settleSheet(folder, { ...sheet, created: "later" })).toEqual(sheet);
		const warmer = sheetFor(2, { sampling: { temperature: 0.8, seed: 1 }, system: "Hi" });
		expect(() => settleSheet(folder, warmer)).toThrow(
			/sampling\.temperature: 0\.6, now 0\.8\n {2}system: none, now "Hi"\n/,
		);
		const others = { ...sheet, problems: [{ file: "q.jsonl", sha256: "cd", problems: 4 }] };
		expect(() => settleSheet(folder, others)).toThrow(/problems: p\.jsonl \(3, ab\), now q\.jsonl \(4, cd\)/);
		expect(() => settleSheet(folder, sheetFor(1))).toThrow(/--n 2 or more/);
		expect(readSheet(folder)).toEqual(sheet);
		expect(settleSheet(folder, sheetFor(5)).samples).toBe(5);
		expect(readSheet(folder)).toEqual({ ...sheet, samples: 5 });
	});

	test("the order of fields is no difference, damage is said", () => {
		expect(hashOf({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(
			hashOf({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }),
		);
		expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
		const folder = freshFolder();
		expect(readSheet(folder)).toBeUndefined();
		writeFileSync(join(folder, "run.json"), "{");
		expect(() => readSheet(folder)).toThrow(/run\.json is damaged/);
		writeFileSync(join(folder, "run.json"), '{"format":99}');
		expect(() => readSheet(folder)).toThrow(/format 99/);
	});

	test("an id that is there twice is refused before anything is sampled", async () => {
		const folder = freshFolder();
		const [one, other] = [join(folder, "1.jsonl"), join(folder, "2.jsonl")];
		writeFileSync(one, `${JSON.stringify(problemOf("a"))}\n`);
		writeFileSync(other, `${JSON.stringify(problemOf("b"))}\n${JSON.stringify(problemOf("a"))}\n`);
		await expect(surveyed([one, other])).rejects.toThrow(ProblemError);
		expect((await surveyed([one])).ids).toEqual(["a"]);
		writeFileSync(one, "");
		await expect(surveyed([one])).rejects.toThrow(/there is no problem/);
	});
});

describe("merging", () => {
	async function run(rollouts: readonly Rollout[], sheet = sheetFor(), shard = WHOLE): Promise<string> {
		const folder = freshFolder();
		settleSheet(folder, sheet);
		await written(folder, rollouts, shard);
		return folder;
	}
	const { hash } = sheetFor();
	const of = (id: string, sample: number): Rollout => rolloutOf(id, sample, "correct", hash);

	test("shards become one run by key; what is there twice is kept once; it goes on as any run", async () => {
		const first = await run([of("a", 0), of("a", 1), of("b", 0)], sheetFor(), { index: 1, count: 2 });
		const second = await run([of("b", 0), of("c", 0), rolloutOf("z", 0)], sheetFor(3), {
			index: 2,
			count: 2,
		});
		const out = join(freshFolder(), "whole");
		const merged = await mergeRuns(out, [first, second]);
		expect(merged).toMatchObject({ rollouts: 4, duplicates: 1, strangers: 1, damage: [] });
		expect(readSheet(out)).toEqual({ ...readSheet(first), samples: 3 });
		const { writer, keys } = await ShardWriter.open(out, WHOLE);
		writer.close();
		expect(keys).toEqual(new Set([of("a", 0), of("a", 1), of("b", 0), of("c", 0)].map(({ key }) => key)));
		await expect(mergeRuns(out, [first])).rejects.toThrow(/not empty/);
	});

	test("verdicts that were given afterwards go along, the last scoring in force whichever run it was of", async () => {
		const runs = [await run([of("a", 0)]), await run([of("b", 0)])];
		const start = (at: string, by: string) => ({ start: at, by: [by], nudge: "0" });
		const score = (one: Rollout, by: string, verdict: string) => ({
			key: one.key,
			by,
			was: "correct",
			verdict,
			ms: 1,
		});
		for (const [folder, ...lines] of [
			[runs[0]!, start("2026-01-03", "new@1"), score(of("a", 0), "new@1", "unparseable")],
			[
				runs[1]!,
				start("2026-01-02", "old@1"),
				score(of("a", 0), "old@1", "wrong"),
				score(of("b", 0), "old@1", "wrong"),
			],
		] as const)
			writeFileSync(join(folder, SCORES_FILE), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
		const out = join(freshFolder(), "whole");
		await mergeRuns(out, runs);
		expect([...(await rescored(out))].map(([key, { verdict }]) => [key, verdict]).sort()).toEqual([
			[of("a", 0).key, "unparseable"],
			[of("b", 0).key, "wrong"],
		]);
	});

	test("runs of other settings are refused and leave nothing; so is one that is being sampled", async () => {
		const first = await run([of("a", 0)]);
		const other = await run([], sheetFor(2, { policy: "auto" }));
		const out = join(freshFolder(), "whole");
		await expect(mergeRuns(out, [first, other])).rejects.toThrow(/policy: "off", now "auto"/);
		const { writer } = await ShardWriter.open(first, WHOLE);
		await expect(mergeRuns(out, [first])).rejects.toThrow(/being sampled/);
		writer.close();
		await expect(mergeRuns(out, [freshFolder()])).rejects.toThrow(/is no run/);
		expect(readSheet(out)).toBeUndefined();
	});
});
