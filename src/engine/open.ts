/**
 * From a name to a running engine. What an engine is made of is loaded only when that engine is asked for.
 */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Engine, EngineError } from "./engine.ts";
import { type EngineConfig, type Parsed, parseSpec } from "./spec.ts";

export type OpenOptions = {
	readonly env?: NodeJS.ProcessEnv;
	/** The named engines of the configuration. */
	readonly named?: Readonly<Record<string, EngineConfig>>;
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

export async function openEngine(spec: string | EngineConfig, options: OpenOptions = {}): Promise<Engine> {
	const id = typeof spec === "string" ? spec.trim() : nameOf(spec);
	const parsed = typeof spec === "string" ? parseSpec(spec, options.named) : spec;
	return openParsed(id, parsed, options);
}

async function openParsed(id: string, parsed: Parsed, options: OpenOptions): Promise<Engine> {
	const cwd = options.cwd ?? process.cwd();
	if (parsed.type === "embedded") {
		const { EmbeddedEngine } = await import("./embedded/engine.ts");
		const path = parsed.path;
		return EmbeddedEngine.open({
			id,
			modelPath: path === undefined ? tinyModelPath() : isAbsolute(path) ? path : resolve(cwd, path),
			...pick(parsed, "contextTokens", "parallel", "threads", "gpu"),
		});
	}
	if (parsed.type === "llama-server") {
		const [{ LlamaServerEngine }, { serverAt }] = await Promise.all([
			import("./llama-server.ts"),
			import("./transport.ts"),
		]);
		return LlamaServerEngine.open(id, serverAt(parsed.url ?? ""));
	}
	throw new EngineError("refused", `Engine type ${parsed.type} is not known.`);
}

function nameOf(config: EngineConfig): string {
	return [config.type, config.path ?? config.url, config.model]
		.filter((part) => part !== undefined)
		.join(":");
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
	const picked = {} as Pick<T, K>;
	for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
	return picked;
}
