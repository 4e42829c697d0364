/**
 * The jobs that this machine knows: each is a folder among nudge's own jobs (or a link to one), with run.json, handle.json
 * once it was started, and what was seen of it.
 *
 * What always holds: what a job printed elsewhere is copied here piece by piece, to the byte (`Mirror`), so that nothing is
 * asked for twice, following goes on where it stopped, and the log and the curve of a job can be read while the network is
 * away; the last state that was seen is kept with its time (`seen.json`). A folder that is damaged is shown as such and
 * hides no other.
 */
import {
	appendFileSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readSync,
	realpathSync,
	renameSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { nearest } from "../hints/nearest.ts";
import { readHandle, writeHandle } from "./handles.ts";
import type { Handle, Launcher, Offsets, Piece } from "./launcher.ts";
import { LaunchError } from "./launcher.ts";
import {
	type AnySheet,
	isOver,
	type JobState,
	LOG_FILE,
	METRICS_FILE,
	type Metric,
	parseMetric,
	readJobSheet,
	textOf,
} from "./run-folder.ts";

const SEEN_FILE = "seen.json";
/** Where what came from another machine is kept, below the job's folder here. */
const MIRROR = "far";

export type KnownJob = {
	readonly id: string;
	/** On this machine. */
	readonly folder: string;
	readonly sheet: AnySheet;
	/** Absent: it was made and never started. */
	readonly handle?: Handle;
	readonly seen?: Seen;
};

export type Seen = { readonly state: JobState /** ISO 8601, UTC. */; readonly at: string };

export type DamagedJob = { readonly id: string; readonly folder: string; readonly why: string };

/** Newest first. */
export function knownJobs(home: string): {
	readonly jobs: readonly KnownJob[];
	readonly damaged: readonly DamagedJob[];
} {
	const jobs: KnownJob[] = [];
	const damaged: DamagedJob[] = [];
	if (!existsSync(home)) return { jobs, damaged };
	for (const id of readdirSync(home)
		.filter((name) => !name.startsWith("."))
		.sort()
		.reverse()) {
		try {
			jobs.push(knownAt(join(home, id)));
		} catch (error) {
			damaged.push({ id, folder: join(home, id), why: (error as Error).message });
		}
	}
	return { jobs, damaged };
}

function knownAt(place: string): KnownJob {
	const folder = existsSync(place) ? realpathSync(place) : place;
	const sheet = readJobSheet(folder);
	const handle = readHandle(folder);
	const seen = readSeen(folder);
	return { id: sheet.id, folder, sheet, ...(handle && { handle }), ...(seen && { seen }) };
}

/** By its id, the beginning of one, `last`, or its folder. */
export function findJob(home: string, named: string, cwd: string): KnownJob {
	const { jobs, damaged } = knownJobs(home);
	if (named === "last") {
		const last = jobs[0];
		if (last) return last;
		throw new LaunchError("there is no job yet: nudge train makes one");
	}
	const exact = jobs.find(({ id }) => id === named);
	if (exact) return exact;
	const found = jobs.filter(({ id }) => id.startsWith(named));
	if (found.length === 1) return found[0]!;
	if (found.length > 1)
		throw new LaunchError(`"${named}" may be ${found.map(({ id }) => id).join(", ")}: say more of it`);
	const folder = resolve(cwd, named);
	if (existsSync(join(folder, "run.json"))) return knownAt(folder);
	const broken = damaged.find(({ id }) => id === named);
	if (broken) throw new LaunchError(broken.why);
	const ids = jobs.map(({ id }) => id);
	throw new LaunchError(
		`there is no job "${named}"${nearest(named, ids)}${ids.length > 0 ? `; nudge jobs list shows the ${ids.length} there are` : "; nudge train makes one"}`,
	);
}

function readSeen(folder: string): Seen | undefined {
	try {
		const seen = JSON.parse(textOf(join(folder, SEEN_FILE)) ?? "") as Partial<Seen>;
		return seen.state && typeof seen.at === "string" ? (seen as Seen) : undefined;
	} catch {
		return undefined;
	}
}

/** Keeps the last state; an unknown one does not hide what was known. */
export function remember({ folder, seen }: KnownJob, state: JobState, now = new Date()): void {
	if (state.state === "unknown" && seen) return;
	const part = join(folder, `${SEEN_FILE}.${process.pid}`);
	writeFileSync(part, `${JSON.stringify({ state, at: now.toISOString() })}\n`);
	renameSync(part, join(folder, SEEN_FILE));
}

export function keepHandle({ folder }: KnownJob, handle: Handle): void {
	writeHandle(folder, handle);
}

/** What a job printed and measured, as it is known here. */
export class Mirror {
	readonly log: string;
	readonly metrics: string;
	readonly #own: boolean;

	/** Of a job of this machine the files are read where they are. */
	constructor({ folder, handle }: Pick<KnownJob, "folder" | "handle">) {
		this.#own = handle === undefined || handle.kind === "local";
		const at = this.#own ? folder : join(folder, MIRROR);
		this.log = join(at, LOG_FILE);
		this.metrics = join(at, METRICS_FILE);
		if (!this.#own) mkdirSync(at, { recursive: true });
	}

	/** Fetches what is new; true when there was something. */
	async pull(launcher: Pick<Launcher, "read">, handle: Handle, signal?: AbortSignal): Promise<boolean> {
		if (this.#own) return false;
		let any = false;
		for (;;) {
			const { log, metrics } = await launcher.read(handle, this.offsets, signal);
			if (log.length === 0 && metrics.length === 0) return any;
			any = true;
			if (log.length > 0) appendFileSync(this.log, log);
			if (metrics.length > 0) appendFileSync(this.metrics, metrics);
		}
	}

	/** To where the far files are known. */
	get offsets(): Offsets {
		return { log: sizeOf(this.log), metrics: sizeOf(this.metrics) };
	}

	/** As a launcher that reads here what was fetched, and the rest from the target. */
	over(launcher: Pick<Launcher, "poll" | "read">): Pick<Launcher, "poll" | "read"> {
		return {
			poll: (handles, signal) => launcher.poll(handles, signal),
			read: async (handle, from, signal): Promise<Piece> => {
				if (this.#own) return launcher.read(handle, from, signal);
				await this.pull(launcher, handle, signal);
				return { log: pieceOf(this.log, from.log), metrics: pieceOf(this.metrics, from.metrics) };
			},
		};
	}

	/** Every step that is known; a step that was done again counts as it was last. */
	steps(): Metric[] {
		const steps = new Map<number, Metric>();
		for (const line of (textOf(this.metrics) ?? "").split("\n")) {
			const metric = line === "" ? undefined : parseMetric(line);
			if (typeof metric === "object") steps.set(metric.step, metric);
		}
		return [...steps.values()].sort((a, b) => a.step - b.step);
	}
}

function sizeOf(file: string): number {
	return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

const PIECE_BYTES = 4 << 20;

function pieceOf(file: string, from: number): Uint8Array {
	const length = Math.min(PIECE_BYTES, sizeOf(file) - from);
	if (length <= 0) return new Uint8Array();
	const descriptor = openSync(file, "r");
	try {
		const piece = Buffer.alloc(length);
		return piece.subarray(0, readSync(descriptor, piece, 0, length, from));
	} finally {
		closeSync(descriptor);
	}
}

export type Polled = { readonly job: KnownJob; readonly state: JobState };

/**
 * The states of jobs: each target is asked once about all of its own, all targets at the same time. A job that is known to be
 * over is not asked about again. A target that does not answer leaves its jobs unknown, with the reason.
 */
export async function statesOf(
	jobs: readonly KnownJob[],
	open: (job: KnownJob) => Promise<Launcher>,
	signal?: AbortSignal,
): Promise<ReadonlyMap<string, JobState>> {
	const states = new Map<string, JobState>();
	const byTarget = new Map<string, KnownJob[]>();
	for (const job of jobs) {
		if (!job.handle) states.set(job.id, { state: "unknown", says: "made, and never started" });
		else if (job.seen && isOver(job.seen.state)) states.set(job.id, job.seen.state);
		else {
			// What samples is asked about in another way than what trains.
			const asked = `${job.sheet.kind ?? "train"} ${job.handle.target}`;
			byTarget.set(asked, [...(byTarget.get(asked) ?? []), job]);
		}
	}
	await Promise.all(
		[...byTarget.values()].map(async (own) => {
			try {
				const launcher = await open(own[0]!);
				const found = await launcher.poll(
					own.flatMap(({ handle }) => (handle ? [handle] : [])),
					signal,
				);
				for (const job of own) {
					const state = found.get(job.id) ?? { state: "unknown", says: "its target does not know it" };
					states.set(job.id, state);
					remember(job, state);
				}
			} catch (error) {
				if (signal?.aborted) throw error;
				for (const { id } of own) states.set(id, { state: "unknown", says: (error as Error).message });
			}
		}),
	);
	return states;
}
