/**
 * HTTP as engines need it: a body that may flow for hours, an end of it that can be told from a break, and errors a user
 * can act on. On node:http, which costs half the CPU of fetch at many streams and has no hidden time limits (serving
 * reference section 8).
 *
 * Always: leaving a body early closes its socket; a broken body throws EngineError("cut"); no message holds a secret.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { EngineError } from "./engine.ts";

export type Server = {
	/** Without a slash at the end and without credentials. */
	readonly baseUrl: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Texts that no message may hold. */
	readonly secrets: readonly string[];
	readonly connectTimeoutMs: number;
	/** Longest silence while waiting for the answer or inside it: a queue may be long. */
	readonly idleTimeoutMs: number;
};

export const TIMEOUTS = { connectTimeoutMs: 10_000, idleTimeoutMs: 1_800_000 } as const;
/** A line longer than this is no event of a token stream. */
const LONGEST_LINE = 64 * 1024 * 1024;
/** Kept of an error's body for its message. */
const ERROR_BODY = 1000;

/** Splits `http://user:password@host/path/` into what is asked and what is hidden. */
export function serverAt(
	url: string,
	apiKey?: string,
	limits: { readonly connectTimeoutMs?: number; readonly idleTimeoutMs?: number } = {},
): Server {
	let parsed: URL;
	try {
		parsed = new URL(url);
	} catch {
		throw new EngineError("refused", `"${url}" is not a URL. It should look like http://127.0.0.1:8080.`);
	}
	const headers: Record<string, string> = {};
	const secrets: string[] = [];
	if (parsed.password !== "") {
		const pair = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
		const basic = Buffer.from(pair).toString("base64");
		headers.authorization = `Basic ${basic}`;
		secrets.push(decodeURIComponent(parsed.password), parsed.password, basic);
		parsed.username = "";
		parsed.password = "";
	}
	if (apiKey !== undefined && apiKey !== "") {
		headers.authorization = `Bearer ${apiKey}`;
		secrets.push(apiKey);
	}
	parsed.hash = "";
	parsed.search = "";
	return {
		baseUrl: parsed.href.replace(/\/+$/, ""),
		headers,
		secrets,
		connectTimeoutMs: limits.connectTimeoutMs ?? TIMEOUTS.connectTimeoutMs,
		idleTimeoutMs: limits.idleTimeoutMs ?? TIMEOUTS.idleTimeoutMs,
	};
}

export function redact(text: string, secrets: readonly string[]): string {
	let clean = text;
	for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "[hidden]");
	return clean;
}

export type Answer = {
	readonly status: number;
	readonly headers: IncomingMessage["headers"];
	/** Ends when the server ended it; throws EngineError("cut") when the connection broke. */
	readonly body: AsyncIterable<Buffer>;
	/** Closes the socket. */
	close(): void;
};

/** Sends one request. Any status is an answer; no answer is EngineError("unreachable"). */
export function ask(
	server: Server,
	path: string,
	options: {
		readonly method?: string;
		readonly json?: unknown;
		readonly body?: string;
		readonly headers?: Readonly<Record<string, string>>;
		readonly signal?: AbortSignal | undefined;
		readonly idleTimeoutMs?: number;
	} = {},
): Promise<Answer> {
	const url = new URL(path.startsWith("http") ? path : server.baseUrl + path);
	const body = options.json === undefined ? options.body : JSON.stringify(options.json);
	const idleTimeoutMs = options.idleTimeoutMs ?? server.idleTimeoutMs;
	return new Promise<Answer>((resolve, reject) => {
		let silence = false;
		let answered = false;
		const unreachable = (why: string, cause?: unknown): void =>
			reject(
				new EngineError(
					"unreachable",
					redact(
						`${url.origin}${url.pathname} does not answer: ${why}. Is the server running, and is the address right?`,
						server.secrets,
					),
					{ cause },
				),
			);
		const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
			method: options.method ?? (body === undefined ? "GET" : "POST"),
			headers: {
				...server.headers,
				...(body === undefined
					? {}
					: { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
				...options.headers,
			},
			...(options.signal === undefined ? {} : { signal: options.signal }),
		});
		const connect = setTimeout(() => {
			request.destroy();
			unreachable(`no connection within ${server.connectTimeoutMs / 1000} s`);
		}, server.connectTimeoutMs);
		request.on("socket", (socket) => {
			const connected = (): void => clearTimeout(connect);
			if (socket.connecting) socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
			else connected();
			socket.setNoDelay(true);
		});
		request.setTimeout(idleTimeoutMs, () => {
			silence = true;
			request.destroy(new Error(`silent for ${idleTimeoutMs / 1000} s`));
		});
		request.on("error", (error) => {
			clearTimeout(connect);
			// A connection kept from before that the server has closed meanwhile says nothing about the server: once more, anew.
			if (answered) return;
			if (
				request.reusedSocket &&
				(error as NodeJS.ErrnoException).code === "ECONNRESET" &&
				!options.signal?.aborted
			)
				resolve(ask(server, path, options));
			else unreachable(reason(error), error);
		});
		request.on("response", (response) => {
			clearTimeout(connect);
			answered = true;
			resolve({
				status: response.statusCode ?? 0,
				headers: response.headers,
				body: whole(response, `${url.origin}${url.pathname}`, () => silence),
				close: () => request.destroy(),
			});
		});
		request.end(body);
	});
}

/** The body; an end before the server's own end is a cut. */
async function* whole(
	response: IncomingMessage,
	where: string,
	silent: () => boolean,
): AsyncGenerator<Buffer> {
	try {
		for await (const piece of response) yield piece as Buffer;
	} catch (error) {
		throw cut(where, silent() ? "the server fell silent" : reason(error));
	} finally {
		response.destroy();
	}
	if (!response.complete) throw cut(where, "the connection closed");
}

export function cut(where: string, why: string): EngineError {
	return new EngineError(
		"cut",
		`The stream from ${where} broke off (${why}). What arrived is kept; going on from there is right.`,
	);
}

function reason(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { code } = error as NodeJS.ErrnoException;
	const words: Record<string, string> = {
		ECONNREFUSED: "connection refused",
		ENOTFOUND: "no such host",
		ECONNRESET: "connection reset",
		EHOSTUNREACH: "no route to the host",
		ETIMEDOUT: "no connection in time",
	};
	if (code !== undefined && words[code] !== undefined) return words[code];
	return error.message || code || error.name;
}

/** Reads a whole body as text. */
export async function textOf(answer: Answer): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of answer.body) parts.push(part);
	return Buffer.concat(parts).toString("utf8");
}

/** One request with a JSON answer. A status of 400 or above throws, as `refusal` says. */
export async function askJson(
	server: Server,
	path: string,
	options: Parameters<typeof ask>[2] = {},
): Promise<unknown> {
	const answer = await ask(server, path, { idleTimeoutMs: 60_000, ...options });
	const text = await textOf(answer);
	if (answer.status >= 400) throw refusal(server, path, answer.status, answer.headers, text);
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new EngineError(
			"protocol",
			redact(
				`${server.baseUrl}${path} answered with something that is not JSON: ${text.slice(0, 200)}`,
				server.secrets,
			),
			{ cause: error },
		);
	}
}

/** What a status of 400 or above means, in words. */
export function refusal(
	server: Server,
	path: string,
	status: number,
	headers: IncomingMessage["headers"],
	body: string,
): EngineError {
	const said = redact(wordsOf(body).slice(0, ERROR_BODY), server.secrets);
	const where = `${server.baseUrl}${path}`;
	const after = headers["retry-after"];
	const later =
		after === undefined ? "" : ` It asks to wait ${/^\d+$/.test(after) ? `${after} s` : `until ${after}`}.`;
	const says = said === "" ? "" : ` It says: ${said}`;
	if (status === 401 || status === 403)
		return new EngineError(
			"refused",
			`${where} refused the request (${status}).${says} Set the API key in the environment, or check that it may use this model.`,
		);
	if (
		status === 413 ||
		/context (length|size|window)|exceed_context_size|maximum context|too long|max_model_len/i.test(said)
	)
		return new EngineError("context", `The trace does not fit into the model's context (${status}).${says}`);
	if (status === 429 || status >= 500 || status === 408)
		return new EngineError(
			"unreachable",
			`${where} cannot answer now (${status}${status === 429 ? ", too many requests" : ""}).${says}${later}`,
			{ cause: { status, retryAfterMs: retryAfterMs(after) } },
		);
	if (status === 404)
		return new EngineError("missing", `${where} does not know this path or model (404).${says}`);
	return new EngineError("refused", `${where} refused the request (${status}).${says}`);
}

/** How long a server asked to wait before the next try, if it said so (in `cause` of EngineError "unreachable"). */
export function retryAfterOf(error: unknown): number | undefined {
	const cause =
		error instanceof EngineError ? (error.cause as { retryAfterMs?: number } | undefined) : undefined;
	return typeof cause?.retryAfterMs === "number" ? cause.retryAfterMs : undefined;
}

function retryAfterMs(header: string | undefined): number | undefined {
	if (header === undefined) return undefined;
	if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000;
	const date = Date.parse(header);
	return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function wordsOf(body: string): string {
	try {
		const data = JSON.parse(body) as Record<string, unknown>;
		const error = data.error ?? data.message ?? data.detail ?? data;
		if (typeof error === "string") return error;
		const { message } = error as { message?: unknown };
		return typeof message === "string" ? message : JSON.stringify(error);
	} catch {
		return body.trim();
	}
}

/** Lines of a body, without their ends. Linear in the length of the body however it is cut. */
export async function* lines(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	let parts: Uint8Array[] = [];
	let held = 0;
	for await (const piece of body) {
		let from = 0;
		for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
			parts.push(piece.subarray(from, at));
			const line = Buffer.concat(parts).toString("utf8");
			parts = [];
			held = 0;
			from = at + 1;
			yield line.endsWith("\r") ? line.slice(0, -1) : line;
		}
		if (from < piece.length) {
			parts.push(piece.subarray(from));
			held += piece.length - from;
		}
		if (held > LONGEST_LINE)
			throw new EngineError(
				"protocol",
				`${where} sent a line of more than ${LONGEST_LINE} bytes; that is no token stream.`,
			);
	}
	if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}

/** The data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); ends at "[DONE]" or the end of the body. Comments and other fields are left out. */
export async function* events(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	let data: string[] = [];
	for await (const line of lines(body, where)) {
		if (line === "") {
			if (data.length > 0) {
				const event = data.join("\n");
				if (event === "[DONE]") return;
				yield event;
			}
			data = [];
		} else if (line.startsWith("data:")) data.push(line.startsWith("data: ") ? line.slice(6) : line.slice(5));
	}
	// An event without its empty line was cut; who reads misses the finish reason and says so.
}

/** An object out of one event of a stream, or EngineError: garbage, or the error that the server put into the stream. */
export function eventObject(server: Server, where: string, event: string): Record<string, unknown> {
	let data: unknown;
	try {
		data = JSON.parse(event);
	} catch (error) {
		throw new EngineError(
			"protocol",
			redact(`${where} sent an event that is not JSON: ${event.slice(0, 200)}`, server.secrets),
			{ cause: error },
		);
	}
	if (typeof data !== "object" || data === null || Array.isArray(data))
		throw new EngineError(
			"protocol",
			redact(`${where} sent an event that is no object: ${event.slice(0, 200)}`, server.secrets),
		);
	const fields = data as Record<string, unknown>;
	if (fields.error !== undefined && fields.error !== null) {
		const said = redact(wordsOf(event).slice(0, ERROR_BODY), server.secrets);
		throw new EngineError(
			"cut",
			`${where} broke the stream off with an error: ${said} What arrived is kept; going on from there is right.`,
		);
	}
	return fields;
}
