/**
 * A run as somebody watches it: what is there (run-index.ts), what its processes say of themselves (run-now.ts), and what
 * follows from both. Looks once a second, less often where looking takes long; nothing here writes.
 *
 * What always holds: it works on a run that is not there yet, that is made on several machines, that is over; what cannot
 * be read is said in `trouble` and looked at again.
 */
import { writersOf } from "./run-folder.ts";
import { RunIndex } from "./run-index.ts";
import { type InFlight, Liveness, type RunNow, readNows } from "./run-now.ts";
import { type RunSheet, readSheet, totalOf } from "./run-sheet.ts";
import type { RunSummary } from "./run-summary.ts";

export type WatchState =
	/** There is no run.json yet. */
	| "waiting"
	| "sampling"
	/** A process has the shard and says nothing. */
	| "silent"
	/** Nobody samples, and something is owed. */
	| "owed"
	| "done";

export type Rates = {
	readonly rollouts: number;
	readonly tokens: number;
	readonly calls: number;
	/** Until the last process that runs is done; undefined where nobody knows. */
	readonly leftMs?: number;
};

export type WatchOptions = {
	/** False: the rollouts are counted, and `index.entries` stays empty. */
	readonly keep?: boolean;
	/** Every line is read to its end, so that a damaged trace is found too. */
	readonly whole?: boolean;
	readonly everyMs?: number;
	readonly now?: () => number;
};

const EVERY_MS = 1_000;
/** Looking takes no more of the time than this share. */
const SHARE = 0.2;

export class RunWatch {
	readonly folder: string;
	readonly #options: WatchOptions;
	readonly #now: () => number;
	readonly #listeners = new Set<() => void>();
	readonly #liveness: Liveness;
	readonly #stop = new AbortController();
	#sheet: RunSheet | undefined;
	#index: RunIndex | undefined;
	#processes: readonly RunNow[] = [];
	#gone: readonly RunNow[] = [];
	#writers: readonly string[] = [];
	#inFlight: readonly InFlight[] = [];
	#trouble: string | undefined;
	#looked = 0;
	#summary: { readonly of: number; readonly orders: number; readonly value: RunSummary } | undefined;
	#timer: NodeJS.Timeout | undefined;
	#looking: Promise<void> | undefined;

	constructor(folder: string, options: WatchOptions = {}) {
		this.folder = folder;
		this.#options = options;
		this.#now = options.now ?? Date.now;
		this.#liveness = new Liveness(this.#now);
	}

	get sheet(): RunSheet | undefined {
		return this.#sheet;
	}
	/** Undefined until there is a run. */
	get index(): RunIndex | undefined {
		return this.#index;
	}
	/** Those that run. */
	get processes(): readonly RunNow[] {
		return this.#processes;
	}
	/** Those that were killed, or whose machine is away: what they said last. */
	get gone(): readonly RunNow[] {
		return this.#gone;
	}
	/** Begun last first. */
	get inFlight(): readonly InFlight[] {
		return this.#inFlight;
	}
	/** Shards that somebody has locked, as far as this machine can tell. */
	get writers(): readonly string[] {
		return this.#writers;
	}
	/** In flight without being told of one by one. */
	get more(): number {
		return this.#processes.reduce((sum, { more }) => sum + more, 0);
	}
	get trouble(): string | undefined {
		return this.#trouble;
	}
	/** How often it has looked. */
	get looked(): number {
		return this.#looked;
	}

	get total(): number {
		return this.#sheet ? totalOf(this.#sheet) : 0;
	}
	/** When a rollout was last added, as the files say; undefined where there is none. */
	get touched(): number | undefined {
		return this.#index?.reader.touched;
	}
	get done(): number {
		return this.#index?.count ?? 0;
	}

	get state(): WatchState {
		if (!this.#sheet) return "waiting";
		if (this.#processes.length > 0) return "sampling";
		if (this.#index?.caughtUp && this.done >= this.total) return "done";
		return this.#writers.length > 0 ? "silent" : "owed";
	}

	get rates(): Rates {
		let [rollouts, tokens, calls] = [0, 0, 0];
		let left: number | undefined;
		let known = this.#processes.length > 0;
		for (const process of this.#processes) {
			const own = process.rolloutsPerSecond || sinceStart(process);
			rollouts += own;
			tokens += process.tokensPerSecond;
			calls += process.callsPerSecond;
			if (process.owed > 0 && own === 0) known = false;
			else if (process.owed > 0) left = Math.max(left ?? 0, (1_000 * process.owed) / own);
		}
		return { rollouts, tokens, calls, ...(known && left !== undefined ? { leftMs: left } : {}) };
	}

	/** Of what was read so far. */
	get summary(): RunSummary | undefined {
		const index = this.#index;
		if (!index) return undefined;
		const { count } = index;
		if (this.#summary?.of !== count || this.#summary.orders !== index.orders)
			this.#summary = { of: count, orders: index.orders, value: index.summing.summary() };
		return this.#summary.value;
	}

	/** Told when something may be another. Returns what ends it. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Looks now, and again and again until it is closed. */
	start(): void {
		if (this.#timer || this.#looking || this.#stop.signal.aborted) return;
		void this.#round();
	}

	close(): void {
		this.#stop.abort();
		clearTimeout(this.#timer);
		this.#listeners.clear();
	}

	/** One look at everything. */
	look(): Promise<void> {
		this.#looking ??= this.#look().finally(() => {
			this.#looking = undefined;
		});
		return this.#looking;
	}

	async #round(): Promise<void> {
		const begun = performance.now();
		await this.look();
		if (this.#stop.signal.aborted) return;
		const took = performance.now() - begun;
		const wait = Math.max(this.#options.everyMs ?? EVERY_MS, took * (1 / SHARE - 1));
		this.#timer = setTimeout(() => void this.#round(), Math.min(wait, 10 * EVERY_MS));
	}

	async #look(): Promise<void> {
		const { signal } = this.#stop;
		try {
			this.#sheet = readSheet(this.folder);
			if (!this.#sheet) this.#index = undefined;
			else {
				await this.#lookAtProcesses();
				const { hash } = this.#sheet;
				// Another run in the same place.
				if (this.#index && this.#index.hash !== hash) this.#index = undefined;
				this.#index ??= new RunIndex(this.folder, hash, {
					keep: this.#options.keep !== false,
					whole: this.#options.whole === true,
					onPiece: () => this.#piece(),
				});
				this.#tell();
				await this.#index.read(signal);
				this.#leaveOutEnded();
			}
			this.#trouble = undefined;
		} catch (error) {
			if (signal.aborted) return;
			this.#trouble = error instanceof Error ? error.message : String(error);
		}
		this.#looked++;
		this.#tell();
	}

	/** What a large run says of itself is not waited for while it is read for the first time. */
	#lookedAt = 0;
	#piece(): void {
		const now = performance.now();
		if (now - this.#lookedAt < EVERY_MS) return;
		this.#lookedAt = now;
		// What cannot be read now is said by the look that is under way.
		void this.#lookAtProcesses().then(
			() => this.#tell(),
			() => {},
		);
	}

	async #lookAtProcesses(): Promise<void> {
		this.#lookedAt = performance.now();
		const said = await readNows(this.folder);
		const processes: RunNow[] = [];
		const gone: RunNow[] = [];
		for (const one of said) (this.#liveness.isLive(one) ? processes : gone).push(one);
		this.#processes = processes;
		this.#gone = gone;
		this.#writers = writersOf(this.folder);
		this.#inFlight = processes.flatMap(({ inFlight }) => inFlight).sort((a, b) => b.begun - a.begun);
		this.#leaveOutEnded();
	}

	/** What has ended since its process said last how it stands. */
	#leaveOutEnded(): void {
		const index = this.#index;
		if (index) this.#inFlight = this.#inFlight.filter(({ problem, sample }) => !index.has(problem, sample));
	}

	#tell(): void {
		if (this.#stop.signal.aborted) return;
		for (const listener of [...this.#listeners]) listener();
	}
}

/** Where fewer end than one in the time that rates are of. */
function sinceStart({ kept, started, updated }: RunNow): number {
	const seconds = (Date.parse(updated) - Date.parse(started)) / 1_000;
	return kept > 0 && seconds > 0 ? kept / seconds : 0;
}
