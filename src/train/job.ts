/**
 * Makes a job of a dataset and a recipe: a folder on this machine with all that the trainer reads, as run-folder.ts says.
 *
 * What always holds: run.json is written last, so a folder without it is none; the samples in it are those that stand
 * after the reviews, without the rejected ones; what is refused is refused before anything is written. One sample at a
 * time in memory.
 */
import { once } from "node:events";
import { createWriteStream, existsSync, statSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { linesOf, parseSample, readDatasetSheet, SHEET_FILE, samplesOf } from "../data/dataset/dataset.ts";
import { homes } from "../trace/home.ts";
import type { Sample } from "../trace/sample.ts";
import { type Base, findBase, placeBase, placeOf, sha256Of, trainedAlready } from "./base.ts";
import { jobScript, LAUNCH_FILE, launchScript } from "./job-script.ts";
import type { Job } from "./launcher.ts";
import { type Recipe, type ResolvedRecipe, resolvedRecipe } from "./recipe.ts";
import {
	GGUF_SCRIPT_FILE,
	JOB_FORMAT,
	type JobData,
	JobError,
	type JobSheet,
	RECIPE_FILE,
	RUN_FILE,
	SAMPLES_FILE,
	SCRIPT_FILE,
	TRAINER_FILE,
} from "./run-folder.ts";
import { shardingFiles } from "./sharding.ts";

export const GUEST = fileURLToPath(new URL("../../src/train/guest/", import.meta.url));

/** Where jobs lie unless somebody says otherwise; `nudge jobs` looks here. */
export function jobsHome(env: NodeJS.ProcessEnv): string {
	return join(homes(env).data, "jobs");
}

export type JobPlan = {
	/** A dataset's folder, or a file of canonical samples. */
	readonly dataset: string;
	readonly recipe: Recipe;
	readonly base: Base;
	readonly target: { readonly name: string; readonly kind: string };
	/** Whether the target is another machine. */
	readonly far: boolean;
	readonly nudge: string;
	readonly now: Date;
	/** Left out: of the time, the recipe and the dataset. */
	readonly id?: string;
};

/** Finds the base and refuses what cannot be, or was not meant. */
export async function planJob(plan: Omit<JobPlan, "base"> & { readonly cwd: string }): Promise<JobPlan> {
	const { cwd, ...rest } = plan;
	dataOf(plan.dataset);
	const base = await findBase(plan.recipe, cwd, plan.far);
	const trained = trainedAlready(base);
	if (trained !== undefined && plan.recipe["from-checkpoint"] !== "on-purpose") throw new JobError(trained);
	return { ...rest, base };
}

/** What a dataset is called and what kind it is. */
function dataOf(dataset: string): Pick<JobData, "name" | "kind" | "from"> {
	if (!existsSync(dataset))
		throw new JobError(
			`there is no dataset ${dataset}: nudge dataset makes one, or give a file of samples (.jsonl)`,
		);
	if (statSync(dataset).isFile()) return { name: basename(dataset), kind: "samples", from: dataset };
	if (!existsSync(join(dataset, SHEET_FILE)) && existsSync(join(dataset, RUN_FILE)))
		throw new JobError(
			`${dataset} is a run and no dataset: what of it is to be trained on is chosen by nudge dataset (docs/datasets.md)`,
		);
	const sheet = readDatasetSheet(dataset);
	return { name: sheet.name, kind: sheet.kind, from: dataset };
}

export type Counted = { readonly samples: number; readonly tokens?: number; readonly longest?: number };

/** The samples of a dataset (or file), as reviewed. */
export async function* trainingSamples(
	dataset: string,
	signal?: AbortSignal,
): AsyncGenerator<Sample, void, void> {
	if (statSync(dataset).isDirectory()) {
		yield* samplesOf(dataset, { ...(signal && { signal }) });
		return;
	}
	const onBad = (file: string, line: number, why: string): never => {
		throw new JobError(`${file}:${line} is no sample (${why})`);
	};
	yield* linesOf(dataset, parseSample, onBad, signal, false);
}

/** How much there is, without writing anything: what the estimate is made from. */
export async function countSamples(dataset: string, signal?: AbortSignal): Promise<Counted> {
	let [samples, tokens, longest, known] = [0, 0, 0, true];
	for await (const sample of trainingSamples(dataset, signal)) {
		samples++;
		if (sample.n_tokens === undefined) known = false;
		tokens += sample.n_tokens ?? 0;
		longest = Math.max(longest, sample.n_tokens ?? 0);
	}
	return { samples, ...(known && samples > 0 && { tokens, longest }) };
}

/** What the trainer reads of a sample: see guest/train.py. */
export function trainingLine({ id, segments }: Sample): string {
	const lean = segments.map(({ kind, text, train, ids }) => ({ kind, text, train, ...(ids && { ids }) }));
	return `${JSON.stringify({ id, segments: lean })}\n`;
}

/** Readable, unique enough, and in the order of time: 20261122-190305-start-32b-d-seed. */
export function jobId({
	id,
	now,
	recipe,
	dataset,
}: Pick<JobPlan, "id" | "now" | "recipe" | "dataset">): string {
	if (id !== undefined) return id;
	const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
	const name = basename(dataset).replace(/\.jsonl$/, "");
	return `${time}-${recipe.name}-${name}`
		.toLowerCase()
		.replaceAll(/[^a-z0-9.-]+/g, "-")
		.slice(0, 80);
}

/** A job as it would be, for a dry run: nothing is written, and what needs all samples read is counted by the caller. */
export function draftJob(plan: JobPlan, counted: Counted): JobSheet {
	const { base, recipe, far, dataset } = plan;
	const at = placeOf(base, far);
	return {
		job: JOB_FORMAT,
		id: jobId(plan),
		nudge: plan.nudge,
		created: plan.now.toISOString(),
		target: plan.target,
		shape: shapeIn(recipe),
		data: {
			...dataOf(dataset),
			samples: counted.samples,
			sha256: "",
			bytes: 0,
			...(counted.tokens !== undefined && { tokens: counted.tokens }),
		},
		recipe: resolvedRecipe(recipe, at, base.kind === "folder" ? base.sha256 : undefined),
		files: {},
	};
}

function shapeIn({ shape }: Recipe): JobSheet["shape"] {
	return { nodes: shape.nodes, gpusPerNode: shape["gpus-per-node"] };
}

/** Writes the job's folder. One that is there already must be empty. */
export async function makeJob(plan: JobPlan, folder: string, signal?: AbortSignal): Promise<Job> {
	const { dataset, base, far, recipe, now } = plan;
	if (existsSync(folder) && (await readdir(folder)).length > 0)
		throw new JobError(`${folder} is there already and not empty: --out takes a new folder`);
	const part = join(dirname(folder), `.${basename(folder)}.part-${process.pid}`);
	await rm(part, { recursive: true, force: true });
	await mkdir(part, { recursive: true });
	try {
		const samples = join(part, SAMPLES_FILE);
		const counted = await writeSamples(dataset, samples, signal);
		if (counted.samples === 0)
			throw new JobError(`${dataset} has no sample to train on: every one was rejected, or it is empty`);
		const at = await placeBase(base, part, far);
		const resolved = resolvedRecipe(recipe, at, base.kind === "folder" ? base.sha256 : undefined);
		await writeInputs(part, resolved);
		const sheet: JobSheet = {
			job: JOB_FORMAT,
			id: jobId(plan),
			nudge: plan.nudge,
			created: now.toISOString(),
			target: plan.target,
			shape: shapeIn(recipe),
			data: {
				...dataOf(dataset),
				samples: counted.samples,
				sha256: await sha256Of(samples),
				bytes: (await stat(samples)).size,
				...(counted.tokens !== undefined && { tokens: counted.tokens }),
			},
			recipe: resolved,
			files: await hashes(part),
		};
		await writeFile(join(part, RUN_FILE), `${JSON.stringify(sheet, null, "\t")}\n`);
		// Only ever an empty one: somebody else may have made theirs meanwhile.
		await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "ENOENT") throw new JobError(`${folder} was made by somebody else meanwhile`);
		});
		await rename(part, folder);
		return { folder, sheet };
	} finally {
		await rm(part, { recursive: true, force: true });
	}
}

/** The files that depend on the recipe alone, by name, as they are written: what a dry run shows. */
export function inputsOf(recipe: ResolvedRecipe): Readonly<Record<string, string>> {
	const sharding = Object.entries(shardingFiles(recipe)).map(([name, value]) => [name, json(value)] as const);
	return {
		[RECIPE_FILE]: json(recipe),
		...Object.fromEntries(sharding),
		[LAUNCH_FILE]: launchScript(recipe),
		[SCRIPT_FILE]: jobScript(),
	};
}

async function writeInputs(folder: string, recipe: ResolvedRecipe): Promise<void> {
	for (const [name, text] of Object.entries(inputsOf(recipe)))
		await writeFile(join(folder, name), text, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
	for (const name of [TRAINER_FILE, GGUF_SCRIPT_FILE]) await copyFile(join(GUEST, name), join(folder, name));
}

function json(value: unknown): string {
	return `${JSON.stringify(value, null, "\t")}\n`;
}

async function writeSamples(dataset: string, file: string, signal?: AbortSignal): Promise<Counted> {
	const out = createWriteStream(file);
	let [samples, tokens, longest, known] = [0, 0, 0, true];
	try {
		for await (const sample of trainingSamples(dataset, signal)) {
			samples++;
			if (sample.n_tokens === undefined) known = false;
			tokens += sample.n_tokens ?? 0;
			longest = Math.max(longest, sample.n_tokens ?? 0);
			if (!out.write(trainingLine(sample))) await once(out, "drain");
		}
	} finally {
		out.end();
		await finished(out);
	}
	return { samples, ...(known && samples > 0 && { tokens, longest }) };
}

async function hashes(folder: string): Promise<Record<string, string>> {
	const found: Record<string, string> = {};
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile()) continue;
		const file = join(entry.parentPath, entry.name);
		found[file.slice(folder.length + 1)] = await sha256Of(file);
	}
	return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
