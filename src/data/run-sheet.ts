/**
 * `run.json`: what a run is made with, written when it begins. Rollouts of other settings or other problems never get
 * into the same run: whoever asks for them is told what differs.
 *
 * What always holds: the file is there whole or not at all; its hash covers all that a rollout depends on and nothing
 * that may differ from machine to machine (the engine's address, how many run at a time, the shard), so that shards made
 * in different places belong together. The number of samples may grow; what is there then stays.
 */
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Budgets, Problem, Sampling } from "../trace/events.ts";
import { ProblemError, type ReadOptions, readProblems } from "./problems.ts";

export const RUN_FILE = "run.json";
const FORMAT = 1;

/** A run that cannot be begun, gone on with or read: what, where, and what to do. */
export class RunError extends Error {
	override readonly name = "RunError";
}

/** All that a rollout depends on, besides its problem and its number. */
export type RunSettings = {
	readonly model: string;
	readonly exact: boolean;
	readonly dialect: string;
	/** The policy in its own words, and a hash of the library that it draws from. */
	readonly policy: string;
	readonly library?: string;
	/** `seed` is the run's: each rollout has one of its own, derived from it. */
	readonly sampling: Sampling;
	readonly budgets: Budgets;
	readonly system?: string;
	readonly instruction?: string;
	readonly python: Readonly<Record<string, number>>;
	/** Of a cluster that ran the blocks: its kind. Absent: nudge's own Python. */
	readonly pythonHost?: string;
};

/** `sha256` is that of its problems. */
export type RunFile = { readonly file: string; readonly sha256: string; readonly problems: number };

export type RunSheet = {
	readonly format: number;
	/** Of nudge. */
	readonly nudge: string;
	/** ISO 8601, UTC. */
	readonly created: string;
	readonly settings: RunSettings;
	/** Of the settings: part of every rollout's key. */
	readonly hash: string;
	/** For each problem. */
	readonly samples: number;
	readonly problems: readonly RunFile[];
	/** How the problem files are read, where that was said: what it takes to read them again. */
	readonly reading?: { readonly map?: string; readonly shuffleChoices?: number };
	readonly environment: Readonly<Record<string, string>>;
};

/** The same settings have the same hash, whatever the order of their fields. */
export function hashOf(value: unknown): string {
	return createHash("sha256")
		.update(JSON.stringify(sorted(value)))
		.digest("hex")
		.slice(0, 12);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

/**
 * The problem files of a run with their ids in order. The hash is of the problems as they are read: the same ones in
 * another form (Parquet, CSV) are the same. Throws ProblemError at a row that is no problem, or an id that is there twice.
 */
export async function surveyed(
	files: readonly string[],
	signal?: AbortSignal,
	options: ReadOptions & { readonly onProblem?: (problem: Problem) => void } = {},
): Promise<{ readonly files: readonly RunFile[]; readonly ids: readonly string[] }> {
	const ids = new Map<string, string>();
	const found: RunFile[] = [];
	for (const file of files) {
		let problems = 0;
		const digest = createHash("sha256");
		for await (const problem of readProblems(file, signal, options)) {
			const { id } = problem;
			const earlier = ids.get(id);
			if (earlier !== undefined)
				throw new ProblemError(
					`the id "${id}" is there twice (${earlier === file ? file : `${earlier} and ${file}`}): rollouts could not be told apart. Give one of them another id`,
				);
			ids.set(id, file);
			options.onProblem?.(problem);
			digest.update(`${JSON.stringify(sorted(problem))}\n`);
			problems++;
		}
		found.push({ file, sha256: digest.digest("hex"), problems });
	}
	if (ids.size === 0) throw new ProblemError(`there is no problem in ${files.join(", ")}`);
	return { files: found, ids: [...ids.keys()] };
}

export function totalOf({ problems, samples }: Pick<RunSheet, "problems" | "samples">): number {
	return samples * problems.reduce((sum, file) => sum + file.problems, 0);
}

export function newSheet(from: Omit<RunSheet, "format" | "created" | "hash">): RunSheet {
	return { format: FORMAT, created: new Date().toISOString(), hash: hashOf(from.settings), ...from };
}

export function readSheet(folder: string): RunSheet | undefined {
	const file = join(folder, RUN_FILE);
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") return undefined;
		throw new RunError(`${file} cannot be read: ${message}`);
	}
	let sheet: Partial<RunSheet> | null;
	try {
		sheet = JSON.parse(text) as Partial<RunSheet> | null;
	} catch (error) {
		throw new RunError(`${file} is damaged: ${(error as Error).message}`);
	}
	if (sheet?.format !== FORMAT)
		throw new RunError(
			`${file} is of format ${sheet?.format ?? "unknown"}, and this nudge knows ${FORMAT}: use the nudge that made it`,
		);
	return sheet as RunSheet;
}

/** Begins a run, or makes sure that the one in the folder is the same. Returns what is in force. */
export function settleSheet(folder: string, wanted: RunSheet): RunSheet {
	mkdirSync(folder, { recursive: true });
	const there = readSheet(folder);
	if (!there && putSheet(folder, wanted, "new")) return wanted;
	const kept = there ?? readSheet(folder);
	if (!kept) throw new RunError(`${join(folder, RUN_FILE)} came and went: try again`);
	const differs = differences(kept, wanted);
	if (differs.length > 0)
		throw new RunError(
			`${folder} was begun with other settings:\n${differs.map((line) => `  ${line}`).join("\n")}\nGive the settings of the run (nudge runs show ${folder}), or another --out for these.`,
		);
	if (wanted.samples < kept.samples)
		throw new RunError(
			`${folder} has ${kept.samples} samples of each problem, and ${wanted.samples} are asked for: samples can be added, not taken away. Give --n ${kept.samples} or more.`,
		);
	if (wanted.samples === kept.samples) return kept;
	const grown = { ...kept, samples: wanted.samples };
	putSheet(folder, grown, "again");
	return grown;
}

/** False where one was put there meanwhile. */
export function putSheet(folder: string, sheet: RunSheet, how: "new" | "again"): boolean {
	const file = join(folder, RUN_FILE);
	const fresh = `${file}.${process.pid}`;
	writeFileSync(fresh, `${JSON.stringify(sheet, null, "\t")}\n`);
	try {
		if (how === "again") renameSync(fresh, file);
		else linkSync(fresh, file);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	} finally {
		rmSync(fresh, { force: true });
	}
}

/** What is not the same of two runs, one line each: settings and problems, by content. */
export function differences(one: RunSheet, other: RunSheet): string[] {
	const lines: string[] = [];
	const [a, b] = [flat(one.settings), flat(other.settings)];
	for (const name of new Set([...a.keys(), ...b.keys()]))
		if (a.get(name) !== b.get(name))
			lines.push(`${name}: ${a.get(name) ?? "none"}, now ${b.get(name) ?? "none"}`);
	const files = ({ problems }: RunSheet): string =>
		problems
			.map(({ file, sha256, problems }) => `${basename(file)} (${problems}, ${sha256.slice(0, 8)})`)
			.join(", ");
	const hashes = ({ problems }: RunSheet): string => problems.map(({ sha256 }) => sha256).join();
	if (hashes(one) !== hashes(other)) lines.push(`problems: ${files(one)}, now ${files(other)}`);
	return lines;
}

function flat(value: object, path = "", into = new Map<string, string>()): Map<string, string> {
	for (const [name, field] of Object.entries(value)) {
		if (typeof field === "object" && field !== null) flat(field, `${path}${name}.`, into);
		else into.set(path + name, JSON.stringify(field));
	}
	return into;
}
