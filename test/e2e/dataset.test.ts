import { once } from "node:events";
import { createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DatasetSheet, Fate } from "../../src/data/dataset/dataset.ts";
import type { DatasetStats } from "../../src/data/dataset/stats.ts";
import { BUNDLED } from "../../src/data/problems.ts";
import type { Rollout } from "../../src/data/rollout.ts";
import type { Sample } from "../../src/trace/sample.ts";
import { HINTED_SHEET, makeRun, toldRollout } from "../data/dataset/made.ts";
import { ended, type Home, MAKING_TIMEOUT_MS, makeHome, nudge, start } from "./program.ts";

let home: Home;
beforeAll(async () => {
	home = await makeHome();
	const lines = readFileSync(BUNDLED[0]!, "utf8").trim().split("\n").slice(0, 8);
	writeFileSync(join(home.dir, "eight.jsonl"), `${lines.join("\n")}\n`);
	for (const hints of ["off", "auto"]) {
		const args = [
			"sample",
			"--problems",
			"eight.jsonl",
			"--n",
			"2",
			"--hints",
			hints,
			"--json",
			"--out",
			hints,
		];
		const { code, stderr } = await nudge(home, args);
		expect(code, stderr).toBe(0);
	}
}, MAKING_TIMEOUT_MS);
afterAll(() => home?.remove());

const rows = <T>(...path: string[]): T[] =>
	readFileSync(join(home.dir, ...path), "utf8")
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as T);

async function json<T>(...args: string[]): Promise<T> {
	const { code, stdout, stderr } = await nudge(home, ["dataset", ...args, "--json"]);
	expect(code, stderr).toBe(0);
	return JSON.parse(stdout) as T;
}

test("from sampled runs to samples: D_seed, D_START, the set without tools, merged, split, and every rollout told", async () => {
	const plain = rows<Rollout>("off", "rollouts-1of1.jsonl");
	const hinted = rows<Rollout>("auto", "rollouts-1of1.jsonl");
	const solves = (all: readonly Rollout[], id: string): boolean =>
		all.some(({ problem, verdict }) => problem.id === id && verdict === "correct");
	const ids = [...new Set(hinted.map(({ problem }) => problem.id))];

	const seed = await json<DatasetSheet>("seed", "off", "auto", "--out", "d-seed", "--rule", "unclosed=off");
	const wanted = ids.filter((id) => !solves(plain, id) && solves(hinted, id)).sort();
	expect(rows<Sample>("d-seed", "samples.jsonl").map(({ question_id }) => question_id)).toEqual(wanted);
	expect(seed.waterfall).toMatchObject({ rollouts: 32, problems: 8, samples: wanted.length });
	expect(rows<Fate>("d-seed", "fates.jsonl")).toHaveLength(32);

	const begun = await json<DatasetSheet>(
		"start",
		"auto",
		"--out",
		"d-start",
		"--choose",
		"longest",
		"--seed",
		"3",
	);
	expect(begun.waterfall.samples).toBeGreaterThan(0);
	for (const sample of rows<Sample>("d-start", "samples.jsonl")) {
		const rollout = hinted.find(({ key }) => key === sample.id)!;
		const eos = rollout.end.eos ?? "";
		expect(sample.segments.map(({ text }) => text).join("")).toBe(
			rollout.header.text + rollout.spans.map(({ text }) => text).join("") + eos,
		);
	}

	const without = await json<DatasetSheet>("no-tool", "off", "--like", "d-start", "--out", "d-no-tool");
	const able = new Set(plain.filter(({ verdict }) => verdict === "correct").map(({ problem }) => problem.id));
	expect(without.waterfall.samples).toBe(Math.min(able.size, begun.waterfall.samples));

	const merged = await json<DatasetSheet>("merge", "all", "d-seed", "d-start", "d-no-tool");
	const each = [seed, begun, without].reduce((sum, { waterfall }) => sum + waterfall.samples, 0);
	expect(merged.waterfall.rollouts).toBe(each);
	const { code, stdout } = await nudge(home, [
		"dataset",
		"split",
		"all",
		"--out",
		"parts",
		"--parts",
		"a=0.5,b=0.5",
	]);
	expect(code).toBe(0);
	expect(stdout).toMatch(/^a +\d+ samples? of \d+ problems?/);
	const inParts = ["a", "b"].flatMap((part) => rows<Sample>("parts", part, "samples.jsonl"));
	expect(inParts).toHaveLength(merged.waterfall.samples);

	const stats = await json<DatasetStats>("stats", "parts/a");
	expect(stats.training).toBe(rows("parts", "a", "samples.jsonl").length);
	const told = await nudge(home, ["dataset", "why", "d-seed", ids[0]!]);
	for (const { key, problem } of [...plain, ...hinted])
		if (problem.id === ids[0]) expect(told.stdout).toContain(key);
	const differs = await nudge(home, ["dataset", "diff", "d-seed", "d-start"]);
	expect(differs.stdout).toContain("kind: seed, now start");
	for (const line of `${told.stdout}${differs.stdout}`.split("\n"))
		expect(line.length).toBeLessThanOrEqual(80);
}, 120_000);

test("what cannot be is refused in one message, and nothing is written over", async () => {
	writeFileSync(join(home.dir, "mine.txt"), "");
	for (const [args, code, says] of [
		[["seed", "off", "off", "--out", "x"], 1, "runs of the same settings"],
		[["seed", "off", "auto"], 2, "--out"],
		[["start", "auto", "--out", "auto"], 1, "is there and not empty"],
		[["start", "nowhere", "--out", "x"], 1, "is no run"],
		[["start", "auto", "--out", "x", "--rule", "verdikt=off"], 1, "verdict"],
		[["split", "auto", "--out", "x"], 1, "is no dataset"],
		[["split", "auto", "--out", "x", "--parts", "a=2"], 2, "add up to 2"],
		[["why", "auto", "x"], 1, "is no dataset"],
	] as const) {
		const said = await nudge(home, ["dataset", ...args]);
		expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(says)]);
		expect(said.stderr).not.toContain("    at ");
	}
	expect(existsSync(join(home.dir, "x"))).toBe(false);
}, 120_000);

test("Ctrl+C in the middle leaves nothing half made", async () => {
	const run = makeRun(join(home.dir, "large"), HINTED_SHEET, []);
	const file = createWriteStream(join(run, "rollouts-1of1.jsonl"));
	const words = Array.from({ length: 4000 }, (_, index) => `w${(index * 7919) % 4001}`).join(" ");
	for (let index = 0; index < 4000; index++) {
		const told = { question: `q${index}`, sample: 0, verdict: "correct", ran: [true], words } as const;
		if (!file.write(`${JSON.stringify(toldRollout(HINTED_SHEET, told))}\n`)) await once(file, "drain");
	}
	file.end();
	await finished(file);
	const child = start(home, ["dataset", "start", "large", "--out", "never"]);
	const end = ended(child);
	const hidden = (): string[] => readdirSync(home.dir).filter((name) => name.includes("never"));
	while (child.exitCode === null && hidden().length === 0) await sleep(5);
	child.kill("SIGINT");
	const { code, stderr } = await end;
	expect(code).toBe(130);
	expect(stderr).toContain("nothing was kept");
	expect(hidden()).toEqual([]);
}, 120_000);
