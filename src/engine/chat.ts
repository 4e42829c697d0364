/**
 * Chat APIs that continue a partial assistant message: DeepSeek's beta prefix and OpenRouter. Not exact: the provider
 * renders the turn with its own template, and nobody outside knows what the model is continued from (serving reference
 * section 1). `caps.exact` is false and shown wherever it matters.
 *
 * There is no header as text. The prefix begins with one line of JSON that holds the messages, so that a trace that was
 * kept can be taken up by another process; everything behind that line is the assistant's turn.
 */
import type { Prefix } from "../trace/span.ts";
import { usageOf } from "./completions-wire.ts";
import {
	type Chunk,
	type Engine,
	EngineError,
	type EngineInfo,
	type GenerateEnd,
	type Message,
	type SampleOptions,
} from "./engine.ts";
import { Flow, type Rest } from "./flow.ts";
import { refusal } from "./refusal.ts";
import type { Server } from "./server.ts";
import { eventObject, events } from "./stream.ts";
import { type Answer, ask, cut, textOf } from "./transport.ts";

export type ChatDialect = {
	readonly name: string;
	/** Put into the last message. */
	readonly prefixField: Readonly<Record<string, unknown>>;
	readonly stops: number;
	readonly body: Readonly<Record<string, unknown>>;
};

export const CHAT_DIALECTS: Readonly<Record<"deepseek" | "openrouter", ChatDialect>> = {
	deepseek: {
		name: "DeepSeek",
		prefixField: { prefix: true },
		stops: 16,
		body: { stream_options: { include_usage: true } },
	},
	openrouter: { name: "OpenRouter", prefixField: {}, stops: 4, body: { usage: { include: true } } },
};

export type ChatOptions = {
	readonly id: string;
	readonly server: Server;
	readonly dialect: ChatDialect;
	readonly model: string;
	readonly contextTokens?: number;
	/** OpenRouter: who may answer. Another provider in mid-trace means other numbers and a cold cache. */
	readonly providers?: readonly string[];
};

const CONTEXT_TOKENS = 65_536;
const THINK_END = "</think>";

export class ChatEngine implements Engine {
	readonly info: EngineInfo;
	readonly headerSource: string;
	readonly #server: Server;
	readonly #dialect: ChatDialect;
	readonly #providers: readonly string[] | undefined;

	static async open(options: ChatOptions): Promise<ChatEngine> {
		return new ChatEngine(options);
	}

	private constructor(options: ChatOptions) {
		this.#server = options.server;
		this.#dialect = options.dialect;
		this.#providers = options.providers;
		this.headerSource = "rendered by the provider, not known here";
		this.info = {
			id: options.id,
			model: options.model,
			server: options.dialect.name,
			caps: {
				ids: "none",
				exact: false,
				stop: "opaque",
				cancel: "none",
				scan: false,
				logprobs: 0,
				contextTokens: options.contextTokens ?? CONTEXT_TOKENS,
			},
		};
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		return { text: `${JSON.stringify({ messages })}\n` };
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const { messages, turn } = parsePrefix(prefix.text);
		let usage: GenerateEnd["usage"] = { promptTokens: 0, completionTokens: 0 };
		if (signal?.aborted) return { reason: "abort", usage };
		if (options.maxTokens <= 0) return { reason: "length", usage };
		const path = "/chat/completions";
		const where = this.#server.baseUrl + path;
		const stops = options.stop ?? [];
		const flow = new Flow(stops);
		const echo = new Echo(turn);
		let thought = false;
		let reason: GenerateEnd["reason"] | undefined;
		let answer: Answer | undefined;
		try {
			answer = await ask(this.#server, path, { json: this.#body(messages, turn, options), signal });
			if (answer.status >= 400)
				throw refusal(this.#server, path, answer.status, answer.headers, await textOf(answer));
			for await (const event of events(answer.body, where)) {
				const data = eventObject(this.#server, where, event);
				usage = usageOf(data.usage, usage, undefined);
				const choice = (data.choices as readonly Choice[] | undefined)?.[0];
				if (choice === undefined || reason !== undefined) continue;
				const reasoning = choice.delta?.reasoning ?? choice.delta?.reasoning_content ?? "";
				const content = choice.delta?.content ?? "";
				if (reasoning !== "") thought = true;
				// The provider parted the thinking from the answer: the tag it took out stood between them.
				const parted = thought && content !== "" && stops.includes(THINK_END);
				const text = echo.strip(parted ? reasoning : reasoning + content);
				const got = text === "" ? undefined : flow.push({ text, clean: true });
				if (got !== undefined) {
					yield* restOf(flow.cut(got.at));
					return { reason: "stop", matched: got.stop, usage };
				}
				if (parted) {
					yield* restOf(flow.finish());
					return { reason: "stop", matched: THINK_END, usage };
				}
				for (const chunk of flow.take()) yield chunk;
				if (choice.finish_reason == null) continue;
				if (choice.finish_reason !== "stop" && choice.finish_reason !== "length")
					throw cut(where, `the provider ended it with "${choice.finish_reason}"`);
				const held = echo.end();
				if (held !== "") flow.push({ text: held, clean: true });
				yield* restOf(flow.finish());
				reason = choice.finish_reason === "length" ? "length" : stops.length === 0 ? "eos" : "stop";
			}
			if (reason === undefined) throw cut(where, "it ended without a finish reason");
		} catch (error) {
			// A repetition that broke off is left out: it would double what is there.
			if (reason === undefined) yield* restOf(flow.finish());
			if (signal?.aborted) return { reason: reason ?? "abort", usage };
			// All of the text was there; only what the provider counted is missing.
			if (reason === undefined) throw error;
		} finally {
			answer?.close();
		}
		return { reason, usage };
	}

	async close(): Promise<void> {}

	#body(messages: readonly Message[], turn: string, options: SampleOptions): Record<string, unknown> {
		const stops = (options.stop ?? []).slice(0, this.#dialect.stops);
		return {
			model: this.info.model,
			messages:
				turn === ""
					? messages
					: [...messages, { role: "assistant", content: turn, ...this.#dialect.prefixField }],
			stream: true,
			max_tokens: options.maxTokens,
			temperature: options.temperature,
			...this.#dialect.body,
			...(stops.length === 0 ? {} : { stop: stops }),
			...(options.topP === undefined ? {} : { top_p: options.topP }),
			...(options.seed === undefined ? {} : { seed: options.seed >>> 0 }),
			...(this.#providers === undefined
				? {}
				: { provider: { order: this.#providers, allow_fallbacks: false, require_parameters: true } }),
		};
	}
}

type Choice = {
	readonly delta?: {
		readonly content?: string | null;
		readonly reasoning?: string | null;
		readonly reasoning_content?: string | null;
	};
	readonly finish_reason?: string | null;
};

/** The messages of the first line and the assistant's turn behind it. */
export function parsePrefix(text: string): { readonly messages: readonly Message[]; readonly turn: string } {
	const end = text.indexOf("\n");
	try {
		const { messages } = JSON.parse(text.slice(0, end)) as { messages?: unknown };
		if (end > 0 && Array.isArray(messages))
			return { messages: messages as Message[], turn: text.slice(end + 1) };
	} catch {
		// Said below.
	}
	throw new EngineError(
		"refused",
		"This trace was begun with another kind of engine: a chat API cannot continue a header rendered as text. Begin it anew with this engine.",
	);
}

/** Some providers repeat the prefix before they go on: what begins exactly like it is held until that is decided, and left out if it was one. */
class Echo {
	readonly #turn: string;
	#held = "";
	#decided: boolean;

	constructor(turn: string) {
		this.#turn = turn;
		// A short prefix may well be sampled again by itself.
		this.#decided = turn.length < 24;
	}

	strip(text: string): string {
		if (this.#decided) return text;
		this.#held += text;
		if (this.#turn.startsWith(this.#held) && this.#held.length < this.#turn.length) return "";
		this.#decided = true;
		const whole = this.#held;
		this.#held = "";
		return whole.startsWith(this.#turn) ? whole.slice(this.#turn.length) : whole;
	}

	/** What is still held at the end was no repetition. */
	end(): string {
		const held = this.#held;
		this.#held = "";
		this.#decided = true;
		return held;
	}
}

function* restOf(rest: Rest): Generator<Chunk, void, void> {
	yield* rest.chunks;
	if (rest.tail !== "") yield { text: rest.tail };
}
