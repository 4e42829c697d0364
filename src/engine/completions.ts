/**
 * Raw `/completions` in OpenAI's form. The prompt is the header and the spans and nothing else; as token ids where the
 * server has them both ways. How servers differ stands in dialects.ts.
 *
 * Stop strings go to the server, which ends there without computing further, and are looked for here as well: the text
 * that is handed over ends before the stop string whether the server left it in or out, ids that lie beyond are dropped,
 * and the end of a token that was cut is spelled anew.
 */
import type { Prefix } from "../trace/span.ts";
import { type Choice, ended, requestBody, unitOf, usageOf } from "./completions-wire.ts";
import type { Dialect } from "./dialects.ts";
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
import { eosOf, headerText, type TemplateSource } from "./template-source.ts";
import { type Answer, ask, askJson, cut, textOf } from "./transport.ts";

export type CompletionsOptions = {
	readonly id: string;
	/** At the root, without the dialect's path. */
	readonly server: Server;
	readonly dialect: Dialect;
	readonly model?: string;
	readonly contextTokens?: number;
	/** Not used where the server renders the header itself. */
	readonly template: TemplateSource;
};

/** Where neither the server nor the user says how long a trace may be. */
const CONTEXT_TOKENS = 32_768;

type Model = { readonly id: string; readonly contextTokens: number | undefined };

export class CompletionsEngine implements Engine {
	readonly info: EngineInfo;
	readonly headerSource: string;
	readonly tokenize?: (text: string) => Promise<number[]>;
	readonly detokenize?: (ids: readonly number[]) => Promise<string>;
	readonly #server: Server;
	readonly #api: Server;
	readonly #dialect: Dialect;
	readonly #template: TemplateSource;

	static async open(options: CompletionsOptions): Promise<CompletionsEngine> {
		const { dialect } = options;
		const api = apiOf(options.server, dialect);
		const server = { ...api, baseUrl: rootOf(api.baseUrl, dialect) };
		const models = await modelsOf(api, options.model !== undefined);
		const model = options.model ?? models[0]?.id;
		if (model === undefined)
			throw new EngineError(
				"missing",
				`${api.baseUrl} serves no model yet. Load one there, or name it: ${options.id}#MODEL.`,
			);
		const version = dialect.ids ? await versionOf(server) : undefined;
		const contextTokens =
			options.contextTokens ?? models.find(({ id }) => id === model)?.contextTokens ?? CONTEXT_TOKENS;
		return new CompletionsEngine(options, server, api, {
			id: options.id,
			model,
			server: version === undefined ? dialect.name : `${dialect.name} ${version}`,
			caps: {
				ids: dialect.ids ? "in+out" : "none",
				exact: true,
				stop: dialect.stopField === undefined ? "opaque" : "reason",
				cancel: dialect.cancel,
				scan: false,
				logprobs: dialect.logprobs,
				contextTokens,
			},
		});
	}

	private constructor(options: CompletionsOptions, server: Server, api: Server, info: EngineInfo) {
		this.#server = server;
		this.#api = api;
		this.#dialect = options.dialect;
		this.#template = options.template;
		this.info = info;
		this.headerSource = options.dialect.ids ? "rendered by the server (/tokenize)" : options.template.says;
		if (options.dialect.ids) {
			this.tokenize = (text) => this.#tokens({ prompt: text, add_special_tokens: false });
			this.detokenize = async (ids) => {
				const data = await this.#post("/detokenize", { model: info.model, tokens: ids });
				if (typeof data.prompt !== "string") throw this.#odd("/detokenize");
				return data.prompt;
			};
		}
	}

	async renderHeader(messages: readonly Message[]): Promise<Prefix> {
		if (this.detokenize === undefined)
			return { text: await headerText(this.#template, messages, this.#dialect.addsBos) };
		const ids = await this.#tokens({ messages, add_generation_prompt: true, add_special_tokens: false });
		return { text: await this.detokenize(ids), ids };
	}

	async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const ids = prefix.ids ?? (await this.tokenize?.(prefix.text));
		let usage: GenerateEnd["usage"] = { promptTokens: ids?.length ?? 0, completionTokens: 0 };
		if (signal?.aborted) return { reason: "abort", usage };
		const { contextTokens } = this.info.caps;
		const room = ids === undefined ? contextTokens : contextTokens - ids.length;
		if (room < 0)
			throw new EngineError(
				"context",
				`The trace has ${ids?.length} tokens, ${this.info.model} on ${this.#server.baseUrl} holds ${contextTokens}.`,
			);
		const maxTokens = Math.min(options.maxTokens, room);
		if (maxTokens <= 0) return { reason: "length", usage };
		const where = `${this.#api.baseUrl}/completions`;
		const stops = options.stop ?? [];
		const flow = new Flow(stops);
		let reason: GenerateEnd["reason"] | undefined;
		let matched: string | undefined;
		let counted = 0;
		let answer: Answer | undefined;
		try {
			answer = await ask(this.#api, "/completions", {
				json: requestBody(this.info.model, this.#dialect, ids ?? prefix.text, options, maxTokens),
				signal,
			});
			const { status, headers, body } = answer;
			if (status >= 400) throw refusal(this.#api, "/completions", status, headers, await textOf(answer));
			for await (const event of events(body, where)) {
				const data = eventObject(this.#server, where, event);
				usage = usageOf(data.usage, usage, ids?.length);
				const choice = (data.choices as readonly Choice[] | undefined)?.[0];
				if (choice === undefined || reason !== undefined) continue;
				const unit = unitOf(choice, this.#dialect.ids);
				counted += unit.ids?.length ?? (unit.text === "" ? 0 : 1);
				if (usage.completionTokens < counted) usage = { ...usage, completionTokens: counted };
				const got = unit.text === "" && unit.ids === undefined ? undefined : flow.push(unit);
				if (got !== undefined) {
					yield* this.#rest(flow.cut(got.at));
					reason = "stop";
					matched = got.stop;
					// The server may go on where it did not see the stop itself: nothing more is wanted of it.
					if (choice.finish_reason == null) return { reason, matched, usage };
					continue;
				}
				for (const chunk of flow.take()) yield chunk;
				if (choice.finish_reason == null) continue;
				const ended = this.#endOf(choice, stops);
				if (ended === undefined) throw cut(where, `the server ended it with "${choice.finish_reason}"`);
				reason = ended.reason;
				matched = ended.matched;
				yield* this.#rest(flow.finish());
			}
			if (reason === undefined) throw cut(where, "it ended without a finish reason");
		} catch (error) {
			if (signal?.aborted) {
				yield* this.#rest(flow.finish());
				return { reason: "abort", usage };
			}
			// All of the text was there; only what the server counted is missing.
			if (reason !== undefined) return this.#ended(reason, matched, usage);
			yield* this.#rest(flow.finish());
			throw error;
		} finally {
			answer?.close();
		}
		return this.#ended(reason, matched, usage);
	}

	async close(): Promise<void> {}

	/** The end, with the text of the token that ended the turn where the template's are known. */
	#ended(
		reason: GenerateEnd["reason"],
		matched: string | undefined,
		usage: GenerateEnd["usage"],
	): GenerateEnd {
		return { ...ended(reason, matched, usage), ...(reason === "eos" ? eosOf(this.#template) : {}) };
	}

	#endOf(
		choice: Choice,
		stops: readonly string[],
	): { readonly reason: GenerateEnd["reason"]; readonly matched?: string } | undefined {
		const { stopField, eosReason } = this.#dialect;
		switch (choice.finish_reason) {
			case "length":
				return { reason: "length" };
			case "stop": {
				if (stopField === undefined)
					// It does not say whether a stop string fired or the model ended; without stop strings only one is possible.
					return { reason: stops.length === 0 ? "eos" : "stop" };
				const fired = choice[stopField];
				return typeof fired === "string" && stops.includes(fired)
					? { reason: "stop", matched: fired }
					: { reason: "eos" };
			}
			default:
				return choice.finish_reason === eosReason ? { reason: "eos" } : undefined;
		}
	}

	async *#rest(rest: Rest): AsyncGenerator<Chunk, void, void> {
		yield* rest.chunks;
		if (rest.tail === "") return;
		const ids = await this.tokenize?.(rest.tail);
		yield ids === undefined
			? { text: rest.tail }
			: { text: rest.tail, ids, ...(ids.length === 1 ? { lens: [rest.tail.length] } : {}) };
	}

	async #tokens(body: Record<string, unknown>): Promise<number[]> {
		const data = await this.#post("/tokenize", { model: this.info.model, ...body });
		if (!Array.isArray(data.tokens)) throw this.#odd("/tokenize");
		return data.tokens as number[];
	}

	async #post(path: string, json: unknown): Promise<Record<string, unknown>> {
		return (await askJson(this.#server, path, { json })) as Record<string, unknown>;
	}

	#odd(path: string): EngineError {
		return new EngineError(
			"protocol",
			`${this.#server.baseUrl}${path} answered in a form this version of nudge does not know.`,
		);
	}
}

/** The server with its URL at the API's own path, whether the user wrote it or not. */
export function apiOf(server: Server, dialect: Pick<Dialect, "apiPath">): Server {
	const { apiPath } = dialect;
	if (apiPath === "" && new URL(server.baseUrl).pathname === "/")
		return { ...server, baseUrl: `${server.baseUrl}/v1` };
	return apiPath === "" || server.baseUrl.endsWith(apiPath) || /\/v\d+$/.test(server.baseUrl)
		? server
		: { ...server, baseUrl: server.baseUrl + apiPath };
}

function rootOf(apiUrl: string, dialect: Dialect): string {
	return dialect.apiPath !== "" && apiUrl.endsWith(dialect.apiPath)
		? apiUrl.slice(0, -dialect.apiPath.length)
		: apiUrl;
}

/** What the server serves. A server without the list is no fault where the model is named. */
export async function modelsOf(api: Server, named: boolean): Promise<Model[]> {
	let data: unknown;
	try {
		data = await askJson(api, "/models");
	} catch (error) {
		if (named && error instanceof EngineError && (error.kind === "missing" || error.kind === "protocol"))
			return [];
		throw error;
	}
	const list = (data as { data?: unknown }).data;
	if (!Array.isArray(list)) return [];
	return list.map((entry) => {
		const model = entry as Record<string, unknown>;
		const length = model.max_model_len ?? model.context_length ?? model.max_context_length;
		return { id: String(model.id), contextTokens: typeof length === "number" ? length : undefined };
	});
}

async function versionOf(server: Server): Promise<string | undefined> {
	const data = (await askJson(server, "/version").catch(() => undefined)) as
		| { version?: unknown }
		| undefined;
	return typeof data?.version === "string" ? data.version : undefined;
}
