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
	partsOf,
	SCRIPTED_TEMPLATE,
	ScriptedTokenizer,
	sayScript,
	scriptedHeader,
} from "./scripted-model.ts";

export type ScriptedDialect = "vllm" | "sglang" | "openai-compatible" | "ollama" | "chat";

/** `after`: that many pieces of the stream come first. */
export type Fault =
	/** The body ends in good order, but without a finish reason. */
	| { readonly type: "cut"; readonly after: number }
	/** The connection breaks. */
	| { readonly type: "reset"; readonly after: number }
	/** An error as an event of the stream. */
	| { readonly type: "error-event"; readonly after: number }
	| { readonly type: "garbage"; readonly after: number }
	/** An event of 10 MB. */
	| { readonly type: "huge-line"; readonly after: number }
	/** The stop string stays in the text though it was not asked for. */
	| { readonly type: "stop-included" }
	/** Ids go on behind the stop string, beyond the text. */
	| { readonly type: "overshoot" }
	/** What was held back as the beginning of a stop string never comes when the length ends the request. */
	| { readonly type: "lost-tail" }
	| { readonly type: "status"; readonly status: number; readonly retryAfter?: string; readonly says?: string }
	| { readonly type: "drip"; readonly everyMs: number }
	/** The server puts a BOS in front of ids, too. */
	| { readonly type: "double-bos" }
	/** Chat: the prefix is said again before it goes on. */
	| { readonly type: "echo" }
	| { readonly type: "none" };

export type ScriptedOptions = {
	readonly dialect: ScriptedDialect;
	readonly script?: string;
	readonly model?: Continuation;
	/** One for each request to sample, in turn; then none. */
	readonly faults?: Fault[];
	readonly tokensPerChunk?: number;
	readonly contextTokens?: number;
	/** Refuses other keys with 401. */
	readonly apiKey?: string;
};

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
	/** More faults, for the requests to come. */
	readonly faults: Fault[];
	close(): Promise<void>;
};

type Piece = { readonly text: string; readonly ids: readonly number[] };
type Ended = { readonly reason: "eos" | "stop" | "length"; readonly matched?: string };

export async function scriptedServer(options: ScriptedOptions): Promise<ScriptedServer> {
	const tokenizer = new ScriptedTokenizer();
	const model = options.model ?? sayScript(options.script ?? "");
	const state = {
		asked: [] as ScriptedServer["asked"],
		aborted: [] as string[],
		left: 0,
		faults: [...(options.faults ?? [])],
	};
	const cache = new Set<string>();
	const { dialect } = options;
	const contextTokens = options.contextTokens ?? 4096;
	const perChunk = options.tokensPerChunk ?? 1;

	/** All that one request will say: pieces as a server would stream them, and how it ends. */
	const sample = (
		ids: readonly number[],
		maxTokens: number,
		stops: readonly string[],
		fault: Fault,
		keepStop: boolean,
	): { pieces: Piece[]; ended: Ended } => {
		const { header, turn } = partsOf(tokenizer.decode(ids));
		const all = tokenizer.encode(model(turn, header));
		const taken: number[] = [];
		const pieces: Piece[] = [];
		let said = 0;
		let ended: Ended = { reason: "eos" };
		const lag = stops.length > 0 && !keepStop ? Math.max(...stops.map((stop) => stop.length)) - 1 : 0;
		let waiting: number[] = [];
		const put = (text: string, force = false): void => {
			if (!force && waiting.length < perChunk) return;
			if (text.length < said) return;
			pieces.push({ text: text.slice(said), ids: waiting });
			said = text.length;
			waiting = [];
		};
		for (const id of all) {
			taken.push(id);
			waiting.push(id);
			const text = whole(tokenizer.bytes(taken));
			const hit = stops
				.map((stop) => ({ stop, at: text.indexOf(stop) }))
				.filter(({ at }) => at >= 0)
				.sort((a, b) => a.at - b.at)[0];
			if (hit !== undefined) {
				const end = keepStop || fault.type === "stop-included" ? hit.at + hit.stop.length : hit.at;
				if (fault.type === "overshoot") waiting.push(...all.slice(taken.length, taken.length + 2));
				put(text.slice(0, Math.max(end, said)), true);
				ended = { reason: "stop", matched: hit.stop };
				return { pieces, ended };
			}
			put(text.slice(0, Math.max(said, text.length - lag)));
			if (taken.length >= maxTokens) {
				ended = { reason: "length" };
				break;
			}
		}
		const text = whole(tokenizer.bytes(taken));
		const lost = fault.type === "lost-tail" && ended.reason === "length";
		if (said < text.length && !lost) put(text, true);
		else if (waiting.length > 0) put(text.slice(0, said), true);
		return { pieces, ended };
	};

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
				data: [{ id: "scripted", object: "model", owned_by: owner, max_model_len: contextTokens }],
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
		response.on("close", () => {
			if (!response.writableFinished) state.left += 1;
		});
		return fault;
	};

	/** Writes the pieces, with the fault at its place. False: the stream is over already. */
	const stream = async (
		response: ServerResponse,
		fault: Fault,
		pieces: readonly Piece[],
		line: (piece: Piece, i: number) => string,
	): Promise<boolean> => {
		const frame = (data: string): string => (dialect === "ollama" ? `${data}\n` : `data: ${data}\n\n`);
		for (let i = 0; i <= pieces.length; i++) {
			if (response.destroyed) return false;
			if ("after" in fault && fault.after === i) {
				if (fault.type === "cut") {
					response.end();
					return false;
				}
				if (fault.type === "reset") {
					// What was written is on its way before the connection breaks.
					await new Promise((resolve) => setTimeout(resolve, 20));
					response.socket?.resetAndDestroy();
					return false;
				}
				if (fault.type === "error-event") {
					response.end(frame(JSON.stringify({ error: { message: "the scripted server broke" } })));
					return false;
				}
				if (fault.type === "garbage") response.write(frame("{this is no json"));
				if (fault.type === "huge-line")
					response.write(
						dialect === "ollama"
							? frame(JSON.stringify({ response: "", padding: "x".repeat(10_000_000) }))
							: `: ${"x".repeat(5_000_000)}\n${frame(JSON.stringify({ choices: [], padding: "x".repeat(10_000_000) }))}`,
					);
			}
			const piece = pieces[i];
			if (piece === undefined) break;
			response.write(frame(line(piece, i)));
			await new Promise((resolve) =>
				fault.type === "drip" ? setTimeout(resolve, fault.everyMs) : setImmediate(resolve),
			);
		}
		return true;
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
		const { pieces, ended } = sample(ids, Number(body.max_tokens ?? 16), stops, fault, keep);
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
			!(await stream(response, fault, pieces, (piece, i) =>
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
		const whole = await stream(response, fault, pieces, (piece, i) => {
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
		const { pieces, ended } = sample(ids, params.num_predict ?? 128, params.stop ?? [], fault, false);
		const sampled = pieces.reduce((sum, piece) => sum + piece.ids.length, ended.reason === "eos" ? 1 : 0);
		if (
			!(await stream(response, fault, pieces, (piece) =>
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
		if (!(await stream(response, fault, [...echo, ...pieces], (piece) => chunk(piece.text, null)))) return;
		response.write(`data: ${chunk("", ended.reason === "length" ? "length" : "stop")}\n\n`);
		response.write(
			`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: ids.length, completion_tokens: pieces.length } })}\n\n`,
		);
		response.end("data: [DONE]\n\n");
	}

	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		tokenizer,
		asked: state.asked,
		aborted: state.aborted,
		get left() {
			return state.left;
		},
		faults: state.faults,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** The text without the beginning of a character at its end. */
function whole(bytes: Buffer): string {
	const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
	return text;
}

async function read(request: IncomingMessage): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part as Buffer);
	return Buffer.concat(parts).toString("utf8");
}
