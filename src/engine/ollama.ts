/**
 * Ollama with `raw: true`: no template of its own, the prompt is the header and the spans as text (it has no token ids).
 * Stop strings are looked for here: it is on this machine or near, ends when its socket is closed, and does not say
 * whether a stop string or the model's end ended a request.
 */
import type { Prefix } from "../trace/span.ts";
import type { Chunk, Engine, EngineInfo, GenerateEnd, Message, SampleOptions } from "./engine.ts";
import { Flow, type Rest } from "./flow.ts";
import { refusal } from "./refusal.ts";
import type { Server } from "./server.ts";
import { eventObject, lines } from "./stream.ts";
import { eosOf, headerText, type TemplateSource } from "./template-source.ts";
import { type Answer, ask, askJson, cut, textOf } from "./transport.ts";

/** Memory for the context is taken when the model loads; Ollama's own default is too short for a long thought. */
const CONTEXT_TOKENS = 16_384;

export type OllamaOptions = {
	readonly id: string;
	readonly server: Server;
	readonly model: string;
	readonly contextTokens?: number;
	/** Chosen by the user; else that of the model, else the built-in one. */
	readonly template?: TemplateSource;
	readonly fallback: TemplateSource;
};

type Event = {
	readonly response?: string;
	readonly done?: boolean;
	readonly done_reason?: string;
	readonly prompt_eval_count?: number;
	readonly eval_count?: number;
};

export class OllamaEngine implements Engine {
	readonly info: EngineInfo;
	readonly headerSource: string;
	readonly #server: Server;
	readonly #template: TemplateSource;

	static async open(options: OllamaOptions): Promise<OllamaEngine> {
		const version = (await askJson(options.server, "/api/version")) as { version?: string };
		const shown = (await askJson(options.server, "/api/show", { json: { model: options.model } })) as {
			model_info?: Readonly<Record<string, unknown>>;
		};
		const info = shown.model_info ?? {};
		const trained = Object.entries(info).find(([key]) => key.endsWith(".context_length"))?.[1];
		const most = typeof trained === "number" ? trained : CONTEXT_TOKENS;
		const contextTokens = Math.min(most, options.contextTokens ?? CONTEXT_TOKENS);
		return new OllamaEngine(options, options.template ?? modelTemplate(info) ?? options.fallback, {
			id: options.id,
			model: options.model,
			server: `Ollama ${version.version ?? "of unknown version"}`,
			caps: {
				ids: "none",
				exact: true,
				stop: "reason",
				cancel: "socket",
				scan: false,
				logprobs: 0,
				contextTokens,
			},
		});
	}

	private constructor(options: OllamaOptions, template: TemplateSource, info: EngineInfo) {
		this.#server = options.server;
		this.#template = template;
		this.info = info;
		this.headerSource = template.says;
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		return { text: await headerText(this.#template, messages, true) };
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		let usage: GenerateEnd["usage"] = { promptTokens: 0, completionTokens: 0 };
		if (signal?.aborted) return { reason: "abort", usage };
		if (options.maxTokens <= 0) return { reason: "length", usage };
		const path = "/api/generate";
		const where = this.#server.baseUrl + path;
		const flow = new Flow(options.stop ?? []);
		let answer: Answer | undefined;
		let counted = 0;
		try {
			answer = await ask(this.#server, path, { json: this.#body(prefix, options), signal });
			if (answer.status >= 400)
				throw refusal(this.#server, path, answer.status, answer.headers, await textOf(answer));
			for await (const line of lines(answer.body, where)) {
				if (line.trim() === "") continue;
				const data = eventObject(this.#server, where, line) as Event;
				const text = data.response ?? "";
				if (text !== "") counted += 1;
				usage = {
					promptTokens: data.prompt_eval_count ?? usage.promptTokens,
					completionTokens: data.eval_count ?? counted,
				};
				const got = text === "" ? undefined : flow.push({ text, clean: true });
				if (got !== undefined) {
					yield* restOf(flow.cut(got.at));
					return { reason: "stop", matched: got.stop, usage };
				}
				for (const chunk of flow.take()) yield chunk;
				if (data.done !== true) continue;
				if (data.done_reason !== "stop" && data.done_reason !== "length")
					throw cut(where, `it ended with "${data.done_reason ?? "no reason"}"`);
				yield* restOf(flow.finish());
				if (data.done_reason === "length") return { reason: "length", usage };
				return { reason: "eos", usage, ...eosOf(this.#template) };
			}
			throw cut(where, "it ended without a reason");
		} catch (error) {
			yield* restOf(flow.finish());
			if (signal?.aborted) return { reason: "abort", usage };
			throw error;
		} finally {
			answer?.close();
		}
	}

	async close(): Promise<void> {}

	#body(prefix: Prefix, options: SampleOptions): Record<string, unknown> {
		return {
			model: this.info.model,
			prompt: prefix.text,
			raw: true,
			think: false,
			stream: true,
			options: {
				num_ctx: this.info.caps.contextTokens,
				num_predict: options.maxTokens,
				temperature: options.temperature,
				top_k: options.topK ?? 0,
				top_p: options.topP ?? 1,
				min_p: options.minP ?? 0,
				repeat_penalty: 1,
				presence_penalty: 0,
				frequency_penalty: 0,
				...(options.seed === undefined ? {} : { seed: options.seed >>> 0 }),
			},
		};
	}
}

function* restOf(rest: Rest): Generator<Chunk, void, void> {
	yield* rest.chunks;
	if (rest.tail !== "") yield { text: rest.tail };
}

/** The Jinja template that the model's file may carry. Ollama's own template is in Go's language and not used. */
function modelTemplate(info: Readonly<Record<string, unknown>>): TemplateSource | undefined {
	const template = info["tokenizer.chat_template"];
	if (typeof template !== "string" || template === "") return undefined;
	return {
		template,
		bos: "",
		eos: "",
		says: "the template of the model's file, as Ollama shows it",
		known: true,
	};
}
