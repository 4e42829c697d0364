/**
 * ONE server for tests that speaks the dialects of many: vLLM, SGLang, plain OpenAI-compatible, Ollama, and chat with a
 * prefix (DeepSeek, OpenRouter). It replays a scripted model as the continuation of the prompt it is given, and injects
 * faults. Loopback, on a port of its own; `close` ends every connection.
 *
 *     const server = await scriptedServer({ dialect: "vllm", script: "First...</think>4", faults: [{ type: "reset", after: 3 }] });
 *     const engine = await openEngine(`vllm:${server.url}`);
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
	BOS,
	type Continuation,
	EOS,
	SCRIPTED_TEMPLATE,
	ScriptedTokenizer,
	sayScript,
	scriptedHeader,
} from "./scripted-model.ts";
import { type Ended, type Fault, type Pace, type Piece, sample, writeStream } from "./scripted-stream.ts";

export type ScriptedDialect = "vllm" | "sglang" | "openai-compatible" | "ollama" | "chat";

export type { Fault, Pace } from "./scripted-stream.ts";

export type ScriptedOptions = {
	readonly dialect: ScriptedDialect;
	readonly script?: string;
	readonly model?: Continuation;
	/** One for each request to sample, in turn; then none. */
	readonly faults?: Fault[];
	readonly tokensPerChunk?: number;
	readonly contextTokens?: number;
	readonly pace?: Pace;
	/** Refuses other keys with 401. */
	readonly apiKey?: string;
	/** Where it listens; without, a free port. Started again there, it is the same server to its clients. */
	readonly port?: number;
	/** Servers of the same model have one tokenizer. */
	readonly tokenizer?: ScriptedTokenizer;
	/** How it names its model. */
	readonly name?: string;
	/** More requests to sample than this at once are refused. */
	readonly most?: Most;
};

export type Most = { readonly atOnce: number; readonly status: 429 | 503; readonly retryAfter?: string };

export type ScriptedServer = {
	readonly url: string;
	readonly tokenizer: ScriptedTokenizer;
	/** Every request to sample, as it came, with the prompt as text. */
	readonly asked: {
		readonly path: string;
		readonly body: Record<string, unknown>;
		readonly prompt: string;
		readonly headers: IncomingMessage["headers"];
	}[];
	/** Names of requests that were aborted by name. */
	readonly aborted: string[];
	/** Requests whose connection the client closed before their end. */
	readonly left: number;
	/** Requests to sample that are being answered now; the most there were; those that were refused as too many. */
	readonly load: { readonly now: number; readonly most: number; readonly refused: number };
	/** How many it bears from now on. */
	bear(most: Most): void;
	/** More faults, for the requests to come. */
	readonly faults: Fault[];
	close(): Promise<void>;
};

export async function scriptedServer(options: ScriptedOptions): Promise<ScriptedServer> {
	const tokenizer = options.tokenizer ?? new ScriptedTokenizer();
	const name = options.name ?? "scripted";
	const model = options.model ?? sayScript(options.script ?? "");
	const state = {
		asked: [] as ScriptedServer["asked"],
		aborted: [] as string[],
		left: 0,
		faults: [...(options.faults ?? [])],
		most: options.most,
	};
	const load = { now: 0, most: 0, refused: 0 };
	const cache = new Set<string>();
	const { dialect } = options;
	const frames = dialect === "ollama" ? "json-lines" : "events";
	const contextTokens = options.contextTokens ?? 4096;
	const writeAll = (
		response: ServerResponse,
		fault: Fault,
		pieces: readonly Piece[],
		line: (piece: Piece, i: number) => string,
	): Promise<boolean> => writeStream(frames, response, fault, pieces, line, options.pace);
	const world = { tokenizer, model, perChunk: options.tokensPerChunk ?? 1 };

	const server = createServer((request, response) => {
		void handle(request, response).catch((error) => {
			if (!response.headersSent) response.writeHead(500);
			response.end(String(error));
		});
	});

	const json = (
		response: ServerResponse,
		data: unknown,
		status = 200,
		headers: Record<string, string> = {},
	): void => {
		response.writeHead(status, { "content-type": "application/json", ...headers });
		response.end(JSON.stringify(data));
	};

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = new URL(request.url ?? "/", "http://x").pathname;
		const body =
			request.method === "POST" ? (JSON.parse((await read(request)) || "{}") as Record<string, unknown>) : {};
		if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`)
			return json(response, { error: { message: `wrong key: ${request.headers.authorization}` } }, 401);
		const route = `${request.method} ${path}`;
		const models = (owner: string) =>
			json(response, {
				object: "list",
				data: [{ id: name, object: "model", owned_by: owner, max_model_len: contextTokens }],
			});
		const tokenize = (): void => {
			const text =
				body.messages === undefined
					? String(body.prompt)
					: scriptedHeader(body.messages as { role: string; content: string }[]);
			const ids = tokenizer.encode(text);
			json(response, {
				tokens: body.add_special_tokens === false ? ids : [BOS.id, ...ids],
				count: ids.length,
				max_model_len: contextTokens,
			});
		};
		const detokenize = (field: string): void =>
			json(response, { [field]: tokenizer.decode(body.tokens as number[]) });
		switch (dialect) {
			case "vllm":
				if (route === "GET /version") return json(response, { version: "0.32.0-scripted" });
				if (route === "GET /v1/models") return models("vllm");
				if (route === "POST /tokenize") return tokenize();
				if (route === "POST /detokenize") return detokenize("prompt");
				if (route === "POST /v1/completions") return completions(request, response, path, body);
				break;
			case "sglang":
				if (route === "GET /get_model_info") return json(response, { model_path: "scripted" });
				if (route === "GET /server_info")
					return json(response, { version: "0.5.9-scripted", context_length: contextTokens });
				if (route === "POST /tokenize") return tokenize();
				if (route === "POST /detokenize") return detokenize("text");
				if (route === "POST /abort_request") {
					state.aborted.push(String(body.rid));
					return json(response, {});
				}
				if (route === "POST /generate") return generate(request, response, path, body);
				break;
			case "openai-compatible":
				if (route === "GET /v1/models") return models("library");
				if (route === "POST /v1/completions") return completions(request, response, path, body);
				break;
			case "ollama":
				if (route === "GET /api/version") return json(response, { version: "0.20.0-scripted" });
				if (route === "GET /api/tags") return json(response, { models: [{ name: "scripted" }] });
				if (route === "POST /api/show")
					return json(response, {
						model_info: {
							"scripted.context_length": contextTokens,
							"tokenizer.chat_template": SCRIPTED_TEMPLATE,
						},
					});
				if (route === "POST /api/generate") return ollama(request, response, path, body);
				break;
			case "chat":
				if (route.endsWith("/chat/completions")) return chat(request, response, path, body);
				break;
		}
		json(response, { error: { message: `no route ${route}` } }, 404);
	}

	/** Notes the request and takes its fault; answers at once where the fault is a status. */
	const begin = (
		request: IncomingMessage,
		response: ServerResponse,
		path: string,
		body: Record<string, unknown>,
		ids: readonly number[],
	): Fault | undefined => {
		const { most } = state;
		if (most && load.now >= most.atOnce) {
			load.refused++;
			const { status, retryAfter } = most;
			json(
				response,
				{ error: { message: "too many at once" } },
				status,
				retryAfter === undefined ? {} : { "retry-after": retryAfter },
			);
			return undefined;
		}
		state.asked.push({ path, body, prompt: tokenizer.decode(ids), headers: request.headers });
		const fault = state.faults.shift() ?? { type: "none" as const };
		if (fault.type === "status") {
			json(
				response,
				{ error: { message: fault.says ?? "the scripted server was told to refuse" } },
				fault.status,
				fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter },
			);
			return undefined;
		}
		if (ids.length > contextTokens) {
			json(
				response,
				{ error: { message: `This model's maximum context length is ${contextTokens} tokens.` } },
				400,
			);
			return undefined;
		}
		response.writeHead(200, {
			"content-type": dialect === "ollama" ? "application/x-ndjson" : "text/event-stream",
		});
		load.most = Math.max(load.most, ++load.now);
		response.on("close", () => {
			load.now--;
			if (!response.writableFinished) state.left += 1;
		});
		return fault;
	};

	const cachedOf = (ids: readonly number[]): number => {
		const key = ids.join();
		let cached = 0;
		for (const seen of cache) if (key.startsWith(seen)) cached = Math.max(cached, seen.split(",").length);
		cache.add(key);
		return Math.floor(cached / 16) * 16;
	};

	/** The ids that the model sees for a prompt. */
	const seenIds = (prompt: unknown, addBos: boolean, fault: Fault | undefined): number[] => {
		const ids = Array.isArray(prompt) ? (prompt as number[]) : tokenizer.encode(String(prompt));
		const again = fault?.type === "double-bos" || (!Array.isArray(prompt) && addBos);
		return again ? [BOS.id, ...ids] : ids;
	};

	async function completions(
		request: IncomingMessage,
		response: ServerResponse,
		path: string,
		body: Record<string, unknown>,
	): Promise<void> {
		const vllm = dialect === "vllm";
		const ids = seenIds(body.prompt, !vllm || body.add_special_tokens !== false, state.faults[0]);
		const fault = begin(request, response, path, body, ids);
		if (fault === undefined) return;
		const stops = (body.stop as string[] | undefined) ?? [];
		const keep = vllm && body.include_stop_str_in_output === true;
		const { pieces, ended } = sample(world, ids, Number(body.max_tokens ?? 16), stops, fault, keep);
		const chunk = (text: string, tokens: readonly number[], finish: Ended | undefined): string =>
			JSON.stringify({
				id: "cmpl",
				object: "text_completion",
				model: "scripted",
				choices: [
					{
						index: 0,
						text,
						finish_reason: finish === undefined ? null : finish.reason === "length" ? "length" : "stop",
						...(vllm
							? {
									stop_reason: finish?.matched ?? null,
									...(body.return_token_ids === true ? { token_ids: tokens } : {}),
								}
							: {}),
					},
				],
			});
		const last = ended.reason === "eos" ? undefined : pieces.length - 1;
		if (
			!(await writeAll(response, fault, pieces, (piece, i) =>
				chunk(piece.text, piece.ids, i === last ? ended : undefined),
			))
		)
			return;
		if (last === undefined || pieces.length === 0)
			response.write(`data: ${chunk("", ended.reason === "eos" ? [EOS.id] : [], ended)}\n\n`);
		const sampled = pieces.reduce((sum, piece) => sum + piece.ids.length, ended.reason === "eos" ? 1 : 0);
		if ((body.stream_options as { include_usage?: boolean } | undefined)?.include_usage)
			response.write(
				`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: ids.length, completion_tokens: sampled, ...(vllm ? { prompt_tokens_details: { cached_tokens: cachedOf(ids) } } : {}) } })}\n\n`,
			);
		response.end("data: [DONE]\n\n");
	}

	async function generate(
		request: IncomingMessage,
		response: ServerResponse,
		path: string,
		body: Record<string, unknown>,
	): Promise<void> {
		const ids = seenIds(body.input_ids ?? body.text, true, state.faults[0]);
		const fault = begin(request, response, path, body, ids);
		if (fault === undefined) return;
		const params = (body.sampling_params ?? {}) as {
			max_new_tokens?: number;
			stop?: string[];
			no_stop_trim?: boolean;
		};
		const { pieces, ended } = sample(
			world,
			ids,
			params.max_new_tokens ?? 128,
			params.stop ?? [],
			fault,
			params.no_stop_trim === true,
		);
		const cached = cachedOf(ids);
		const soFar: number[] = [];
		let text = "";
		const finish = (): unknown =>
			ended.reason === "length"
				? { type: "length", length: soFar.length }
				: { type: "stop", matched: ended.matched ?? EOS.id };
		const event = (done: boolean): string =>
			JSON.stringify({
				text,
				output_ids: soFar,
				meta_info: {
					id: body.rid,
					finish_reason: done ? finish() : null,
					completion_tokens: soFar.length,
					cached_tokens: cached,
				},
			});
		const last = ended.reason === "eos" ? undefined : pieces.length - 1;
		const whole = await writeAll(response, fault, pieces, (piece, i) => {
			text += piece.text;
			soFar.push(...piece.ids);
			return event(i === last);
		});
		if (!whole) return;
		if (last === undefined || pieces.length === 0) {
			if (ended.reason === "eos") soFar.push(EOS.id);
			response.write(`data: ${event(true)}\n\n`);
		}
		response.end("data: [DONE]\n\n");
	}

	async function ollama(
		request: IncomingMessage,
		response: ServerResponse,
		path: string,
		body: Record<string, unknown>,
	): Promise<void> {
		const ids = seenIds(body.prompt, true, undefined);
		const fault = begin(request, response, path, body, ids);
		if (fault === undefined) return;
		const params = (body.options ?? {}) as { num_predict?: number; stop?: string[] };
		const { pieces, ended } = sample(world, ids, params.num_predict ?? 128, params.stop ?? [], fault, false);
		const sampled = pieces.reduce((sum, piece) => sum + piece.ids.length, ended.reason === "eos" ? 1 : 0);
		if (
			!(await writeAll(response, fault, pieces, (piece) =>
				JSON.stringify({ model: "scripted", response: piece.text, done: false }),
			))
		)
			return;
		response.end(
			`${JSON.stringify({ model: "scripted", response: "", done: true, done_reason: ended.reason === "length" ? "length" : "stop", prompt_eval_count: ids.length, eval_count: sampled })}\n`,
		);
	}

	async function chat(
		request: IncomingMessage,
		response: ServerResponse,
		path: string,
		body: Record<string, unknown>,
	): Promise<void> {
		const messages = body.messages as { role: string; content: string }[];
		const partial = messages.at(-1)?.role === "assistant" ? messages.at(-1)!.content : "";
		const ids = tokenizer.encode(scriptedHeader(partial === "" ? messages : messages.slice(0, -1)) + partial);
		const fault = begin(request, response, path, body, ids);
		if (fault === undefined) return;
		const { pieces, ended } = sample(
			world,
			ids,
			Number(body.max_tokens),
			(body.stop as string[] | undefined) ?? [],
			fault,
			false,
		);
		const echo: Piece[] =
			fault.type === "echo" && partial !== ""
				? [...(partial.match(/[\s\S]{1,7}/g) ?? [])].map((text) => ({ text, ids: [] }))
				: [];
		const chunk = (text: string, finish: string | null): string =>
			JSON.stringify({
				choices: [{ index: 0, delta: { role: "assistant", content: text }, finish_reason: finish }],
			});
		response.write(": PROCESSING\n\n");
		if (!(await writeAll(response, fault, [...echo, ...pieces], (piece) => chunk(piece.text, null)))) return;
		response.write(`data: ${chunk("", ended.reason === "length" ? "length" : "stop")}\n\n`);
		response.write(
			`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: ids.length, completion_tokens: pieces.length } })}\n\n`,
		);
		response.end("data: [DONE]\n\n");
	}

	await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		tokenizer,
		asked: state.asked,
		aborted: state.aborted,
		get left() {
			return state.left;
		},
		faults: state.faults,
		load,
		bear: (most) => {
			state.most = most;
		},
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

async function read(request: IncomingMessage): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part as Buffer);
	return Buffer.concat(parts).toString("utf8");
}
