/**
 * Samples what a run owes. Every rollout is the same `reason()` as a live session, by itself: none waits for another, so
 * an engine never idles behind the longest one.
 *
 * What always holds:
 * - What is handed to `keep` came to its end and has its verdict; nothing is handed over twice.
 * - A rollout that the engine, Python or the verifier failed is tried again behind the others, and is still owed after its
 *   last try; it is never counted wrong. Where everything fails, the run stops and says why.
 * - Aborted, it returns within a second or so: what is in flight is dropped and owed.
 * - The interpreter of a rollout is closed when the rollout is over.
 */
import { type Engine, EngineError } from "../engine/engine.ts";
import { statusOf } from "../engine/refusal.ts";
import { watched } from "../engine/watched.ts";
import type { Interpreter } from "../python/interpreter.ts";
import { reason } from "../reason/reason.ts";
import type { ReasonDeps } from "../reason/request.ts";
import type { Problem, TraceEvent, TraceSettings } from "../trace/events.ts";
import type { Branch } from "../trace/fold.ts";
import type { Pacing } from "./pace.ts";
import { Gathering, type Rollout } from "./rollout.ts";

/** One rollout that is owed. */
export type Job = {
	readonly key: string;
	readonly problem: Problem;
	readonly sample: number;
	readonly seed: number;
};

/** What a rollout is made with. */
export type Bench = {
	settings(seed: number): TraceSettings;
	/** `interpreter` is asked for when the first block runs; `release` is given it back. */
	deps(job: Job, signal: AbortSignal): ReasonDeps;
	release(interpreter: Interpreter): Promise<void>;
	/** A rollout is over: its engine is that of `deps`. */
	over?(engine: Engine): void;
};

export type SamplingHooks = {
	readonly keep: (rollout: Rollout) => void;
	/** A rollout is in flight from here to `onOver`; `branch` gives it as it stands. */
	readonly onBegun?: (job: Job, branch: () => Branch) => void;
	readonly onOver?: (key: string) => void;
	/** News for whoever watches: tokens came, a block ran, a rollout ended. */
	readonly onTokens?: (count: number) => void;
	readonly onCall?: () => void;
	readonly onTrouble?: (says: string) => void;
};

export type SamplingOptions = {
	readonly pace: Pacing;
	readonly signal: AbortSignal;
	/** Of one rollout. */
	readonly tries?: number;
	/** Failures in a row, without any rollout that ended, after which the run stops. What fails together counts as one. */
	readonly failuresInRow?: number;
	/** How long nothing new is begun after so many failures in a row: a server that is started anew finds the run still there. */
	readonly restMs?: (inRow: number) => number;
	/** Milliseconds of a clock that nobody sets. */
	readonly now?: () => number;
	/** What rollouts in flight are given to end in after an abort. */
	readonly graceMs?: number;
};

export type SamplingEnd = {
	readonly kept: number;
	/** Rollouts that failed at every try, and are owed. */
	readonly failed: number;
	/** Why the last one failed. */
	readonly trouble?: string;
	/** All failed for so long that the run was stopped. */
	readonly stopped: boolean;
	readonly aborted: boolean;
};

const TRIES = 3;
const FAILURES_IN_ROW = 24;
const GRACE_MS = 1_000;
/** From a second to half a minute: in all, an engine may be away for some ten minutes. */
const restMs = (inRow: number): number => Math.min(30_000, 500 * 2 ** inRow);
/** Looked at ahead, for a problem whose engine has room. */
const AHEAD = 256;
/** Says of an engine that it is there and has too much to do. */
const BUSY: ReadonlySet<number | undefined> = new Set([429, 503]);
/** Where an engine gives no ids, about so many characters are a token. */
const CHARS_A_TOKEN = 4;

/** Rests and measures by a clock that no correction of the time moves: over a weekend there may be some. */
const steadyNow = (): number => performance.now();

export async function sampleAll(
	jobs: AsyncIterable<Job>,
	bench: Bench,
	hooks: SamplingHooks,
	options: SamplingOptions,
): Promise<SamplingEnd> {
	return new Sampling(bench, hooks, options).all(jobs);
}

type Tried = { readonly job: Job; readonly tries: number; readonly epoch?: number };

/** What was last wrong with the engine of one rollout. */
type Trouble = { busy: boolean };

class Sampling {
	readonly #bench: Bench;
	readonly #hooks: SamplingHooks;
	readonly #options: SamplingOptions;
	readonly #pace: Pacing;
	readonly #now: () => number;
	/** Ends what is in flight: the caller's signal, or that the run is given up. */
	readonly #stop = new AbortController();
	/** Each rollout in flight has a signal of its own, so that nothing hangs on to a signal that lives as long as the run. */
	readonly #inFlight = new Set<AbortController>();
	readonly #again: Tried[] = [];
	/** Read already, to choose from. */
	readonly #ahead: Tried[] = [];
	#more = true;
	#running = 0;
	#kept = 0;
	#failed = 0;
	#inRow = 0;
	/** Grows with each failure that counts: what was begun before it may fail for the same reason. */
	#epoch = 0;
	#restUntil = 0;
	#trouble: string | undefined;
	/** Tokens came since the last failure. */
	#flowing = false;
	/** A disk that refuses, a Python that may not run: nothing can go on. */
	#fatal: unknown;
	#changed = Promise.withResolvers<void>();

	constructor(bench: Bench, hooks: SamplingHooks, options: SamplingOptions) {
		this.#bench = bench;
		this.#hooks = hooks;
		this.#options = options;
		this.#pace = options.pace;
		this.#now = options.now ?? steadyNow;
		this.#pace.onMore = () => {
			// Somebody is back: nothing is rested for any more.
			this.#restUntil = 0;
			this.#tell();
		};
	}

	async all(jobs: AsyncIterable<Job>): Promise<SamplingEnd> {
		const { signal } = this.#options;
		const abort = (): void => this.#halt();
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
		const source = jobs[Symbol.asyncIterator]();
		try {
			while (!this.#halted) {
				if (this.#running >= this.#pace.level) {
					await this.#change();
					continue;
				}
				const rest = this.#restUntil - this.#now();
				if (rest > 0) {
					const timer = setTimeout(() => this.#tell(), rest);
					await this.#change();
					clearTimeout(timer);
					continue;
				}
				const next = (await this.#next(source)) ?? this.#again.shift();
				if (next) void this.#run({ ...next, epoch: this.#epoch });
				else if (this.#running === 0) break;
				else await this.#change();
			}
		} catch (error) {
			this.#fatal ??= error;
			this.#halt();
		} finally {
			signal.removeEventListener("abort", abort);
			await source.return?.();
		}
		await this.#drained();
		if (this.#fatal !== undefined && !signal.aborted) throw this.#fatal;
		return {
			kept: this.#kept,
			failed: this.#failed + this.#again.length,
			...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
			stopped: this.#halted && !signal.aborted,
			aborted: signal.aborted,
		};
	}

	/** What comes next: where engines keep prefixes apart, first what can begin where its own is. */
	async #next(source: AsyncIterator<Job>): Promise<Tried | undefined> {
		const most = this.#pace.prefers ? AHEAD : 1;
		while (this.#more && this.#ahead.length < most) {
			const { value, done } = await source.next();
			if (done) this.#more = false;
			else this.#ahead.push({ job: value, tries: 0 });
		}
		const { prefers } = this.#pace;
		const at = prefers ? this.#ahead.findIndex(({ job }) => prefers.call(this.#pace, job.problem.id)) : 0;
		// Nothing of its own to do, an engine takes from the other end: from problems that nobody has begun.
		return this.#ahead.splice(at, 1)[0];
	}

	get #halted(): boolean {
		return this.#stop.signal.aborted;
	}

	#halt(): void {
		this.#stop.abort();
		for (const own of this.#inFlight) own.abort();
		this.#tell();
	}

	#tell(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers<void>();
	}

	#change(): Promise<void> {
		return this.#changed.promise;
	}

	/** Waits for what is in flight, and after a halt not for long. */
	async #drained(): Promise<void> {
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			this.#tell();
		}, this.#options.graceMs ?? GRACE_MS);
		while (this.#running > 0 && !late) await this.#change();
		clearTimeout(timer);
	}

	async #run({ job, tries, epoch }: Tried): Promise<void> {
		this.#running++;
		const trouble: Trouble = { busy: false };
		try {
			const rollout = await this.#rollout(job, trouble);
			if (!rollout || this.#halted) return;
			this.#inRow = 0;
			this.#restUntil = 0;
			try {
				this.#hooks.keep(rollout);
				this.#kept++;
			} catch (error) {
				this.#fatal ??= error;
				this.#halt();
			}
		} catch (error) {
			if (this.#halted) return;
			// An engine with too much to do, from which others have their tokens, is no failure of the rollout.
			if (trouble.busy && this.#flowing) this.#again.push({ job, tries });
			else this.#failure({ job, tries: tries + 1 }, epoch === this.#epoch, error);
		} finally {
			this.#running--;
			this.#tell();
		}
	}

	#failure(tried: Tried, counts: boolean, error: unknown): void {
		const says = error instanceof Error ? error.message : String(error);
		this.#trouble = says;
		if (error instanceof Error && error.name === "IsolationError") {
			this.#fatal ??= error;
			this.#halt();
			return;
		}
		this.#flowing = false;
		const again = tried.tries < (this.#options.tries ?? TRIES);
		if (again) this.#again.push(tried);
		else this.#failed++;
		this.#hooks.onTrouble?.(
			`${tried.job.problem.id}, sample ${tried.job.sample}: ${says} (${again ? "tried again later" : "given up; it stays owed"})`,
		);
		if (!counts) return;
		this.#epoch++;
		this.#inRow++;
		this.#restUntil = this.#now() + (this.#options.restMs ?? restMs)(this.#inRow);
		if (this.#inRow >= (this.#options.failuresInRow ?? FAILURES_IN_ROW)) this.#halt();
	}

	/** Undefined: it was broken off. Throws where something failed that is not the model's. */
	async #rollout(job: Job, trouble: Trouble): Promise<Rollout | undefined> {
		const { key, problem, sample, seed } = job;
		const settings = this.#bench.settings(seed);
		const gathering = new Gathering(settings, Date.now());
		const own = new AbortController();
		this.#inFlight.add(own);
		this.#hooks.onBegun?.(job, () => gathering.branch);
		const deps = this.#bench.deps(job, own.signal);
		const { engine } = deps;
		let opening: Promise<Interpreter> | undefined;
		let unscored: unknown;
		const stream = reason(
			{ session: key, branch: "main", problem, settings },
			{
				...deps,
				engine: watched(engine, (error) => this.#heard(error, engine, trouble)),
				interpreter: () => {
					opening = deps.interpreter();
					return opening;
				},
				// A verifier that is broken says nothing of the answer: the rollout is owed, and not "unchecked".
				score: (of, text) =>
					deps.score(of, text).catch((error) => {
						unscored = error ?? new Error("the verifier failed");
						throw error;
					}),
			},
		);
		try {
			for await (const event of stream) this.#take(gathering, event, engine);
		} finally {
			this.#inFlight.delete(own);
			this.#bench.over?.(engine);
			this.#hooks.onOver?.(key);
			if (opening) void opening.then((python) => this.#bench.release(python)).catch(() => {});
		}
		if (this.#halted) return undefined;
		if (unscored !== undefined) throw unscored;
		const rollout = gathering.rollout(key, problem, sample);
		if (rollout) return rollout;
		throw new Error(gathering.branch.end?.message ?? "the engine did not bring the trace to its end");
	}

	/** The loop asks again by itself; how much the engine is asked for is decided here. */
	#heard(error: unknown, engine: Engine, trouble: Trouble): void {
		if (!(error instanceof EngineError) || this.#halted) return;
		trouble.busy = BUSY.has(statusOf(error));
		if (error.kind !== "context") this.#pace.refused(this.#running, this.#now(), engine);
	}

	#take(gathering: Gathering, event: TraceEvent, engine: Engine): void {
		gathering.take(event);
		if (event.type === "call") this.#hooks.onCall?.();
		else if (event.type === "tokens") {
			const count = event.ids?.length ?? Math.ceil(event.text.length / CHARS_A_TOKEN);
			const level = this.#pace.level;
			this.#flowing = true;
			this.#pace.brought(count, this.#running, this.#now(), engine);
			this.#hooks.onTokens?.(count);
			if (this.#pace.level > level) this.#tell();
		}
	}
}
