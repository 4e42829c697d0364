/**
 * What went wrong between here and Hugging Face Jobs, in one sentence that says what to do. hub-errors.ts does the same for
 * the push of a dataset; the words there are of commits.
 *
 * What always holds: no message holds the token, whatever the service or the network said.
 */
import { HubApiError } from "@huggingface/hub";
import type { HubAccess } from "../data/hub-token.ts";
import { LaunchError } from "./launcher.ts";
import { networkCode } from "./network.ts";

export type Asked = {
	/** What was being done: "start the job". */
	readonly doing: string;
	readonly namespace: string;
	readonly repository: string;
	readonly waitSeconds?: number | undefined;
};

export function jobsError(error: unknown, { endpoint, token }: HubAccess, asked: Asked): Error {
	if (error instanceof LaunchError || (error as Error | null)?.name === "AbortError") return error as Error;
	const clean = (text: string): string => text.replaceAll(token, "hf_***").replaceAll(/\s+/g, " ").trim();
	const message = clean(error instanceof Error ? error.message : String(error)).slice(0, 400);
	if (error instanceof HubApiError) return new LaunchError(statusSays(error.statusCode, message, asked));
	const code = networkCode(error);
	return new LaunchError(
		code === undefined
			? `Hugging Face could not ${asked.doing}: ${message}`
			: `${endpoint} cannot be reached${code === "" ? "" : ` (${code})`}: is the network there? A job that was started goes on without it`,
	);
}

function statusSays(status: number, message: string, asked: Asked): string {
	const { doing, namespace, repository, waitSeconds } = asked;
	switch (status) {
		case 401:
			return "Hugging Face does not accept the token (401): it may be wrong, revoked or out of date. Log in again with `hf auth login`, or set HF_TOKEN; a job that was started goes on";
		case 402:
			return `${namespace} has nothing left to pay with (402): add credit at https://huggingface.co/settings/billing. The service says: ${message}`;
		case 403:
			return `the token may not ${doing} (403): it needs permission to write to ${repository} and to start and manage jobs of ${namespace}. The service says: ${message}`;
		case 404:
			return `Hugging Face knows no ${namespace} or ${repository} that this token may use to ${doing} (404): look at namespace and repository of the target`;
		case 409:
			return `Hugging Face could not ${doing}, as something else changed it meanwhile (409): say it again. The service says: ${message}`;
		case 429:
			return `Hugging Face asks to go slower (429): ${waitSeconds === undefined ? "wait some minutes" : `wait ${waitSeconds} seconds`}; a job that was started goes on`;
		default:
			return status >= 500
				? `Hugging Face has a failure of its own (${status}) and could not ${doing}: try later; a job that was started goes on`
				: `Hugging Face refused to ${doing} (${status}): ${message}`;
	}
}
