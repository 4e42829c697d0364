/**
 * A run sampled on a Slurm cluster as an array of four shards, one of which is killed and one warned of its time limit:
 * resumed, fetched, nothing owed, nothing twice; and on a host behind ssh with a person's own hints.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUNDLED } from "../../src/data/problems.ts";
import { rolloutFiles } from "../../src/data/run-folder.ts";
import { BIN, type Home, makeHome, nudge } from "../e2e/program.ts";
import { hintFile } from "../hints/folders.ts";
import { Cluster } from "./cluster.ts";
import { Person } from "./person.ts";

const PROBLEMS = 24;
const EACH = 8;

let far: string;
let home: Home;
let cluster: Cluster;
let person: Person;
beforeAll(async () => {
	far = mkdtempSync(join(tmpdir(), "nudge-far-"));
	home = await makeHome();
	person = new Person(home);
	cluster = await Cluster.start();
	mkdirSync(join(home.dir, "config"), { recursive: true });
	const of = `host: cluster
  ssh-config: ${cluster.sshConfig}
  nudge: ${BIN}
  env: { NUDGE_HOME: ${home.dir} }`;
	writeFileSync(
		join(home.dir, "config", "targets.yaml"),
		`lab:\n  kind: slurm\n  folder: ${join(far, "jobs")}\n  ${of}\nbox:\n  kind: ssh\n  folder: ${join(far, "box jobs")}\n  ${of}\n`,
	);
	const lines = readFileSync(BUNDLED[0]!, "utf8").trim().split("\n").slice(0, PROBLEMS);
	writeFileSync(join(home.dir, "some.jsonl"), `${lines.join("\n")}\n`);
}, 300_000);
afterAll(async () => {
	await cluster?.stop();
	home?.remove();
	rmSync(far, { recursive: true, force: true });
}, 60_000);

const keysIn = (folder: string): string[] =>
	rolloutFiles(folder).flatMap((file) =>
		readFileSync(file, "utf8")
			.trim()
			.split("\n")
			.map((line) => (JSON.parse(line) as { key: string }).key),
	);

const hintsIn = (folder: string): string[] =>
	rolloutFiles(folder).flatMap((file) =>
		readFileSync(file, "utf8")
			.trim()
			.split("\n")
			.flatMap((line) => (JSON.parse(line) as { hints: { hint: string }[] }).hints.map(({ hint }) => hint)),
	);

const SAMPLE = ["sample", "--problems", "some.jsonl", "--hints", "auto", "--n", String(EACH)];

test("an array of four shards on four nodes: one is killed, one out of time goes on, resumed alone, fetched and merged", async () => {
	// Of a try before this one.
	rmSync(join(home.dir, "whole"), { recursive: true, force: true });
	const dry = await person.said(...SAMPLE, "--on", "lab", "--shards", "4", "--dry-run");
	expect(dry).toContain("#SBATCH --array=1,2,3,4");
	expect(dry).toContain('--shard "$i/4"');
	await person.said(...SAMPLE, "--on", "lab", "--shards", "4", "--limit", "4");
	const { handle } = await person.shown();
	const job = (await person.said("jobs", "list")).split("\n")[1]!.split(" ")[0]!;
	const begun = (shard: number): boolean => {
		const file = join(far, "jobs", job, "run", `rollouts-${shard}of4.jsonl`);
		return existsSync(file) && statSync(file).size > 0;
	};
	// Looked at where it is: a command takes longer than a rollout.
	for (let i = 0; i < 600 && !(begun(2) && begun(3)); i++)
		await new Promise((resolve) => setTimeout(resolve, 100));
	await cluster.say("scancel", `${handle.id}_2`);
	// What Slurm says two minutes before a time limit: the shard puts itself back into the queue.
	await cluster.say("scancel", "--batch", "--signal=USR1", `${handle.id}_3`);
	const runs = async (): Promise<boolean> =>
		(await cluster.say("squeue", "--noheader", "--format=%t", `--jobs=${handle.id}_3`)).trim() === "R";
	for (let i = 0; i < 300 && (await runs()); i++) await new Promise((resolve) => setTimeout(resolve, 100));
	await cluster.startNow(`${handle.id}_3`);
	const over = await person.until(({ state }) => !["running", "waiting"].includes(state.state));
	expect(over.state, await person.said("jobs", "show", "last")).toMatchObject({
		state: "lost",
		says: expect.stringContaining("of 4 shards 3 done, 1 cancelled") as string,
	});
	expect(await person.said("jobs", "show", "last")).toMatch(/^2 +cancelled/m);

	await person.said("jobs", "resume", "last");
	await person.until(({ state }) => state.state === "done");
	expect((await person.shown()).handle.id).not.toBe(handle.id);
	const log = await person.said("jobs", "logs", "last");
	const times = [1, 2, 3, 4].map((shard) => log.split(`shard ${shard} of 4 begins`).length - 1);
	expect(times).toEqual([1, 2, 2, 1]);

	const run = (await person.said("jobs", "fetch", "last")).trim();
	const keys = keysIn(run);
	expect(keys).toHaveLength(PROBLEMS * EACH);
	expect(new Set(keys).size).toBe(PROBLEMS * EACH);
	expect(JSON.parse(await person.said("runs", "show", run, "--json"))).toMatchObject({
		done: PROBLEMS * EACH,
	});
	await person.said("runs", "merge", "whole", run);
	expect(new Set(keysIn(join(home.dir, "whole"))).size).toBe(PROBLEMS * EACH);
}, 400_000);

test("on a host behind ssh: one shard, with hints of one's own, ended and gone on with", async () => {
	writeFileSync(join(home.dir, "mine.yaml"), hintFile("mine"));
	const own = SAMPLE.map((word) => (word === "auto" ? "mine.yaml" : word));
	const { code, stderr } = await nudge(home, [...own, "--on", "box", "--shards", "2"]);
	expect(code).toBe(2);
	expect(stderr).toContain("is one host");
	await person.said(...own, "--on", "box");
	await person.until(({ state }) => / [1-9]\d* of 192 rollouts/.test(` ${state.says ?? ""}`));
	await person.said("jobs", "cancel", "last");
	await person.until(({ state }) => state.state === "cancelled");
	await person.said("jobs", "resume", "last");
	await person.until(({ state }) => state.state === "done");
	const run = (await person.said("jobs", "fetch", "last")).trim();
	const keys = keysIn(run);
	expect(keys).toHaveLength(PROBLEMS * EACH);
	expect(new Set(keys).size).toBe(PROBLEMS * EACH);
	expect(new Set(hintsIn(run))).toEqual(new Set(["mine"]));
}, 400_000);
