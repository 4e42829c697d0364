/**
 * Where the Hub is and what lets us in, as its own libraries look for it
 * (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables).
 *
 * What always holds: the token is in nothing that is shown; it goes nowhere in the clear but to this machine itself.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { DatasetError } from "./dataset/dataset.ts";

export const HUB = "https://huggingface.co";

export type HubAccess = { readonly endpoint: string; readonly token: string };

export function hubAccess(env: NodeJS.ProcessEnv): HubAccess {
	const endpoint = endpointOf(env);
	const token = tokenOf(env);
	if (token === undefined)
		throw new DatasetError(
			"there is no token for the Hub: set HF_TOKEN, or log in with `hf auth login`. A token with write permission is made at https://huggingface.co/settings/tokens",
		);
	if (!token.startsWith("hf_"))
		throw new DatasetError(
			"what is there as a token for the Hub (HF_TOKEN, or the token file) is none: tokens begin with hf_",
		);
	return { endpoint, token };
}

function endpointOf(env: NodeJS.ProcessEnv): string {
	const said = env.HF_ENDPOINT?.trim();
	if (!said) return HUB;
	let url: URL;
	try {
		url = new URL(said);
	} catch {
		throw new DatasetError(`HF_ENDPOINT is no URL: "${said}"`);
	}
	const here = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
	if (url.protocol !== "https:" && !(url.protocol === "http:" && here))
		throw new DatasetError(
			`HF_ENDPOINT is ${url.origin}: the token would go over the network unencrypted. Give an https URL`,
		);
	return said.replace(/\/+$/, "");
}

function tokenOf(env: NodeJS.ProcessEnv): string | undefined {
	const said = env.HF_TOKEN?.trim() || env.HUGGING_FACE_HUB_TOKEN?.trim();
	if (said) return said;
	const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
	const file = env.HF_TOKEN_PATH || join(env.HF_HOME || join(cache, "huggingface"), "token");
	if (!existsSync(file)) return undefined;
	try {
		return readFileSync(file, "utf8").trim() || undefined;
	} catch (error) {
		throw new DatasetError(`the token file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
	}
}
