/** The work of `nudge train`: plans the job, says what it will take, makes it, starts it and follows it. */
import { join, resolve } from "node:path";
import { visibleLine } from "../trace/visible.ts";
import { configOf } from "../train/base.ts";
import { estimateLines, KNOWN_SHAPES, shapeOf } from "../train/estimate.ts";
import { freeId, register, writeHandle } from "../train/handles.ts";
import { countSamples, draftJob, type JobPlan, jobId, jobsHome, makeJob, planJob } from "../train/job.ts";
import type { Finding, Handle, Launcher } from "../train/launcher.ts";
import { openLauncher } from "../train/open-launcher.ts";
import { readRecipe, recipeFile } from "../train/recipe.ts";
import { FINAL, type JobSheet } from "../train/run-folder.ts";
import { type NamedTarget, targetNamed } from "../train/targets.ts";
import { CommandError, type Context, decimal, type ExitCode, text, UsageError } from "./command.ts";
import { endLines, followJob } from "./train-follow.ts";
import { version } from "./version.ts";

export async function trainRun(context: Context): Promise<ExitCode> {
	try {
		return await work(context);
	} catch (error) {
		// What the rooms below say for a person to read.
		if (error instanceof Error && /^(Job|Recipe|Launch|Dataset)Error$/.test(error.name))
			throw new CommandError(error.message);
		throw error;
	}
}

async function work(context: Context): Promise<ExitCode> {
	const { io, options, args, signal } = context;
	const named = text(context, "recipe");
	if (named === undefined)
		throw new UsageError("nudge train needs --recipe: tiny, lora-7b, start-32b, or a YAML file");
	const sets = [...((options.set as readonly string[] | undefined) ?? [])];
	if (options["from-checkpoint-on-purpose"]) sets.push("from-checkpoint=on-purpose");
	const recipe = readRecipe(recipeFile(named, io.cwd), sets);
	const target = targetNamed(text(context, "on") ?? "local", io.env);
	const dataset = resolve(io.cwd, args[0] ?? "");
	const plan = await planJob({
		dataset,
		recipe,
		target: { name: target.name, kind: target.target.kind },
		far: target.target.kind !== "local",
		nudge: version(),
		now: new Date(),
		cwd: io.cwd,
	});
	const launcher = await openLauncher(target, io.env);
	const counted = await countSamples(dataset, signal);
	const sheet = draftJob(plan, counted);
	const estimate = estimateFor(context, plan, counted, target);
	if (!options.json) io.stderr.write(`${[...planLines(sheet, plan), ...estimate].join("\n")}\n`);
	if (options["dry-run"]) return dryRun(context, launcher, sheet, estimate);

	const home = jobsHome(io.env);
	const id = freeId(home, jobId(plan));
	const out = text(context, "out");
	const folder = out === undefined ? join(home, id) : resolve(io.cwd, out);
	const job = await makeJob({ ...plan, id }, folder, signal);
	register(home, job.sheet.id, folder);
	const onProgress = (says: string): void => void io.stderr.write(`${visibleLine(says)}\n`);
	let handle: Handle;
	try {
		handle = await launcher.submit(job, { attempt: 1, onProgress, signal });
	} catch (error) {
		io.stderr.write(`nudge: the job was made and not started; it lies in ${folder}\n`);
		throw error;
	}
	writeHandle(folder, handle);
	if (options.detach) {
		if (options.json) io.stdout.write(`${JSON.stringify({ job: job.sheet.id, folder, handle })}\n`);
		else io.stdout.write(`${job.sheet.id} is started. nudge jobs show ${job.sheet.id} says how far it is\n`);
		return 0;
	}
	const state = await followJob(context, launcher, handle, { quiet: options.wait === true });
	if (state === undefined) {
		io.stderr.write(
			`\n${job.sheet.id} goes on without nudge. nudge jobs logs ${job.sheet.id} follows it again, nudge jobs cancel ${job.sheet.id} ends it\n`,
		);
		return 130;
	}
	const lines = endLines(state, job.sheet, join(handle.folder, FINAL), target.target.kind === "local");
	if (options.json) io.stdout.write(`${JSON.stringify({ job: job.sheet.id, folder, ...state })}\n`);
	else (state.state === "done" ? io.stdout : io.stderr).write(`${lines.join("\n")}\n`);
	return state.state === "done" ? 0 : 1;
}

function estimateFor(
	context: Context,
	{ base, recipe }: JobPlan,
	data: { readonly samples: number; readonly tokens?: number; readonly longest?: number },
	{ target }: NamedTarget,
): string[] {
	const config = configOf(base);
	const model = config ? shapeOf(config) : base.kind === "hub" ? KNOWN_SHAPES[base.id] : undefined;
	const said = decimal(context, "gpu-hour", 0, 1e6);
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

/** What will run where. */
function planLines({ data, shape, target, recipe }: JobSheet, { base }: JobPlan): string[] {
	const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
	const on =
		recipe.shape["cpu-processes"] > 0
			? `${many(shape.nodes, "machine")}, without GPUs, ${many(recipe.resolved.processes, "process")}`
			: `${many(shape.nodes, "machine")} x ${many(shape.gpusPerNode, "GPU")}`;
	const known =
		base.kind === "hub"
			? ` at ${base.revision.slice(0, 12)}`
			: base.kind === "folder"
				? ` (sha256 ${base.sha256.slice(0, 12)})`
				: " (on the target)";
	return [
		`train       ${visibleLine(recipe.base.model)}${known}`,
		`on          ${visibleLine(data.name)} (${visibleLine(data.kind)}): ${many(data.samples, "sample")}${data.tokens === undefined ? "" : `, ${data.tokens.toLocaleString("en")} tokens`}`,
		`recipe      ${recipe.name}: ${recipe.method === "full" ? "all parameters" : `adapters of rank ${recipe.lora.rank}`}, learning rate ${short(recipe["learning-rate"])}, ${many(recipe.epochs, "epoch")}, ${recipe.batch.sequences} sequences a step`,
		`where       ${target.name} (${target.kind}): ${on}`,
	];
}

/** 7e-6 rather than 0.000007. */
function short(rate: number): string {
	return rate < 1e-3 ? rate.toExponential() : String(rate);
}

async function dryRun(
	{ io, options, signal }: Context,
	launcher: Launcher,
	sheet: JobSheet,
	estimate: readonly string[],
): Promise<ExitCode> {
	const rendered = await launcher.render({ sheet });
	const findings = await launcher
		.doctor(sheet.shape, signal)
		.catch((error: Error): Finding[] => [{ level: "wrong", says: error.message }]);
	if (options.json) {
		io.stdout.write(`${JSON.stringify({ sheet, estimate, findings, rendered })}\n`);
		return 0;
	}
	for (const { title, text } of rendered)
		io.stdout.write(`--- ${title}\n${text}${text.endsWith("\n") ? "" : "\n"}`);
	const mark = { ok: "ok  ", note: "note", wrong: "no  " } as const;
	for (const { level, says, advice } of findings)
		io.stderr.write(
			`${mark[level]}        ${visibleLine(says)}${advice === undefined ? "" : `. ${visibleLine(advice)}`}\n`,
		);
	io.stderr.write("nothing was started (--dry-run)\n");
	return 0;
}
