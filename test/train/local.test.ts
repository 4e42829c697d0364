/** The target `local`, with a Python that only plays the trainer: what is real here is the process, its folder and its end. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { gpusIn, lacking } from "../../src/train/environment.ts";
import { follow } from "../../src/train/follow.ts";
import { readHandle } from "../../src/train/handles.ts";
import { makeJob, planJob } from "../../src/train/job.ts";
import type { Handle, Job } from "../../src/train/launcher.ts";
import { gpuFindings, isAlive, LocalLauncher } from "../../src/train/local.ts";
import { readRecipe, recipeFile } from "../../src/train/recipe.ts";
import { checkpointsIn, evidenceIn, isOver, type JobState, parsePid } from "../../src/train/run-folder.ts";
import { World } from "../commands/world.ts";
import { dataset, Folder, fakePython, sample } from "./folder.ts";

const folder = new Folder();
const python = fakePython(folder);
const data = dataset(folder, "data", [sample("a")]);
const started: { readonly launcher: LocalLauncher; readonly handle: Handle }[] = [];
afterEach(async () => {
	for (const { launcher, handle } of started.splice(0)) await launcher.cancel(handle, "kill");
});
afterAll(() => folder.remove());

let count = 0;

async function newJob(): Promise<Job> {
	const plan = await planJob({
		dataset: data,
		recipe: readRecipe(recipeFile("tiny", "/")),
		target: { name: "local", kind: "local" },
		far: false,
		nudge: "0.0.0",
		now: new Date(),
		cwd: folder.path,
	});
	return makeJob(plan, join(folder.path, `job-${count++}`));
}

function here(env: NodeJS.ProcessEnv = {}): LocalLauncher {
	return new LocalLauncher({ PATH: process.env.PATH, NUDGE_TRAIN_PYTHON: python, ...env });
}

async function begin(launcher: LocalLauncher, job: Job, attempt = 1): Promise<Handle> {
	const handle = await launcher.submit(job, { attempt });
	started.push({ launcher, handle });
	return handle;
}

async function atEnd(
	launcher: LocalLauncher,
	handle: Handle,
): Promise<{ state: JobState; steps: number[]; lines: string[] }> {
	const [steps, lines]: [number[], string[]] = [[], []];
	const following = follow(launcher, handle, { everyMs: 20 });
	for (;;) {
		const next = await following.next();
		if (next.done) return { state: next.value, steps, lines };
		if (next.value.kind === "metric") steps.push(next.value.metric.step);
		if (next.value.kind === "line") lines.push(next.value.text);
	}
}

async function until(what: () => boolean): Promise<void> {
	while (!what()) await sleep(10);
}

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe("a job on this machine", () => {
	test("runs to its end, is followed to its last line, and its model is fetched and checked", async () => {
		const [launcher, job] = [here(), await newJob()];
		const handle = await begin(launcher, job);
		const { state, steps, lines } = await atEnd(launcher, handle);
		expect(state).toEqual({ state: "done" });
		expect(steps).toEqual(TEN);
		expect(lines).toContain("nudge: trained tokens: model 3");
		const into = join(folder.path, "fetched");
		await launcher.fetch(handle, { what: "final", into });
		expect(readFileSync(join(into, "model.safetensors"), "utf8")).toBe("weights");
		writeFileSync(join(job.folder, "final", "model.safetensors"), "WEIGHTS");
		await expect(launcher.fetch(handle, { what: "final", into: join(folder.path, "again") })).rejects.toThrow(
			/hash differs/,
		);
	});

	test("stops after a checkpoint when asked, and goes on from it as the next attempt", async () => {
		const [launcher, job] = [here({ FAKE_MS: "40" }), await newJob()];
		const handle = await begin(launcher, job);
		await until(() => checkpointsIn(job.folder).length > 0);
		const asked = await launcher.cancel(handle, "stop");
		const first = await atEnd(launcher, asked);
		expect(first.state.state).toBe("stopped");
		expect(evidenceIn(job.folder)).toMatchObject({ rc: 75, end: { reason: "stopped", attempt: 1 } });
		const second = await atEnd(here(), await begin(here(), job, 2));
		expect(second.state).toEqual({ state: "done" });
		// Read from the beginning: the steps of both attempts, each once.
		expect(second.steps).toEqual(TEN);
	});

	test("a TERM to its group is a stop too", async () => {
		const [launcher, job] = [here({ FAKE_MS: "40" }), await newJob()];
		const handle = await begin(launcher, job);
		await until(() => checkpointsIn(job.folder).length > 0);
		await launcher.cancel(handle, "end");
		expect((await atEnd(launcher, handle)).state).toMatchObject({
			state: "stopped",
			says: expect.stringContaining("step"),
		});
	});

	test("its own words about its end count, also where whoever started it hid the code", async () => {
		// torchrun reports 1 for every failure of a rank.
		const launcher = here({ FAKE: "hides" });
		expect((await atEnd(launcher, await begin(launcher, await newJob()))).state).toMatchObject({
			state: "failed",
			code: 76,
			says: "the loss is not finite",
		});
	});

	test("killed without a word it is lost, and resumes from its last whole checkpoint", async () => {
		const [launcher, job] = [here({ FAKE_MS: "40" }), await newJob()];
		const handle = await begin(launcher, job);
		await until(() => checkpointsIn(job.folder).length > 0);
		await launcher.cancel(handle, "kill");
		const lost = await atEnd(launcher, handle);
		expect(lost.state.state).toBe("lost");
		expect(evidenceIn(job.folder).rc).toBeUndefined();
		expect((await atEnd(here(), await begin(here(), job, 2))).state).toEqual({ state: "done" });
	});

	test("is not started twice at once", async () => {
		const [launcher, job] = [here({ FAKE_MS: "60" }), await newJob()];
		await begin(launcher, job);
		await expect(launcher.submit(job, { attempt: 2 })).rejects.toThrow(/running already/);
	});

	test("following takes up where it stopped, with nothing twice", async () => {
		const [launcher, job] = [here({ FAKE_MS: "20" }), await newJob()];
		const handle = await begin(launcher, job);
		const steps: number[] = [];
		let from = { log: 0, metrics: 0 };
		const stop = new AbortController();
		try {
			for await (const event of follow(launcher, handle, { everyMs: 5, signal: stop.signal })) {
				if (event.kind === "metric") steps.push(event.metric.step);
				if (event.kind === "offsets") {
					from = event.offsets;
					if (steps.length >= 3) stop.abort();
				}
			}
		} catch (error) {
			if (!stop.signal.aborted) throw error;
		}
		for await (const event of follow(launcher, handle, { everyMs: 5, from }))
			if (event.kind === "metric") steps.push(event.metric.step);
		expect(steps).toEqual(TEN);
	});

	test("a Python without what training needs is refused by name", async () => {
		await expect(here({ FAKE_TRL: "0.24.0" }).submit(await newJob(), { attempt: 1 })).rejects.toThrow(
			/lacks trl 1\.7 or newer/,
		);
		await expect(
			here({ NUDGE_TRAIN_PYTHON: "/no/python" }).submit(await newJob(), { attempt: 1 }),
		).rejects.toThrow(/\/no\/python does not run/);
	});
});

test("a pid that another process has now is not the job's", () => {
	const mine = readFileSync(`/proc/${process.pid}/stat`, "utf8");
	const started = mine.slice(mine.lastIndexOf(")") + 2).split(" ")[19]!;
	const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
	expect(isAlive({ pid: process.pid, started, boot })).toBe(true);
	expect(isAlive({ pid: process.pid, started: "1", boot })).toBe(false);
	expect(isAlive({ pid: process.pid, started, boot: "another" })).toBe(false);
});

test("GPUs: too few, several machines and busy ones are said, with what to do", () => {
	const gpus = gpusIn("NVIDIA H100 80GB HBM3, 81559, 4\nNVIDIA H100 80GB HBM3, 81559, 70000\n\n");
	expect(gpus).toHaveLength(2);
	expect(gpuFindings({ nodes: 1, gpusPerNode: 8 }, gpus)[0]).toMatchObject({
		level: "wrong",
		advice: expect.stringContaining("=2"),
	});
	expect(gpuFindings({ nodes: 4, gpusPerNode: 8 }, gpus)[0]?.says).toMatch(/4 machines/);
	expect(gpuFindings({ nodes: 1, gpusPerNode: 2 }, gpus).map(({ level }) => level)).toEqual(["ok", "note"]);
	expect(gpuFindings({ nodes: 1, gpusPerNode: 0 }, [])[0]?.level).toBe("ok");
});

test("what a Python lacks for training is named", () => {
	expect(lacking({ versions: { python: "3.11" } })).toEqual([
		"torch",
		"transformers",
		"trl",
		"accelerate",
		"datasets",
	]);
});

describe("nudge train", () => {
	const world = new World();
	Object.assign(world.env, { NUDGE_TRAIN_PYTHON: python });
	afterAll(() => world.remove());

	test("trains, says what it will take, and where the model lies", async () => {
		const { code, out, err } = await world.nudge("train", data, "--recipe", "tiny", "--wait");
		expect({ code, err }).toMatchObject({ code: 0 });
		expect(err).toMatch(/train +nudge-tiny \(sha256 \w{12}\)\non +D_START \(start\): 1 sample/);
		expect(err).toMatch(/memory +about .* a process/);
		const final = /is done: (\S+)/.exec(out)?.[1] ?? "";
		expect(existsSync(join(final, "final.json"))).toBe(true);
		expect(readHandle(join(final, ".."))).toMatchObject({ kind: "local", attempt: 1 });
	});

	test("a dry run shows every file and starts nothing", async () => {
		const before = existsSync(join(world.home, "data", "jobs")) ? 1 : 0;
		const { code, out, err } = await world.nudge(
			"train",
			data,
			"--recipe",
			"start-32b",
			"--dry-run",
			"--gpu-hour",
			"2",
		);
		expect(code).toBe(0);
		for (const title of ["recipe.json", "deepspeed.json", "launch.sh", "job.sh"])
			expect(out).toContain(`--- ${title}`);
		expect(err).toMatch(/GPU hours, about .* at 2 each.*recipe is for 4 machines.*nothing was started/s);
		expect(existsSync(join(world.home, "data", "jobs")) ? 1 : 0).toBe(before);
	});

	test("a failure is the trainer's own sentence, and exit code 1", async () => {
		expect((await world.nudge("train", data, "--recipe", "tiny", "--wait", "--out", "mine")).code).toBe(0);
		expect(existsSync(join(world.cwd, "mine", "final", "final.json"))).toBe(true);
		world.env.FAKE = "breaks";
		const { code, err } = await world.nudge("train", data, "--recipe", "tiny", "--wait");
		delete world.env.FAKE;
		expect(code).toBe(1);
		expect(err).toMatch(/failed \(exit code 76\): the loss is not finite\nnudge jobs logs/);
		expect(readdirSync(join(world.home, "data", "jobs"))).toHaveLength(3);
	});

	test("words that do not fit are refused before anything is made", async () => {
		expect(await world.nudge("train", data)).toMatchObject({
			code: 2,
			err: expect.stringContaining("--recipe"),
		});
		expect(await world.nudge("train", data, "-r", "tiny", "--on", "moon")).toMatchObject({
			code: 1,
			err: expect.stringContaining("no target"),
		});
		expect(await world.nudge("train", "nowhere", "-r", "tiny")).toMatchObject({
			code: 1,
			err: expect.stringContaining("no dataset"),
		});
		mkdirSync(join(world.cwd, "full"));
		writeFileSync(join(world.cwd, "full", "x"), "");
		expect(await world.nudge("train", data, "-r", "tiny", "-o", "full")).toMatchObject({
			code: 1,
			err: expect.stringContaining("not empty"),
		});
	});
});

test("what job.sh writes of itself is its own process", async () => {
	const [launcher, job] = [here({ FAKE_MS: "60" }), await newJob()];
	const handle = await begin(launcher, job);
	const mark = parsePid(readFileSync(join(job.folder, "pid"), "utf8"))!;
	expect(String(mark.pid)).toBe(handle.id);
	expect(isAlive(mark)).toBe(true);
	await launcher.cancel(handle, "kill");
	await until(() => !isAlive(mark));
	expect(isOver((await launcher.poll([handle])).get(handle.job)!)).toBe(true);
});
