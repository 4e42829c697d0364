/**
 * Slurm as the reference says it is best asked: sbatch --parsable to submit, squeue in text for what waits or runs (one
 * question for all jobs), sacct for what is gone where there is accounting, scancel to end. No JSON: its shape changed
 * from version to version. Pure: words in, words out; the commands are run by slurm-launcher.ts.
 */
import type { Evidence } from "./run-folder.ts";
import type { SlurmTarget } from "./targets.ts";

export type SlurmJob = {
	readonly id: string;
	/** PENDING, RUNNING, COMPLETING, ... */
	readonly state: string;
	readonly reason: string;
	readonly elapsed: string;
	readonly start: string;
	readonly nodes: string;
};

export const SQUEUE_FORMAT = "%i|%T|%r|%M|%S|%N";

export function parseSqueue(text: string): ReadonlyMap<string, SlurmJob> {
	const jobs = new Map<string, SlurmJob>();
	for (const line of text.split("\n")) {
		const [id, state, reason = "", elapsed = "", start = "", nodes = ""] = line.trim().split("|");
		if (id && state) jobs.set(id, { id, state, reason, elapsed, start, nodes });
	}
	return jobs;
}

export type SacctJob = { readonly state: string; readonly code?: number; readonly elapsed: string };

export const SACCT_FORMAT = "JobID,State,ExitCode,Elapsed";

/** The last line of a job counts: one that was requeued has a line for each time (sacct -D). */
export function parseSacct(text: string): ReadonlyMap<string, SacctJob> {
	const jobs = new Map<string, SacctJob>();
	for (const line of text.split("\n")) {
		const [id, state, exit = "", elapsed = ""] = line.trim().split("|");
		if (!id || !state) continue;
		const [code, signal] = exit.split(":").map(Number);
		// "CANCELLED by 0" is CANCELLED.
		const word = state.split(" ")[0]!;
		const known = Number.isInteger(code) ? (signal ? 128 + signal : code) : undefined;
		jobs.set(id, { state: word, ...(known !== undefined && { code: known }), elapsed });
	}
	return jobs;
}

export type Answer = {
	readonly queue: ReadonlyMap<string, SlurmJob>;
	readonly accounting: ReadonlyMap<string, SacctJob>;
	/** Why the queue could not be asked. */
	readonly failed?: string;
};

/** What a launcher's question prints: "== squeue" and its rows or "== failed" and why, then "== sacct" and its rows. */
export function parseAnswer(text: string): Answer {
	const [queueText = "", accountText = ""] = text.split("== sacct\n");
	const failed = queueText.split("== failed\n")[1]?.trim().split("\n").at(-1);
	return {
		queue: parseSqueue(queueText.replace("== squeue\n", "")),
		accounting: parseSacct(accountText),
		...(failed !== undefined && { failed }),
	};
}

/** "12345" or "12345;cluster" of sbatch --parsable; banners of a login shell may stand before it. */
export function parseSubmitted(text: string): string | undefined {
	const lines = text.split("\n").map((line) => line.trim());
	return /^(\d+)(;[\w.-]+)?$/.exec(lines.findLast((line) => line !== "") ?? "")?.[1];
}

const WAITING = new Set([
	"PENDING",
	"CONFIGURING",
	"REQUEUED",
	"REQUEUE_FED",
	"REQUEUE_HOLD",
	"SPECIAL_EXIT",
	"RESV_DEL_HOLD",
	"SUSPENDED",
	"STOPPED",
]);
const RUNNING = new Set(["RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "RESIZING"]);

/** What Slurm knows of a job as evidence. `queue` is undefined where squeue no longer lists it. */
export function evidenceFrom(
	queue: SlurmJob | undefined,
	accounting: SacctJob | undefined,
): Pick<Evidence, "scheduler" | "word" | "accounting"> {
	if (queue) {
		const told = queue.reason && queue.reason !== "None" ? `${queue.state} (${queue.reason})` : queue.state;
		const word =
			queue.start && queue.state === "PENDING" && queue.start !== "N/A"
				? `${told}, starts ${queue.start}`
				: told;
		if (WAITING.has(queue.state)) return { scheduler: "waiting", word };
		if (RUNNING.has(queue.state)) return { scheduler: "running", word };
		// squeue shows what has ended for a while (MinJobAge).
		return { scheduler: "gone", word, accounting: { word: queue.state } };
	}
	if (accounting) {
		if (WAITING.has(accounting.state)) return { scheduler: "waiting", word: accounting.state };
		if (RUNNING.has(accounting.state)) return { scheduler: "running", word: accounting.state };
		return {
			scheduler: "gone",
			accounting: { word: accounting.state, ...(accounting.code !== undefined && { code: accounting.code }) },
		};
	}
	return { scheduler: "gone" };
}

/** What sbatch refused, and what to do about it. */
export function refusalSays(stderr: string): string {
	const line = stderr.split("\n").findLast((text) => /error:/.test(text)) ?? stderr.trim();
	const says = line.replace(/^sbatch: (error: )?/, "").trim();
	const rules: readonly [RegExp, string][] = [
		[
			/Requested node configuration is not available|Node count specification invalid/,
			"the partition has no nodes of that shape: nodes and GPUs per node come from the recipe (--set shape.nodes=1 --set shape.gpus-per-node=8)",
		],
		[/[Ii]nvalid partition/, "name a partition that there is (sinfo -s) in the target"],
		[
			/[Ii]nvalid account|account\/partition combination/,
			"name an account that you may use (sacctmgr show assoc user=$USER) in the target",
		],
		[/[Ii]nvalid qos/, "name a qos that you may use in the target"],
		[
			/time limit|TimeLimit|Requested time limit is invalid/,
			"give the target a time that the partition allows (sinfo -o '%P %l')",
		],
		[
			/QOSMax|AssocMax|AssocGrp|Job violates accounting/,
			"a limit of your account: wait for other jobs, or ask for less",
		],
		[
			/Unable to contact slurm controller|Socket timed out|slurm_load/,
			"the controller does not answer: try again later; jobs that run go on",
		],
		[
			/Unrecognized option|invalid option|unrecognized option/,
			"one of the target's options is not known to this sbatch",
		],
	];
	const advice = rules.find(([pattern]) => pattern.test(stderr))?.[1];
	return advice === undefined ? says : `${says}. ${advice}`;
}

export type BatchShape = {
	readonly name: string;
	readonly target: SlurmTarget;
	readonly nodes: number;
	readonly gpusPerNode: number;
	/** RUN, as the nodes see it. */
	readonly folder: string;
	/** Further options for sbatch: an array, a dependency. */
	readonly options?: readonly string[];
};

/** The head of a batch script: what is asked of Slurm. */
export function batchOptions({
	name,
	target,
	nodes,
	gpusPerNode,
	folder,
	options = [],
}: BatchShape): string[] {
	return [
		`--job-name=${name}`,
		`--nodes=${nodes}`,
		"--ntasks-per-node=1",
		...(gpusPerNode > 0 ? [`--gpus-per-node=${gpusPerNode}`] : []),
		...(nodes > 1 ? ["--exclusive"] : []),
		`--output=${folder}/out.log`,
		"--open-mode=append",
		"--requeue",
		// Two minutes before the time limit, or when it is preempted: the trainer then saves and ends.
		"--signal=B:USR1@120",
		...(target.partition ? [`--partition=${target.partition}`] : []),
		...(target.account ? [`--account=${target.account}`] : []),
		...(target.qos ? [`--qos=${target.qos}`] : []),
		...(target.time ? [`--time=${target.time}`] : []),
		...(target.options ?? []),
		...options,
	];
}
