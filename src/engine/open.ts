/**
 * From a name to a running engine. What an engine is made of is loaded only when that engine is asked for.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Engine, EngineError } from "./engine.ts";
import {
	type EngineConfig,
	type EngineType,
	type NamedEngine,
	parseSpec,
	pathOf,
	STANDARD_URLS,
	splitSpecs,
} from "./spec.ts";

export type { EngineConfig, NamedEngine } from "./spec.ts";

/** What a caller may name an engine by: the text a user wrote, or what stands in the configuration. */
export type OneEngine = string | EngineConfig;

/** One engine, or several that share the work: a list, or a text with commas. */
export type EngineSpec = OneEngine | readonly OneEngine[];

export type OpenOptions = {
	/** Holds the API keys. */
	readonly env?: NodeJS.ProcessEnv;
	/** The named engines of the configuration. */
	readonly named?: Readonly<Record<string, NamedEngine>>;
	/** Where relative paths begin. */
	readonly cwd?: string;
};

/** The root of the package: the nearest folder above with a package.json. */
export function packageRoot(): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) {
		const up = dirname(folder);
		if (up === folder) throw new EngineError("missing", "nudge cannot find its own package.json.");
		folder = up;
	}
	return folder;
}

/** The model that comes with nudge. */
export function tinyModelPath(): string {
	return join(packageRoot(), "models", "nudge-tiny", "nudge-tiny.gguf");
}

export async function openEngine(spec: EngineSpec, options: OpenOptions = {}): Promise<Engine> {
	if (isList(spec)) return openMany(spec, options);
	const several = typeof spec === "string" ? splitSpecs(spec, options.named) : [spec];
	return several.length > 1 ? openMany(several, options) : openOne(spec, options);
}

const isList = (spec: EngineSpec): spec is readonly OneEngine[] => Array.isArray(spec);

/** Those that share the work. A list of one is one that is looked after: what comes back is what went. */
async function openMany(specs: readonly OneEngine[], options: OpenOptions): Promise<Engine> {
	const { ManyEngines } = await import("./many.ts");
	const members = specs.map((spec) => ({
		id: typeof spec === "string" ? shownName(spec) : nameOf(spec),
		// The embedded engine starts its process again by itself.
		open: async (old: Engine | undefined) =>
			old && isEmbedded(spec, options) ? old : openOne(spec, options),
	}));
	const twice = members.find(({ id }, i) => members.findIndex((one) => one.id === id) < i);
	if (twice) throw new EngineError("refused", `The engine ${twice.id} is named twice; once is enough.`);
	return ManyEngines.open({ members });
}

function isEmbedded(spec: OneEngine, { named }: OpenOptions): boolean {
	return (typeof spec === "string" ? parseSpec(spec, named) : spec).type === "embedded";
}

async function openOne(spec: OneEngine, options: OpenOptions): Promise<Engine> {
	const id = typeof spec === "string" ? shownName(spec) : nameOf(spec);
	const parsed = typeof spec === "string" ? parseSpec(spec, options.named) : spec;
	if (parsed.type !== "probe") return openKnown(id, parsed, options);
	const [{ probe }, { serverAt }] = await Promise.all([import("./probe.ts"), import("./server.ts")]);
	const found = await probe(serverAt(parsed.url));
	const known: EngineConfig = {
		type: found.type,
		url: parsed.url,
		...(parsed.model === undefined ? {} : { model: parsed.model }),
	};
	if (found.type === "ollama" && known.model === undefined)
		throw new EngineError(
			"missing",
			`${found.says}. Ollama must be told the model: ${found.models.length === 0 ? "it has none yet (ollama pull MODEL)" : found.models.map((name) => `ollama:${name}@${parsed.url}`).join(", ")}.`,
		);
	return openKnown(`${found.type}:${id}`, known, options);
}

async function openKnown(id: string, config: EngineConfig, options: OpenOptions): Promise<Engine> {
	const { cwd = process.cwd(), env = process.env } = options;
	const at = (path: string): string => pathOf(path, { cwd, env });
	const { type } = config;
	if (type === "embedded") {
		const { EmbeddedEngine } = await import("./embedded/engine.ts");
		const { template } = config;
		return EmbeddedEngine.open({
			id,
			modelPath: config.path === undefined ? tinyModelPath() : at(config.path),
			...pick(config, "contextTokens", "parallel", "threads", "gpu"),
			...(template === undefined
				? {}
				: { template: (await (await import("./template-source.ts")).readTemplate(at(template))).template }),
		});
	}
	const [{ serverAt }, { BUILT_IN, readTemplate }, { DIALECTS }] = await Promise.all([
		import("./server.ts"),
		import("./template-source.ts"),
		import("./dialects.ts"),
	]);
	const url = config.url ?? STANDARD_URLS[type];
	if (url === undefined) throw new EngineError("refused", `The engine ${id} needs a url.`);
	const key = keyOf(id, type, config, options.env ?? process.env);
	const server = serverAt(url, key, pick(config, "idleTimeoutMs"));
	const chosen = config.template === undefined ? undefined : await readTemplate(at(config.template));
	const common = { id, server, ...pick(config, "model", "contextTokens") };
	switch (type) {
		case "llama-server": {
			const { LlamaServerEngine } = await import("./llama-server.ts");
			return LlamaServerEngine.open(id, server);
		}
		case "sglang": {
			const { SglangEngine } = await import("./sglang.ts");
			return SglangEngine.open({ ...common, template: chosen ?? BUILT_IN });
		}
		case "ollama": {
			const { OllamaEngine } = await import("./ollama.ts");
			return OllamaEngine.open({
				...common,
				model: modelOf(id, config),
				fallback: BUILT_IN,
				...(chosen === undefined ? {} : { template: chosen }),
			});
		}
		case "deepseek":
		case "openrouter": {
			const { CHAT_DIALECTS, ChatEngine } = await import("./chat.ts");
			return ChatEngine.open({
				...common,
				model: modelOf(id, config),
				dialect: CHAT_DIALECTS[type],
				...pick(config, "providers"),
			});
		}
		default: {
			const { CompletionsEngine } = await import("./completions.ts");
			return CompletionsEngine.open({ ...common, dialect: DIALECTS[type], template: chosen ?? BUILT_IN });
		}
	}
}

/** Where each hosted service's key is looked for; a server of one's own may go without. */
const KEY_VARIABLES: Readonly<
	Partial<Record<EngineType, { readonly name: string; readonly needed: boolean }>>
> = {
	fireworks: { name: "FIREWORKS_API_KEY", needed: true },
	together: { name: "TOGETHER_API_KEY", needed: true },
	deepseek: { name: "DEEPSEEK_API_KEY", needed: true },
	openrouter: { name: "OPENROUTER_API_KEY", needed: true },
	"openai-compatible": { name: "OPENAI_API_KEY", needed: false },
	vllm: { name: "VLLM_API_KEY", needed: false },
	"llama-server": { name: "LLAMA_API_KEY", needed: false },
	sglang: { name: "SGLANG_API_KEY", needed: false },
};

function keyOf(
	id: string,
	type: EngineType,
	config: EngineConfig,
	env: NodeJS.ProcessEnv,
): string | undefined {
	const usual = KEY_VARIABLES[type];
	const name = config.apiKeyEnv ?? usual?.name;
	const key = name === undefined ? undefined : env[name]?.trim();
	if (key) return key;
	if (config.apiKeyEnv !== undefined || (usual?.needed && config.url === undefined))
		throw new EngineError("refused", `The engine ${id} needs an API key: set ${name} in the environment.`);
	return undefined;
}

function modelOf(id: string, config: EngineConfig): string {
	if (config.model !== undefined) return config.model;
	throw new EngineError("refused", `The engine ${id} needs the name of a model.`);
}

/** As the user wrote it, without a password. */
function shownName(spec: string): string {
	return spec.trim().replace(/(https?:\/\/)[^/@]*@/, "$1");
}

function nameOf(config: EngineConfig): string {
	const place = config.path ?? (config.url === undefined ? undefined : shownName(config.url));
	return [config.type, place, config.model].filter((part) => part !== undefined).join(":");
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
	const picked = {} as Pick<T, K>;
	for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
	return picked;
}
