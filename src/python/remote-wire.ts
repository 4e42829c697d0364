/**
 * Requests to a cluster's sandbox server: a bounded number in flight, and patience where it is overrun. A request that
 * surely did nothing (refused, 429, 503) is made again after a pause that doubles; one of which nobody knows what it did
 * is made again only where that is harmless. What remains is an error that says so; it never becomes a block's output.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Gate } from "./turns.ts";

/** The cluster failed, not the model's code: the trace ends in an error and stays owed. */
export class RemoteError extends Error {
	override name = "RemoteError";
}

export type WireOptions = {
	readonly url: URL;
	readonly inFlight?: number;
	readonly tries?: number;
	readonly firstPauseMs?: number;
};

export type Ask = {
	readonly path: string;
	readonly method?: "GET" | "POST" | "DELETE";
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
	readonly timeoutMs: number;
	readonly signal?: AbortSignal | undefined;
	/** Making it twice does no harm. */
	readonly harmless?: boolean;
	readonly tries?: number;
};

const LONGEST_PAUSE_MS = 15_000;
const NEVER_REACHED = new Set([
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"UND_ERR_CONNECT_TIMEOUT",
]);

/** One failed try: whether it surely did nothing, and what is worth saying. */
class Failed extends Error {
	readonly did: "nothing" | "unknown" | "refused for good";
	readonly retryAfterMs: number;

	constructor(did: Failed["did"], says: string, retryAfterMs = 0) {
		super(says);
		this.did = did;
		this.retryAfterMs = retryAfterMs;
	}
}

export class Wire {
	readonly url: URL;
	readonly #gate: Gate;
	readonly #tries: number;
	readonly #firstPauseMs: number;

	constructor({ url, inFlight = 64, tries = 8, firstPauseMs = 500 }: WireOptions) {
		this.url = url;
		this.#gate = new Gate(inFlight);
		this.#tries = tries;
		this.#firstPauseMs = firstPauseMs;
	}

	/** The answer's JSON. Where `accept` finds fault with it (it returns why), the try has failed. */
	async ask<T>(what: Ask, accept: (answer: unknown) => T | Failed): Promise<T> {
		const tries = what.tries ?? this.#tries;
		for (let count = 1; ; count++) {
			try {
				return await this.#gate.through(async () => {
					const answer = accept(await this.#once(what));
					if (answer instanceof Failed) throw answer;
					return answer;
				});
			} catch (error) {
				what.signal?.throwIfAborted();
				if (!(error instanceof Failed)) throw error;
				const again = error.did === "nothing" || (error.did === "unknown" && what.harmless === true);
				if (!again || count >= tries) {
					const tried = count === 1 ? "" : ` (${count} tries)`;
					throw new RemoteError(`The sandbox server at ${this.url.href}: ${error.message}${tried}.`);
				}
				const pauseMs = Math.min(LONGEST_PAUSE_MS, this.#firstPauseMs * 2 ** (count - 1));
				// Many that were turned away together must not come back together.
				await pause(Math.max(error.retryAfterMs, pauseMs * (0.5 + Math.random() / 2)), undefined, {
					...(what.signal ? { signal: what.signal } : {}),
				});
			}
		}
	}

	async #once({ path, method = "POST", body, headers, timeoutMs, signal }: Ask): Promise<unknown> {
		const url = new URL(this.url);
		url.pathname = url.pathname.replace(/\/$/, "") + path;
		const late = AbortSignal.timeout(Math.ceil(timeoutMs));
		let status: number;
		let text: string;
		try {
			const response = await fetch(url, {
				method,
				redirect: "error",
				headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
				signal: signal ? AbortSignal.any([late, signal]) : late,
			});
			status = response.status;
			text = await response.text();
			if (status === 429 || status === 503) {
				const seconds = Number(response.headers.get("retry-after"));
				throw new Failed("nothing", `it has too much to do (${status})`, seconds > 0 ? seconds * 1000 : 0);
			}
		} catch (error) {
			if (error instanceof Failed) throw error;
			if (late.aborted) throw new Failed("unknown", `no answer within ${Math.round(timeoutMs / 1000)} s`);
			throw reached(error);
		}
		const shown = text.slice(0, 200).replace(/\s+/g, " ");
		if (status >= 500) throw new Failed("unknown", `it answered ${status}: ${shown}`);
		if (status === 404 && method === "DELETE") return {};
		if (status >= 400) throw new Failed("refused for good", `it answered ${status} to ${path}: ${shown}`);
		try {
			return JSON.parse(text);
		} catch {
			throw new Failed(
				"unknown",
				`its answer to ${path} is no whole JSON (${text.length} characters): ${shown}`,
			);
		}
	}
}

function reached(error: unknown): Failed {
	const cause = (error as { cause?: { code?: string; message?: string } }).cause;
	const code = cause?.code ?? "";
	const says = cause?.message || (error as Error).message;
	return NEVER_REACHED.has(code)
		? new Failed("nothing", `it cannot be reached: ${says}`)
		: new Failed("unknown", `the connection broke off: ${says}`);
}

/** The answer is not one of this protocol: another server listens there. */
export const strange = (says: string): Failed => new Failed("refused for good", says);

/** The server says that it has failed by itself. */
export const broken = (says: string): Failed => new Failed("unknown", says);

export const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);
