/**
 * One KV cache and what it holds. `run` continues a prefix token by token: the cache is cut back to the longest common
 * beginning, the rest of the prefix is put through in slices that an abort can part, and a token is put through only when
 * the one after it is wanted. So the last sampled token is never in the cache, and ending at it throws nothing away.
 *
 * Invariant: `#held` is what the cache holds, token for token.
 */
import type { LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import type { Chunk, GenerateEnd, SampleOptions, TokenAlternative } from "../engine.ts";
import { Flow, type Rest } from "../flow.ts";
import { Characters, lensOf } from "./characters.ts";
import { type Candidate, draw, mix, randomAt } from "./draw.ts";
import { commonTokens, type EngineStats, SMALL_VOCABULARY } from "./protocol.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** How many of the most likely tokens are looked at where the request itself does not say (top-k). */
const CANDIDATES = 256;

/** Tells whether a text completes an event that the request wants to end at. */
export type Watch = (text: string) => boolean;

export type Request = {
	readonly ids: readonly number[];
	readonly options: SampleOptions;
	readonly watch: Watch | undefined;
	readonly aborted: () => boolean;
	readonly emit: (chunk: Chunk) => void;
};

export type Counters = { -readonly [K in keyof EngineStats]: number };

export class Slot {
	readonly #sequence: LlamaContextSequence;
	readonly #model: LlamaModel;
	readonly #vocabulary: Vocabulary;
	readonly #counters: Counters;
	readonly #sliceTokens: number;
	#held: number[] = [];
	/** How long the prefix of the latest request was: what stands behind it in the cache was sampled for that request. */
	#prefixLength = 0;

	constructor(
		sequence: LlamaContextSequence,
		model: LlamaModel,
		vocabulary: Vocabulary,
		counters: Counters,
		sliceTokens: number,
	) {
		this.#sequence = sequence;
		this.#model = model;
		this.#vocabulary = vocabulary;
		this.#counters = counters;
		this.#sliceTokens = sliceTokens;
	}

	/** How many tokens of a prefix are in the cache. */
	common(ids: readonly number[]): number {
		return commonTokens(ids, this.#held);
	}

	get heldTokens(): number {
		return this.#held.length;
	}

	/** Most tokens the cache takes before llama.cpp would shift the beginning out. */
	get capacity(): number {
		return this.#sequence.contextSize - 1;
	}

	async run(request: Request): Promise<GenerateEnd> {
		const { ids, options } = request;
		const cached = await this.#cutBack(ids);
		const usage = (completionTokens: number) => ({
			promptTokens: ids.length,
			cachedTokens: cached,
			completionTokens,
		});
		// All but the last token in slices that end at the same places whatever was cached, the last one alone, as it would
		// be while sampling: the same shapes of the same sums, so that going on rounds as never having stopped.
		const last = ids.length - 1;
		for (let at = cached; at < last; ) {
			if (request.aborted()) return { reason: "abort", usage: usage(0) };
			const part = ids.slice(at, Math.min(last, at - (at % this.#sliceTokens) + this.#sliceTokens));
			await this.#sequence.evaluateWithoutGeneratingNewTokens(part as Token[]);
			this.#entered(part);
			at += part.length;
		}
		if (request.aborted() || options.maxTokens <= 0)
			return { reason: request.aborted() ? "abort" : "length", usage: usage(0) };

		const flow = new Flow(options.stop ?? []);
		const characters = new Characters();
		const hand = (chunks: readonly Chunk[]): void => {
			for (const chunk of chunks) request.emit(chunk);
		};
		const end = (rest: Rest, reason: GenerateEnd["reason"], matched?: string): GenerateEnd => {
			hand(rest.chunks);
			if (rest.tail !== "") request.emit(this.#spelled(rest.tail));
			return { reason, ...(matched === undefined ? {} : { matched }), usage: usage(sampled) };
		};
		const sampling = new Sampling(options, this.#vocabulary);
		const stream = this.#sequence.evaluateWithMetadata(
			[ids[last] as Token],
			{ probabilities: sampling.wantsCandidates },
			{ ...sampling.native(ids.length), yieldEogToken: true },
		);
		let sampled = 0;
		let overtime = 0;
		let wanted = false;
		try {
			let next = await stream.next();
			this.#entered([ids[last]!]);
			while (!next.done) {
				const { id, top } = sampling.choose(next.value, ids.length + sampled);
				sampled += 1;
				if (this.#model.isEogToken(id as Token))
					return { ...end(flow.finish(), "eos"), eosText: this.#vocabulary.text([id]) };
				const text = characters.push(this.#vocabulary.piece(id));
				const unit = { text, ids: [id], lens: [text.length], clean: characters.clean };
				const got = flow.push(top === undefined ? unit : { ...unit, top: [top] });
				if (got !== undefined) return end(flow.cut(got.at), "stop", got.stop);
				hand(flow.take());
				if (request.watch !== undefined && text !== "") wanted = request.watch(text) || wanted;
				// An event inside a text that may become a stop string waits for that to be decided.
				if (wanted && !flow.holds) return end(flow.finish(), "scan");
				if (request.aborted()) return end(flow.finish(), "abort");
				// A request for one token still gets one whole character, or going on would never end.
				if (sampled >= options.maxTokens && !(flow.nothingWhole && overtime++ < 3))
					return end(flow.finish(), "length");
				if (this.#held.length >= this.capacity) return end(flow.finish(), "length");
				next = await stream.next(id as Token);
				this.#entered([id]);
			}
			throw new Error("llama.cpp gave no further token");
		} finally {
			await stream.return();
		}
	}

	/** A piece of text cut out of a token, with the ids that spell it. */
	#spelled(text: string): Chunk {
		const ids = this.#vocabulary.exact(text);
		return ids === undefined ? { text } : { text, ids, lens: lensOf(ids.map(this.#vocabulary.piece)) };
	}

	#entered(ids: readonly number[]): void {
		for (const id of ids) this.#held.push(id);
		this.#counters.evaluated += ids.length;
	}

	/** Leaves in the cache what the prefix begins with, less the last token of the prefix: its logits must be computed. */
	async #cutBack(ids: readonly number[]): Promise<number> {
		const common = this.common(ids);
		const keep = Math.min(common, ids.length - 1);
		const lost = this.#held.length - common;
		if (lost > 0)
			this.#counters[
				common >= this.#prefixLength && ids.length > this.#prefixLength ? "discarded" : "evicted"
			] += lost;
		if (this.#sequence.nextTokenIndex !== this.#held.length) {
			// A request ended inside llama.cpp's own error: nothing is known of the cache any more.
			await this.#sequence.clearHistory();
			this.#held = [];
			this.#prefixLength = ids.length;
			return 0;
		}
		if (keep < this.#held.length)
			await this.#sequence.eraseContextTokenRanges([{ start: keep, end: this.#held.length }]);
		this.#held.length = keep;
		this.#prefixLength = ids.length;
		this.#counters.reused += keep;
		return keep;
	}
}

/** How the tokens of one request are drawn: by llama.cpp itself where that is enough, else here from its candidates. */
class Sampling {
	readonly wantsCandidates: boolean;
	readonly #options: SampleOptions;
	readonly #vocabulary: Vocabulary;
	readonly #seed: number;
	readonly #alternatives: number;
	readonly #looked: number;

	constructor(options: SampleOptions, vocabulary: Vocabulary) {
		this.#options = options;
		this.#vocabulary = vocabulary;
		this.#seed = (options.seed ?? Math.floor(Math.random() * 0x100000000)) >>> 0;
		this.#alternatives = options.topLogprobs ?? 0;
		const whole = (options.topP ?? 1) >= 1 && !options.minP && !options.topK;
		const nativeIsEnough = options.temperature <= 0 || (whole && vocabulary.size > SMALL_VOCABULARY);
		this.wantsCandidates = !nativeIsEnough || this.#alternatives > 0;
		this.#looked =
			options.temperature > 0 && whole && vocabulary.size <= SMALL_VOCABULARY
				? vocabulary.size
				: Math.max(options.topK || CANDIDATES, this.#alternatives);
	}

	native(position: number): { temperature: number; topK: number; topP: number; minP: number; seed: number } {
		const { temperature } = this.#options;
		const seed = mix(this.#seed ^ position);
		if (this.wantsCandidates) return { temperature: 1, topK: this.#looked, topP: 1, minP: 0, seed };
		return { temperature: Math.max(0, temperature), topK: 0, topP: 1, minP: 0, seed };
	}

	choose(
		got: { readonly token: Token; readonly probabilities?: Map<Token, number> },
		position: number,
	): { readonly id: number; readonly top?: readonly TokenAlternative[] } {
		if (got.probabilities === undefined) return { id: got.token };
		const candidates: Candidate[] = [];
		for (const [id, probability] of got.probabilities) candidates.push({ id, probability });
		const chosen = draw(candidates, this.#options, randomAt(this.#seed, position));
		if (this.#alternatives === 0) return { id: chosen.id };
		const shown = candidates.slice(0, this.#alternatives);
		if (!shown.includes(chosen)) shown.push(chosen);
		return {
			id: chosen.id,
			top: shown.map(({ id, probability }) => ({
				id,
				text: this.#vocabulary.text([id]),
				logprob: Math.log(probability),
			})),
		};
	}
}
