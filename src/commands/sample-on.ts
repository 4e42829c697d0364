/** `nudge sample --on TARGET`: a job of the problems, the hints and every setting of the run, sampled there in shards. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { libraryLayers } from "../hints/library.ts";
import { visibleLine } from "../trace/visible.ts";
import { freeId, register, writeHandle } from "../train/handles.ts";
import { jobsHome } from "../train/job.ts";
import { madeBy } from "../train/job-words.ts";
import { openSampling } from "../train/open-launcher.ts";
import { makeSampleJob, type SampleWish, sampleSheet } from "../train/sample-job.ts";
import { targetNamed } from "../train/targets.ts";
import { CommandError, type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { samplePlan, surveyOf } from "./sample-plan.ts";
import { effectiveSettings, type SettingKey } from "./settings.ts";
import { version } from "./version.ts";

/** Settings that make the run what it is: all are said there, so that no configuration of that machine changes them. */
const SAID: readonly SettingKey[] = [
	"engine",
	"rounds",
	"words",
	"max-tokens",
	"max-calls",
	"max-seconds",
	"top-k",
	"min-p",
	"seed",
	"dialect",
	"instruction",
	"python-host",
];
/** Options that are handed on as they were given. */
const GIVEN = ["map", "shuffle-choices", "concurrency", "system"] as const;

export async function sampleOn(context: Context): Promise<ExitCode> {
	try {
		return await work(context);
	} catch (error) {
		if (error instanceof Error && /^(Job|Launch)Error$/.test(error.name))
			throw new CommandError(error.message);
		throw error;
	}
}

async function work(context: Context): Promise<ExitCode> {
	const { io, options, signal } = context;
	for (const [name, why] of [
		["shard", "--shards says how many there are, and each is sampled"],
		["out", "the run lies in the job's folder there, and nudge jobs fetch brings it here"],
	] as const)
		if (options[name] !== undefined) throw new UsageError(`--${name} does not go with --on: ${why}`);
	const target = targetNamed(text(context, "on") ?? "", io.env);
	const { kind } = target.target;
	const shards = wholeNumber(context, "shards", 1) ?? 1;
	if (kind === "ssh" && shards > 1)
		throw new UsageError(
			`${target.name} is one host: it samples one shard, and --concurrency says how much at once`,
		);
	const launcher = await openSampling(target, io.env);
	const plan = samplePlan({ ...context, options: { ...options, out: "run" } });
	const survey = await surveyOf(context, plan);
	const count = survey.files.reduce((sum, { problems }) => sum + problems, 0);
	const home = jobsHome(io.env);
	const now = new Date();
	const limit = wholeNumber(context, "limit", 1);
	const { library } = plan.settings.hints;
	const wish: SampleWish = {
		id: freeId(home, `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}-sample`),
		now,
		nudge: version(),
		target: { name: target.name, kind },
		shards,
		limit,
		problems: plan.files,
		library,
		layers:
			library === undefined && plan.settings.hints.mode !== "off"
				? libraryLayers({ env: io.env, cwd: io.cwd })
						.filter(({ name, dir }) => name !== "built-in" && existsSync(dir))
						.map(({ dir }) => dir)
				: [],
		words: wordsFor(context, plan.samples, library !== undefined),
		rollouts: count * plan.samples,
		of: { problems: count },
	};
	const sheet = sampleSheet(wish);
	if (!options.json)
		io.stderr.write(
			`${[
				`sample      ${madeBy(sheet)}`,
				`of          ${count} problems: ${visibleLine(sheet.data.name)}`,
				`where       ${target.name} (${kind}), with the nudge and the engine that are there`,
			].join("\n")}\n`,
		);
	if (options["dry-run"]) {
		for (const { title, text: shown } of await launcher.render({ sheet }))
			io.stdout.write(`--- ${title}\n${shown}`);
		for (const { level, says, advice } of await launcher.doctor())
			io.stderr.write(
				`${level === "ok" ? "ok" : "no"}          ${visibleLine(says)}${advice ? `. ${advice}` : ""}\n`,
			);
		io.stderr.write("nothing was started (--dry-run)\n");
		return 0;
	}
	const folder = resolve(home, wish.id);
	makeSampleJob(wish, folder);
	register(home, wish.id, folder);
	const onProgress = (says: string): void => void io.stderr.write(`${visibleLine(says)}\n`);
	const handle = await launcher
		.submit({ folder }, { attempt: 1, onProgress, signal })
		.catch((error: unknown) => {
			io.stderr.write(`nudge: the job was made and not started; nudge jobs resume ${wish.id} starts it\n`);
			throw error;
		});
	writeHandle(folder, handle);
	if (options.json)
		io.stdout.write(`${JSON.stringify({ job: wish.id, folder, run: join(folder, "run"), handle })}\n`);
	else
		io.stdout.write(
			`${wish.id} is started. nudge jobs show ${wish.id} says how far each shard is; nudge jobs fetch ${wish.id} brings the run here\n`,
		);
	return 0;
}

function wordsFor(context: Context, samples: number, library: boolean): string[] {
	const { io, options } = context;
	const { hints: _, ...flags } = options;
	const effective = effectiveSettings({
		env: io.env,
		cwd: io.cwd,
		flags: library ? flags : options,
	});
	const one = (name: string, value: unknown): string[] =>
		value === undefined ? [] : [`--${name}`, String(value)];
	const sampled = (name: "temperature" | "top-p", usual: string): string[] =>
		one(name, effective[name].origin.from === "default" ? usual : effective[name].value);
	return [
		...one("n", samples),
		...(library ? [] : one("hints", effective.hints.value)),
		...SAID.flatMap((name) => one(name, effective[name].value)),
		...sampled("temperature", "0.6"),
		...sampled("top-p", "0.95"),
		...GIVEN.flatMap((name) => one(name, options[name])),
		...(effective["allow-unisolated"].value ? ["--allow-unisolated"] : []),
	];
}
