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
import { refusal } from "./refusal.ts";
import { redact, type Server } from "./server.ts";

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
				body: new Body(response, `${url.origin}${url.pathname}`, () => silence),
				close: () => request.destroy(),
			});
		});
		request.end(body);
	});
}

/** More than this is not read ahead of whoever takes it. */
const AHEAD_BYTES = 1 << 20;

/**
 * The body; an end before the server's own end is a cut. Pieces that came together are handed over together: at many
 * streams, what each piece costs on its way is most of what a token costs.
 */
class Body implements AsyncIterableIterator<Buffer> {
	readonly #response: IncomingMessage;
	readonly #where: string;
	readonly #silent: () => boolean;
	#pieces: Buffer[] = [];
	#bytes = 0;
	#flowing = false;
	#over: { readonly error?: EngineError } | undefined;
	#waiting: (() => void) | undefined;

	constructor(response: IncomingMessage, where: string, silent: () => boolean) {
		this.#response = response;
		this.#where = where;
		this.#silent = silent;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<Buffer>> {
		if (!this.#flowing) this.#flow();
		for (;;) {
			if (this.#pieces.length > 0) {
				const value = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
				this.#pieces = [];
				if (this.#bytes > AHEAD_BYTES) this.#response.resume();
				this.#bytes = 0;
				return { done: false, value };
			}
			if (this.#over) {
				const { error } = this.#over;
				this.#over = {};
				if (error) throw error;
				return { done: true, value: undefined };
			}
			await new Promise<void>((resolve) => {
				this.#waiting = resolve;
			});
		}
	}

	async return(): Promise<IteratorResult<Buffer>> {
		this.#pieces = [];
		this.#end();
		return { done: true, value: undefined };
	}

	/** Not before somebody takes it: until then the socket waits. */
	#flow(): void {
		this.#flowing = true;
		const response = this.#response;
		response.on("data", (piece: Buffer) => {
			this.#pieces.push(piece);
			this.#bytes += piece.length;
			if (this.#bytes > AHEAD_BYTES) response.pause();
			this.#wake();
		});
		response.on("end", () =>
			this.#end(response.complete ? undefined : cut(this.#where, "the connection closed")),
		);
		response.on("error", (error) =>
			this.#end(cut(this.#where, this.#silent() ? "the server fell silent" : reason(error))),
		);
		response.on("close", () => this.#end(cut(this.#where, "the connection closed")));
		if (response.destroyed && !response.readableLength) this.#end(cut(this.#where, "the connection closed"));
	}

	#end(error?: EngineError): void {
		if (this.#over) return;
		this.#over = error ? { error } : {};
		this.#response.destroy();
		this.#wake();
	}

	#wake(): void {
		this.#waiting?.();
		this.#waiting = undefined;
	}
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
