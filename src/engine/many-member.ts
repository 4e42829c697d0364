/**
 * One of several engines that share the work: whether it is well, and how it comes back.
 *
 * What always holds: one that failed is out until it has answered a probe and is still the same (model, header, token
 * ids); probes come after pauses that grow until it has sampled something again; it is never probed twice at once.
 */
import { type Engine, EngineError } from "./engine.ts";
import { type Identity, identityOf, unlike } from "./many-same.ts";
import { statusOf } from "./refusal.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Asked to look again at once, it looks no more often than this. */
const LEAST_PAUSE_MS = 250;

/** How long is waited before a probe, after so many that were in vain. */
export const pauseMs = (vain: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** vain);

export type MemberHooks = {
	readonly now: () => number;
	readonly pauseMs: (vain: number) => number;
	/** What all members are. */
	readonly identity: () => Identity;
	readonly onOut: (member: Member) => void;
	readonly onBack: (member: Member, outMs: number) => void;
};

export class Member {
	readonly id: string;
	/** Tokens that it has sampled for us; pieces of text where it gives no ids. */
	tokens = 0;
	/** Traces that are on it. */
	traces = 0;
	/** Requests that are bringing something now. */
	streaming = 0;
	readonly #open: (old: Engine | undefined) => Promise<Engine>;
	readonly #hooks: MemberHooks;
	#engine: Engine | undefined;
	/** Since when it is out (milliseconds since the epoch), and why. */
	#out: { readonly since: number; readonly why: string } | undefined;
	#vain = 0;
	#timer: NodeJS.Timeout | undefined;
	#probing: Promise<void> | undefined;
	#probed = Number.NEGATIVE_INFINITY;
	#closed = false;

	constructor(
		id: string,
		open: (old: Engine | undefined) => Promise<Engine>,
		engine: Engine | undefined,
		hooks: MemberHooks,
	) {
		this.id = id;
		this.#open = open;
		this.#engine = engine;
		this.#hooks = hooks;
	}

	get out(): { readonly since: number; readonly why: string } | undefined {
		return this.#out;
	}

	get well(): boolean {
		return this.#out === undefined && this.#engine !== undefined;
	}

	get engine(): Engine {
		if (!this.#engine) throw new EngineError("unreachable", `${this.id} was never there.`);
		return this.#engine;
	}

	/** It sampled: whatever was, it works. */
	sampled(tokens: number): void {
		this.tokens += tokens;
		this.#vain = 0;
	}

	/** Whether an error says that it has too much to do, and not that it is gone. */
	isBusy(error: unknown): boolean {
		const status = statusOf(error);
		return status === 429 || (status === 503 && this.streaming > 0);
	}

	leaveOut(why: string): void {
		if (this.#out || this.#closed) return;
		this.#out = { since: this.#hooks.now(), why };
		this.#hooks.onOut(this);
		this.#later();
	}

	/** Looks whether it is back, unless it was looked a moment ago; resolves when that is known. */
	async look(): Promise<void> {
		if (!this.#probing && performance.now() - this.#probed < LEAST_PAUSE_MS) return;
		await this.#look();
	}

	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		// Nobody waits for a probe: what it opens is closed again.
		await this.#engine?.close();
	}

	async #look(): Promise<void> {
		if (!this.#out || this.#closed) return;
		clearTimeout(this.#timer);
		this.#probing ??= this.#probe().finally(() => {
			this.#probing = undefined;
			this.#probed = performance.now();
			if (this.#out) this.#later();
		});
		await this.#probing;
	}

	#later(): void {
		if (this.#closed) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#look(), this.#hooks.pauseMs(this.#vain));
		this.#timer.unref();
	}

	/** Opens it anew: whatever was started again may be something else. Never rejects. */
	async #probe(): Promise<void> {
		this.#vain++;
		const since = this.#out?.since ?? this.#hooks.now();
		let fresh: Engine | undefined;
		try {
			fresh = await this.#open(this.#engine);
			const other = unlike(this.#hooks.identity(), await identityOf(fresh));
			if (other.length > 0) throw new Error(`it is not the same any more (${other.join("; ")})`);
			if (this.#closed) throw new Error("closed");
			const old = this.#engine;
			this.#engine = fresh;
			if (old !== fresh) void old?.close();
			this.#out = undefined;
			this.#hooks.onBack(this, this.#hooks.now() - since);
		} catch (error) {
			if (fresh !== this.#engine) void fresh?.close();
			this.#out = { since, why: error instanceof Error ? error.message : String(error) };
		}
	}
}
