/**
 * What kind of server answers at a URL. Asks, in the order of the serving reference (section 4), the routes that only one
 * kind has; the list of models last, for it is everybody's.
 */
import { EngineError } from "./engine.ts";
import type { Server } from "./server.ts";
import type { EngineType } from "./spec.ts";
import { askJson } from "./transport.ts";

export type Found = {
	readonly type: EngineType;
	/** In words: name and version. */
	readonly says: string;
	readonly models: readonly string[];
};

type Data = Readonly<Record<string, unknown>>;

const PROBE_TIMEOUT_MS = 5000;

export async function probe(server: Server): Promise<Found> {
	const root: Server = { ...server, baseUrl: server.baseUrl.replace(/\/v1$/, "") };
	let locked: EngineError | undefined;
	const get = async (path: string): Promise<Data | undefined> => {
		try {
			const data = await askJson(root, path, { idleTimeoutMs: PROBE_TIMEOUT_MS });
			return typeof data === "object" && data !== null ? (data as Data) : undefined;
		} catch (error) {
			if (error instanceof EngineError && error.kind === "refused") locked = error;
			// "unreachable" with a status is a server that answers; without one there is none.
			if (error instanceof EngineError && error.kind === "unreachable" && !hasStatus(error)) throw error;
			return undefined;
		}
	};
	const listed = async (): Promise<readonly Data[]> => {
		const list = (await get("/v1/models"))?.data;
		return Array.isArray(list) ? (list as Data[]) : [];
	};
	const names = (models: readonly Data[]): string[] => models.map(({ id }) => String(id));

	const props = await get("/props");
	if (props?.default_generation_settings !== undefined)
		return {
			type: "llama-server",
			says: `llama-server ${String(props.build_info ?? "of unknown version")}`,
			models: [String(props.model_alias ?? props.model_path ?? "unknown")],
		};
	const info = await get("/get_model_info");
	if (info?.model_path !== undefined) {
		const about = (await get("/server_info")) ?? (await get("/get_server_info"));
		return {
			type: "sglang",
			says: about?.version === undefined ? "SGLang" : `SGLang ${String(about.version)}`,
			models: [String(info.model_path)],
		};
	}
	const tgi = await get("/info");
	if (tgi?.model_id !== undefined && tgi.router !== undefined)
		throw new EngineError(
			"refused",
			`${root.baseUrl} is text-generation-inference, which nudge does not speak (its project recommends vLLM or SGLang instead).`,
		);
	const ollama = await get("/api/version");
	if (ollama?.version !== undefined && (await get("/api/tags"))?.models !== undefined) {
		const { models } = (await get("/api/tags")) as { models: readonly { name?: unknown }[] };
		return {
			type: "ollama",
			says: `Ollama ${String(ollama.version)}`,
			models: models.map(({ name }) => String(name)),
		};
	}
	const studio = await get("/api/v0/models");
	if (Array.isArray(studio?.data))
		return { type: "lmstudio", says: "LM Studio", models: names(studio.data as Data[]) };
	const models = await listed();
	const version = await get("/version");
	if (
		models.some(({ owned_by }) => owned_by === "vllm") ||
		(version?.version !== undefined && models.length > 0)
	)
		return {
			type: "vllm",
			says: `vLLM ${String(version?.version ?? "of unknown version")}`,
			models: names(models),
		};
	if (models.length > 0)
		return {
			type: "openai-compatible",
			says: "a server with OpenAI's list of models",
			models: names(models),
		};
	if (locked !== undefined)
		throw new EngineError(
			"refused",
			`${root.baseUrl} wants a key before it says what it is (${locked.message}) Say what it is, for example vllm:${root.baseUrl}, with the key in the environment (VLLM_API_KEY, OPENAI_API_KEY, LLAMA_API_KEY).`,
		);
	throw new EngineError(
		"protocol",
		`${root.baseUrl} answers, but as none of the servers that nudge knows. Say what it is, for example openai-compatible:${root.baseUrl}/v1#MODEL.`,
	);
}

function hasStatus(error: EngineError): boolean {
	return typeof (error.cause as { status?: unknown } | undefined)?.status === "number";
}
