/** The work of `nudge dataset from-sessions | merge | split`. */
import { resolve } from "node:path";
import type { DatasetSheet } from "../data/dataset/dataset.ts";
import { type FromSessions, makeFromSessions } from "../data/dataset/from-sessions.ts";
import { type Merging, mergeDatasets, parseParts, splitDataset } from "../data/dataset/merging.ts";
import { ruleContext } from "../data/rules/context.ts";
import type { OutcomeVerdict } from "../trace/events.ts";
import { visibleLine } from "../trace/visible.ts";
import { type Context, type ExitCode, text, UsageError, wholeNumber } from "./command.ts";
import { outOf, recipeOf } from "./dataset-build.ts";
import { counted, waterfallLines } from "./dataset-words.ts";
import { storeOf } from "./session-views.ts";
import { version } from "./version.ts";

/** The recipe whose rules sessions are judged by, where none is named. */
const FOR_SESSIONS = "start";
const PARTS = "train=0.95,valid=0.05";

export async function fromSessions(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const out = outOf(context, "from-sessions");
	if (options["no-rules"] && options["judge-accepted"])
		throw new UsageError("--no-rules and --judge-accepted do not go together");
	const rules: FromSessions["rules"] = options["no-rules"]
		? "none"
		: options["judge-accepted"]
			? "all"
			: "all but accepted";
	const sheet = await makeFromSessions({
		...mergingOf(context, out),
		store: storeOf(io),
		wanted: {
			ids: args,
			tag: text(context, "tag"),
			sinceMs: sinceOf(context),
			verdict: text(context, "verdict") as OutcomeVerdict | "none" | undefined,
			accepted: text(context, "mark") === "accepted",
		},
		recipe: recipeOf(context, FOR_SESSIONS),
		context: ruleContext({ env: io.env, cwd: io.cwd, signal }),
		rules,
		onePerQuestion: options["one-per-question"] === true,
	});
	return say(context, sheet, out, "branches");
}

export async function merge(context: Context): Promise<ExitCode> {
	const { io, args, options } = context;
	const [out, ...folders] = args.map((arg) => resolve(io.cwd, arg)) as [string, ...string[]];
	const { sheet } = await mergeDatasets(
		folders,
		options["one-per-question"] === true,
		mergingOf(context, out),
	);
	return say(context, sheet, out, "samples read");
}

export async function split(context: Context): Promise<ExitCode> {
	const { io, args, options } = context;
	const out = outOf(context, "split");
	const parts = parseParts(text(context, "parts") ?? PARTS);
	if (typeof parts === "string") throw new UsageError(`--parts: ${parts}`);
	const seed = wholeNumber(context, "seed") ?? 0;
	const folder = resolve(io.cwd, args[0] as string);
	const sheets = await splitDataset(folder, parts, seed, mergingOf(context, out));
	if (options.json) {
		for (const sheet of sheets)
			io.stdout.write(`${JSON.stringify({ folder: resolve(out, sheet.name), ...sheet })}\n`);
		return 0;
	}
	const all = sheets.reduce((sum, { waterfall }) => sum + waterfall.samples, 0);
	for (const { name, waterfall } of sheets) {
		const { samples, kept } = waterfall;
		const share = all === 0 ? "" : ` (${((100 * samples) / all).toFixed(1)} %)`;
		io.stdout.write(
			`${name.padEnd(12)}${counted(samples, "sample")} of ${counted(kept, "problem")}${share}: ${resolve(out, name)}\n`,
		);
		if (samples === 0)
			io.stderr.write(`nudge: the part ${name} is empty: the dataset is small for its share\n`);
	}
	return 0;
}

function mergingOf({ io, signal }: Context, out: string): Merging {
	return {
		out,
		signal,
		nudge: version(),
		onWarning: (says) => io.stderr.write(`nudge: ${visibleLine(says)}\n`),
	};
}

function sinceOf(context: Context): number | undefined {
	const given = text(context, "since");
	if (given === undefined) return undefined;
	const day = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(given);
	const ms = Date.parse(given.includes("T") && !given.endsWith("Z") ? `${given}Z` : given);
	if (!day || !Number.isFinite(ms))
		throw new UsageError(
			`--since takes a day (2026-11-22) or a time (2026-11-22T14:00, UTC), not "${given}"`,
		);
	return ms;
}

function say({ io, options }: Context, sheet: DatasetSheet, out: string, what: string): ExitCode {
	if (options.json) {
		io.stdout.write(`${JSON.stringify({ folder: out, ...sheet })}\n`);
		return 0;
	}
	const { samples, kept } = sheet.waterfall;
	const lines = [
		...waterfallLines(sheet.waterfall, what),
		`${counted(samples, "sample")} of ${counted(kept, "problem")}: ${out}`,
	];
	io.stdout.write(`${lines.join("\n")}\n`);
	return 0;
}
