import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sha256Of } from "../../src/train/base.ts";
import { countSamples, draftJob, makeJob, planJob } from "../../src/train/job.ts";
import { launchScript } from "../../src/train/job-script.ts";
import { readRecipe, recipeFile, resolvedRecipe } from "../../src/train/recipe.ts";
import { readJobSheet } from "../../src/train/run-folder.ts";
import { shardingFiles } from "../../src/train/sharding.ts";
import { dataset, Folder, sample } from "./folder.ts";

const folder = new Folder();
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);
const lines = (file: string): { id: string; segments: object[] }[] =>
	readFileSync(file, "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as { id: string; segments: object[] });

const planned = (data: string, sets: readonly string[] = [], far = false) =>
	planJob({
		dataset: data,
		recipe: readRecipe(recipeFile("tiny", "/"), sets),
		target: { name: "here", kind: "local" },
		far,
		nudge: "0.0.0",
		now: new Date("2026-11-22T19:03:05Z"),
		cwd: folder.path,
	});

const by = { by: "me", at: "2026-11-22T00:00:00.000Z" };
const reviewed = dataset(
	folder,
	"reviewed",
	["a", "b", "c"].map((id) => sample(id)),
	[
		{ do: "reject", sample: "b", ...by },
		{ do: "edit", sample: "c", from: 0, was: "thinks", text: "thought", ...by },
	],
);

describe("a job", () => {
	test("has the samples as reviewed, in the form the trainer reads, and a hash of every file", async () => {
		const job = await makeJob(await planned(reviewed), at("job"));
		expect(lines(at("job/samples.jsonl"))).toEqual([
			{
				id: "a",
				segments: [
					{ kind: "prompt", text: "Q", train: false, ids: [1] },
					{ kind: "model", text: "thinks", train: true, ids: [2, 3] },
					{ kind: "output", text: "4", train: false, ids: [4] },
					{ kind: "model", text: " so 4<end>", train: true },
				],
			},
			{
				id: "c",
				segments: [
					{ kind: "prompt", text: "Q", train: false, ids: [1] },
					{ kind: "edit", text: "thought", train: true },
					{ kind: "output", text: "4", train: false, ids: [4] },
					{ kind: "model", text: " so 4<end>", train: true },
				],
			},
		]);
		expect(job.sheet).toEqual(readJobSheet(at("job")));
		expect(job.sheet.id).toBe("20261122-190305-tiny-reviewed");
		expect(job.sheet.data).toMatchObject({ name: "D_START", kind: "start", samples: 2 });
		expect(job.sheet.recipe.resolved).toMatchObject({ at: "base", processes: 1, accumulate: 1, cpu: true });
		const { files } = job.sheet;
		expect(Object.keys(files)).toEqual(
			expect.arrayContaining([
				"train.py",
				"to_gguf.py",
				"recipe.json",
				"samples.jsonl",
				"job.sh",
				"launch.sh",
				"base/config.json",
			]),
		);
		for (const [name, hash] of Object.entries(files)) expect(await sha256Of(at(`job/${name}`))).toBe(hash);
	});

	test("of a bare file of samples is of the kind samples", async () => {
		const file = folder.write("bare.jsonl", `${JSON.stringify(sample("x"))}\n`);
		const plan = await planned(file);
		expect(await countSamples(file)).toEqual({ samples: 1, tokens: 7, longest: 7 });
		expect(draftJob(plan, { samples: 1 }).data).toMatchObject({ name: "bare.jsonl", kind: "samples" });
	});

	test("is not made over something that is there, nor of nothing, and leaves no half folder", async () => {
		await expect(makeJob(await planned(reviewed), at("reviewed"))).rejects.toThrow(/not empty/);
		const none = dataset(folder, "none", [sample("a")], [{ do: "reject", sample: "a", ...by }]);
		await expect(makeJob(await planned(none), at("of-none"))).rejects.toThrow(/no sample to train on/);
		expect(existsSync(at("of-none"))).toBe(false);
		expect(readdirSync(folder.path).filter((name) => name.includes(".part"))).toEqual([]);
	});

	test("needs a dataset: a run, a missing folder and a damaged line say what to do", async () => {
		await expect(planned(at("missing"))).rejects.toThrow(/there is no dataset/);
		folder.write("run/run.json", "{}");
		await expect(planned(at("run"))).rejects.toThrow(/a run and no dataset/);
		const file = folder.write("damaged.jsonl", `${JSON.stringify(sample("x"))}\n{"id": \n`);
		await expect(makeJob(await planned(file), at("of-damaged"))).rejects.toThrow(/damaged\.jsonl:2/);
	});
});

describe("a base that nudge has trained already", () => {
	folder.write("start-0/config.json", "{}");
	folder.write("start-0/model.safetensors", "weights");
	const lineage = {
		base: { model: "nudge-tiny" },
		dataset: { name: "D_seed", kind: "seed", sha256: "" },
		recipe: "tiny",
	};
	folder.write("start-0/final.json", JSON.stringify({ lineage }));

	test("is refused, with the base that START is trained from", async () => {
		await expect(planned(reviewed, ["base.model=start-0"])).rejects.toThrow(
			/trained from nudge-tiny on D_seed \(seed\).*name nudge-tiny as base/,
		);
	});

	test("is taken on purpose, and goes along to another machine with what it says of itself", async () => {
		const plan = await planned(reviewed, ["base.model=start-0", "from-checkpoint=on-purpose"], true);
		const job = await makeJob(plan, at("on-purpose"));
		expect(job.sheet.recipe["from-checkpoint"]).toBe("on-purpose");
		expect(existsSync(at("on-purpose/base/final.json"))).toBe(true);
		expect(job.sheet.recipe.resolved.at).toBe("base");
	});

	test("a base that is nowhere is said so; on another machine an absolute path may be there", async () => {
		await expect(planned(reviewed, ["base.model=/models/none"])).rejects.toThrow(/is not there/);
		const plan = await planned(reviewed, ["base.model=/models/none"], true);
		expect(plan.base).toEqual({ kind: "far", folder: "/models/none" });
	});
});

describe("what depends on the shape", () => {
	const resolved = (name: string, ...sets: string[]) =>
		resolvedRecipe(readRecipe(recipeFile(name, "/"), sets), "base");

	test("one process is started plainly, several by torchrun, several machines find each other by variables", () => {
		expect(launchScript(resolved("tiny"))).toMatch(/exec "\$python" -B train\.py \.\n/);
		expect(launchScript(resolved("lora-7b"))).toMatch(
			/torch\.distributed\.run --standalone --nproc-per-node 8 train\.py/,
		);
		const many = launchScript(resolved("start-32b"));
		expect(many).toMatch(/--nnodes 4 --node-rank "\$\{NODE_RANK:\?\}" --master-addr "\$\{MASTER_ADDR:\?\}"/);
		expect(many).not.toMatch(/CUDA_VISIBLE_DEVICES/);
	});

	test("only a model that is cut over GPUs has a file about it", () => {
		expect(shardingFiles(resolved("tiny"))).toEqual({});
		const zero = shardingFiles(resolved("start-32b"))["deepspeed.json"] as Record<
			string,
			Record<string, unknown>
		>;
		expect(zero.bf16).toEqual({ enabled: true });
		expect(zero.zero_optimization).toMatchObject({
			stage: 3,
			stage3_gather_16bit_weights_on_model_save: true,
		});
		expect(shardingFiles(resolved("start-32b", "memory.shard=fsdp2"))["fsdp.json"]).toMatchObject({
			version: 2,
		});
	});
});
