/**
 * The contract of a training job's folder, RUN. Everything that starts, follows, stops, resumes or fetches a job keeps to
 * it, on this machine and on any other; the trainer (guest/train.py) and the script around it (job-script.ts) write it.
 *
 *     RUN/run.json       what the job is (JobSheet): written once, before anything starts, and never changed
 *         train.py, to_gguf.py, recipe.json, samples.jsonl, base/, fsdp.json or deepspeed.json     what the trainer reads
 *         launch.sh      starts the trainer on one node
 *         job.sh         runs launch.sh, writes pid and rc; the same for every target that has a shell
 *         pid            "PID STARTED BOOT" of job.sh: a pid is only that process if the other two fit (/proc, proc(5))
 *         jobid          what a scheduler calls the job, one line; a job has this, or pid, or both
 *         rc             the exit code, one line; there only when the attempt has ended by itself, and whole when there
 *         end.json       why it ended (End), written by whichever rank ended it first; launchers of many ranks hide codes
 *         out.log        what was printed, of all attempts, append-only
 *         metrics.jsonl  one line a step (Metric), append-only; each step once, also across attempts
 *         ckpt/checkpoint-N/   whole only with its whole.json, which names every file of it with its size
 *         final/         the model, with final.json (FinalSheet): there only when training came to its end
 *         stop           made by whoever wants the job to save and end (rc 75); the trainer looks after each step
 *
 * What always holds: the state of a job comes from rc, then from the scheduler, then from its accounting, and is unknown
 * otherwise; never from words in a log (stateOf). Starting it again in the same folder goes on from the last whole
 * checkpoint. Nothing in the folder is secret.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedRecipe } from "./recipe.ts";
export const RUN_FILE = "run.json";
export const PID_FILE = "pid";
export const JOBID_FILE = "jobid";
export const RC_FILE = "rc";
export const END_FILE = "end.json";
export const LOG_FILE = "out.log";
export const METRICS_FILE = "metrics.jsonl";
export const CHECKPOINTS = "ckpt";
export const WHOLE_FILE = "whole.json";
export const FINAL = "final";
export const FINAL_FILE = "final.json";
export const STOP_FILE = "stop";
export const SCRIPT_FILE = "job.sh";
export const TRAINER_FILE = "train.py";
export const GGUF_SCRIPT_FILE = "to_gguf.py";
export const RECIPE_FILE = "recipe.json";
export const SAMPLES_FILE = "samples.jsonl";
export const JOB_FORMAT = 1;

/** A job that cannot be made, read or gone on with: what, where, and what to do. */
export class JobError extends Error {
	override readonly name = "JobError";
}

/**
 * Exit codes of the trainer, the same in guest/train.py (a test holds the two together). Codes above 128 are signals, as a
 * shell counts them. Only `stopped` asks to be started again as it is.
 */
export const EXIT = {
	done: 0,
	failed: 1,
	/** The recipe, the base model or the machine cannot do this. */
	refused: 2,
	/** Asked to stop (SIGTERM, SIGUSR1, the file `stop`): a checkpoint was saved. As EX_TEMPFAIL of sysexits.h. */
	stopped: 75,
	notFinite: 76,
	outOfMemory: 77,
	stalled: 78,
	/** The samples: nothing trains, or text that the tokenizer does not give back. */
	samples: 79,
	diskFull: 80,
} as const;

export type EndReason = keyof typeof EXIT;

/** `end.json`. */
export type End = {
	readonly attempt: number;
	readonly code: number;
	readonly reason: EndReason;
	/** What happened and what to do, for a person. */
	readonly message: string;
	readonly step?: number;
	readonly rank?: number;
	/** ISO 8601, UTC. */
	readonly at: string;
};

/** Where a checkpoint comes from: what was trained on what, so that training on from one by mistake can be refused. */
export type Lineage = {
	readonly base: BaseModel;
	readonly dataset: {
		readonly name: string;
		/** `seed`, `start`, ... (DatasetKind), or `samples` where a bare file was given. */
		readonly kind: string;
		/** Of what was trained on. */
		readonly sha256: string;
	};
	readonly recipe: string;
};

export type BaseModel = {
	/** An id on the Hugging Face hub, or a folder. */
	readonly model: string;
	/** The commit, of a hub id. */
	readonly revision?: string;
	/** Of all files that make the model, for a folder. */
	readonly sha256?: string;
};

/** What the job is trained on, and what of it there is. */
export type JobData = {
	readonly name: string;
	readonly kind: string;
	/** Where it was taken from, on the machine that made the job. */
	readonly from: string;
	readonly samples: number;
	/** Of samples.jsonl. */
	readonly sha256: string;
	readonly bytes: number;
	/** As the samples know it; the trainer counts anew with its own tokenizer. */
	readonly tokens?: number;
};

export type JobShape = { readonly nodes: number; readonly gpusPerNode: number };

/** `run.json`. */
export type JobSheet = {
	readonly job: number;
	/** Absent in those of before sampling was sent anywhere: they train. */
	readonly kind?: "train";
	readonly id: string;
	/** Of nudge. */
	readonly nudge: string;
	/** ISO 8601, UTC. */
	readonly created: string;
	/** The target by its name in the configuration, and its kind: local, ssh, slurm, ... */
	readonly target: { readonly name: string; readonly kind: string };
	readonly shape: JobShape;
	readonly data: JobData;
	readonly recipe: ResolvedRecipe;
	/** SHA-256 of every file that was made before the start, by name. */
	readonly files: Readonly<Record<string, string>>;
};

/**
 * `run.json` of a job that samples a run, in shards that are started one by one. Below RUN it has what is sampled in `run/`
 * (src/data/run-folder.ts), and of each shard `tasks/I.rc`, as `rc` is of a whole job.
 */
export type SampleSheet = Omit<JobSheet, "kind" | "recipe"> & {
	readonly kind: "sample";
	readonly sampling: {
		readonly shards: number;
		/** So many at once at most; all where left out. */
		readonly limit?: number;
		/** The words after `nudge`, but for the shard. */
		readonly words: readonly string[];
		/** All that is owed in the end, of all shards. */
		readonly rollouts: number;
	};
};

export type AnySheet = JobSheet | SampleSheet;

/** `final/final.json`. */
export type FinalSheet = {
	readonly job: string;
	readonly lineage: Lineage;
	readonly steps: number;
	/** Trained tokens of the data by kind, as the trainer counted them. */
	readonly trained: Readonly<Record<string, number>>;
	readonly tokens: number;
	readonly loss?: number;
	readonly seconds: number;
	readonly versions: Readonly<Record<string, string>>;
	/** SHA-256 and size of every other file of the folder. */
	readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
	readonly created: string;
};

/** One line of `metrics.jsonl` with a step; lines with `event` (a start, a save) have none. */
export type Metric = {
	readonly step: number;
	readonly max_steps: number;
	/** ISO 8601, UTC. */
	readonly t: string;
	readonly attempt: number;
	readonly loss?: number;
	readonly learning_rate?: number;
	readonly grad_norm?: number;
	readonly epoch?: number;
	/** Of all ranks together, padding left out, since the step before. */
	readonly tokens_per_second?: number;
	/** Seen so far, of all attempts that count. */
	readonly tokens?: number;
	/** The most of a rank's device (or, without one, of its process) so far. */
	readonly memory_bytes?: number;
	readonly accuracy?: number;
	readonly entropy?: number;
};

/** A line of the file, or why it is none. Lines that are no step (events, those of a later version) are undefined. */
export function parseMetric(line: string): Metric | undefined | string {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return "not JSON";
	}
	if (typeof value !== "object" || value === null) return "no object";
	const { step, max_steps: most } = value as Partial<Metric>;
	return typeof step === "number" && typeof most === "number" ? (value as Metric) : undefined;
}

export function readJobSheet(folder: string): AnySheet {
	const file = join(folder, RUN_FILE);
	let sheet: Partial<AnySheet> | null;
	try {
		sheet = JSON.parse(readFileSync(file, "utf8")) as Partial<AnySheet> | null;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT")
			throw new JobError(`${folder} is no job: there is no ${RUN_FILE} in it. nudge train makes one`);
		throw new JobError(`${file} cannot be read: ${(error as Error).message}`);
	}
	if (sheet?.job !== JOB_FORMAT)
		throw new JobError(
			`${file} is of job format ${sheet?.job ?? "unknown"}, and this nudge knows ${JOB_FORMAT}: use the nudge that made it`,
		);
	return sheet as AnySheet;
}

/** The exit code in `rc`; undefined where there is none (still running, killed, or never started). */
export function parseRc(text: string | undefined): number | undefined {
	const found = /^\s*(\d{1,3})\s*$/.exec(text ?? "");
	return found ? Number(found[1]) : undefined;
}

export function parseEnd(text: string | undefined): End | undefined {
	try {
		const end = JSON.parse(text ?? "") as Partial<End> | null;
		return typeof end?.code === "number" && typeof end.message === "string" ? (end as End) : undefined;
	} catch {
		return undefined;
	}
}

export type ProcessMark = { readonly pid: number; readonly started?: string; readonly boot?: string };

export function parsePid(text: string | undefined): ProcessMark | undefined {
	const [pid, started, boot] = (text ?? "").trim().split(/\s+/);
	if (!/^\d+$/.test(pid ?? "") || Number(pid) < 2) return undefined;
	return { pid: Number(pid), ...(started && { started }), ...(boot && { boot }) };
}

/** What is known about a job, from wherever. Left out is not known. */
export type Evidence = {
	readonly rc?: number;
	readonly end?: End;
	/** What the scheduler says, or what the process table does; `gone` is neither running nor waiting any more. */
	readonly scheduler?: "waiting" | "running" | "gone";
	/** The scheduler's own word for it and its reason, to be shown: "PENDING (Resources)". */
	readonly word?: string;
	/** Somebody asked for it to be cancelled. */
	readonly cancelled?: boolean;
	/** How the job ended by the scheduler's accounting, where there is no rc: "NODE_FAIL", "TIMEOUT", "PREEMPTED", ... */
	readonly accounting?: { readonly word: string; readonly code?: number };
};

export type JobState =
	| { readonly state: "waiting" | "running"; readonly says?: string }
	| { readonly state: "done" }
	/** Ended after a checkpoint and asks to be started again. */
	| { readonly state: "stopped"; readonly says: string; readonly end?: End }
	| { readonly state: "cancelled" }
	| { readonly state: "failed"; readonly code?: number; readonly says: string; readonly end?: End }
	/** Gone without a word: killed, out of memory, a machine that died. Its checkpoints are there. */
	| { readonly state: "lost"; readonly says: string }
	| { readonly state: "unknown"; readonly says: string };

/** The rule: rc, then the scheduler, then its accounting, then unknown. */
export function stateOf({ rc, end, scheduler, word, cancelled, accounting }: Evidence): JobState {
	if (rc !== undefined) {
		if (rc === EXIT.done) return { state: "done" };
		if (cancelled) return { state: "cancelled" };
		if (rc === EXIT.stopped)
			return { state: "stopped", says: end?.message ?? "stopped after a checkpoint", ...(end && { end }) };
		const says = end?.code === rc ? end.message : exitSays(rc);
		return { state: "failed", code: rc, says, ...(end && { end }) };
	}
	if (scheduler === "waiting" || scheduler === "running")
		return { state: scheduler, ...(word !== undefined && { says: word }) };
	if (cancelled && (scheduler === "gone" || accounting)) return { state: "cancelled" };
	if (accounting) {
		const { word: how, code } = accounting;
		return { state: "failed", ...(code !== undefined && { code }), says: `the scheduler says ${how}` };
	}
	if (scheduler === "gone")
		return {
			state: "lost",
			says: "it is gone and left no exit code: killed, out of memory, or its machine went down",
		};
	return { state: "unknown", says: word ?? "nobody could be asked" };
}

/** An exit code in words. */
export function exitSays(code: number): string {
	for (const [reason, known] of Object.entries(EXIT)) if (known === code) return SAYS[reason as EndReason];
	if (code === 137) return "killed (signal 9): often because the machine ran out of memory";
	if (code > 128 && code < 160) return `ended by signal ${code - 128}`;
	return code === 127 ? "a program that it needs is not there (exit code 127)" : `failed (exit code ${code})`;
}

const SAYS: Readonly<Record<EndReason, string>> = {
	done: "done",
	failed: "failed; the end of out.log says more",
	refused: "refused before training began",
	stopped: "stopped after a checkpoint",
	notFinite: "the loss became infinite or not a number",
	outOfMemory: "out of memory",
	stalled: "no step ended for too long",
	samples: "the samples cannot be trained on",
	diskFull: "the disk is full",
};

/** The states after which nothing more will happen by itself. */
export function isOver({ state }: JobState): boolean {
	return state !== "waiting" && state !== "running" && state !== "unknown";
}

/** What a job's folder on this machine shows; the scheduler's word comes from its launcher. */
export function evidenceIn(folder: string): Pick<Evidence, "rc" | "end"> {
	const rc = parseRc(textOf(join(folder, RC_FILE)));
	const end = parseEnd(textOf(join(folder, END_FILE)));
	return { ...(rc !== undefined && { rc }), ...(end && { end }) };
}

/** The steps of the whole checkpoints, oldest first. Torn ones are left out. */
export function checkpointsIn(folder: string): number[] {
	const root = join(folder, CHECKPOINTS);
	if (!existsSync(root)) return [];
	return readdirSync(root)
		.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
		.map(Number)
		.filter((step) => isWhole(join(root, `checkpoint-${step}`)))
		.sort((a, b) => a - b);
}

function isWhole(checkpoint: string): boolean {
	try {
		const { files } = JSON.parse(readFileSync(join(checkpoint, WHOLE_FILE), "utf8")) as {
			readonly files: Readonly<Record<string, number>>;
		};
		return Object.entries(files).every(([name, bytes]) => statSync(join(checkpoint, name)).size === bytes);
	} catch {
		return false;
	}
}

/** Undefined where the model is not there whole. */
export function readFinal(folder: string): FinalSheet | undefined {
	try {
		return JSON.parse(readFileSync(join(folder, FINAL, FINAL_FILE), "utf8")) as FinalSheet;
	} catch {
		return undefined;
	}
}

export function textOf(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}
