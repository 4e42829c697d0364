import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUNDLED } from "../../src/data/problems.ts";
import { parseRollout, type Rollout } from "../../src/data/rollout.ts";
import type { RunSummary } from "../../src/data/run-summary.ts";
import { ended, type Home, MAKING_TIMEOUT_MS, makeHome, nudge, processesWith, start } from "./program.ts";

let home: Home;
let ids: string[];
beforeAll(async () => {
	home = await makeHome();
	const lines = readFileSync(BUNDLED[0]!, "utf8").trim().split("\n").slice(0, 6);
	ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
	writeFileSync(join(home.dir, "six.jsonl"), `${lines.join("\n")}\n`);
}, MAKING_TIMEOUT_MS);
afterAll(() => home?.remove());

const ARGS = ["sample", "--problems", "six.jsonl", "--n", "2", "--hints", "auto", "--json", "--out"];

/** Whole lines alone: a kill may leave a torn one. */
function rolloutsOf(run: string): Rollout[] {
	const folder = join(home.dir, run);
	const files = readdirSync(folder).filter((name) => name.startsWith("rollouts-"));
	return files.flatMap((name) => {
		const lines = readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1);
		return lines.map((line) => {
			const rollout = parseRollout(line);
			if (typeof rollout === "string") throw new Error(`${name}: ${rollout}`);
			return rollout;
		});
	});
}

/** As long as the program runs, until so many rollouts are on disk. */
async function until(run: string, count: number, running: () => boolean): Promise<void> {
	while (running()) {
		try {
			if (rolloutsOf(run).length >= count) return;
		} catch {
			// Not begun yet.
		}
		await sleep(10);
	}
}

async function gone(): Promise<readonly number[]> {
	for (let i = 0; i < 80 && processesWith(home.dir).length > 0; i++) await sleep(100);
	return processesWith(home.dir);
}

type Said = RunSummary & {
	readonly total: number;
	readonly done: number;
	readonly owed: number;
	readonly start: { readonly rollouts: number; readonly failed: number };
};

test("killed in the middle and started again, exactly what is owed is done, and the summary is that of the rollouts", async () => {
	const child = start(home, [...ARGS, "killed"]);
	const over = ended(child);
	await until("killed", 3, () => child.exitCode === null);
	child.kill("SIGKILL");
	await over;
	const before = rolloutsOf("killed");
	expect(before.length).toBeGreaterThanOrEqual(3);
	expect(before.length).toBeLessThan(12);
	expect(await gone()).toEqual([]);

	const again = await nudge(home, [...ARGS, "killed"]);
	expect(again.code, again.stderr).toBe(0);
	const said = JSON.parse(again.stdout) as Said;
	const all = rolloutsOf("killed");
	expect(all.slice(0, before.length)).toEqual(before);
	expect(said.start).toMatchObject({ rollouts: 12 - before.length, failed: 0 });
	expect(all.map(({ problem, sample }) => `${problem.id} ${sample}`).sort()).toEqual(
		ids.flatMap((id) => [`${id} 0`, `${id} 1`]).sort(),
	);
	expect(new Set(all.map(({ settings }) => settings.sampling.seed)).size).toBe(12);
	const correct = all.filter(({ verdict }) => verdict === "correct").length;
	expect(said).toMatchObject({ total: 12, done: 12, owed: 0, rollouts: 12, problems: 6, checked: 12 });
	expect(said.accuracy).toBeCloseTo(correct / 12, 12);
	expect(said.verdicts.correct).toBe(correct);
	expect(said.withPython).toBeCloseTo(all.filter(({ calls }) => calls.length > 0).length / 12, 12);
	expect(correct).toBeGreaterThan(0);
	for (const { spans, end, calls } of all) {
		expect(spans.every(({ ids }) => ids !== undefined)).toBe(true);
		expect(end).toMatchObject({ reason: "eos" });
		expect(calls.every(({ output }) => output !== undefined)).toBe(true);
	}

	// Nothing is owed: nothing is done.
	const third = JSON.parse((await nudge(home, [...ARGS, "killed"])).stdout) as Said;
	expect(third).toMatchObject({ done: 12, start: { rollouts: 0 }, accuracy: said.accuracy });
	const shown = await nudge(home, ["runs", "show", "killed"]);
	expect(shown.stdout).toMatch(/progress +12 of 12 \(100\.0 %\)\n/);
	expect((await nudge(home, ["runs", "list"])).stdout).toMatch(/^killed +done +12\/12 /m);

	const warmer = await nudge(home, [...ARGS, "killed", "--temperature", "0.9"]);
	expect(warmer.code).toBe(1);
	expect(warmer.stderr).toContain("sampling.temperature: 0.6, now 0.9");
	expect(await gone()).toEqual([]);
}, 180_000);

test("Ctrl+C ends it cleanly; shards made apart and merged are the whole run", async () => {
	const child = start(home, [...ARGS, "one", "--shard", "1/2", "--concurrency", "2"]);
	const over = ended(child);
	await until("one", 1, () => child.exitCode === null);
	child.kill("SIGINT");
	const { code, stdout, stderr } = await over;
	expect(code, stderr).toBe(130);
	const said = JSON.parse(stdout) as Said;
	expect(said.done).toBe(rolloutsOf("one").length);
	expect(said.owed).toBe(6 - said.done);
	expect(stderr).toContain("still owed");
	expect(await gone()).toEqual([]);

	for (const [run, shard] of [
		["one", "1/2"],
		["two", "2/2"],
	] as const) {
		const { code, stderr } = await nudge(home, [...ARGS, run, "--shard", shard]);
		expect(code, stderr).toBe(0);
	}
	const merged = await nudge(home, ["runs", "merge", "whole", "one", "two", "one"]);
	expect(merged.stdout).toMatch(/^12 of 12 rollouts from 3 runs; 6 were there twice and are kept once/);
	expect(new Set(rolloutsOf("whole").map(({ key }) => key)).size).toBe(12);
	const whole = JSON.parse((await nudge(home, [...ARGS, "whole"])).stdout) as Said;
	expect(whole).toMatchObject({ done: 12, start: { rollouts: 0 } });
}, 180_000);
