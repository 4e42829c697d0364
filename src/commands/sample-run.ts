/** The work of `nudge sample`: settles what the run is, opens the lab, samples what is owed, and says what came out. */
import { relative } from "node:path";
import { keysOf, owedJobs } from "../data/owed.ts";
import { pacingOf } from "../data/paces.ts";
import { damageSays, ShardWriter } from "../data/run-folder.ts";
import { NowWriter } from "../data/run-now.ts";
import {
	newSheet,
	RunError,
	type RunSettings,
	type RunSheet,
	settleSheet,
	totalOf,
} from "../data/run-sheet.ts";
import { Summing } from "../data/run-summary.ts";
import { type SamplingEnd, sampleAll } from "../data/sampling.ts";
import { benchOf } from "../data/sampling-lab.ts";
import { ManyEngines } from "../engine/many.ts";
import { Lab } from "../reason/lab.ts";
import { type Context, type ExitCode, UsageError } from "./command.ts";
import { sheetLines } from "./run-words.ts";
import { leave, sayEnd } from "./sample-end.ts";
import { engineStates, enginesNow, sharesOf } from "./sample-engines.ts";
import { type SamplePlan, samplePlan, surveyOf } from "./sample-plan.ts";
import { SampleProgress } from "./sample-progress.ts";
import { version } from "./version.ts";

/** Calls of the system that a run's folder takes. */
const ON_DISK: ReadonlySet<string> = new Set([
	...["open", "write", "mkdir", "scandir", "link", "rename", "ftruncate", "fsync", "close", "unlink"],
]);

type Survey = Awaited<ReturnType<typeof surveyOf>>;

export async function sampleRun(context: Context): Promise<ExitCode> {
	const { io, options, signal } = context;
	const far = ["shards", "limit", "dry-run"].find((name) => options[name] !== undefined);
	if (far !== undefined) throw new UsageError(`--${far} goes with --on TARGET`);
	const plan = samplePlan(context);
	const survey = await surveyOf(context, plan);
	const lab = await Lab.open(plan.settings, {
		env: io.env,
		cwd: io.cwd,
		signal,
		onProgress: (says) => io.stderr.write(`${says}\n`),
		confirmUnisolated: async () => false,
	});
	try {
		// What cannot be is said before the first rollout: a Python that cannot be made, a machine that cannot isolate.
		await lab.closeInterpreter(await lab.openInterpreter());
		const { engine } = lab;
		// The plan names its engines as a list, and a list is opened as such.
		if (!(engine instanceof ManyEngines)) throw new Error("one engine was opened where a list was asked for");
		return await sampled(context, plan, survey, lab, engine);
	} catch (error) {
		throw ofFolder(error, plan.folder);
	} finally {
		await lab.close();
	}
}

async function sampled(
	context: Context,
	plan: SamplePlan,
	survey: Survey,
	lab: Lab,
	many: ManyEngines,
): Promise<ExitCode> {
	const { io, signal } = context;
	const { folder, shard, atOnce } = plan;
	const { bench, settings } = benchOf(lab);
	const environment = await environmentOf(lab);
	const sheet = sheetOf(plan, survey, settings, environment);
	const owing = { hash: sheet.hash, samples: sheet.samples, seed: settings.sampling.seed, shard };
	const mine = new Set(keysOf(survey.ids, owing));
	const summing = new Summing();
	const { writer, keys, damage } = await ShardWriter.open(
		folder,
		shard,
		(rollout) => {
			if (mine.has(rollout.key)) summing.add(rollout);
		},
		signal,
	);
	try {
		for (const one of damage) io.stderr.write(`nudge: ${damageSays(one)}; it is owed again\n`);
		const total = mine.size;
		let before = 0;
		for (const key of mine) if (keys.has(key)) before++;
		mine.clear();
		sayBeginning(context, sheet, plan, total, before);
		const pace = pacingOf(many, atOnce, plan.parallel);
		writer.started({
			t: new Date().toISOString(),
			nudge: version(),
			shard: `${shard.index}/${shard.count}`,
			concurrency: atOnce,
			owed: total - before,
			...environment,
			engine: lab.engine.info.id,
			server: lab.engine.info.server,
		});
		const progress = new SampleProgress(io, {
			total,
			before,
			verdicts: () => summing.verdicts,
			level: () => pace.level,
			engines: () => enginesNow(many),
		});
		many.onNews = (says) => progress.say(says);
		for (const { id, out } of many.members)
			if (out) progress.say(`${id} is left out from the beginning: ${out.why}`);
		const said = new Set<string>();
		const tooLong = (id: string): void => {
			if (said.has(id)) return;
			said.add(id);
			const { contextTokens } = many.info.caps;
			progress.say(
				`${id} does not fit into the context of ${contextTokens} tokens: its rollouts end before they begin, and count as "no answer"`,
			);
		};
		const now = new NowWriter({
			folder,
			shard,
			facts: () => ({
				level: pace.level,
				done: before + progress.done,
				total,
				kept: progress.done,
				tokens: progress.tokens,
				calls: progress.calls,
				verdicts: summing.verdicts,
				engines: engineStates(many),
			}),
			onTrouble: (says) => progress.say(says),
		});
		let end: SamplingEnd;
		try {
			end = await sampleAll(
				owedJobs(plan.files, owing, keys, signal, { map: plan.map, shuffleChoices: plan.shuffleChoices }),
				bench,
				{
					keep: (rollout) => {
						writer.append(rollout);
						summing.add(rollout);
						progress.kept();
						if (rollout.end.reason === "context" && rollout.usage.sampledTokens === 0)
							tooLong(rollout.problem.id);
					},
					onTokens: progress.gotTokens,
					onCall: progress.called,
					onTrouble: (says) => progress.say(says),
					onBegun: now.begun,
					onOver: now.over,
				},
				{ pace, signal },
			);
		} finally {
			await now.end();
			progress.end();
		}
		const owed = total - before - end.kept;
		const { seconds } = progress;
		const start = {
			rollouts: end.kept,
			seconds,
			rolloutsPerSecond: end.kept / seconds,
			tokensPerSecond: progress.tokens / seconds,
			atOnce: pace.level,
			failed: end.failed,
			engines: sharesOf(many),
		};
		sayEnd(context, { folder, shard, total, owed, start, summary: summing.summary() });
		return leave(context, end, owed, folder);
	} finally {
		writer.close();
	}
}

/** What the system says of a folder that it does not let us write, in words. */
function ofFolder(error: unknown, folder: string): unknown {
	const { code, syscall, message } = error as NodeJS.ErrnoException;
	if (code === undefined || !ON_DISK.has(syscall ?? "")) return error;
	return new RunError(
		`the run's folder ${folder} cannot be written: ${message}. What is on disk stays; mend that and start the same command again.`,
		{ cause: error },
	);
}

async function environmentOf(lab: Lab): Promise<Record<string, string>> {
	return {
		node: process.versions.node,
		system: `${process.platform} ${process.arch}`,
		engine: lab.engine.info.server,
		python: await lab.pythonVersion,
	};
}

/** Begins the run's folder, or makes sure that the one that is there is the same run. */
function sheetOf(
	{ folder, samples, map, shuffleChoices }: SamplePlan,
	survey: Survey,
	settings: RunSettings,
	environment: Readonly<Record<string, string>>,
): RunSheet {
	const problems = survey.files.map((one) => ({ ...one, file: relative(folder, one.file) }));
	const reading = {
		...(map === undefined ? {} : { map }),
		...(shuffleChoices === undefined ? {} : { shuffleChoices }),
	};
	return settleSheet(
		folder,
		newSheet({
			nudge: version(),
			settings,
			samples,
			problems,
			...(Object.keys(reading).length > 0 ? { reading } : {}),
			environment,
		}),
	);
}

function sayBeginning(
	{ io, options }: Context,
	sheet: RunSheet,
	{ shard }: SamplePlan,
	total: number,
	before: number,
): void {
	if (options.json) return;
	const part = shard.count > 1 ? `, shard ${shard.index} of ${shard.count}: ${total}` : "";
	const news = before > 0 ? `${before} are done, ${total - before} are owed` : "all are owed";
	io.stderr.write(`${sheetLines(sheet).join("\n")}\n${totalOf(sheet)} rollouts${part}; ${news}\n`);
	if (sheet.settings.sampling.temperature === 0 && sheet.samples > 1)
		io.stderr.write("nudge: at temperature 0 the samples of a problem are all the same\n");
}
