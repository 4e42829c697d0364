/**
 * The target `local`: this machine. The job runs in a process group of its own, in the folder where it was made, and goes
 * on when nudge and its terminal are gone.
 *
 * What always holds: a pid counts as the job's only while its start time and the machine's boot are those that job.sh
 * wrote down (a pid is used again after a restart); what is signalled is the whole group of such a process and nothing else.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { copyFile, mkdir, readdir, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Of } from "./base.ts";
import { askPython, type Gpu, gpusHere, lacking, TRAIN_PYTHON, trainPython } from "./environment.ts";
import { inputsOf } from "./job.ts";
import {
	type FetchOptions,
	type Finding,
	type Handle,
	type Job,
	LaunchError,
	type Launcher,
	type Offsets,
	type Piece,
	type Rendered,
	type SubmitOptions,
} from "./launcher.ts";
import {
	CHECKPOINTS,
	checkpointsIn,
	evidenceIn,
	FINAL,
	isOver,
	type JobShape,
	type JobSheet,
	type JobState,
	LOG_FILE,
	METRICS_FILE,
	PID_FILE,
	type ProcessMark,
	parsePid,
	readFinal,
	SCRIPT_FILE,
	STOP_FILE,
	stateOf,
	textOf,
} from "./run-folder.ts";
import type { LocalTarget } from "./targets.ts";

const STARTS_WITHIN_MS = 15_000;
const LOOK_MS = 50;
const MOST_READ_BYTES = 4 << 20;
/** A GPU with more in use than this is somebody's. */
const BUSY_MIB = 1024;

export class LocalLauncher implements Launcher {
	readonly kind = "local";
	readonly target: string;
	readonly #env: NodeJS.ProcessEnv;
	readonly #setup: string;

	constructor(
		env: NodeJS.ProcessEnv,
		target: Omit<LocalTarget, "kind"> & { readonly name: string } = { name: "local" },
	) {
		this.#env = {
			...env,
			...target.env,
			...(target.python !== undefined && { [TRAIN_PYTHON]: target.python }),
		};
		this.#setup = target.setup ?? "";
		this.target = target.name;
	}

	async doctor(shape: JobShape, _signal?: AbortSignal): Promise<Finding[]> {
		const gpus = await gpusHere();
		const found: Finding[] = gpuFindings(shape, gpus);
		const named = this.#env[TRAIN_PYTHON];
		if (named === undefined || named === "")
			found.push({ level: "ok", says: "Python: nudge's own training environment, made at the first start" });
		else {
			const python = await askPython(named, this.#env).catch((error: Error) => error);
			if (python instanceof Error)
				found.push({
					level: "wrong",
					says: python.message,
					advice: `set ${TRAIN_PYTHON} to a Python that runs`,
				});
			else {
				const missing = lacking(python);
				found.push(
					missing.length > 0
						? { level: "wrong", says: `${named} lacks ${missing.join(", ")}`, advice: "install them there" }
						: {
								level: "ok",
								says: `Python: ${named} (torch ${python.versions.torch}, trl ${python.versions.trl})`,
							},
				);
			}
		}
		return found;
	}

	async render({ sheet }: Pick<Job, "sheet">): Promise<Rendered[]> {
		return [
			...Object.entries(inputsOf(sheet.recipe)).map(([title, text]) => ({ title, text })),
			{ title: "started by", text: "bash job.sh, in a process group of its own on this machine\n" },
		];
	}

	async submit({ folder, sheet }: Job, { attempt, onProgress, signal }: SubmitOptions): Promise<Handle> {
		const running = markOf(folder);
		// With an rc its script is at its last line.
		if (running && isAlive(running) && evidenceIn(folder).rc === undefined)
			throw new LaunchError(
				`job ${sheet.id} is running already (pid ${running.pid}): nudge jobs show ${sheet.id}`,
			);
		const gpus = await gpusHere();
		const wrong = gpuFindings(sheet.shape, sheet.recipe.resolved.cpu ? undefined : gpus).find(
			({ level }) => level === "wrong",
		);
		if (wrong) throw new LaunchError(`${wrong.says}. ${wrong.advice ?? ""}`.trim());
		await roomOnDisk(folder, sheet);
		const { python } = await trainPython(
			this.#env,
			sheet.recipe.resolved.cpu ? 0 : gpus.length,
			(progress) => onProgress?.(progress.detail),
			signal,
		);
		const log = openSync(join(folder, LOG_FILE), "a");
		let pid: number | undefined;
		try {
			const child = spawn("bash", ["-c", `${this.#setup}\nexec bash ${SCRIPT_FILE}`], {
				cwd: folder,
				detached: true,
				stdio: ["ignore", log, log],
				env: { ...this.#env, [TRAIN_PYTHON]: python, NUDGE_ATTEMPT: String(attempt) },
			});
			const failed = new Promise<never>((_, reject) =>
				child.once("error", (error) =>
					reject(new LaunchError(`bash could not be started in ${folder}: ${error.message}`)),
				),
			);
			failed.catch(() => {});
			pid = child.pid;
			// Not by its exit: a job that ended at once has said so in rc, and that is for poll to find.
			const begun = (async (): Promise<void> => {
				for (let waited = 0; waited < STARTS_WITHIN_MS; waited += LOOK_MS) {
					if (parsePid(textOf(join(folder, PID_FILE)))?.pid === pid) return;
					await sleep(LOOK_MS);
				}
				throw new LaunchError(
					`the job's script did not start within ${STARTS_WITHIN_MS / 1000} s: see ${join(folder, LOG_FILE)}`,
				);
			})();
			await Promise.race([begun, failed]);
			child.unref();
		} finally {
			closeSync(log);
		}
		return {
			kind: this.kind,
			target: this.target,
			job: sheet.id,
			folder,
			id: String(pid),
			attempt,
			submitted: new Date().toISOString(),
		};
	}

	async poll(handles: readonly Handle[]): Promise<ReadonlyMap<string, JobState>> {
		return new Map(handles.map((handle) => [handle.job, standing(handle)]));
	}

	async read({ folder }: Handle, { log, metrics }: Offsets): Promise<Piece> {
		return { log: after(join(folder, LOG_FILE), log), metrics: after(join(folder, METRICS_FILE), metrics) };
	}

	async cancel(handle: Handle, how: "stop" | "end" | "kill"): Promise<Handle> {
		const mark = markOf(handle.folder);
		if (how === "stop") {
			if (mark && isAlive(mark)) writeFileSync(join(handle.folder, STOP_FILE), "");
			return handle;
		}
		if (mark && isAlive(mark)) {
			try {
				process.kill(-mark.pid, how === "end" ? "SIGTERM" : "SIGKILL");
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
			}
		}
		return { ...handle, cancelled: handle.cancelled ?? new Date().toISOString() };
	}

	async fetch(
		{ folder }: Handle,
		{ what, into, onProgress, signal }: FetchOptions,
	): Promise<readonly string[]> {
		const wanted = what === "last" ? lastCheckpoint(folder) : what === "final" ? FINAL : "";
		if (what === "final" && !readFinal(folder))
			throw new LaunchError(`${folder} has no final model: the job has not come to its end`);
		if (resolve(into) === resolve(folder)) return [join(folder, wanted)];
		const hashes = readFinal(folder)?.files ?? {};
		const from = join(folder, wanted);
		const fetched: string[] = [];
		for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
			signal?.throwIfAborted();
			if (!entry.isFile()) continue;
			const source = join(entry.parentPath, entry.name);
			const name = source.slice(from.length + 1);
			if (what === "all" && (name.startsWith(`${CHECKPOINTS}/`) || name.startsWith("tokens/"))) continue;
			const target = join(into, name);
			const known = hashes[what === "all" ? name.replace(/^final\//, "") : name];
			if (!(existsSync(target) && known && (await sha256Of(target)) === known.sha256)) {
				onProgress?.(name);
				await mkdir(dirname(target), { recursive: true });
				await copyFile(source, target);
				if (what === "final" && known && (await sha256Of(target)) !== known.sha256)
					throw new LaunchError(
						`${target} is not what was trained: its hash differs from the one in final.json`,
					);
			}
			fetched.push(target);
		}
		return fetched;
	}
}

function lastCheckpoint(folder: string): string {
	const step = checkpointsIn(folder).at(-1);
	if (step === undefined) throw new LaunchError(`${folder} has no whole checkpoint yet`);
	return join(CHECKPOINTS, `checkpoint-${step}`);
}

function standing(handle: Handle): JobState {
	const mark = markOf(handle.folder);
	const alive = mark !== undefined && isAlive(mark);
	const evidence = {
		...evidenceIn(handle.folder),
		...(handle.cancelled !== undefined && { cancelled: true }),
	};
	const state = stateOf({ ...evidence, scheduler: alive ? "running" : "gone" });
	// It may have ended between the two looks.
	return isOver(state) && evidence.rc === undefined
		? stateOf({ ...evidence, ...evidenceIn(handle.folder), scheduler: "gone" })
		: state;
}

function markOf(folder: string): ProcessMark | undefined {
	return parsePid(textOf(join(folder, PID_FILE)));
}

/** Whether that process, and not another of the same number, is running. */
export function isAlive({ pid, started, boot }: ProcessMark): boolean {
	if (started === undefined) {
		// No /proc when it was written (macOS): the number is all there is.
		try {
			process.kill(pid, 0);
			return true;
		} catch (error) {
			return (error as NodeJS.ErrnoException).code === "EPERM";
		}
	}
	try {
		const line = readFileSync(`/proc/${pid}/stat`, "utf8");
		const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
		const here = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		return fields[19] === started && fields[0] !== "Z" && (boot === undefined || boot === here);
	} catch {
		return false;
	}
}

function after(file: string, offset: number): Uint8Array {
	let descriptor: number;
	try {
		descriptor = openSync(file, "r");
	} catch {
		return new Uint8Array();
	}
	try {
		const size = Math.min(MOST_READ_BYTES, Math.max(0, fstatSync(descriptor).size - offset));
		const piece = Buffer.alloc(size);
		return piece.subarray(0, readSync(descriptor, piece, 0, size, offset));
	} finally {
		closeSync(descriptor);
	}
}

/** `gpus` left out: none are wanted. */
export function gpuFindings({ nodes, gpusPerNode }: JobShape, gpus: readonly Gpu[] | undefined): Finding[] {
	if (nodes > 1)
		return [
			{
				level: "wrong",
				says: `the recipe is for ${nodes} machines, and local is one`,
				advice: "Take a target with more (slurm, skypilot), or --set shape.nodes=1",
			},
		];
	if (gpus === undefined || gpusPerNode === 0)
		return [{ level: "ok", says: "trains on the CPU: no GPU is needed" }];
	if (gpus.length < gpusPerNode)
		return [
			{
				level: "wrong",
				says: `the recipe wants ${gpusPerNode} GPU${gpusPerNode === 1 ? "" : "s"}, and this machine has ${gpus.length === 0 ? "none that nvidia-smi shows" : gpus.length}`,
				advice: `Take another target, or --set shape.gpus-per-node=${Math.max(1, gpus.length)}`,
			},
		];
	const busy = gpus.filter(({ usedMiB }) => usedMiB > BUSY_MIB).length;
	return [
		{
			level: "ok",
			says: `${gpus.length} x ${gpus[0]?.name} (${Math.round((gpus[0]?.totalMiB ?? 0) / 1024)} GiB)`,
		},
		...(busy > 0
			? [
					{
						level: "note" as const,
						says: `${busy} of them are in use by somebody already: training may run out of memory`,
					},
				]
			: []),
	];
}

/** A disk without room for a checkpoint is said now and not after an hour. */
async function roomOnDisk(folder: string, { recipe }: JobSheet): Promise<void> {
	if (recipe.resolved.at !== "base") return;
	const weights = await stat(join(folder, "base", "model.safetensors")).catch(() => undefined);
	if (!weights) return;
	// float32 weights and two moments of AdamW from float16, in every checkpoint that is kept, and one while it is written.
	const needed = weights.size * 2 * 3 * (recipe.save.keep + 1);
	const { bavail, bsize } = await statfs(folder);
	if (bavail * bsize < needed)
		throw new LaunchError(
			`the disk of ${basename(folder)} has ${((bavail * bsize) / 1e6).toFixed(0)} MB left, and ${recipe.save.keep} checkpoints need about ${(needed / 1e6).toFixed(0)} MB: make room, or --set save.keep=2`,
		);
}
