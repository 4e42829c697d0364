/** Jobs on Hugging Face Jobs: the real client against a scripted service that runs what it is given. */
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { containerScript, HfLauncher, stageOf } from "../../../src/train/hf-launcher.ts";
import type { Handle } from "../../../src/train/launcher.ts";
import { isOver } from "../../../src/train/run-folder.ts";
import type { HfTarget } from "../../../src/train/targets.ts";
import { metricsOf, standInJob, stateWhen, stepReached } from "../../cluster/jobs.ts";
import { ScriptedJobs } from "./scripted-jobs.ts";

const TOKEN = "hf_secret_of_the_tests";
let root: string;
let before: string | undefined;
let service: ScriptedJobs;
let fetched = 0;

beforeAll(async () => {
	root = mkdtempSync(join(tmpdir(), "nudge-hf-"));
	// The jobs of the tests go away with it.
	before = process.env.TMPDIR;
	process.env.TMPDIR = root;
	service = await ScriptedJobs.start(root);
});
afterEach(() => {
	service.hub.refuse = undefined;
});
afterAll(async () => {
	await service.stop();
	if (before === undefined) delete process.env.TMPDIR;
	else process.env.TMPDIR = before;
	rmSync(root, { recursive: true, force: true });
});

function launcher(over: Partial<HfTarget> = {}): HfLauncher {
	const target: HfTarget = {
		kind: "hf",
		namespace: "me",
		flavor: "a10g-small",
		hours: 1,
		...over,
		env: { NUDGE_KEEP_SECONDS: "0.2", ...over.env },
	};
	return new HfLauncher("hub", target, { HF_ENDPOINT: service.hub.url, HF_TOKEN: TOKEN, HOME: root }, 0);
}

function into(): string {
	const folder = join(root, `fetched-${++fetched}`);
	mkdirSync(folder);
	return folder;
}

const over = (state: Parameters<typeof isOver>[0]): boolean => isOver(state);

test("sent, started, followed, stopped, resumed, ended and fetched", async () => {
	const hub = launcher();
	const job = standInJob({ steps: 25 });
	writeFileSync(join(job.folder, "handle.json"), "{}");
	const said: string[] = [];
	const handle = await hub.submit(job, { attempt: 1, onProgress: (line) => said.push(line) });
	expect(said.join("\n")).toMatch(/sending 7 files[\s\S]*starting the job/);
	const sent = [...service.hub.files("me/nudge-jobs").keys()];
	expect(sent).toContain(`${job.sheet.id}/keep.py`);
	expect(sent).toContain(`${job.sheet.id}/base/weights`);
	expect(sent).not.toContain(`${job.sheet.id}/handle.json`);
	expect(service.hub.repos.get("me/nudge-jobs")!.private).toBe(true);

	await stepReached(hub, handle, 3);
	expect((await hub.poll([handle])).get(handle.job)).toMatchObject({ state: "running" });
	expect(await hub.cancel(handle, "stop")).toEqual(handle);
	const stopped = await stateWhen(hub, handle, over);
	expect(stopped).toMatchObject({ state: "stopped", says: expect.stringMatching(/^saved at step/) });

	const again = await hub.submit(job, { attempt: 2 });
	expect(again).toMatchObject({ attempt: 2, job: handle.job, folder: handle.folder });
	expect(again.id).not.toBe(handle.id);
	expect(await stateWhen(hub, again, over)).toEqual({ state: "done" });
	// What the first attempt ended with is still its own.
	expect((await hub.poll([handle])).get(handle.job)).toMatchObject({ state: "stopped" });

	const steps = await metricsOf(hub, again);
	expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
	const { log } = await hub.read(again, { log: 0, metrics: 0 });
	const text = Buffer.from(log).toString();
	expect(text).toMatch(/attempt 1 rank 0/);
	expect(text).toMatch(/attempt 2 rank 0 .* from step (?!1$)\d+/m);
	const rest = await hub.read(again, { log: 10, metrics: 1e6 });
	expect(Buffer.from(rest.log).toString()).toBe(text.slice(10));
	expect(rest.metrics).toHaveLength(0);

	const to = into();
	expect(await hub.fetch(again, { what: "final", into: to })).toEqual([join(to, "final")]);
	expect(readFileSync(join(to, "final/model.bin"))).toHaveLength(500_000);
	expect(existsSync(join(to, "final/final.json"))).toBe(true);
	// The bucket holds the newest checkpoints alone, though the trainer has kept more.
	const bucket = join(service.bucket("me/nudge-jobs"), job.sheet.id);
	expect(readdirSync(join(bucket, "ckpt")).sort()).toEqual(["checkpoint-20", "checkpoint-25"]);
	const last = await hub.fetch(again, { what: "last", into: to });
	expect(last).toEqual([join(to, "ckpt/checkpoint-25")]);
});

test("what is cut off goes on, what is there is not fetched again, what was changed is refused", async () => {
	const hub = launcher();
	const job = standInJob({ steps: 2 });
	const handle = await hub.submit(job, { attempt: 1 });
	expect(await stateWhen(hub, handle, over)).toEqual({ state: "done" });
	const to = into();
	const model = join(service.bucket("me/nudge-jobs"), job.sheet.id, "final/model.bin");
	mkdirSync(join(to, "final"));
	writeFileSync(join(to, "final/model.bin.part"), readFileSync(model).subarray(0, 1234));
	await hub.fetch(handle, { what: "final", into: to });
	expect(readFileSync(join(to, "final/model.bin")).equals(readFileSync(model))).toBe(true);
	const lines: string[] = [];
	await hub.fetch(handle, { what: "final", into: to, onProgress: (line) => lines.push(line) });
	expect(lines.join()).not.toContain("model.bin");
	const bytes = readFileSync(model);
	bytes[7] = 0;
	writeFileSync(model, bytes);
	await expect(hub.fetch(handle, { what: "final", into: into() })).rejects.toThrow(
		/not what the job made \(by its hash\)/,
	);
	await expect(hub.fetch(handle, { what: "last", into: to })).rejects.toThrow(/no whole checkpoint/);
});

test("the time limit: saved before it, and told where the service ended it", async () => {
	// 3.6 s, of which the last tenth is for saving.
	const saving = launcher({ hours: 0.001 });
	const job = standInJob({ steps: 100 });
	const handle = await saving.submit(job, { attempt: 1 });
	const state = await stateWhen(saving, handle, over);
	expect(state.state).toBe("stopped");
	const killed = launcher();
	const other = standInJob({ steps: 100 });
	const second = await killed.submit(other, { attempt: 1 });
	await stepReached(killed, second, 7);
	service.end(second.id, "ERROR", "Job timeout");
	expect(await stateWhen(killed, second, over)).toMatchObject({
		state: "stopped",
		says: expect.stringMatching(/time limit of 1 hours ran out/),
	});
	const torn = join(service.bucket("me/nudge-jobs"), other.sheet.id, "ckpt/checkpoint-90");
	mkdirSync(torn);
	writeFileSync(join(torn, "whole.json"), '{"files": {"weights": 9}}');
	const third = await killed.submit(standInJobAgain(other, 12), { attempt: 2 });
	expect(await stateWhen(killed, third, over)).toEqual({ state: "done" });
	expect(existsSync(torn)).toBe(false);
	const { log } = await killed.read(third, { log: 0, metrics: 0 });
	expect(Buffer.from(log).toString()).toMatch(/checkpoint-5 was fetched|attempt 2 rank 0 .* from step 6/);
});

/** The same job with fewer steps; its inputs lie in the repository already. */
function standInJobAgain(job: ReturnType<typeof standInJob>, steps: number): ReturnType<typeof standInJob> {
	const files = service.hub.repos.get("me/nudge-jobs")!.branches.get("main")!.files;
	const path = `${job.sheet.id}/launch.sh`;
	const text = files
		.get(path)!
		.bytes.toString()
		.replace(/STEPS=\d+/, `STEPS=${steps}`);
	files.set(path, { bytes: Buffer.from(text), lfs: false });
	return job;
}

test("cancelled, failed of itself, killed without a word, unknown", async () => {
	const hub = launcher();
	const job = standInJob({ steps: 100 });
	const handle = await hub.submit(job, { attempt: 1 });
	await stepReached(hub, handle, 1);
	const cancelled = await hub.cancel(handle, "end");
	expect(cancelled.cancelled).toBeDefined();
	expect(await stateWhen(hub, cancelled, over)).toEqual({ state: "cancelled" });

	const poor = launcher({ env: { PIP_CODE: "1" } });
	const failing = await poor.submit(standInJob(), { attempt: 1 });
	expect(await stateWhen(poor, failing, over)).toMatchObject({
		state: "failed",
		code: 1,
		says: expect.stringMatching(/libraries of the trainer could not be installed/),
	});

	const gone = await hub.submit(standInJob({ steps: 100 }), { attempt: 1 });
	await stepReached(hub, gone, 1);
	service.end(gone.id, "ERROR", "Job failed with exit code: 137");
	expect(await stateWhen(hub, gone, over)).toMatchObject({
		state: "failed",
		says: expect.stringMatching(/exit code: 137/),
	});
	// Several in one question; one that the service has forgotten is asked for by itself.
	const asked = service.hub.asked.length;
	const lost = { ...gone, id: "nowhere", job: "lost", folder: "lost" };
	const states = await hub.poll([handle, gone, lost]);
	expect(states.get("lost")).toMatchObject({ state: "unknown" });
	expect(states.get(gone.job)).toMatchObject({ state: "failed" });
	expect(service.hub.asked.slice(asked).filter((line) => line === "GET /api/jobs/me")).toHaveLength(1);
});

test("no token anywhere but among the secrets", async () => {
	const hub = launcher();
	const job = standInJob();
	const rendered = await hub.render(job);
	const handle: Handle = {
		kind: "hf",
		target: "hub",
		job: "x",
		folder: "x",
		id: "none",
		attempt: 1,
		submitted: "",
	};
	expect(JSON.stringify(rendered)).not.toContain(TOKEN);
	for (const request of service.requests) {
		const { secrets, ...rest } = JSON.parse(request) as Record<string, unknown>;
		expect(secrets).toEqual({ HF_TOKEN: TOKEN });
		expect(JSON.stringify(rest)).not.toContain(TOKEN);
	}
	expect(service.requests.length).toBeGreaterThan(0);
	service.hub.refuse = { at: /^GET \/api\/jobs\/me/, how: { status: 400 } };
	const error = await hub.poll([handle]).then(
		() => undefined,
		(failure: Error) => failure,
	);
	expect(error?.message).toMatch(/refused to ask about the job \(400\): refused with hf_\*\*\*/);
});

test.each([
	[401, /does not accept the token \(401\).*hf auth login/],
	[402, /nothing left to pay with \(402\)/],
	[403, /may not start a job of me \(403\).*manage jobs/],
	[404, /knows no me or me\/nudge-jobs/],
	[409, /changed it meanwhile \(409\)/],
	[429, /wait 30 seconds/],
	[503, /failure of its own \(503\)/],
])("status %i of the service is one clear message", async (status, says) => {
	service.hub.refuse = { at: /^POST \/api\/jobs\/me$/, how: { status, headers: { "Retry-After": "30" } } };
	await expect(launcher().submit(standInJob(), { attempt: 1 })).rejects.toThrow(says);
});

test("no network, no token", async () => {
	const target: HfTarget = { kind: "hf", namespace: "me", flavor: "x", hours: 1 };
	const away = new HfLauncher("hub", target, { HF_ENDPOINT: "http://127.0.0.1:9", HF_TOKEN: TOKEN }, 0);
	const handle: Handle = {
		kind: "hf",
		target: "hub",
		job: "x",
		folder: "x",
		id: "y",
		attempt: 1,
		submitted: "",
	};
	await expect(away.poll([handle])).rejects.toThrow(/cannot be reached.*goes on without it/);
	const nobody = new HfLauncher("hub", target, { HF_ENDPOINT: service.hub.url, HOME: root }, 0);
	await expect(nobody.poll([handle])).rejects.toThrow(/no token for the Hub/);
	expect((await nobody.doctor({ nodes: 1, gpusPerNode: 1 }))[0]).toMatchObject({ level: "wrong" });
});

test("the doctor: who, which hardware, what it costs, and what does not fit", async () => {
	const good = await launcher({ flavor: "h200x8", hours: 12 }).doctor({ nodes: 1, gpusPerNode: 8 });
	expect(good.map(({ level }) => level)).not.toContain("wrong");
	expect(good.map(({ says }) => says).join("\n")).toMatch(/\$40\.00 an hour.*at most \$480\.00 for 12 hours/);
	const bad = await launcher({ namespace: "others" }).doctor({ nodes: 4, gpusPerNode: 8 });
	const wrong = bad.filter(({ level }) => level === "wrong").map(({ says }) => says);
	expect(wrong.join("\n")).toMatch(/not belong to others[\s\S]*has 1 GPUs[\s\S]*wants 4 nodes/);
	const none = await launcher({ flavor: "tpu" }).doctor({ nodes: 1, gpusPerNode: 1 });
	expect(none.find(({ says }) => says.includes("tpu"))?.advice).toContain("h200x8");
	await expect(launcher().submit(standInJob({ nodes: 4 }), { attempt: 1 })).rejects.toThrow(/one node/);
});

test("stages are text, and the script in the container is one that bash reads", () => {
	expect(["SCHEDULING", "RUNNING", "whatever", "COMPLETED", "CANCELED", "ERROR"].map(stageOf)).toEqual([
		"waiting",
		"running",
		"running",
		"gone",
		"gone",
		"gone",
	]);
	const script = containerScript({ hours: 2, setup: "echo 'a b'" }, "job", 3);
	expect(script).toContain("--attempt 3 --hours 2");
	expect(script).not.toContain("torch==");
	expect(script).toMatch(/trl==1\.13\.0/);
});
