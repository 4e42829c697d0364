/** The work of `nudge sample`: settles what the run is, opens the lab, samples what is owed, and says what came out. */
import { relative, resolve } from "node:path";
import { keysOf, owedJobs } from "../data/owed.ts";
import { Pace } from "../data/pace.ts";
import { BUNDLED } from "../data/problems.ts";
import { damageSays, parseShard, ShardWriter, WHOLE } from "../data/run-folder.ts";
import { NowWriter } from "../data/run-now.ts";
import { newSheet, settleSheet, surveyed, totalOf } from "../data/run-sheet.ts";
import { Summing } from "../data/run-summary.ts";
import { type SamplingEnd, sampleAll } from "../data/sampling.ts";
import { benchOf } from "../data/sampling-lab.ts";
import { parseSpec } from "../engine/spec.ts";
import { Lab, type LabSettings } from "../reason/lab.ts";
import { visibleLine } from "../trace/visible.ts";
import { type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { labSettings } from "./run-setup.ts";
import { sheetLines, summaryLines } from "./run-words.ts";
import { SampleProgress } from "./sample-progress.ts";
import { effectiveSettings } from "./settings.ts";
import { version } from "./version.ts";

/** As the field samples for rejection sampling (CoRT, open-r1), unless somebody says otherwise. */
const SAMPLING = { temperature: "0.6", "top-p": "0.95" } as const;
const SAMPLES = 16;
const MOST_AT_ONCE = 512;
/** A server is asked for so many at first. */
const FIRST_AT_ONCE = 4;

export async function sampleRun(context: Context): Promise<ExitCode> {
	const { io, options, args, signal } = context;
	const out = text(context, "out");
	if (out === undefined) throw new UsageError("nudge sample needs --out RUN: the folder of the run");
	const folder = resolve(io.cwd, out);
	const samples = wholeNumber(context, "n", 1) ?? SAMPLES;
	const atOnce = concurrencyOf(context);
	const said = text(context, "shard");
	const shard = said === undefined ? WHOLE : parseShard(said);
	if (!shard) throw new UsageError(`--shard takes I/K, part I of K from 1/K to K/K, not "${said}"`);
	const settings = samplingSettings(context);
	const given = [...((options.problems as readonly string[] | undefined) ?? []), ...args];
	const files = given.length > 0 ? given.map((file) => resolve(io.cwd, file)) : BUNDLED;
	const map = text(context, "map");
	const survey = await surveyed(files, signal, {
		map,
		onMapping: (says, file) => {
			if (says !== undefined && !options.json) io.stderr.write(`${file}: ${visibleLine(says)}\n`);
		},
	});

	const { engine, parallel } = engineOf(settings, atOnce);
	const lab = await Lab.open(
		{ ...settings, engine },
		{
			env: io.env,
			cwd: io.cwd,
			signal,
			onProgress: (says) => io.stderr.write(`${says}\n`),
			confirmUnisolated: async () => false,
		},
	);
	let writer: ShardWriter | undefined;
	try {
		// What cannot be is said before the first rollout: a Python that cannot be made, a machine that cannot isolate.
		await lab.closeInterpreter(await lab.openInterpreter());
		const { bench, settings: made } = benchOf(lab);
		const environment = {
			node: process.versions.node,
			system: `${process.platform} ${process.arch}`,
			engine: lab.engine.info.server,
			python: await lab.pythonVersion,
		};
		const sheet = settleSheet(
			folder,
			newSheet({
				nudge: version(),
				settings: made,
				samples,
				problems: survey.files.map((one) => ({ ...one, file: relative(folder, one.file) })),
				environment,
			}),
		);
		const plan = { hash: sheet.hash, samples: sheet.samples, seed: made.sampling.seed, shard };
		const mine = new Set(keysOf(survey.ids, plan));
		const summing = new Summing();
		const opened = await ShardWriter.open(
			folder,
			shard,
			(rollout) => {
				if (mine.has(rollout.key)) summing.add(rollout);
			},
			signal,
		);
		writer = opened.writer;
		for (const damage of opened.damage) io.stderr.write(`nudge: ${damageSays(damage)}; it is owed again\n`);
		let before = 0;
		for (const key of mine) if (opened.keys.has(key)) before++;
		const total = mine.size;
		mine.clear();
		if (!options.json) {
			const part = shard.count > 1 ? `, shard ${shard.index} of ${shard.count}: ${total}` : "";
			const news = before > 0 ? `${before} are done, ${total - before} are owed` : "all are owed";
			io.stderr.write(`${sheetLines(sheet).join("\n")}\n${totalOf(sheet)} rollouts${part}; ${news}\n`);
			if (made.sampling.temperature === 0 && sheet.samples > 1)
				io.stderr.write("nudge: at temperature 0 the samples of a problem are all the same\n");
		}
		const pace =
			atOnce === "auto"
				? new Pace(
						parallel === undefined
							? { start: FIRST_AT_ONCE, most: MOST_AT_ONCE }
							: { start: Math.min(2, parallel), most: 2 * parallel },
					)
				: Pace.fixed(atOnce);
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
		});
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
			}),
			onTrouble: (says) => progress.say(says),
		});
		let end: SamplingEnd;
		try {
			end = await sampleAll(
				owedJobs(files, plan, opened.keys, signal, { map }),
				bench,
				{
					keep: (rollout) => {
						opened.writer.append(rollout);
						summing.add(rollout);
						progress.kept();
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
		const seconds = progress.seconds;
		const owed = total - before - end.kept;
		const start = {
			rollouts: end.kept,
			seconds,
			rolloutsPerSecond: end.kept / seconds,
			tokensPerSecond: progress.tokens / seconds,
			atOnce: pace.level,
			failed: end.failed,
		};
		const summary = summing.summary();
		if (options.json)
			io.stdout.write(
				`${JSON.stringify({ run: folder, shard: `${shard.index}/${shard.count}`, total, done: total - owed, owed, ...summary, start })}\n`,
			);
		else
			io.stdout.write(
				`${[
					`done        ${total - owed} of ${total}${end.kept > 0 ? `; now ${end.kept} in ${seconds.toFixed(1)} s: ${start.rolloutsPerSecond.toFixed(2)} rollouts/s, ${Math.round(start.tokensPerSecond)} tokens/s` : ""}`,
					...summaryLines(summary),
				].join("\n")}\n`,
			);
		return leave(context, end, owed, folder);
	} finally {
		try {
			writer?.close();
		} finally {
			await lab.close();
		}
	}
}

function leave({ io }: Context, end: SamplingEnd, owed: number, folder: string): ExitCode {
	if (owed === 0) return 0;
	const again = `${owed} ${owed === 1 ? "rollout is" : "rollouts are"} still owed: the same command goes on with ${folder}`;
	if (end.aborted) {
		io.stderr.write(`nudge: ended early; ${again}\n`);
		return 130;
	}
	const why = end.trouble === undefined ? "" : ` (${end.trouble})`;
	io.stderr.write(
		`nudge: ${end.stopped ? `nothing came to its end any more, so the run stops${why}; ` : ""}${again}`,
	);
	io.stderr.write(`${end.stopped ? "" : why}\n`);
	return 1;
}

function concurrencyOf(context: Context): number | "auto" {
	const said = text(context, "concurrency");
	if (said === undefined || said === "auto") return "auto";
	const number = Number(said);
	if (!/^\d+$/.test(said) || number < 1 || number > 4096)
		throw new UsageError(`--concurrency takes auto or a whole number from 1 to 4096, not "${said}"`);
	return number;
}

/** As everywhere, but for how a run samples where nobody says. */
function samplingSettings(context: Context): LabSettings {
	const { io } = context;
	const effective = effectiveSettings({ env: io.env, cwd: io.cwd, flags: context.options });
	const unsaid = Object.entries(SAMPLING).filter(
		([name]) => effective[name as keyof typeof SAMPLING].origin.from === "default",
	);
	const settings = labSettings({
		...context,
		options: { ...context.options, ...Object.fromEntries(unsaid) },
	});
	if (settings.hints.mode === "ask")
		throw new UsageError("nobody can be asked during a run: say --hints auto or --hints off");
	return settings;
}

/** The embedded engine is told how many traces it bears; a server knows by itself. */
function engineOf(
	{ engine, named }: LabSettings,
	atOnce: number | "auto",
): { readonly engine: LabSettings["engine"]; readonly parallel?: number } {
	const parsed = typeof engine === "string" ? parseSpec(engine, named) : engine;
	if (parsed.type !== "embedded") return { engine };
	// Each has a context of its own: for the tiny model that is nothing, for a large one much memory.
	const auto = parsed.path === undefined ? 4 : 2;
	const parallel = parsed.parallel ?? (atOnce === "auto" ? auto : Math.min(atOnce, 32));
	return { engine: { ...parsed, parallel }, parallel };
}
