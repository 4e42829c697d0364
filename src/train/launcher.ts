/**
 * What every target can do with a job: this machine (local.ts), a host behind ssh, Slurm, a cloud.
 *
 * What always holds:
 * - A launcher is given a job that is whole on this machine (job.ts: run.json and all that the trainer reads) and keeps
 *   the contract of run-folder.ts on the far side. It never changes what the job is.
 * - `submit` starts the next attempt in the same folder, also after a stop, a cancel or a loss: that is how a job is
 *   resumed. It answers only when the job will go on without this process.
 * - Nothing here waits for a job to end. Whoever follows asks `poll` and `read` again and again, with offsets of its own, so that
 *   a closed laptop takes up where it stopped.
 * - A failure that a person can mend is a LaunchError: what, where, what to do. Ctrl+C (`signal`) ends the asking, never
 *   the job.
 */
import type { JobShape, JobSheet, JobState } from "./run-folder.ts";

export class LaunchError extends Error {
	override readonly name = "LaunchError";
}

/** A job as it lies on this machine. */
export type Job = { readonly folder: string; readonly sheet: JobSheet };

/** What a launcher needs to find a job again; kept as `handle.json` in the job's folder here. Plain data, no secrets. */
export type Handle = {
	readonly kind: string;
	readonly target: string;
	/** The job's id (JobSheet). */
	readonly job: string;
	/** RUN, as the target sees it. */
	readonly folder: string;
	/** What the target calls it: a pid, a scheduler's id. */
	readonly id: string;
	/** From 1. */
	readonly attempt: number;
	/** ISO 8601, UTC. */
	readonly submitted: string;
	/** When somebody asked for it to be cancelled. */
	readonly cancelled?: string;
	/** What else the launcher wants to remember. */
	readonly more?: Readonly<Record<string, string>>;
};

export type Finding = {
	readonly level: "ok" | "note" | "wrong";
	readonly says: string;
	/** What to do about it. */
	readonly advice?: string;
};

/** Where somebody has read to, in bytes. */
export type Offsets = { readonly log: number; readonly metrics: number };

/** What came after the offsets. Pieces may end within a line; a file that is not there yet is empty. */
export type Piece = { readonly log: Uint8Array; readonly metrics: Uint8Array };

/** What `--dry-run` shows: the files and commands that make it run, as they would be. */
export type Rendered = { readonly title: string; readonly text: string };

export type Progress = (says: string) => void;

export type SubmitOptions = {
	/** From 1; a resumed job has the number after its handle's. */
	readonly attempt: number;
	readonly onProgress?: Progress;
	readonly signal?: AbortSignal;
};

export type FetchOptions = {
	/** `final`: the model. `last`: the last whole checkpoint. `all`: the folder without older checkpoints. */
	readonly what: "final" | "last" | "all";
	/** A folder; what is there already and fits by size and hash is not fetched again. */
	readonly into: string;
	readonly onProgress?: Progress;
	readonly signal?: AbortSignal;
};

export type Launcher = {
	readonly kind: string;
	/** The target's name. */
	readonly target: string;
	/** What is there and what is missing for a job of a shape. Starts nothing, changes nothing. */
	doctor(shape: JobShape, signal?: AbortSignal): Promise<Finding[]>;
	/** What would be sent and run. Touches nothing outside this machine. */
	render(job: Pick<Job, "sheet">): Promise<Rendered[]>;
	submit(job: Job, options: SubmitOptions): Promise<Handle>;
	/** By job id. Asks for all of them in one go where the target can. */
	poll(handles: readonly Handle[], signal?: AbortSignal): Promise<ReadonlyMap<string, JobState>>;
	/** In one round trip; at most some megabytes of each. */
	read(handle: Handle, from: Offsets, signal?: AbortSignal): Promise<Piece>;
	/**
	 * `stop` asks for a checkpoint and an end (rc 75), `end` for an end within a grace, `kill` waits for nothing. The
	 * answer comes when it was asked for, not when it has happened. The handle that is returned says that it was cancelled,
	 * unless it was only stopped.
	 */
	cancel(handle: Handle, how: "stop" | "end" | "kill", signal?: AbortSignal): Promise<Handle>;
	/** Paths of what was fetched; checked against the hashes of final.json where there are some. */
	fetch(handle: Handle, options: FetchOptions): Promise<readonly string[]>;
};
