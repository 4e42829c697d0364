/** The work of `nudge train`: plans the job, says what it will take, makes it, starts it and follows it. */
import { join, resolve } from "node:path";
import { visibleLine } from "../trace/visible.ts";
import { endLines } from "../train/job-words.ts";
import type { Finding, Launcher } from "../train/launcher.ts";
import { readRecipe, recipeFile } from "../train/recipe.ts";
import { FINAL, type JobSheet } from "../train/run-folder.ts";
import { targetNamed } from "../train/targets.ts";
import { planTraining, startTraining } from "../train/training.ts";
import { CommandError, type Context, decimal, type ExitCode, text, UsageError } from "./command.ts";
import { followJob } from "./train-follow.ts";
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
	const training = await planTraining({
		dataset: resolve(io.cwd, args[0] ?? ""),
		recipe,
		target,
		nudge: version(),
		cwd: io.cwd,
		env: io.env,
		price: decimal(context, "gpu-hour", 0, 1e6),
		signal,
	});
	const { launcher, sheet, says, estimate } = training;
	if (!options.json) io.stderr.write(`${[...says, ...estimate].join("\n")}\n`);
	if (options["dry-run"]) return dryRun(context, launcher, sheet, estimate);

	const out = text(context, "out");
	let made: string | undefined;
	const { job, handle } = await startTraining(training, {
		env: io.env,
		folder: out === undefined ? undefined : resolve(io.cwd, out),
		onMade: ({ folder }) => {
			made = folder;
		},
		onProgress: (says) => void io.stderr.write(`${visibleLine(says)}\n`),
		signal,
	}).catch((error: unknown) => {
		if (made !== undefined) io.stderr.write(`nudge: the job was made and not started; it lies in ${made}\n`);
		throw error;
	});
	const { folder } = job;
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
