/**
 * From a dataset, a recipe and a target to a job that runs: what `nudge train` and "train on what I have accepted" of the
 * screen do alike. First the plan, which writes nothing and can be shown; then the start of what was planned.
 */
import { join } from "node:path";
import { configOf } from "./base.ts";
import { estimateLines, KNOWN_SHAPES, shapeOf } from "./estimate.ts";
import { freeId, register, writeHandle } from "./handles.ts";
import { countSamples, draftJob, type JobPlan, jobId, jobsHome, makeJob, planJob } from "./job.ts";
import { planLines } from "./job-words.ts";
import type { Handle, Job, Launcher, Progress } from "./launcher.ts";
import { openLauncher } from "./open-launcher.ts";
import type { Recipe } from "./recipe.ts";
import type { JobSheet } from "./run-folder.ts";
import type { NamedTarget } from "./targets.ts";

export type Wish = {
	readonly dataset: string;
	readonly recipe: Recipe;
	readonly target: NamedTarget;
	readonly nudge: string;
	readonly cwd: string;
	readonly env: NodeJS.ProcessEnv;
	/** For one GPU and hour; else what the target says. */
	readonly price?: number | undefined;
	readonly now?: Date;
	readonly signal?: AbortSignal | undefined;
};

export type Training = {
	readonly plan: JobPlan;
	readonly launcher: Launcher;
	/** The job as it would be. */
	readonly sheet: JobSheet;
	/** What will run where. */
	readonly says: readonly string[];
	readonly estimate: readonly string[];
};

/** Throws what cannot be, for a person to read. */
export async function planTraining(wish: Wish): Promise<Training> {
	const { dataset, recipe, target, nudge, cwd, env, now = new Date(), signal } = wish;
	const { name } = target;
	const { kind } = target.target;
	const plan = await planJob({
		dataset,
		recipe,
		target: { name, kind },
		far: kind !== "local",
		nudge,
		now,
		cwd,
	});
	const launcher = await openLauncher(target, env);
	const counted = await countSamples(dataset, signal);
	const sheet = draftJob(plan, counted);
	return { plan, launcher, sheet, says: planLines(sheet, plan), estimate: estimated(wish, plan, counted) };
}

function estimated(
	{ target: { target }, price: said }: Wish,
	{ base, recipe }: JobPlan,
	data: { readonly samples: number; readonly tokens?: number; readonly longest?: number },
): string[] {
	const config = configOf(base);
	const model = config ? shapeOf(config) : base.kind === "hub" ? KNOWN_SHAPES[base.id] : undefined;
	const price = said ?? ("price-per-gpu-hour" in target ? target["price-per-gpu-hour"] : undefined);
	const gpu = "gpu" in target ? target.gpu : undefined;
	return estimateLines({
		model,
		recipe,
		data,
		...(gpu !== undefined && { gpu }),
		...(price !== undefined && { price }),
	});
}

export type Starting = {
	readonly env: NodeJS.ProcessEnv;
	/** The job's folder here; without, one among nudge's jobs. */
	readonly folder?: string | undefined;
	/** The job is made, and not yet started. */
	readonly onMade?: (job: Job) => void;
	readonly onProgress?: Progress;
	readonly signal?: AbortSignal;
};

/** Where this throws behind `onMade`, the job is there and was not started: resuming it starts it. */
export async function startTraining(
	{ plan, launcher }: Training,
	{ env, folder: out, onMade, onProgress, signal }: Starting,
): Promise<{ readonly job: Job; readonly handle: Handle }> {
	const home = jobsHome(env);
	const id = freeId(home, jobId(plan));
	const folder = out ?? join(home, id);
	const job = await makeJob({ ...plan, id }, folder, signal);
	register(home, job.sheet.id, folder);
	onMade?.(job);
	const handle = await launcher.submit(job, {
		attempt: 1,
		...(onProgress && { onProgress }),
		...(signal && { signal }),
	});
	writeHandle(folder, handle);
	return { job, handle };
}
