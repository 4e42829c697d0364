/** `nudge runs list | show | merge`: nothing here writes to a run that is there. */
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { damageSays } from "../data/run-folder.ts";
import { mergeRuns, sheetOf } from "../data/run-merge.ts";
import { readSheet, totalOf } from "../data/run-sheet.ts";
import { Summing } from "../data/run-summary.ts";
import { RunWatch } from "../data/run-watch.ts";
import { visibleLine } from "../trace/visible.ts";
import { processLines, rateFacts } from "../tui/runs/standing.ts";
import { runObject } from "../tui/runs/watch-lines.ts";
import type { Context, ExitCode } from "./command.ts";
import { CommandError } from "./command.ts";
import { percent, sheetLines, solvedLines, summaryLines } from "./run-words.ts";

async function looked(folder: string, signal: AbortSignal, whole: boolean): Promise<RunWatch> {
	const watch = new RunWatch(folder, { keep: false, whole });
	const stop = (): void => watch.close();
	signal.addEventListener("abort", stop, { once: true });
	await watch.look();
	signal.removeEventListener("abort", stop);
	signal.throwIfAborted();
	if (watch.trouble !== undefined) throw new CommandError(`${folder}: ${watch.trouble}`);
	return watch;
}

function damageOf({ index, writers, processes }: RunWatch): string[] {
	if (!index) return [];
	const { damage, damaged, torn } = index.reader;
	const more = damaged > damage.length ? [`${damaged - damage.length} more lines`] : [];
	// While somebody writes, the last line may be on its way.
	const cut = writers.length + processes.length > 0 ? [] : torn;
	return [
		...damage.map(damageSays),
		...more,
		...cut.map((file) => damageSays({ file, why: "a torn last line" })),
	];
}

const isRunning = ({ writers, processes }: RunWatch): boolean => writers.length + processes.length > 0;

/** What a program is told of a run. */
function told(watch: RunWatch, folder: string): Readonly<Record<string, unknown>> {
	const { writers, sheet } = watch;
	return { folder, ...runObject(watch), writers, sheet };
}

export async function list(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const where = resolve(io.cwd, args[0] ?? ".");
	let found = 0;
	let folders: string[];
	try {
		folders = readdirSync(where, { withFileTypes: true })
			.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
			.map(({ name }) => join(where, name))
			.sort();
	} catch (error) {
		throw new CommandError(`${where} cannot be read: ${(error as Error).message}`);
	}
	for (const folder of [where, ...folders]) {
		const sheet = readSheet(folder);
		if (!sheet) continue;
		found++;
		const watch = await looked(folder, signal, false);
		if (options.json) {
			io.stdout.write(`${JSON.stringify({ ...told(watch, folder), damaged: damageOf(watch).length })}\n`);
			continue;
		}
		const { done, total, summary } = watch;
		const state = isRunning(watch) ? "running" : done >= total ? "done" : "owed";
		const right = summary?.accuracy === undefined ? "-" : percent(summary.accuracy);
		const name = visibleLine(folder === where ? "." : basename(folder)).padEnd(24);
		const goes = rateFacts(watch).slice(0, 3);
		const rates = goes.length === 0 ? "" : `${goes.join(", ")}; `;
		const policy = visibleLine(`${sheet.settings.model}, hints ${sheet.settings.policy}`);
		io.stdout.write(
			`${name} ${state.padEnd(8)}${`${done}/${total}`.padStart(14)}  ${right.padStart(7)} right  ${rates}${policy}\n`,
		);
	}
	if (found === 0) io.stderr.write("there is no run here; nudge sample makes one\n");
	return 0;
}

export async function show(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const folder = resolve(io.cwd, args[0] as string);
	const sheet = sheetOf(folder);
	const watch = await looked(folder, signal, true);
	const damaged = damageOf(watch);
	const summary = watch.summary ?? new Summing().summary();
	if (options.json) {
		io.stdout.write(`${JSON.stringify({ ...told(watch, folder), damaged })}\n`);
		return 0;
	}
	const { total, writers, index } = watch;
	const running = writers.length > 0 ? `; being sampled now as shard ${writers.join(", ")}` : "";
	const lines = [
		...sheetLines(sheet),
		`progress    ${summary.rollouts} of ${total} (${percent(summary.rollouts / total)})${running}`,
		...(watch.processes.length > 0 ? [`now         ${rateFacts(watch).join(", ")}`] : []),
		...processLines(watch, Date.now()).map((line) => `            ${line}`),
		...damaged.map((says) => `damaged     ${visibleLine(says)}: owed again`),
		...((index?.strangers ?? 0) > 0
			? [`strangers   ${index?.strangers} rollouts of other settings do not count`]
			: []),
		...summaryLines(summary),
		"problems by the share of their samples that is right",
		...solvedLines(summary),
	];
	io.stdout.write(`${lines.join("\n")}\n`);
	return 0;
}

export async function merge(context: Context): Promise<ExitCode> {
	const { io, args, signal } = context;
	const [out, ...runs] = args.map((arg) => resolve(io.cwd, arg));
	const { rollouts, duplicates, strangers, damage, sheet } = await mergeRuns(out as string, runs, signal);
	for (const one of damage) io.stderr.write(`nudge: ${visibleLine(damageSays(one))}\n`);
	const twice = duplicates > 0 ? `; ${duplicates} were there twice and are kept once` : "";
	const strange = strangers > 0 ? `; ${strangers} of other settings are left out` : "";
	io.stdout.write(
		`${rollouts} of ${totalOf(sheet)} rollouts from ${runs.length} runs${twice}${strange}: ${out}\n`,
	);
	return 0;
}
