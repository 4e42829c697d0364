/** The work of `nudge jobs`. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { duration } from "../data/duration.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import { findJob, type KnownJob, keepHandle, knownJobs, Mirror, remember, statesOf } from "../train/book.ts";
import { follow } from "../train/follow.ts";
import { jobsHome } from "../train/job.ts";
import { engineIn, resumeJob, startedHandle, whyNotResume } from "../train/job-deeds.ts";
import { endLines, madeBy, stateWords, stepWords } from "../train/job-words.ts";
import type { Launcher } from "../train/launcher.ts";
import { launcherOf } from "../train/open-launcher.ts";
import { FINAL, isOver, type JobState, type Metric, readFinal } from "../train/run-folder.ts";
import type { SlurmSampling } from "../train/sample-launcher.ts";
import { curve } from "../tui/text/curve.ts";
import { CommandError, type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { table } from "./table-rows.ts";
import { followJob } from "./train-follow.ts";

type Work = (context: Context) => Promise<ExitCode>;

/** What the room below says for a person to read. */
const told =
	(work: Work): Work =>
	async (context) => {
		try {
			return await work(context);
		} catch (error) {
			if (error instanceof Error && /^(Job|Recipe|Launch)Error$/.test(error.name))
				throw new CommandError(error.message);
			throw error;
		}
	};

function jobOf({ io, args }: Context): KnownJob {
	return findJob(jobsHome(io.env), args[0] ?? "last", io.cwd);
}

function opened({ io }: Context, job: KnownJob): Promise<Launcher> {
	return launcherOf(job, io.env);
}

/** The job with its state, and what is new of its files fetched where its target answers. */
async function looked(
	context: Context,
	job: KnownJob,
): Promise<{ readonly state: JobState; readonly mirror: Mirror }> {
	const mirror = new Mirror(job);
	const states = await statesOf([job], () => opened(context, job), context.signal);
	const state = states.get(job.id)!;
	if (job.handle && state.state !== "unknown") {
		const launcher = await opened(context, job);
		await mirror.pull(launcher, job.handle, context.signal).catch((error: Error) => {
			if (context.signal.aborted) throw error;
			context.io.stderr.write(`nudge: ${error.message}\n`);
		});
	}
	return { state, mirror };
}

function ago(iso: string): string {
	return `${duration((Date.now() - Date.parse(iso)) / 1000)} ago`;
}

export const list = told(async (context) => {
	const { io, options, signal } = context;
	const home = jobsHome(io.env);
	const { jobs, damaged } = knownJobs(home);
	const states: ReadonlyMap<string, JobState> = options.offline
		? new Map(jobs.map(({ id, seen }) => [id, seen?.state ?? { state: "unknown", says: "never asked" }]))
		: await statesOf(jobs, (job) => opened(context, job), signal);
	if (options.json) {
		for (const { id, folder, sheet, handle } of jobs)
			io.stdout.write(
				`${JSON.stringify({ job: id, folder, target: sheet.target, data: sheet.data, handle, ...states.get(id) })}\n`,
			);
		for (const { id, folder, why } of damaged)
			io.stdout.write(`${JSON.stringify({ job: id, folder, damaged: why })}\n`);
		return 0;
	}
	if (jobs.length + damaged.length === 0) {
		io.stdout.write("There are no jobs yet: nudge train DATASET --recipe R makes one.\n");
		return 0;
	}
	const rows = jobs.map((job) => {
		const last = new Mirror(job).steps().at(-1);
		const state = states.get(job.id)!;
		return [
			job.id,
			job.sheet.target.name,
			state.state,
			last ? `${last.step}/${last.max_steps}` : "",
			typeof last?.loss === "number" ? last.loss.toFixed(3) : "",
			ago(job.sheet.created),
		];
	});
	io.stdout.write(table(["JOB", "TARGET", "STATE", "STEP", "LOSS", "MADE"], rows, io.stdout.columns));
	for (const { id } of jobs) {
		const state = states.get(id)!;
		if (state.state === "unknown" && "says" in state)
			io.stderr.write(`nudge: ${id}: ${visibleLine(state.says ?? "")}\n`);
	}
	for (const { why } of damaged) io.stderr.write(`nudge: ${visibleLine(why)}\n`);
	return 0;
});

export const show = told(async (context) => {
	const { io, options } = context;
	const job = jobOf(context);
	const { state, mirror } = await looked(context, job);
	const steps = mirror.steps();
	const { sheet, folder, handle } = job;
	if (options.json) {
		io.stdout.write(
			`${JSON.stringify({ folder, sheet, handle, state, last: steps.at(-1), final: readFinal(folder) })}\n`,
		);
		return 0;
	}
	const { data, target, shape } = sheet;
	const lines = [
		`job         ${job.id}`,
		`state       ${stateWords(state)}${state.state === "unknown" && job.seen ? `; ${job.seen.state.state} ${ago(job.seen.at)}` : ""}`,
		`target      ${target.name} (${target.kind})${handle ? `, ${handle.id}, attempt ${handle.attempt}` : ""}`,
		`data        ${data.name} (${data.kind}), ${data.samples} ${data.kind === "problems" ? "problems" : "samples"}${data.tokens === undefined ? "" : `, ${data.tokens} tokens`}`,
		`${sheet.kind === "sample" ? "sampling  " : "recipe    "}  ${madeBy(sheet)}`,
		`shape       ${shape.nodes} x ${shape.gpusPerNode > 0 ? `${shape.gpusPerNode} GPUs` : "CPU"}`,
		`folder      ${folder}${handle && handle.kind !== "local" ? `; there ${handle.folder}` : ""}`,
	];
	const last = steps.at(-1);
	if (last)
		lines.push(`step        ${stepWords(last, { step: steps[0]!.step, at: Date.parse(steps[0]!.t) })}`);
	io.stdout.write(`${lines.join("\n")}\n`);
	if (steps.length > 1) io.stdout.write(`\n${drawn(steps, "loss", context).join("\n")}\n`);
	if (sheet.kind === "sample" && handle) {
		const tasks = await tasksOf(context, job);
		if (tasks.length > 0)
			io.stdout.write(`\n${table(["SHARD", "STATE", "ROLLOUTS"], tasks, io.stdout.columns)}`);
	}
	if (isOver(state))
		io.stdout.write(
			`\n${endLines(state, sheet, join(folder, FINAL), existsSync(join(folder, FINAL))).join("\n")}\n`,
		);
	return 0;
});

/** The shards of a job that samples; none where its target cannot be asked. */
async function tasksOf(context: Context, job: KnownJob): Promise<string[][]> {
	const launcher = await opened(context, job);
	if (!("tasks" in launcher)) return [];
	try {
		const tasks = await (launcher as SlurmSampling).tasks(startedHandle(job), context.signal);
		return tasks.map(({ shard, state, rollouts }) => [String(shard), stateWords(state), String(rollouts)]);
	} catch (error) {
		if (context.signal.aborted) throw error;
		context.io.stderr.write(`nudge: ${(error as Error).message}\n`);
		return [];
	}
}

export const logs = told(async (context) => {
	const { io, options, signal } = context;
	const job = jobOf(context);
	const handle = startedHandle(job);
	const most = wholeNumber(context, "lines", 1);
	const launcher = await opened(context, job);
	const mirror = new Mirror(job);
	const out = (line: string): void => void io.stdout.write(`${visible(line)}\n`);
	const kept: string[] = [];
	let caughtUp = false;
	try {
		for await (const event of follow(mirror.over(launcher), handle, { signal })) {
			if (event.kind === "line") {
				if (most === undefined || caughtUp) out(event.text);
				else {
					kept.push(event.text);
					if (kept.length > most) kept.shift();
				}
			} else if (event.kind === "state") {
				// The first state comes when all that there is was read.
				if (!caughtUp) kept.splice(0).forEach(out);
				caughtUp = true;
				remember(job, event.state);
				if (event.state.state === "unknown") io.stderr.write(`nudge: ${stateWords(event.state)}\n`);
				if (!options.follow || isOver(event.state)) break;
			}
		}
	} catch (error) {
		if (!signal.aborted) throw error;
		return 130;
	}
	return 0;
});

export const metrics = told(async (context) => {
	const { io, options, signal } = context;
	const job = jobOf(context);
	const what = (text(context, "what") ?? "loss") as keyof Metric;
	if (!options.follow) {
		const { mirror, state } = await looked(context, job);
		const steps = mirror.steps();
		if (options.json) for (const step of steps) io.stdout.write(`${JSON.stringify(step)}\n`);
		else if (steps.length === 0) io.stdout.write(`${job.id} has no step yet: ${stateWords(state)}\n`);
		else
			io.stdout.write(
				`${drawn(steps, what, context).join("\n")}\n${stepLine(steps)}\n${stateWords(state)}\n`,
			);
		return 0;
	}
	const handle = startedHandle(job);
	const launcher = await opened(context, job);
	const mirror = new Mirror(job);
	const steps: Metric[] = [];
	const redraw = io.stdout.isTTY === true && io.env.TERM !== "dumb" && !options.json;
	let height = 0;
	let drawnAt = 0;
	const draw = (state?: JobState): void => {
		if (steps.length === 0) return;
		const lines = [...drawn(steps, what, context), stepLine(steps), ...(state ? [stateWords(state)] : [])];
		io.stdout.write(`${height > 0 ? `\u001b[${height}A\u001b[J` : ""}${lines.join("\n")}\n`);
		height = lines.length;
		drawnAt = performance.now();
	};
	try {
		for await (const event of follow(mirror.over(launcher), handle, { signal })) {
			if (event.kind === "metric") {
				steps.push(event.metric);
				if (options.json) io.stdout.write(`${JSON.stringify(event.metric)}\n`);
				else if (redraw && performance.now() - drawnAt > 200) draw();
				else if (!redraw) io.stdout.write(`${stepLine(steps)}\n`);
			} else if (event.kind === "state") {
				remember(job, event.state);
				if (redraw) draw(event.state);
				else if (!options.json) io.stdout.write(`${stateWords(event.state)}\n`);
				if (isOver(event.state)) return 0;
			} else if (event.kind === "offsets" && redraw) draw();
		}
	} catch (error) {
		if (!signal.aborted) throw error;
		return 130;
	}
	return 0;
});

function stepLine(steps: readonly Metric[]): string {
	return stepWords(steps.at(-1)!, { step: steps[0]!.step, at: Date.parse(steps[0]!.t) });
}

function drawn(steps: readonly Metric[], what: keyof Metric, { io }: Context): string[] {
	const points = steps.flatMap((metric) => {
		const y = metric[what];
		return typeof y === "number" ? [{ x: metric.step, y }] : [];
	});
	if (points.length === 0) return [`there is no ${what} in its metrics`];
	const unicode =
		/utf-?8/i.test(io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || "") && io.env.TERM !== "dumb";
	const columns = Math.min(120, io.stdout.columns ?? 80);
	return [`${what} by step`, ...curve(points, { columns, rows: 12, unicode })];
}

export const cancel = told(async (context) => {
	const { io, options, signal } = context;
	if (options.stop && options.kill) throw new UsageError("--stop and --kill are two ways: give one");
	const job = jobOf(context);
	const handle = startedHandle(job);
	const { state } = await looked(context, job);
	if (isOver(state)) {
		io.stdout.write(`${job.id} is over already: ${stateWords(state)}\n`);
		return 0;
	}
	const launcher = await opened(context, job);
	const how = options.stop ? "stop" : options.kill ? "kill" : "end";
	keepHandle(job, await launcher.cancel(handle, how, signal));
	// What was asked for takes a moment; whoever asked wants to see it.
	for (let waited = 0; waited < 10 && !signal.aborted; waited++) {
		const now = (
			await launcher.poll([{ ...handle, ...(how === "stop" ? {} : { cancelled: "now" }) }], signal)
		).get(job.id);
		if (now && isOver(now)) {
			remember(job, now);
			io.stdout.write(`${job.id}: ${stateWords(now)}\n`);
			return 0;
		}
		await sleep(500, undefined, { signal }).catch(() => {});
	}
	io.stdout.write(
		`${job.id} was asked to ${how === "stop" ? "stop after a checkpoint" : "end"}; nudge jobs show ${job.id} says when it has\n`,
	);
	return 0;
});

export const resume = told(async (context) => {
	const { io, options, signal } = context;
	const job = jobOf(context);
	const { state } = await looked(context, job);
	const why = whyNotResume(job, state);
	if (why !== undefined && state.state !== "done") throw new CommandError(why);
	if (why !== undefined) {
		io.stdout.write(`${why}\n`);
		return 0;
	}
	const launcher = await opened(context, job);
	const handle = await resumeJob(job, launcher, {
		onProgress: (says) => void io.stderr.write(`${visibleLine(says)}\n`),
		signal,
	});
	const { attempt } = handle;
	if (options.detach || job.sheet.kind === "sample") {
		io.stdout.write(`${job.id} is started again (attempt ${attempt})\n`);
		return 0;
	}
	const again = await followJob(context, new Mirror({ ...job, handle }).over(launcher), handle, {});
	if (again === undefined) {
		io.stderr.write(
			`\n${job.id} goes on without nudge. nudge jobs logs ${job.id} --follow follows it again\n`,
		);
		return 130;
	}
	remember({ ...job, handle }, again);
	const lines = endLines(again, job.sheet, join(job.folder, FINAL), handle.kind === "local");
	(again.state === "done" ? io.stdout : io.stderr).write(`${lines.join("\n")}\n`);
	return again.state === "done" ? 0 : 1;
});

export const fetch = told(async (context) => {
	const { io, signal } = context;
	const job = jobOf(context);
	const handle = startedHandle(job);
	const launcher = await opened(context, job);
	const what = (text(context, "what") ?? "final") as "final" | "last" | "all";
	const to = text(context, "to");
	const into = to === undefined ? job.folder : resolve(io.cwd, to);
	const tty = io.stderr.isTTY === true;
	const got = await launcher.fetch(handle, {
		what,
		into,
		signal,
		onProgress: (says) => void (tty && io.stderr.write(`\r\u001b[K${visibleLine(says).slice(0, 78)}`)),
	});
	if (tty) io.stderr.write("\r\u001b[K");
	for (const path of got) io.stdout.write(`${path}\n`);
	const gguf = engineIn(into);
	if (gguf !== undefined) io.stderr.write(`nudge --engine ${gguf} talks to it\n`);
	return 0;
});
