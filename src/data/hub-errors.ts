/**
 * What went wrong between here and the Hub, in one sentence that says what to do.
 *
 * What always holds: no message holds the token, whatever the Hub or the network said.
 */
import { HubApiError } from "@huggingface/hub";
import { DatasetError } from "./dataset/dataset.ts";
import type { HubAccess } from "./hub-token.ts";

export function hubError(
	error: unknown,
	{ endpoint, token }: HubAccess,
	repo: string,
	waitSeconds?: number,
): Error {
	if (error instanceof DatasetError) return error;
	if ((error as Error | null)?.name === "AbortError") return error as Error;
	const clean = (text: string): string => text.replaceAll(token, "hf_***").replaceAll(/\s+/g, " ").trim();
	const message = clean(error instanceof Error ? error.message : String(error));
	const says =
		error instanceof HubApiError
			? statusSays(error.statusCode, message, repo, waitSeconds)
			: (networkSays(error, endpoint) ?? `the upload to ${repo} failed: ${message}`);
	return new DatasetError(says);
}

const AGAIN = "the same command again sends what is missing";

function statusSays(status: number, message: string, repo: string, waitSeconds?: number): string {
	switch (status) {
		case 401:
			return "the Hub does not accept the token (401): it may be wrong, revoked or out of date. Log in again with `hf auth login`, or set HF_TOKEN";
		case 403:
			return `the token may not write to ${repo} (403): it needs write permission for that owner. The Hub says: ${message}`;
		case 404:
			return `the Hub has no ${repo}, or the token may not see it (404)`;
		case 409:
		case 412:
			return `${repo} was changed by somebody else meanwhile (${status}): nothing was committed; ${AGAIN}`;
		case 413:
			return `the Hub finds a file or the commit too large (413): give a smaller --shard-mb. The Hub says: ${message}`;
		case 429:
			return `the Hub asks to go slower (429): ${
				waitSeconds === undefined ? "wait some minutes" : `wait ${waitSeconds} seconds`
			}; then ${AGAIN}`;
		default:
			return status >= 500
				? `the Hub has a failure of its own (${status}): try later; ${AGAIN}`
				: `the Hub refused (${status}): ${message}`;
	}
}

/** Node's fetch says "fetch failed"; what it was stands in the cause. */
function networkSays(error: unknown, endpoint: string): string | undefined {
	let failed = false;
	let code: string | undefined;
	for (let cause = error; cause instanceof Error && code === undefined; cause = cause.cause) {
		failed ||= cause.message === "fetch failed";
		const own = (cause as NodeJS.ErrnoException).code;
		if (own !== undefined && NETWORK.test(own)) code = own;
	}
	if (!failed && code === undefined) return undefined;
	const why = code === undefined ? "" : ` (${code})`;
	return `${endpoint} cannot be reached${why}: is the network there? Then ${AGAIN}`;
}

const NETWORK = /^(E[A-Z]+|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*)$/;
