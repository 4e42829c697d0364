/**
 * What a job keeps in a bucket (guest/keep.py says what lies there), seen from here: how it ended, what it printed, its
 * checkpoints and its model. The launchers of clouds give the bucket; what is done with it is the same for all.
 *
 * What always holds: an attempt's exit code is that attempt's (attempts/N/rc), never one of an earlier attempt; what is fetched
 * is checked, a finished model by its hashes, a checkpoint by its sizes; what is here already and fits is not fetched
 * again, and a file that was cut off goes on where it stopped.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { sha256Of } from "./base.ts";
import { type FetchOptions, LaunchError, type Offsets, type Piece } from "./launcher.ts";
import {
	END_FILE,
	type Evidence,
	FINAL,
	FINAL_FILE,
	type FinalSheet,
	LOG_FILE,
	METRICS_FILE,
	parseEnd,
	parseRc,
	RC_FILE,
	STOP_FILE,
	WHOLE_FILE,
} from "./run-folder.ts";

export const KEEPER_FILE = "keep.py";

/** At most of a file at once: what is left comes with the next question. */
export const PIECE_BYTES = 4 << 20;

export type KeptFile = { readonly path: string; readonly bytes: number };

/** One job's folder in a bucket. Paths are as seen from it. */
export type Kept = {
	/** For messages: hf://buckets/me/nudge-jobs/JOB. */
	readonly name: string;
	/** A small file; undefined where there is none. */
	text(path: string, signal?: AbortSignal): Promise<string | undefined>;
	/** What came after an offset, at most PIECE_BYTES; empty where there is nothing. */
	piece(path: string, from: number, signal?: AbortSignal): Promise<Uint8Array>;
	list(signal?: AbortSignal): Promise<readonly KeptFile[]>;
	/** A whole file into `to`, whose folder is there. `to` may hold its beginning. */
	get(file: KeptFile, to: string, signal?: AbortSignal): Promise<void>;
	put(path: string, text: string, signal?: AbortSignal): Promise<void>;
};

export async function readKept(kept: Kept, from: Offsets, signal?: AbortSignal): Promise<Piece> {
	const [log, metrics] = await Promise.all([
		kept.piece(LOG_FILE, from.log, signal),
		kept.piece(METRICS_FILE, from.metrics, signal),
	]);
	return { log, metrics };
}

/** The attempt's own exit code, and why. */
export async function endedOf(
	kept: Kept,
	attempt: number,
	signal?: AbortSignal,
): Promise<Pick<Evidence, "rc" | "end">> {
	const rc = parseRc(await kept.text(`attempts/${attempt}/${RC_FILE}`, signal));
	if (rc === undefined) return {};
	const end = parseEnd(await kept.text(`attempts/${attempt}/${END_FILE}`, signal));
	return { rc, ...(end && { end }) };
}

export function stopKept(kept: Kept, attempt: number, signal?: AbortSignal): Promise<void> {
	return kept.put(`attempts/${attempt}/${STOP_FILE}`, "stop\n", signal);
}

const SMALL = new Set([LOG_FILE, METRICS_FILE]);

export async function fetchKept(
	kept: Kept,
	job: string,
	{ what, into, onProgress, signal }: FetchOptions,
): Promise<readonly string[]> {
	const files = new Map((await kept.list(signal)).map(({ path, bytes }) => [path, bytes]));
	const wanted = wantedOf(files, what, job);
	const fetched: string[] = [];
	const get = async (path: string, sha256?: string): Promise<void> => {
		const bytes = files.get(path) ?? 0;
		const to = resolve(into, path);
		// Names come from elsewhere.
		if (relative(into, to).startsWith(`..${sep}`) || !to.startsWith(resolve(into) + sep))
			throw new LaunchError(`${kept.name} has a file named ${path}, which would lie outside ${into}`);
		mkdirSync(dirname(to), { recursive: true });
		const right = async (): Promise<boolean> =>
			sizeOf(to) === bytes && (sha256 === undefined || (await sha256Of(to)) === sha256);
		if (await right()) return;
		onProgress?.(`${path}: ${bytes} bytes`);
		if (bytes === 0) {
			writeFileSync(to, "");
			return;
		}
		const part = `${to}.part`;
		if (sizeOf(part) > bytes) await rm(part);
		if (sizeOf(part) < bytes) await kept.get({ path, bytes }, part, signal);
		signal?.throwIfAborted();
		const whole = sizeOf(part) === bytes && (sha256 === undefined || (await sha256Of(part)) === sha256);
		if (!whole) {
			await rm(part, { force: true });
			throw new LaunchError(
				`${path} came from ${kept.name} and is not what the job made (by its ${sha256 === undefined ? "size" : "hash"}): fetch again`,
			);
		}
		renameSync(part, to);
	};
	for (const folder of wanted) {
		const sheet = `${folder}/${folder === FINAL ? FINAL_FILE : WHOLE_FILE}`;
		// The sheet last: where it is, the folder is whole.
		const hashes = folder === FINAL ? await finalOf(kept, signal) : undefined;
		for (const path of files.keys())
			if (path.startsWith(`${folder}/`) && path !== sheet && !/\/whole-\d+\.json$/.test(path))
				await get(path, hashes?.files[path.slice(folder.length + 1)]?.sha256);
		if (hashes) missing(hashes, folder, into, kept.name);
		await rm(join(into, sheet), { force: true });
		await get(sheet);
		fetched.push(join(into, folder));
	}
	if (what === "all")
		for (const path of files.keys())
			if (SMALL.has(path)) {
				const to = join(into, path);
				writeFileSync(to, (await kept.text(path, signal)) ?? "");
				fetched.push(to);
			}
	return fetched;
}

async function finalOf(kept: Kept, signal?: AbortSignal): Promise<FinalSheet> {
	try {
		return JSON.parse((await kept.text(`${FINAL}/${FINAL_FILE}`, signal)) ?? "") as FinalSheet;
	} catch (error) {
		if (error instanceof SyntaxError)
			throw new LaunchError(`${FINAL}/${FINAL_FILE} in ${kept.name} cannot be read: ${error.message}`);
		throw error;
	}
}

function missing({ files }: FinalSheet, folder: string, into: string, name: string): void {
	const lost = Object.keys(files).filter((file) => !existsSync(join(into, folder, file)));
	if (lost.length > 0)
		throw new LaunchError(`${name} lacks ${lost.join(", ")} of the finished model: was something removed?`);
}

function wantedOf(
	files: ReadonlyMap<string, number>,
	what: FetchOptions["what"],
	job: string,
): readonly string[] {
	const last = [...files.keys()]
		.flatMap((path) => /^ckpt\/checkpoint-(\d+)\/whole\.json$/.exec(path)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b)
		.at(-1);
	const final = files.has(`${FINAL}/${FINAL_FILE}`);
	if (what === "final" && !final)
		throw new LaunchError(
			`${job} has no finished model in its bucket yet${last === undefined ? "" : `; --what last fetches checkpoint-${last}`}`,
		);
	const wanted = [
		...(what !== "last" && final ? [FINAL] : []),
		...(what !== "final" && last !== undefined ? [`ckpt/checkpoint-${last}`] : []),
	];
	if (wanted.length === 0) throw new LaunchError(`${job} has no whole checkpoint in its bucket yet`);
	return wanted;
}

export function sizeOf(file: string): number {
	return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The libraries of the trainer as requirements.txt pins them. */
export function requirements(): string[] {
	return readFileSync(new URL("../../src/train/requirements.txt", import.meta.url), "utf8")
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#"));
}

/** The guest script that keeps a job's files (guest/keep.py). */
export const KEEPER = new URL(`../../src/train/guest/${KEEPER_FILE}`, import.meta.url);
