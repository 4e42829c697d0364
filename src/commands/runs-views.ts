/** `nudge runs list | show | merge`: nothing here writes to a run that is there. */
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { damageSays, readRollouts, rolloutFiles, writersOf } from "../data/run-folder.ts";
import { mergeRuns, sheetOf } from "../data/run-merge.ts";
import { type RunSheet, readSheet, totalOf } from "../data/run-sheet.ts";
import { type RunSummary, Summing } from "../data/run-summary.ts";
import { visibleLine } from "../trace/visible.ts";
import type { Context, ExitCode } from "./command.ts";
import { CommandError } from "./command.ts";
import { percent, sheetLines, solvedLines, summaryLines } from "./run-words.ts";

type Seen = {
	readonly sheet: RunSheet;
	readonly total: number;
	readonly summary: RunSummary;
	readonly writers: readonly string[];
	readonly damaged: readonly string[];
};

async function look(folder: string, sheet: RunSheet, signal: AbortSignal): Promise<Seen> {
	const keys = new Set<string>();
	const summing = new Summing();
	const damaged: string[] = [];
	for (const file of rolloutFiles(folder)) {
		const { bad, torn } = await readRollouts(
			file,
			(rollout) => {
				if (keys.has(rollout.key)) return;
				keys.add(rollout.key);
				summing.add(rollout);
			},
			signal,
		);
		for (const { line, why } of bad) damaged.push(damageSays({ file, line, why }));
		// While somebody writes, the last line may be on its way.
		if (torn && writersOf(folder).length === 0) damaged.push(damageSays({ file, why: "a torn last line" }));
	}
	return { sheet, total: totalOf(sheet), summary: summing.summary(), writers: writersOf(folder), damaged };
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
		const { total, summary, writers, damaged } = await look(folder, sheet, signal);
		if (options.json) {
			io.stdout.write(
				`${JSON.stringify({ folder, total, writers, damaged: damaged.length, ...summary, sheet })}\n`,
			);
			continue;
		}
		const state = writers.length > 0 ? "running" : summary.rollouts >= total ? "done" : "owed";
		const right = summary.accuracy === undefined ? "-" : percent(summary.accuracy);
		const name = visibleLine(folder === where ? "." : basename(folder)).padEnd(24);
		const policy = visibleLine(`${sheet.settings.model}, hints ${sheet.settings.policy}`);
		io.stdout.write(
			`${name} ${state.padEnd(8)}${`${summary.rollouts}/${total}`.padStart(14)}  ${right.padStart(7)} right  ${policy}\n`,
		);
	}
	if (found === 0) io.stderr.write("there is no run here; nudge sample makes one\n");
	return 0;
}

export async function show(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const folder = resolve(io.cwd, args[0] as string);
	const { sheet, total, summary, writers, damaged } = await look(folder, sheetOf(folder), signal);
	if (options.json) {
		io.stdout.write(`${JSON.stringify({ folder, total, writers, damaged, ...summary, sheet })}\n`);
		return 0;
	}
	const running = writers.length > 0 ? `; being sampled now as shard ${writers.join(", ")}` : "";
	const lines = [
		...sheetLines(sheet),
		`progress    ${summary.rollouts} of ${total} (${percent(summary.rollouts / total)})${running}`,
		...damaged.map((says) => `damaged     ${visibleLine(says)}: owed again`),
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
