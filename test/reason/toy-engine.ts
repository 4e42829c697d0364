/**
 * A model whose every answer is known: what it writes is a function of what stands in the turn. It cuts its text into
 * tokens at seeded random places, hands them over in random chunks, honours stop strings and can drop the connection.
 * For properties of the loop only; real engines are tried in test/engine and test/e2e.
 */
import {
	type Chunk,
	type Engine,
	type EngineCaps,
	EngineError,
	type GenerateEnd,
	type SampleOptions,
} from "../../src/engine/engine.ts";
import type { Prefix } from "../../src/trace/span.ts";

/** What comes after `assistant` (all text of the turn so far), up to the end of the turn. */
export type Writes = (assistant: string) => string;

export const HEADER = "<user>problem<assistant><think>\n";

export function random(seed: number): () => number {
	let state = seed >>> 0 || 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state / 0x1_0000_0000;
	};
}

export class ToyEngine implements Engine {
	readonly info;
	readonly requests: { prefix: Prefix; options: SampleOptions }[] = [];
	readonly #writes: Writes;
	readonly #random: () => number;
	readonly #ids: boolean;
	readonly #drops: number;
	readonly #names = new Map<string, number>();
	readonly #texts: string[] = [];

	constructor(
		writes: Writes,
		options: {
			seed?: number;
			ids?: boolean /** Chance that a chunk is followed by a broken connection. */;
			drops?: number;
		} = {},
	) {
		this.#writes = writes;
		this.#random = random(options.seed ?? 1);
		this.#ids = options.ids ?? true;
		this.#drops = options.drops ?? 0;
		const caps: EngineCaps = {
			ids: this.#ids ? "in+out" : "none",
			exact: true,
			stop: "reason",
			cancel: "socket",
			scan: false,
			logprobs: 0,
			contextTokens: 1_000_000,
		};
		this.info = { id: "toy", model: "toy", server: "toy", caps };
	}

	async renderHeader(): Promise<Prefix> {
		return this.#ids ? { text: HEADER, ids: await this.tokenize(HEADER) } : { text: HEADER };
	}

	async tokenize(text: string): Promise<number[]> {
		return this.#split(text).map((token) => this.#id(token));
	}

	async detokenize(ids: readonly number[]): Promise<string> {
		return ids.map((id) => this.#texts[id] ?? "?").join("");
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		this.requests.push({ prefix, options });
		if (prefix.ids && (await this.detokenize(prefix.ids)) !== prefix.text)
			throw new EngineError("protocol", "ids and text of the prefix disagree");
		const whole = this.#writes(prefix.text.slice(HEADER.length));
		const stop = (options.stop ?? [])
			.map((text) => ({ text, at: whole.indexOf(text) }))
			.filter(({ at }) => at >= 0)
			.sort((a, b) => a.at - b.at)[0];
		const tokens = this.#split(stop ? whole.slice(0, stop.at) : whole);
		const usage = (completionTokens: number) => ({ promptTokens: prefix.ids?.length ?? 0, completionTokens });
		let sent = 0;
		for (let i = 0; i < tokens.length; ) {
			if (signal?.aborted) return { reason: "abort", usage: usage(sent) };
			const count = Math.min(1 + Math.floor(this.#random() * 3), options.maxTokens - sent, tokens.length - i);
			if (count <= 0) return { reason: "length", usage: usage(sent) };
			const some = tokens.slice(i, i + count);
			i += count;
			sent += count;
			await Promise.resolve();
			yield this.#ids
				? {
						text: some.join(""),
						ids: some.map((token) => this.#id(token)),
						lens: some.map((token) => token.length),
					}
				: { text: some.join("") };
			if (this.#random() < this.#drops) throw new EngineError("cut", "the connection broke");
		}
		if (stop) return { reason: "stop", matched: stop.text, usage: usage(sent + 1) };
		return { reason: "eos", eosText: "<eos>", usage: usage(sent + 1) };
	}

	async close(): Promise<void> {}

	#split(text: string): string[] {
		const tokens: string[] = [];
		for (let i = 0; i < text.length; ) {
			const length = 1 + Math.floor(this.#random() * 5);
			tokens.push(text.slice(i, i + length));
			i += length;
		}
		return tokens;
	}

	#id(token: string): number {
		const known = this.#names.get(token);
		if (known !== undefined) return known;
		this.#names.set(token, this.#texts.length);
		this.#texts.push(token);
		return this.#texts.length - 1;
	}
}
