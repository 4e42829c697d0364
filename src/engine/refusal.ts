/** What a server's refusal means, in words a user can act on. */
import type { IncomingHttpHeaders } from "node:http";
import { EngineError } from "./engine.ts";
import { redact, type Server } from "./server.ts";

/** Kept of an error's body for its message. */
const ERROR_BODY = 1000;

/** What a status of 400 or above means, in words. */
export function refusal(
	server: Server,
	path: string,
	status: number,
	headers: IncomingHttpHeaders,
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
			{ cause: { status } },
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
		return new EngineError("missing", `${where} does not know this path or model (404).${says}`, {
			cause: { status },
		});
	return new EngineError("refused", `${where} refused the request (${status}).${says}`, {
		cause: { status },
	});
}

/** The HTTP status that a refusal came with (in `cause`). */
export function statusOf(error: unknown): number | undefined {
	const cause = error instanceof EngineError ? (error.cause as { status?: unknown } | undefined) : undefined;
	return typeof cause?.status === "number" ? cause.status : undefined;
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

export function wordsOf(body: string): string {
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
