/**
 * llama.cpp's own server through its native route `/completion`: token ids both ways, exact.
 *
 * Measured defects of the server (serving reference section 3) and what is done about them
 * - Text held back as the beginning of a stop string is lost when the request ends by length, ids of what is held back are
 *   lost, and a stop inside a token leaves text and ids apart: stop strings are looked for here, the server gets none. It
 *   stops within milliseconds of its socket being closed.
 * - Ids of tokens that end inside a character are left out of the stream: `tokens_predicted` tells, and the ids of that
 *   piece are made anew from its text.
 * - With the header X-Conversation-Id a closed socket does not end the sampling: it is never sent.
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
	type TokenAlternative,
} from "./engine.ts";
import { Flow, type Rest, type Unit } from "./flow.ts";
import { refusal } from "./refusal.ts";
import type { Server } from "./server.ts";
import { eventObject, events } from "./stream.ts";
import { type Answer, ask, askJson, cut, textOf } from "./transport.ts";

type Props = {
	readonly chat_template?: string;
	readonly model_path?: string;
	readonly model_alias?: string;
	readonly build_info?: string;
	readonly eos_token?: string;
	readonly default_generation_settings?: { readonly n_ctx?: number };
};

const LOGPROBS = 20;

export class LlamaServerEngine implements Engine {
	readonly info: EngineInfo;
	/** The template as the server names it, for the conformance test to compare. */
	readonly chatTemplate: string | undefined;
	readonly #server: Server;
	/** What ends a turn of this model, as its vocabulary writes it. */
	readonly #eosText: string | undefined;

	static async open(id: string, server: Server): Promise<LlamaServerEngine> {
		const props = (await askJson(server, "/props")) as Props;
		const contextTokens = props.default_generation_settings?.n_ctx;
		if (typeof contextTokens !== "number")
			throw new EngineError(
				"protocol",
				`${server.baseUrl} answers, but not as llama-server does (no n_ctx in /props). For another kind of server write its name, for example vllm:${server.baseUrl}#MODEL.`,
			);
		return new LlamaServerEngine(id, server, props, contextTokens);
	}

	private constructor(id: string, server: Server, props: Props, contextTokens: number) {
		this.#server = server;
		this.#eosText = props.eos_token;
		this.chatTemplate = props.chat_template === "" ? undefined : props.chat_template;
		this.info = {
			id,
			model: props.model_alias || (props.model_path?.split("/").at(-1) ?? "unknown"),
			server: `llama-server ${props.build_info ?? "of unknown version"}`,
			caps: {
				ids: "in+out",
				exact: true,
				stop: "reason",
				cancel: "socket",
				scan: false,
				logprobs: LOGPROBS,
				contextTokens,
			},
		};
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		const data = (await askJson(this.#server, "/apply-template", { json: { messages } })) as {
			prompt?: unknown;
		};
		if (typeof data.prompt !== "string") throw this.#odd("/apply-template");
		return { text: data.prompt, ids: await this.#ids(data.prompt, true, true) };
	}

	tokenize(text: string, special = false): Promise<number[]> {
		return this.#ids(text, false, special);
	}

	async detokenize(ids: readonly number[]): Promise<string> {
		const data = (await askJson(this.#server, "/detokenize", { json: { tokens: ids } })) as {
			content?: unknown;
		};
		if (typeof data.content !== "string") throw this.#odd("/detokenize");
		return data.content;
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const ids = prefix.ids ?? (await this.#ids(prefix.text, true, true));
		let usage: GenerateEnd["usage"] = { promptTokens: ids.length, completionTokens: 0 };
		if (signal?.aborted) return { reason: "abort", usage };
		if (ids.length > this.info.caps.contextTokens)
			throw new EngineError(
				"context",
				`The trace has ${ids.length} tokens, the context of ${this.#server.baseUrl} holds ${this.info.caps.contextTokens}. Start llama-server with a larger -c, or end the trace here.`,
			);
		const room = this.info.caps.contextTokens - ids.length;
		if (options.maxTokens <= 0 || room === 0) return { reason: "length", usage };
		const path = "/completion";
		const where = this.#server.baseUrl + path;
		const flow = new Flow(options.stop ?? []);
		let answer: Answer | undefined;
		try {
			answer = await ask(this.#server, path, {
				json: body(ids, options, Math.min(options.maxTokens, room)),
				signal,
			});
			if (answer.status >= 400)
				throw refusal(this.#server, path, answer.status, answer.headers, await textOf(answer));
			let counted = 0;
			for await (const event of events(answer.body, where)) {
				const data = eventObject(this.#server, where, event) as Event;
				const predicted = data.tokens_predicted ?? counted;
				const expected = predicted - counted;
				counted = predicted;
				const cached = data.timings?.cache_n ?? data.prompt_progress?.cache ?? usage.cachedTokens;
				usage = {
					promptTokens: ids.length,
					...(cached === undefined ? {} : { cachedTokens: cached }),
					completionTokens: counted,
				};
				const ended = data.stop === true;
				const eos = ended && data.stop_type === "eos";
				const unit = await this.#unit(data, eos ? undefined : expected);
				if (unit.text !== "" || (unit.ids?.length ?? 0) > 0) {
					const got = flow.push(unit);
					if (got !== undefined) {
						yield* this.#rest(flow.cut(got.at));
						return { reason: "stop", matched: got.stop, usage };
					}
					for (const chunk of flow.take()) yield chunk;
				}
				if (signal?.aborted) break;
				if (!ended) continue;
				yield* this.#rest(flow.finish());
				if (!eos) return { reason: "length", usage };
				return { reason: "eos", usage, ...(this.#eosText ? { eosText: this.#eosText } : {}) };
			}
			if (!signal?.aborted) throw cut(where, "it ended without a reason");
		} catch (error) {
			if (!signal?.aborted) {
				// What was held back as the possible beginning of a stop string was sampled: it is not lost by the break.
				yield* this.#rest(flow.finish());
				throw error;
			}
		} finally {
			answer?.close();
		}
		yield* this.#rest(flow.finish());
		return { reason: "abort", usage };
	}

	async close(): Promise<void> {}

	/** One event as a unit. `expected`: how many ids it should have; the server leaves out those that end inside a character. */
	async #unit(data: Event, expected: number | undefined): Promise<Unit> {
		const text = data.content ?? "";
		let ids: readonly number[] = data.tokens ?? [];
		// The end of a stream repeats nothing; of an "eos" the id belongs to no text.
		if (text === "") return { text: "", ids: [], lens: [], clean: true };
		if (expected !== undefined && ids.length !== expected) ids = await this.#ids(text, false, true);
		const lens = ids.length === 1 ? { lens: [text.length] } : {};
		const top = alternatives(data);
		return {
			text,
			ids,
			...lens,
			clean: true,
			...(top === undefined || top.length !== ids.length ? {} : { top }),
		};
	}

	async *#rest(rest: Rest): AsyncGenerator<Chunk, void, void> {
		yield* rest.chunks;
		if (rest.tail !== "") {
			const ids = await this.tokenize(rest.tail);
			yield ids.length === 1 ? { text: rest.tail, ids, lens: [rest.tail.length] } : { text: rest.tail, ids };
		}
	}

	async #ids(content: string, addSpecial: boolean, parseSpecial: boolean): Promise<number[]> {
		const data = (await askJson(this.#server, "/tokenize", {
			json: { content, add_special: addSpecial, parse_special: parseSpecial },
		})) as { tokens?: unknown };
		if (!Array.isArray(data.tokens)) throw this.#odd("/tokenize");
		return data.tokens as number[];
	}

	#odd(path: string): EngineError {
		return new EngineError(
			"protocol",
			`${this.#server.baseUrl}${path} answered in a form this version of nudge does not know.`,
		);
	}
}

type Event = {
	readonly content?: string;
	readonly tokens?: readonly number[];
	readonly tokens_predicted?: number;
	readonly stop?: boolean;
	readonly stop_type?: "none" | "eos" | "limit" | "word";
	readonly timings?: { readonly cache_n?: number };
	readonly prompt_progress?: { readonly cache?: number };
	readonly completion_probabilities?: readonly {
		readonly top_logprobs?: readonly {
			readonly id: number;
			readonly token: string;
			readonly logprob: number;
		}[];
	}[];
};

function alternatives(data: Event): readonly (readonly TokenAlternative[])[] | undefined {
	return data.completion_probabilities?.map((token) =>
		(token.top_logprobs ?? []).map(({ id, token: text, logprob }) => ({ id, text, logprob })),
	);
}

/** Everything that the server's own defaults would otherwise decide is said. */
function body(ids: readonly number[], options: SampleOptions, maxTokens: number): Record<string, unknown> {
	return {
		prompt: ids,
		n_predict: maxTokens,
		stream: true,
		return_tokens: true,
		return_progress: true,
		cache_prompt: true,
		temperature: options.temperature,
		top_k: options.topK ?? 0,
		top_p: options.topP ?? 1,
		min_p: options.minP ?? 0,
		repeat_penalty: 1,
		presence_penalty: 0,
		frequency_penalty: 0,
		samplers: ["top_k", "top_p", "min_p", "temperature"],
		...(options.seed === undefined ? {} : { seed: options.seed >>> 0 }),
		...(options.topLogprobs ? { n_probs: Math.min(options.topLogprobs, LOGPROBS) } : {}),
	};
}
