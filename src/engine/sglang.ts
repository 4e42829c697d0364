/**
 * SGLang through its native route `/generate`: token ids both ways. Its raw OpenAI route has no switch against a second
 * BOS, so prompts go as ids. A closed socket goes unnoticed for about two seconds (or for ever, in some versions): the
 * request is named and aborted by name before the socket is closed (serving reference section 2.3).
 */
import { randomUUID } from "node:crypto";
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
import { eosOf, headerText, type TemplateSource } from "./template-source.ts";
import { type Answer, ask, askJson, cut, textOf } from "./transport.ts";

const LOGPROBS = 20;
const CONTEXT_TOKENS = 32_768;

export type SglangOptions = {
	readonly id: string;
	readonly server: Server;
	readonly model?: string;
	readonly contextTokens?: number;
	readonly template: TemplateSource;
};

type Finish = {
	readonly type?: string;
	readonly matched?: string | number | null;
	readonly message?: string;
};

type Event = {
	readonly text?: string;
	readonly output_ids?: readonly number[];
	readonly meta_info?: {
		readonly finish_reason?: Finish | null;
		readonly completion_tokens?: number;
		readonly cached_tokens?: number;
		readonly output_top_logprobs?: readonly (readonly (readonly [number, number, string | null])[] | null)[];
	};
};

export class SglangEngine implements Engine {
	readonly info: EngineInfo;
	readonly headerSource: string;
	readonly #server: Server;
	readonly #template: TemplateSource;

	static async open(options: SglangOptions): Promise<SglangEngine> {
		const server = { ...options.server, baseUrl: options.server.baseUrl.replace(/\/v1$/, "") };
		const info = (await askJson(server, "/get_model_info")) as { model_path?: string };
		const about = (await firstOf(server, ["/server_info", "/get_server_info"])) as {
			version?: string;
			context_length?: number | null;
			max_total_num_tokens?: number;
			max_req_input_len?: number;
		};
		return new SglangEngine(
			{ ...options, server },
			{
				id: options.id,
				model: options.model ?? info.model_path ?? "unknown",
				server: about.version === undefined ? "SGLang" : `SGLang ${about.version}`,
				caps: {
					ids: "in+out",
					exact: true,
					stop: "reason",
					cancel: "request-id",
					scan: false,
					logprobs: LOGPROBS,
					contextTokens:
						options.contextTokens ?? about.context_length ?? about.max_req_input_len ?? CONTEXT_TOKENS,
				},
			},
		);
	}

	private constructor(options: SglangOptions, info: EngineInfo) {
		this.#server = options.server;
		this.#template = options.template;
		this.info = info;
		this.headerSource = options.template.says;
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		// The template's own BOS stays in the text and is tokenised as such; none is added.
		const text = await headerText(this.#template, messages, false);
		return { text, ids: await this.tokenize(text) };
	}

	async tokenize(text: string): Promise<number[]> {
		const data = (await askJson(this.#server, "/tokenize", {
			json: { model: this.info.model, prompt: text, add_special_tokens: false },
		})) as { tokens?: unknown };
		if (!Array.isArray(data.tokens)) throw this.#odd("/tokenize");
		return data.tokens as number[];
	}

	async detokenize(ids: readonly number[]): Promise<string> {
		const data = (await askJson(this.#server, "/detokenize", {
			json: { model: this.info.model, tokens: ids, skip_special_tokens: false },
		})) as { text?: unknown; prompt?: unknown };
		const text = data.text ?? data.prompt;
		if (typeof text !== "string") throw this.#odd("/detokenize");
		return text;
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const ids = prefix.ids ?? (await this.tokenize(prefix.text));
		let usage: GenerateEnd["usage"] = { promptTokens: ids.length, completionTokens: 0 };
		if (signal?.aborted) return { reason: "abort", usage };
		const room = this.info.caps.contextTokens - ids.length;
		if (room < 0)
			throw new EngineError(
				"context",
				`The trace has ${ids.length} tokens, ${this.info.model} on ${this.#server.baseUrl} holds ${this.info.caps.contextTokens}.`,
			);
		const maxTokens = Math.min(options.maxTokens, room);
		if (maxTokens <= 0) return { reason: "length", usage };
		const path = "/generate";
		const where = this.#server.baseUrl + path;
		const rid = randomUUID();
		const flow = new Flow(options.stop ?? []);
		let answer: Answer | undefined;
		let over = false;
		try {
			answer = await ask(this.#server, path, { json: body(ids, options, maxTokens, rid), signal });
			if (answer.status >= 400) {
				over = true;
				throw refusal(this.#server, path, answer.status, answer.headers, await textOf(answer));
			}
			let seen = { text: "", ids: 0 };
			for await (const event of events(answer.body, where)) {
				const data = eventObject(this.#server, where, event) as Event;
				const { meta_info: meta } = data;
				const unit = unitOf(data, seen);
				seen = { text: seen.text + unit.text, ids: seen.ids + (unit.ids?.length ?? 0) };
				const cached = meta?.cached_tokens ?? usage.cachedTokens;
				usage = {
					promptTokens: ids.length,
					...(cached === undefined ? {} : { cachedTokens: cached }),
					completionTokens: meta?.completion_tokens ?? seen.ids,
				};
				const finish = meta?.finish_reason ?? undefined;
				over = finish !== undefined;
				const got = unit.text === "" && unit.ids === undefined ? undefined : flow.push(unit);
				if (got !== undefined) {
					yield* this.#rest(flow.cut(got.at));
					return { reason: "stop", matched: got.stop, usage };
				}
				for (const chunk of flow.take()) yield chunk;
				if (finish === undefined) continue;
				const end = endOf(finish, options.stop ?? []);
				if (end === undefined)
					throw cut(
						where,
						`the server ended it with "${finish.type}"${finish.message ? `: ${finish.message}` : ""}`,
					);
				yield* this.#rest(flow.finish());
				return { ...end, usage, ...(end.reason === "eos" ? eosOf(this.#template) : {}) };
			}
			throw cut(where, "it ended without a finish reason");
		} catch (error) {
			yield* this.#rest(flow.finish());
			if (signal?.aborted) return { reason: "abort", usage };
			throw error;
		} finally {
			// By name first: a closed socket alone leaves the server sampling.
			if (!over) await this.#abort(rid);
			answer?.close();
		}
	}

	async close(): Promise<void> {}

	async #abort(rid: string): Promise<void> {
		const answer = await ask(this.#server, "/abort_request", { json: { rid }, idleTimeoutMs: 2000 }).catch(
			// The server is gone or refuses: closing the socket is all that is left.
			() => undefined,
		);
		answer?.close();
	}

	async *#rest(rest: Rest): AsyncGenerator<Chunk, void, void> {
		yield* rest.chunks;
		if (rest.tail === "") return;
		const ids = await this.tokenize(rest.tail);
		yield { text: rest.tail, ids, ...(ids.length === 1 ? { lens: [rest.tail.length] } : {}) };
	}

	#odd(path: string): EngineError {
		return new EngineError(
			"protocol",
			`${this.#server.baseUrl}${path} answered in a form this version of nudge does not know.`,
		);
	}
}

/** Text and ids of an event are all so far, or only what is new where the server streams that way; the count of tokens tells which. */
function unitOf(data: Event, seen: { readonly text: string; readonly ids: number }): Unit {
	const all = data.output_ids;
	const text = data.text ?? "";
	const total = data.meta_info?.completion_tokens;
	const cumulative =
		all === undefined || total === undefined ? text.startsWith(seen.text) : all.length === total;
	const newText = cumulative ? text.slice(seen.text.length) : text;
	if (all === undefined) return { text: newText, clean: true };
	const ids = cumulative ? all.slice(seen.ids) : all;
	if (ids.length === 0) return { text: newText, clean: true, ...(newText === "" ? {} : { ids }) };
	const top = data.meta_info?.output_top_logprobs?.slice(-ids.length).map(alternatives);
	return {
		text: newText,
		ids,
		...(ids.length === 1 ? { lens: [newText.length] } : {}),
		clean: newText !== "",
		...(top?.length === ids.length ? { top } : {}),
	};
}

function alternatives(
	token: readonly (readonly [number, number, string | null])[] | null,
): TokenAlternative[] {
	return (token ?? []).map(([logprob, id, text]) => ({ id, text: text ?? "", logprob }));
}

function endOf(
	finish: Finish,
	stops: readonly string[],
): { readonly reason: GenerateEnd["reason"]; readonly matched?: string } | undefined {
	if (finish.type === "length") return { reason: "length" };
	if (finish.type !== "stop") return undefined;
	return typeof finish.matched === "string" && stops.includes(finish.matched)
		? { reason: "stop", matched: finish.matched }
		: { reason: "eos" };
}

function body(
	ids: readonly number[],
	options: SampleOptions,
	maxTokens: number,
	rid: string,
): Record<string, unknown> {
	const stops = options.stop ?? [];
	return {
		rid,
		input_ids: ids,
		stream: true,
		sampling_params: {
			max_new_tokens: maxTokens,
			temperature: options.temperature,
			top_p: options.topP ?? 1,
			top_k: options.topK || -1,
			min_p: options.minP ?? 0,
			skip_special_tokens: false,
			spaces_between_special_tokens: false,
			...(stops.length === 0 ? {} : { stop: stops, no_stop_trim: true }),
			...(options.seed === undefined ? {} : { sampling_seed: options.seed >>> 0 }),
		},
		...(options.topLogprobs
			? {
					return_logprob: true,
					top_logprobs_num: Math.min(options.topLogprobs, LOGPROBS),
					return_text_in_logprobs: true,
				}
			: {}),
	};
}

async function firstOf(server: Server, paths: readonly string[]): Promise<unknown> {
	for (const path of paths) {
		const data = await askJson(server, path).catch((error: unknown) => {
			if (error instanceof EngineError && error.kind === "missing") return undefined;
			throw error;
		});
		if (data !== undefined) return data;
	}
	return {};
}
