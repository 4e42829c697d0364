/** Managed jobs of SkyPilot: its program is played by a script that runs what it is given; so is aws. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bucketOf } from "../../../src/train/bucket-tools.ts";
import type { Handle } from "../../../src/train/launcher.ts";
import { isOver, type JobState } from "../../../src/train/run-folder.ts";
import { SkypilotLauncher, skyState, taskOf } from "../../../src/train/skypilot-launcher.ts";
import type { SkypilotTarget } from "../../../src/train/targets.ts";
import { metricsOf, standInJob, stateWhen, stepReached } from "../../cluster/jobs.ts";

let root: string;
let before: string | undefined;
let env: NodeJS.ProcessEnv;
const TARGET: SkypilotTarget = {
	kind: "skypilot",
	accelerators: "A100-80GB:8",
	bucket: "s3://lab-jobs",
	infra: "aws",
	spot: true,
	env: { NUDGE_KEEP_SECONDS: "0.2" },
};

beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "nudge-sky-"));
	// The jobs of the tests go away with it.
	before = process.env.TMPDIR;
	process.env.TMPDIR = root;
	const script = fileURLToPath(new URL("scripted-sky.mjs", import.meta.url));
	mkdirSync(join(root, "bin"));
	for (const name of ["sky", "aws"]) {
		const at = join(root, "bin", name);
		writeFileSync(at, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${name} "$@"\n`);
		chmodSync(at, 0o755);
	}
	env = {
		PATH: `${join(root, "bin")}:${process.env.PATH}`,
		HOME: root,
		NUDGE_HOME: join(root, "home"),
		SKY_HOME: root,
		SKY_YAML: import.meta.resolve("yaml"),
		HF_TOKEN: "hf_secret_of_the_tests",
	};
});
afterAll(() => {
	if (before === undefined) delete process.env.TMPDIR;
	else process.env.TMPDIR = before;
	rmSync(root, { recursive: true, force: true });
});

const launcher = (over: Partial<SkypilotTarget> = {}, more: NodeJS.ProcessEnv = {}): SkypilotLauncher =>
	new SkypilotLauncher("sky", { ...TARGET, ...over }, { ...env, ...more }, 0);
const over = (state: JobState): boolean => isOver(state);
const asked = (): string[][] =>
	readFileSync(join(root, "asked.jsonl"), "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as string[]);

test("started, followed, stopped, resumed, ended and fetched", async () => {
	const sky = launcher();
	const job = standInJob({ steps: 20 });
	const handle = await sky.submit(job, { attempt: 1 });
	expect(handle).toMatchObject({ id: "1", attempt: 1, folder: job.sheet.id });
	expect(asked().at(-1)!.slice(0, 9)).toEqual([
		"sky",
		"jobs",
		"launch",
		"-y",
		"-d",
		"-n",
		`nudge-${job.sheet.id}`,
		"--secret",
		"HF_TOKEN",
	]);
	expect(readFileSync(join(root, "task.yaml"), "utf8")).not.toContain("hf_secret");
	expect(existsSync(join(root, "home/cache/sky", job.sheet.id))).toBe(false);
	await stepReached(sky, handle, 3);
	expect((await sky.poll([handle])).get(handle.job)).toMatchObject({ state: "running" });
	await sky.cancel(handle, "stop");
	expect(await stateWhen(sky, handle, over)).toMatchObject({ state: "stopped" });
	const again = await sky.submit(job, { attempt: 2 });
	expect(again.id).toBe("2");
	expect(await stateWhen(sky, again, over)).toEqual({ state: "done" });
	const steps = await metricsOf(sky, again);
	expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
	const { metrics } = await sky.read(again, { log: 1e9, metrics: 5 });
	expect(metrics.length).toBeGreaterThan(100);
	const into = join(root, "fetched");
	expect(await sky.fetch(again, { what: "all", into })).toContain(join(into, "final"));
	expect(readFileSync(join(into, "final/model.bin"))).toHaveLength(500_000);
	expect(existsSync(join(into, "ckpt/checkpoint-20/whole.json"))).toBe(true);
});

test("two nodes: a checkpoint is whole when both have kept their part, and one log is read", async () => {
	const sky = launcher();
	const job = standInJob({ nodes: 2, steps: 6 });
	// The other rank has a part of its own in every checkpoint, as sharded training does.
	writeFileSync(
		join(job.folder, "launch.sh"),
		`cd "$(dirname "$0")" || exit 1
if [ "$NODE_RANK" != 0 ]; then mkdir -p ckpt/checkpoint-5 && echo part > ckpt/checkpoint-5/shard-1; sleep 2; exit 0; fi
STEPS=6 exec python3 train.py
`,
	);
	const handle = await sky.submit(job, { attempt: 1 });
	expect(await stateWhen(sky, handle, over)).toEqual({ state: "done" });
	const into = join(root, "fetched-two");
	await sky.fetch(handle, { what: "last", into });
	const whole = JSON.parse(readFileSync(join(into, "ckpt/checkpoint-5/whole.json"), "utf8")) as {
		files: object;
	};
	expect(Object.keys(whole.files).sort()).toEqual(["shard-1", "weights"]);
	expect(readFileSync(join(into, "ckpt/checkpoint-5/shard-1"), "utf8")).toBe("part\n");
});

test("cancelled; failed without an exit code; forgotten; all in one question", async () => {
	const sky = launcher();
	const handle = await sky.submit(standInJob({ steps: 100 }), { attempt: 1 });
	await stepReached(sky, handle, 1);
	const cancelled = await sky.cancel(handle, "end");
	expect(await stateWhen(sky, cancelled, over)).toEqual({ state: "cancelled" });
	const rows = JSON.parse(readFileSync(join(root, "jobs.json"), "utf8")) as object[];
	const row = (status: string, reason?: string) =>
		rows.push({ job_id: rows.length + 1, job_name: "x", nodes: 1, status, failure_reason: reason });
	const ids = [row("FAILED_NO_RESOURCE", "no A100 in us-east-1"), row("RECOVERING"), row("FAILED_SETUP")];
	writeFileSync(join(root, "jobs.json"), JSON.stringify(rows));
	const other = (id: number | string): Handle => ({
		...handle,
		id: String(id),
		job: `j${id}`,
		folder: `j${id}`,
	});
	const start = asked().length;
	const states = await sky.poll([...ids.map(other), other(99)]);
	expect(
		asked()
			.slice(start)
			.filter(([, , word]) => word === "queue"),
	).toHaveLength(1);
	expect(states.get(`j${ids[0]}`)).toMatchObject({
		state: "failed",
		says: expect.stringMatching(
			/FAILED_NO_RESOURCE: no cloud had.*no A100 in us-east-1.*sky jobs logs --controller/,
		),
	});
	expect(states.get(`j${ids[1]}`)).toEqual({ state: "waiting", says: "RECOVERING" });
	expect(states.get(`j${ids[2]}`)).toMatchObject({ says: expect.stringMatching(/sky jobs logs \d+ shows/) });
	expect(states.get("j99")).toMatchObject({ state: "unknown" });
});

test.each([
	[
		"sky.exceptions.ResourcesUnavailableError: Catalog does not contain it",
		/knows no machine like the target's/,
	],
	["sky.exceptions.NoCloudAccessError: No cloud access", /no credentials.*sky check/],
	["ConnectionError: API server at 127.0.0.1 is down", /server does not answer.*sky api start/],
	["boom", /could not start the job: boom/],
])("sky says %s", async (words, says) => {
	await expect(launcher({}, { SKY_FAILS: words }).submit(standInJob(), { attempt: 1 })).rejects.toThrow(says);
});

test("the doctor, and what is missing", async () => {
	const good = await launcher().doctor({ nodes: 4, gpusPerNode: 8 });
	expect(good.filter(({ level }) => level === "wrong")).toEqual([]);
	expect(good.map(({ says }) => says).join("\n")).toMatch(/version 0\.14\.1[\s\S]*may use AWS, Kubernetes/);
	const bad = await launcher({ infra: "gcp/us-central1", accelerators: "L4:1" }).doctor({
		nodes: 1,
		gpusPerNode: 8,
	});
	const wrong = bad.filter(({ level }) => level === "wrong").map(({ says }) => says);
	expect(wrong.join("\n")).toMatch(/has 1 GPUs[\s\S]*and not gcp/);
	const bare = await launcher({}, { PATH: "/nowhere" }).doctor({ nodes: 1, gpusPerNode: 8 });
	expect(bare.map(({ says }) => says).join("\n")).toMatch(
		/no aws on this machine[\s\S]*pip install 'skypilot/,
	);
	expect(() => bucketOf("nebius://x")).toThrow(/s3:\/\/ with aws and gs:\/\/ with gcloud/);
	expect(() => bucketOf("s3://x/y")).toThrow(/names a folder/);
});

test("states as its source has them", () => {
	expect(["PENDING", "STARTING", "RECOVERING"].map(skyState)).toEqual(["waiting", "waiting", "waiting"]);
	expect(["RUNNING", "WINDING_DOWN", "CANCELLING", "NEW"].map(skyState)).toEqual(Array(4).fill("running"));
	expect(["SUCCEEDED", "CANCELLED", "FAILED", "FAILED_CONTROLLER"].map(skyState)).toEqual(
		Array(4).fill("gone"),
	);
});

/** After https://docs.skypilot.co/en/latest/reference/yaml-spec.html, as far as a task of nudge's goes. */
const TASK = {
	type: "object",
	additionalProperties: false,
	required: ["name", "num_nodes", "resources", "file_mounts", "setup", "run"],
	properties: {
		name: { type: "string", pattern: "^[a-zA-Z]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$" },
		num_nodes: { type: "integer", minimum: 1 },
		envs: { type: "object", additionalProperties: { type: "string" } },
		setup: { type: "string" },
		run: { type: "string" },
		resources: {
			type: "object",
			additionalProperties: false,
			properties: {
				accelerators: { type: "string", pattern: "^[A-Za-z0-9-]+:\\d+$" },
				infra: { type: "string" },
				use_spot: { type: "boolean" },
				image_id: { type: "string" },
				job_recovery: {
					type: "object",
					additionalProperties: false,
					properties: {
						strategy: { type: "string" },
						max_restarts_on_errors: { type: "integer", minimum: 0 },
						recover_on_exit_codes: { type: "array", items: { type: "integer", minimum: 0, maximum: 255 } },
					},
				},
			},
		},
		file_mounts: {
			type: "object",
			additionalProperties: {
				anyOf: [
					{ type: "string" },
					{
						type: "object",
						additionalProperties: false,
						properties: {
							name: { type: "string" },
							source: { type: "string" },
							store: { enum: ["s3", "gcs", "azure", "r2", "ibm", "oci", "nebius"] },
							mode: { enum: ["MOUNT", "COPY", "MOUNT_CACHED"] },
						},
					},
				],
			},
		},
	},
};

test("the task file is one that SkyPilot's documentation describes", async () => {
	const check = new Ajv2020({ strict: false }).compile(TASK);
	const { sheet } = standInJob({ nodes: 4, gpusPerNode: 8 });
	for (const more of [{}, { image: "lab/train:1", bucket: "gs://lab" }, { setup: "echo ready" }]) {
		const task = taskOf({ ...TARGET, ...more }, sheet, 1, "/inputs");
		expect(check(task), JSON.stringify(check.errors)).toBe(true);
	}
	const rendered = await launcher().render({ sheet });
	expect(rendered[1]!.text).toMatch(/num_nodes: 4\n[\s\S]*mode: MOUNT_CACHED[\s\S]*SKYPILOT_NODE_RANK/);
});
