/** What `nudge sample` was asked for: options, settings and files, checked before anything is opened. */
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { BUNDLED } from "../data/problems.ts";
import { parseShard, type Shard, WHOLE } from "../data/run-folder.ts";
import { surveyed } from "../data/run-sheet.ts";
import { SMALL_MODEL_BYTES } from "../engine/embedded/protocol.ts";
import type { OneEngine } from "../engine/open.ts";
import { parseSpec, pathOf, splitSpecs } from "../engine/spec.ts";
import { nearest } from "../hints/nearest.ts";
import type { LabSettings } from "../reason/lab.ts";
import { visibleLine } from "../trace/visible.ts";
import { type Context, text, UsageError, wholeNumber } from "./command.ts";
import { labSettings } from "./run-setup.ts";
import { effectiveSettings } from "./settings.ts";

/** As the field samples for rejection sampling (CoRT, open-r1), unless somebody says otherwise. */
const SAMPLING = { temperature: "0.6", "top-p": "0.95" } as const;
const SAMPLES = 16;
/** Traces of a small embedded model at the same time, at most, where nobody says how many. */
const SMALL_MOST = 16;
/** What `--hints` takes besides a library; that nobody can be asked is said by name. */
const MODES: readonly string[] = ["auto", "off", "ask"];

export type SamplePlan = {
	readonly folder: string;
	/** Of each problem. */
	readonly samples: number;
	readonly atOnce: number | "auto";
	readonly shard: Shard;
	readonly settings: LabSettings;
	readonly files: readonly string[];
	readonly map: string | undefined;
	/** The seed of the order in which choices are shown. */
	readonly shuffleChoices: number | undefined;
	/** For each engine how many traces it bears, where that is known: a server knows by itself. */
	readonly parallel: readonly (number | undefined)[];
};

export function samplePlan(context: Context): SamplePlan {
	const { io, options, args } = context;
	const out = text(context, "out");
	if (out === undefined) throw new UsageError("nudge sample needs --out RUN: the folder of the run");
	const samples = wholeNumber(context, "n", 1) ?? SAMPLES;
	const atOnce = concurrencyOf(context);
	const said = text(context, "shard");
	const shard = said === undefined ? WHOLE : parseShard(said);
	if (!shard) throw new UsageError(`--shard takes I/K, part I of K from 1/K to K/K, not "${said}"`);
	const settings = samplingSettings(context);
	const given = [...((options.problems as readonly string[] | undefined) ?? []), ...args];
	const engines = enginesOf(settings, atOnce, io);
	return {
		folder: resolve(io.cwd, out),
		samples,
		atOnce,
		shard,
		settings: { ...settings, engine: engines.map(({ engine }) => engine) },
		files: given.length > 0 ? given.map((file) => resolve(io.cwd, file)) : BUNDLED,
		map: text(context, "map"),
		shuffleChoices: wholeNumber(context, "shuffle-choices"),
		parallel: engines.map(({ parallel }) => parallel),
	};
}

/** Reads all problems once, and says before anything starts how their fields are read. */
export function surveyOf(
	{ io, options, signal }: Context,
	{ files, map, shuffleChoices }: Pick<SamplePlan, "files" | "map" | "shuffleChoices">,
): ReturnType<typeof surveyed> {
	return surveyed(files, signal, {
		map,
		shuffleChoices,
		onMapping: (says, file) => {
			if (says !== undefined && !options.json) io.stderr.write(`${file}: ${visibleLine(says)}\n`);
		},
	});
}

function concurrencyOf(context: Context): number | "auto" {
	const said = text(context, "concurrency");
	if (said === undefined || said === "auto") return "auto";
	const number = Number(said);
	if (!/^\d+$/.test(said) || number < 1 || number > 4096)
		throw new UsageError(`--concurrency takes auto or a whole number from 1 to 4096, not "${said}"`);
	return number;
}

/** As everywhere, but for how a run samples where nobody says, and that hints may be named as a library. */
function samplingSettings(asked: Context): LabSettings {
	const { io } = asked;
	const library = libraryOf(asked);
	const context = library === undefined ? asked : { ...asked, options: { ...asked.options, hints: "auto" } };
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
	return library === undefined ? settings : { ...settings, hints: { ...settings.hints, library } };
}

/** The file or folder of hints that `--hints` names, if it names one. */
function libraryOf(context: Context): string | undefined {
	const said = text(context, "hints");
	if (said === undefined || MODES.includes(said)) return undefined;
	const path = resolve(context.io.cwd, said);
	if (existsSync(path)) return path;
	throw new UsageError(
		`--hints takes auto, off, or a file or folder of hints, and there is no "${said}"${nearest(said, MODES)}`,
	);
}

/** The engines that share the work. An embedded one is told how many traces it bears. */
function enginesOf(
	{ engine, named }: LabSettings,
	atOnce: number | "auto",
	io: Pick<Context["io"], "cwd" | "env">,
): { readonly engine: OneEngine; readonly parallel: number | undefined }[] {
	const said = typeof engine === "string" ? splitSpecs(engine, named) : engine;
	const list: readonly OneEngine[] = "type" in said ? [said] : said;
	return list.map((one) => {
		const parsed = typeof one === "string" ? parseSpec(one, named) : one;
		if (parsed.type !== "embedded") return { engine: one, parallel: undefined };
		// Each has a context of its own: for a small model that is little, for a large one much memory.
		const auto = isSmall(parsed.path, io) ? Math.min(SMALL_MOST, Math.max(4, 2 * availableParallelism())) : 2;
		const parallel = parsed.parallel ?? (atOnce === "auto" ? auto : Math.min(atOnce, 32));
		return { engine: { ...parsed, parallel }, parallel };
	});
}

/** The model that comes with nudge has no path. A file that cannot be read is for the engine to complain of. */
const isSmall = (path: string | undefined, io: Pick<Context["io"], "cwd" | "env">): boolean =>
	path === undefined ||
	(statSync(pathOf(path, io), { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY) <
		SMALL_MODEL_BYTES;
