/**
 * The engine as one trace uses it: a seed for each request, the budgets, what was used, and patience with an engine that
 * drops a stream or dies. Whatever an engine handed over before it failed was kept, so going on is just another request.
 */
import { createHash } from "node:crypto";
import {
	type Chunk,
	type Engine,
	EngineError,
	type GenerateEnd,
	type Message,
	type SampleOptions,
} from "../engine/engine.ts";
import { retryAfterOf } from "../engine/refusal.ts";
import type { EndReason, TraceUsage } from "../trace/events.ts";
import type { Prefix } from "../trace/span.ts";
import { untilAborted } from "./abort.ts";
import { given, type ReasonDeps, type ReasonRequest } from "./request.ts";

/** An engine that fails is asked again this often without a single new token in between. */
const RETRIES = 4;
const FIRST_WAIT_MS = 250;
/** A server that asks to be left alone for longer is asked again all the same. */
const LONGEST_WAIT_MS = 60_000;

export type NextTry = {
	readonly says: string;
	readonly wait: (interrupt?: AbortSignal) => Promise<void>;
};

/** What may pass by itself. The others need somebody to change something first. */
const MAY_PASS: ReadonlySet<EngineError["kind"]> = new Set(["unreachable", "cut", "crashed"]);

/** The longest that a timer can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One seed per request, since a reused one restarts the engine's random generator (serving reference, section 9). */
export function segmentSeed(seed: number, segment: number): number {
	return createHash("sha256").update(`${seed}:${segment}`).digest().readUInt32BE(0) & 0x7fff_ffff;
}

export class Sampler {
	readonly #engine: Engine;
	readonly #settings: ReasonRequest["settings"];
	readonly #signal: AbortSignal | undefined;
	readonly #now: () => number;
	readonly #wait: ReasonDeps["sleep"];
	#started: number;
	/** Requests so far: the number of the one that is running, from 1. */
	segment: number;
	#sampled: number;
	#computed: number | undefined;
	#failures = 0;
	#says: string[] = [];

	constructor({ settings, from }: ReasonRequest, deps: ReasonDeps, now: () => number) {
		this.#engine = deps.engine;
		this.#settings = settings;
		this.#signal = deps.signal;
		this.#wait = deps.sleep;
		this.#now = now;
		this.#started = now() - (from?.usage.durationMs ?? 0);
		this.segment = from?.segments ?? 0;
		this.#sampled = from?.usage.sampledTokens ?? 0;
		this.#computed = from ? from.usage.computedPromptTokens : 0;
	}

	get scans(): boolean {
		return this.#engine.info.caps.scan;
	}

	header(messages: readonly Message[]): Promise<Prefix> {
		return this.#patiently(() => this.#engine.renderHeader(messages));
	}

	/** Undefined where the engine has no ids. */
	async tokenize(text: string, special: boolean): Promise<readonly number[] | undefined> {
		const { tokenize } = this.#engine;
		if (!tokenize) return undefined;
		return this.#patiently(() => tokenize.call(this.#engine, text, special));
	}

	/** One request. Left early, the engine stops and what it had handed over is counted. */
	async *stream(
		prefix: Prefix,
		ask: Pick<SampleOptions, "stop" | "scan">,
		interrupt?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const limit = new AbortController();
		const { maxMs } = this.#settings.budgets;
		const timer =
			maxMs === undefined
				? undefined
				: setTimeout(() => limit.abort(), Math.min(LONGEST_TIMER_MS, Math.max(0, maxMs - this.elapsedMs)));
		const signal = AbortSignal.any(
			[this.#signal, interrupt, limit.signal].filter((one) => one !== undefined),
		);
		const stream = this.#engine.generate(prefix, this.#options(prefix, ask), signal);
		this.segment++;
		let received = 0;
		let end: GenerateEnd | undefined;
		try {
			for (;;) {
				const next = await stream.next();
				if (next.done) {
					end = next.value;
					this.#failures = 0;
					return end;
				}
				received += next.value.ids?.length ?? 1;
				yield next.value;
			}
		} finally {
			clearTimeout(timer);
			if (!end) await stream.return(undefined as never);
			this.#count(end, received);
		}
	}

	/** What to say before the next try, and the wait for it; throws the error where trying again is of no use. */
	afterFailure(error: unknown, progress: boolean): NextTry {
		if (!(error instanceof EngineError) || !MAY_PASS.has(error.kind)) throw error;
		this.#failures = progress ? 1 : this.#failures + 1;
		if (this.#failures > RETRIES) throw error;
		const asked = Math.min(LONGEST_WAIT_MS, retryAfterOf(error) ?? 0);
		const ms = Math.max(asked, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
		const when = `again in ${Math.ceil(ms / 100) / 10} s, from where the trace stands`;
		return {
			says: `${error.message} (tried ${when}: try ${this.#failures} of ${RETRIES})`,
			wait: (interrupt) => this.#sleep(ms, interrupt),
		};
	}

	/** What there was to say while an answer was waited for; said once. */
	takeNotices(): readonly string[] {
		return this.#says.splice(0);
	}

	overBudget(): Extract<EndReason, "interrupted" | "time" | "tokens"> | undefined {
		const { maxTokens, maxMs } = this.#settings.budgets;
		if (this.#signal?.aborted) return "interrupted";
		if (maxMs !== undefined && this.elapsedMs >= maxMs) return "time";
		if (this.#sampled >= maxTokens) return "tokens";
		return undefined;
	}

	/** A person let the trace wait: that is none of its time. */
	rested(ms: number): void {
		this.#started += ms;
	}

	get elapsedMs(): number {
		return this.#now() - this.#started;
	}

	usage(hints: number, calls: number): TraceUsage {
		return {
			sampledTokens: this.#sampled,
			hints,
			calls,
			durationMs: this.elapsedMs,
			...given({ computedPromptTokens: this.#computed }),
		};
	}

	#options(prefix: Prefix, ask: Pick<SampleOptions, "stop" | "scan">): SampleOptions {
		const { sampling, budgets } = this.#settings;
		const { temperature, seed, topP, topK, minP } = sampling;
		return {
			...ask,
			maxTokens: this.#room(prefix, budgets.maxTokens - this.#sampled),
			temperature,
			seed: this.#engine.info.caps.seeds === "position" ? seed : segmentSeed(seed, this.segment),
			...given({ topP, topK, minP }),
		};
	}

	#room(prefix: Prefix, wanted: number): number {
		if (!prefix.ids) return wanted;
		const { contextTokens } = this.#engine.info.caps;
		const room = contextTokens - prefix.ids.length;
		if (room >= 1) return Math.min(wanted, room);
		throw new EngineError(
			"context",
			`the trace has filled the engine's context of ${contextTokens} tokens; a larger context is needed to go on`,
		);
	}

	#count(end: GenerateEnd | undefined, received: number): void {
		this.#sampled += Math.max(end?.usage.completionTokens ?? 0, received);
		const cached = end?.usage.cachedTokens;
		this.#computed =
			this.#computed === undefined || end === undefined || cached === undefined
				? undefined
				: this.#computed + end.usage.promptTokens - cached;
	}

	async #patiently<Value>(work: () => Promise<Value>): Promise<Value> {
		for (;;) {
			try {
				const value = await untilAborted(work(), this.#signal);
				this.#failures = 0;
				return value;
			} catch (error) {
				this.#signal?.throwIfAborted();
				const { says, wait } = this.afterFailure(error, false);
				this.#says.push(says);
				await wait();
				this.#signal?.throwIfAborted();
			}
		}
	}

	async #sleep(ms: number, interrupt?: AbortSignal): Promise<void> {
		if (this.#wait) return this.#wait(ms, this.#signal);
		const signals = [this.#signal, interrupt].filter((one) => one !== undefined);
		if (signals.some(({ aborted }) => aborted)) return;
		await new Promise<void>((resolve) => {
			const done = (): void => {
				clearTimeout(timer);
				for (const signal of signals) signal.removeEventListener("abort", done);
				resolve();
			};
			const timer = setTimeout(done, ms);
			for (const signal of signals) signal.addEventListener("abort", done, { once: true });
		});
	}
}
