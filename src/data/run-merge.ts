/**
 * Makes one run of several: shards from different machines, or the same run copied and gone on with.
 *
 * What always holds: only runs of the same settings and problems are merged; a rollout is in the result once, as the first
 * run that has it has it; the result is there whole or not at all, and is a run like any other, which can be gone on with.
 */
import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdtempSync,
	openSync,
	readdirSync,
	renameSync,
	rmdirSync,
	rmSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Damage, readRollouts, rolloutFiles, writersOf } from "./run-folder.ts";
import { differences, putSheet, RunError, type RunSheet, readSheet } from "./run-sheet.ts";
import { readScores, SCORES_FILE, type ScoringStart } from "./scores.ts";

export type Merged = {
	readonly rollouts: number;
	/** Rollouts that more than one run had. */
	readonly duplicates: number;
	/** Of another run's settings, though they stand in this one's file: left out. */
	readonly strangers: number;
	readonly damage: readonly Damage[];
	readonly sheet: RunSheet;
};

export function sheetOf(folder: string): RunSheet {
	const sheet = readSheet(folder);
	if (sheet) return sheet;
	throw new RunError(
		`${folder} is no run: there is no run.json in it. nudge sample --out ${folder} makes one`,
	);
}

export async function mergeRuns(out: string, runs: readonly string[], signal?: AbortSignal): Promise<Merged> {
	const target = resolve(out);
	if (existsSync(target) && readdirSync(target).length > 0)
		throw new RunError(`${out} is there and not empty: name a folder that is not there yet`);
	const sheets = runs.map(sheetOf);
	const first = sheets[0];
	if (!first) throw new RunError("there is nothing to merge: name the runs");
	for (const [index, sheet] of sheets.entries()) {
		const differs = differences(first, sheet);
		if (differs.length > 0)
			throw new RunError(
				`${runs[0]} and ${runs[index]} are different runs:\n${differs.map((line) => `  ${line}`).join("\n")}\nOnly runs that differ in their shard alone can be merged.`,
			);
		const busy = writersOf(runs[index]!);
		if (busy.length > 0)
			throw new RunError(`${runs[index]} is being sampled (shard ${busy.join(", ")}): wait for its end`);
	}
	const fresh = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
	try {
		const merged = await mergeInto(fresh, first, sheets, runs, signal);
		if (existsSync(target)) rmdirSync(target);
		renameSync(fresh, target);
		return merged;
	} catch (error) {
		rmSync(fresh, { recursive: true, force: true });
		throw error;
	}
}

async function mergeInto(
	folder: string,
	first: RunSheet,
	sheets: readonly RunSheet[],
	runs: readonly string[],
	signal: AbortSignal | undefined,
): Promise<Merged> {
	const sheet = { ...first, samples: Math.max(...sheets.map(({ samples }) => samples)) };
	putSheet(folder, sheet, "new");
	const keys = new Set<string>();
	const damage: Damage[] = [];
	let duplicates = 0;
	let strangers = 0;
	const descriptor = openSync(join(folder, "rollouts-merged.jsonl"), "wx");
	try {
		for (const file of runs.flatMap(rolloutFiles)) {
			const reading = await readRollouts(
				file,
				({ key }, line) => {
					if (keys.has(key)) duplicates++;
					else if (!key.includes(`#${sheet.hash}#`)) strangers++;
					else {
						keys.add(key);
						const bytes = Buffer.from(`${line}\n`);
						for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
					}
				},
				signal,
			);
			for (const { line, why } of reading.bad) damage.push({ file, line, why });
			if (reading.torn) damage.push({ file, why: "a torn last line was left out" });
		}
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
	await mergeScores(folder, runs, signal);
	return { rollouts: keys.size, duplicates, strangers, damage, sheet };
}

/** Verdicts that were given afterwards go along. Of several scorings the last one is in force, whichever run it was of. */
async function mergeScores(
	folder: string,
	runs: readonly string[],
	signal: AbortSignal | undefined,
): Promise<void> {
	const starts: ScoringStart[] = [];
	for (const run of runs) await readScores(run, { onStart: (start) => void starts.push(start) }, signal);
	if (starts.length === 0) return;
	starts.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
	const descriptor = openSync(join(folder, SCORES_FILE), "wx");
	const put = (line: object): void => {
		const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
		for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
	};
	try {
		starts.forEach(put);
		for (const run of runs) await readScores(run, { onScore: put }, signal);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
