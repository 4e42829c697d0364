/**
 * The jobs that this machine knows, looked at again and again behind the screen: each target is asked once about all of
 * its own, Slurm more rarely; what they printed since is copied here (book.ts). It goes on where any nudge before it stopped.
 *
 * What always holds: nothing here waits in front of the screen; a target that does not answer costs its own jobs their
 * news, and is asked more rarely until it does; what was last known stays shown, with what is wrong beside it. The end of
 * a job that was not known to have ended is told once.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { type DamagedJob, type KnownJob, knownJobs, Mirror, statesOf } from "../../train/book.ts";
import { jobsHome } from "../../train/job.ts";
import type { Launcher } from "../../train/launcher.ts";
import { isOver, type JobState, type Metric } from "../../train/run-folder.ts";

export type JobRow = {
	readonly job: KnownJob;
	readonly state: JobState;
	/** When the state was seen, where its target could not be asked since. */
	readonly seenAt: string | undefined;
	/** Why there is nothing newer. */
	readonly trouble: string | undefined;
	/** What is being done to it just now. */
	readonly doing: string | undefined;
};

export type JobsWatchOptions = {
	readonly env: NodeJS.ProcessEnv;
	readonly open: (job: KnownJob) => Promise<Launcher>;
	/** A job has ended since somebody last looked. */
	readonly onEnded: (rows: readonly JobRow[]) => void;
	readonly now?: () => number;
};

const TICK_MS = 1_000;
/** The folder of jobs, while nobody looks at the page and while somebody does. */
const LIST_MS = 10_000;
const LIST_SHOWN_MS = 2_000;
const ASK_MS: Readonly<Record<string, number>> = { local: 2_000, slurm: 30_000 };
const ASK_USUAL_MS = 10_000;
const ASK_MOST_MS = 120_000;
const TAIL_BYTES = 128 << 10;

type Target = { busy: boolean; due: number; waitMs: number };

export class JobsWatch {
	readonly #options: JobsWatchOptions;
	readonly #now: () => number;
	readonly #listeners = new Set<() => void>();
	readonly #targets = new Map<string, Target>();
	readonly #troubles = new Map<string, string>();
	readonly #doing = new Map<string, string>();
	/** Whether a job was over when it was last looked at. */
	readonly #over = new Map<string, boolean>();
	readonly #steps = new Map<string, { readonly size: number; readonly steps: readonly Metric[] }>();
	readonly #tails = new Map<string, { readonly size: number; readonly lines: readonly string[] }>();
	readonly #pulled = new Set<string>();
	readonly #stop = new AbortController();
	#timer: NodeJS.Timeout | undefined;
	#shown = false;
	#listDue = 0;
	#jobs: readonly KnownJob[] = [];
	#damaged: readonly DamagedJob[] = [];
	#rows: readonly JobRow[] = [];

	constructor(options: JobsWatchOptions) {
		this.#options = options;
		this.#now = options.now ?? Date.now;
	}

	/** Newest first. */
	get rows(): readonly JobRow[] {
		return this.#rows;
	}

	get damaged(): readonly DamagedJob[] {
		return this.#damaged;
	}

	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	start(): void {
		if (this.#timer || this.#stop.signal.aborted) return;
		this.#tick();
		this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
	}

	/** Somebody looks at the page, or no more. */
	show(on: boolean): void {
		this.#shown = on;
		if (on) this.refresh();
	}

	close(): void {
		clearInterval(this.#timer);
		this.#stop.abort();
		this.#listeners.clear();
	}

	/** Ends with the program: for what is done to a job from here. */
	get signal(): AbortSignal {
		return this.#stop.signal;
	}

	/** Looks at the folder of jobs now, and soon at the target of one of them. */
	refresh(job?: KnownJob): void {
		const target = job?.handle && this.#targets.get(job.handle.target);
		if (target) target.due = 0;
		this.#listDue = 0;
		this.#tick();
	}

	/** What is being done to a job, shown with it; undefined: nothing any more. */
	doing(id: string, says: string | undefined): void {
		if (says === undefined) this.#doing.delete(id);
		else this.#doing.set(id, says);
		this.#arrange();
	}

	isBusy(id: string): boolean {
		return this.#doing.has(id);
	}

	launcher(job: KnownJob): Promise<Launcher> {
		return this.#options.open(job);
	}

	/** Of one job: what is not shown is not read. */
	steps(job: KnownJob): readonly Metric[] {
		const mirror = new Mirror(job);
		const size = sizeOf(mirror.metrics);
		const kept = this.#steps.get(job.id);
		if (kept?.size === size) return kept.steps;
		const steps = mirror.steps();
		this.#steps.set(job.id, { size, steps });
		return steps;
	}

	/** The end of what it printed. */
	tail(job: KnownJob): readonly string[] {
		const { log } = new Mirror(job);
		const size = sizeOf(log);
		const kept = this.#tails.get(job.id);
		if (kept?.size === size) return kept.lines;
		const lines = linesAtEnd(log, size);
		this.#tails.set(job.id, { size, lines });
		return lines;
	}

	/** What a job that ended before this nudge began has printed last is fetched when somebody looks at it. */
	catchUp(job: KnownJob): void {
		const { handle } = job;
		if (!handle || handle.kind === "local" || this.#pulled.has(job.id)) return;
		this.#pulled.add(job.id);
		void this.#pull([job]);
	}

	#tick(): void {
		const now = this.#now();
		if (now >= this.#listDue) {
			this.#listDue = now + (this.#shown ? LIST_SHOWN_MS : LIST_MS);
			({ jobs: this.#jobs, damaged: this.#damaged } = knownJobs(jobsHome(this.#options.env)));
			this.#arrange();
		}
		const open = new Map<string, KnownJob[]>();
		for (const job of this.#jobs)
			if (job.handle && !(job.seen && isOver(job.seen.state)))
				open.set(job.handle.target, [...(open.get(job.handle.target) ?? []), job]);
		for (const [name, jobs] of open) {
			const usual = ASK_MS[jobs[0]!.handle!.kind] ?? ASK_USUAL_MS;
			const target = this.#targets.get(name) ?? { busy: false, due: 0, waitMs: usual };
			this.#targets.set(name, target);
			if (target.busy || now < target.due) continue;
			target.busy = true;
			void this.#ask(jobs, target, usual);
		}
	}

	async #ask(jobs: readonly KnownJob[], target: Target, usual: number): Promise<void> {
		try {
			const states = await statesOf(jobs, this.#options.open, this.#stop.signal);
			let answered = false;
			for (const [id, state] of states) {
				if (state.state === "unknown") this.#troubles.set(id, state.says);
				else {
					this.#troubles.delete(id);
					answered = true;
				}
			}
			target.waitMs = answered ? usual : Math.min(ASK_MOST_MS, target.waitMs * 2);
			if (answered) await this.#pull(jobs.filter(({ id }) => states.get(id)?.state !== "unknown"));
		} catch (error) {
			if (this.#stop.signal.aborted) return;
			for (const { id } of jobs) this.#troubles.set(id, wordsOf(error));
			target.waitMs = Math.min(ASK_MOST_MS, target.waitMs * 2);
		} finally {
			target.busy = false;
			target.due = this.#now() + target.waitMs;
		}
		if (this.#stop.signal.aborted) return;
		this.#listDue = 0;
		this.#tick();
	}

	async #pull(jobs: readonly KnownJob[]): Promise<void> {
		for (const job of jobs) {
			try {
				if (await new Mirror(job).pull(await this.#options.open(job), job.handle!, this.#stop.signal))
					this.#tell();
				if (job.seen && isOver(job.seen.state)) this.#pulled.add(job.id);
			} catch (error) {
				if (this.#stop.signal.aborted) return;
				this.#troubles.set(job.id, wordsOf(error));
			}
		}
	}

	#arrange(): void {
		this.#rows = this.#jobs.map((job): JobRow => {
			const { id, handle, seen } = job;
			const trouble = this.#troubles.get(id);
			const state: JobState = !handle
				? { state: "unknown", says: "made, and never started" }
				: (seen?.state ?? { state: "unknown", says: trouble ?? "not asked yet" });
			const over = isOver(state);
			return {
				job,
				state,
				seenAt: trouble !== undefined && !over ? seen?.at : undefined,
				trouble: over ? undefined : trouble,
				doing: this.#doing.get(id),
			};
		});
		const ended = this.#rows.filter(
			({ job, state }) => isOver(state) && this.#over.get(job.id) === false && !this.#doing.has(job.id),
		);
		for (const { job, state } of this.#rows) if (job.handle) this.#over.set(job.id, isOver(state));
		if (ended.length > 0) this.#options.onEnded(ended);
		this.#tell();
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function linesAtEnd(file: string, size: number): string[] {
	if (size === 0) return [];
	const descriptor = openSync(file, "r");
	try {
		const piece = Buffer.alloc(Math.min(TAIL_BYTES, size));
		const read = readSync(descriptor, piece, 0, piece.length, size - piece.length);
		const lines = piece.subarray(0, read).toString("utf8").split("\n");
		if (size > piece.length) lines.shift();
		if (lines.at(-1) === "") lines.pop();
		// What a progress bar wrote over and over is seen as it was last.
		return lines.map((line) => line.replace(/\r$/, "").split("\r").at(-1)!);
	} finally {
		closeSync(descriptor);
	}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
