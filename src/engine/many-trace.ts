/**
 * One trace on one of several engines. It is an engine itself, so that whoever continues the trace needs to know nothing
 * of the others: where its engine fails, the error says so as ever, and the next request goes to another with the same
 * exact prefix. It never asks two at once, and hands over what it is handed and nothing else.
 */
import type { Prefix } from "../trace/span.ts";
import {
	type Chunk,
	type Engine,
	EngineError,
	type EngineInfo,
	type GenerateEnd,
	type Message,
	type SampleOptions,
} from "./engine.ts";
import type { ManyEngines } from "./many.ts";
import type { Member } from "./many-member.ts";

export class TraceEngine implements Engine {
	readonly info: EngineInfo;
	readonly tokenize?: NonNullable<Engine["tokenize"]>;
	readonly detokenize?: NonNullable<Engine["detokenize"]>;
	/** Which one it was on last, by its place among all. */
	at = -1;
	/** The last request was refused because there is too much to do. */
	busy = false;
	readonly #many: ManyEngines;
	readonly #key: string;
	#member: Member | undefined;
	#left = false;
	readonly #uncounted: boolean;

	/** `uncounted`: it takes nobody's place and waits for none. */
	constructor(many: ManyEngines, key: string, uncounted = false) {
		this.#many = many;
		this.#key = key;
		this.#uncounted = uncounted;
		this.info = many.info;
		if (this.info.caps.ids !== "none") {
			this.tokenize = (text, special) => this.#asked((engine) => engine.tokenize!(text, special));
			this.detokenize = (ids) => this.#asked((engine) => engine.detokenize!(ids));
		}
	}

	/** Takes its place at once, where there is one: whoever begins many traces sees what room is left. */
	enter(): this {
		const member = this.#many.choose(this.#key, this.#uncounted);
		if (member) this.#goTo(member);
		return this;
	}

	/** Gives its place away; what still waits for one waits no more. */
	leave(): void {
		this.#left = true;
		this.#goTo(undefined);
	}

	renderHeader(messages: readonly Message[]): Promise<Prefix> {
		return this.#asked((engine) => engine.renderHeader(messages));
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const member = await this.#place(signal);
		if (!member)
			return { reason: "abort", usage: { promptTokens: prefix.ids?.length ?? 0, completionTokens: 0 } };
		const stream = member.engine.generate(prefix, options, signal);
		let streaming = false;
		let over = false;
		try {
			for (;;) {
				const next = await stream.next();
				if (!streaming) {
					streaming = true;
					member.streaming++;
					this.busy = false;
				}
				if (next.done) {
					over = true;
					return next.value;
				}
				member.sampled(next.value.ids?.length ?? 1);
				yield next.value;
			}
		} catch (error) {
			over = true;
			// Its own stream is over: what is asked is whether others still flow.
			if (streaming) member.streaming--;
			streaming = false;
			throw this.#failed(member, error);
		} finally {
			if (streaming) member.streaming--;
			if (!over) await stream.return(undefined as never);
		}
	}

	async close(): Promise<void> {
		this.leave();
	}

	/** Asks for what samples nothing: where its engine fails, the next one is asked. */
	async #asked<Value>(work: (engine: Engine) => Promise<Value>): Promise<Value> {
		for (;;) {
			const member = await this.#place();
			if (!member) throw new EngineError("unreachable", "the trace is over");
			try {
				return await work(member.engine);
			} catch (error) {
				const told = this.#failed(member, error);
				if (member.well || this.#many.allOut) throw told;
			}
		}
	}

	/** Where it is, or goes now, or will go when there is room. Undefined: there is no trace any more. */
	async #place(signal?: AbortSignal): Promise<Member | undefined> {
		for (;;) {
			if (signal?.aborted || this.#left) return undefined;
			if (this.#member?.well) return this.#member;
			this.#goTo(undefined);
			this.enter();
			if (this.#member) continue;
			if (this.#many.allOut) await this.#many.lookAll();
			else await untilEither(this.#many.room(), signal);
		}
	}

	#failed(member: Member, error: unknown): unknown {
		this.busy = member.isBusy(error);
		const told = this.#many.failed(member, error);
		// One that has too much to do is left to the others; who waits for it gets its place when there is room.
		if (this.busy || !member.well) this.#goTo(undefined);
		return told;
	}

	#goTo(member: Member | undefined): void {
		if (this.#member === member) return;
		const left = this.#member;
		this.#member = member;
		if (member) this.at = this.#many.indexOf(member);
		if (this.#uncounted) return;
		if (member) member.traces++;
		if (!left) return;
		left.traces--;
		this.#many.wake();
	}
}

async function untilEither(one: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
	if (!signal) return one;
	const { promise, resolve } = Promise.withResolvers<void>();
	const done = (): void => resolve();
	signal.addEventListener("abort", done, { once: true });
	void one.then(done);
	await promise;
	signal.removeEventListener("abort", done);
}
