/** Where a server is, what it is sent with every request, and what no message may say. */
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
