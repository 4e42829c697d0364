/**
 * How a user names an engine: one short text, or a named entry of the configuration. Parsing only; nothing is opened.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { EngineError } from "./engine.ts";

export const ENGINE_TYPES = [
	"embedded",
	"llama-server",
	"vllm",
	"sglang",
	"lmstudio",
	"fireworks",
	"together",
	"openai-compatible",
	"ollama",
	"deepseek",
	"openrouter",
] as const;

export type EngineType = (typeof ENGINE_TYPES)[number];

/** A named engine as it stands in the configuration. */
export type EngineConfig = {
	readonly type: EngineType;
	/** Of the server. */
	readonly url?: string;
	/** As the server names it. */
	readonly model?: string;
	/** Of the GGUF file, for `embedded`. */
	readonly path?: string;
	/** The environment variable that holds the API key. Never the key itself. */
	readonly apiKeyEnv?: string;
	/** A chat_template.jinja, a tokenizer_config.json or a GGUF file: where the server gives no template. */
	readonly template?: string;
	readonly contextTokens?: number;
	/** Embedded: traces at the same time, threads, graphics card. */
	readonly parallel?: number;
	readonly threads?: number;
	readonly gpu?: "auto" | false;
	/** Longest silence of a server, in milliseconds. */
	readonly idleTimeoutMs?: number;
	/** OpenRouter: the providers that may answer, in this order. */
	readonly providers?: readonly string[];
};

/** The same before anybody checked its type: what a configuration file may hold. */
export type NamedEngine = Omit<EngineConfig, "type"> & { readonly type?: string };

/** Every form, for help, doctor and the message of a wrong one. */
export const FORMS: readonly (readonly [string, string])[] = [
	["embedded", "the tiny model that comes with nudge, in this program"],
	["embedded:/path/model.gguf", "any GGUF file (the path alone does too)"],
	["llama-server:http://127.0.0.1:8080", "llama.cpp's server"],
	["vllm:http://127.0.0.1:8000#MODEL", "vLLM; without #MODEL the first it serves"],
	["sglang:http://127.0.0.1:30000", "SGLang"],
	["lmstudio:http://127.0.0.1:1234#MODEL", "LM Studio"],
	["ollama:MODEL@http://127.0.0.1:11434", "Ollama; without @URL the one on this machine"],
	["openai-compatible:https://host/v1#MODEL", "any server with raw /completions (key: OPENAI_API_KEY)"],
	["fireworks:MODEL", "Fireworks (key: FIREWORKS_API_KEY)"],
	["together:MODEL", "Together (key: TOGETHER_API_KEY)"],
	["deepseek:MODEL", "DeepSeek's chat with a prefix, not exact (key: DEEPSEEK_API_KEY)"],
	["openrouter:MODEL", "OpenRouter's chat with a prefix, not exact (key: OPENROUTER_API_KEY)"],
	["http://host:port", "a server of unknown kind: it is asked what it is"],
	["NAME", "an engine named in your configuration"],
];

export function formsText(): string {
	const width = Math.max(...FORMS.map(([form]) => form.length));
	return FORMS.map(([form, says]) => `  ${form.padEnd(width)}  ${says}`).join("\n");
}

/** What a spec asks for: an engine whose kind is known, or a URL that must be asked. */
export type Parsed = EngineConfig | { readonly type: "probe"; readonly url: string; readonly model?: string };

export function parseSpec(spec: string, named: Readonly<Record<string, NamedEngine>> = {}): Parsed {
	const text = spec.trim();
	if (Object.hasOwn(named, text)) return checked(text, named[text]!);
	if (/^https?:\/\//.test(text)) return { type: "probe", ...urlAndModel(text) };
	const colon = text.indexOf(":");
	const type = colon < 0 ? text : text.slice(0, colon);
	const rest = colon < 0 ? "" : text.slice(colon + 1);
	if (type === "embedded") return rest === "" ? { type } : { type, path: rest };
	if (/\.gguf$/i.test(text)) return { type: "embedded", path: text };
	switch (type) {
		case "llama-server":
		case "vllm":
		case "sglang":
		case "lmstudio":
		case "openai-compatible": {
			if (/^https?:\/\//.test(rest)) return { type, ...urlAndModel(rest) };
			const standard = STANDARD_URLS[type];
			if (rest === "" && standard !== undefined) return { type, url: standard };
			throw wrong(spec, `${type} needs the URL of the server, beginning with http:// or https://`);
		}
		case "ollama": {
			const at = rest.search(/@https?:\/\//);
			const model = at < 0 ? rest : rest.slice(0, at);
			if (model === "") throw wrong(spec, "ollama needs the name of a model");
			return { type, model, ...(at < 0 ? {} : { url: rest.slice(at + 1) }) };
		}
		case "fireworks":
		case "together":
		case "deepseek":
		case "openrouter":
			if (rest === "") throw wrong(spec, `${type} needs the name of a model`);
			return { type, model: rest };
		default:
			throw wrong(spec, "it is none of the known forms");
	}
}

/**
 * The engines of a list `E,E`. A comma may also be part of a URL, a path or a model's name: a piece that names no engine by
 * itself belongs to what stands before it.
 */
export function splitSpecs(text: string, named: Readonly<Record<string, NamedEngine>> = {}): string[] {
	const isOne = (spec: string): boolean => {
		if (Object.hasOwn(named, spec.trim())) return true;
		try {
			parseSpec(spec, named);
			return true;
		} catch {
			return false;
		}
	};
	const specs: string[] = [];
	for (const piece of text.split(",")) {
		const last = specs.at(-1);
		if (last === undefined || (isOne(last) && isOne(piece))) specs.push(piece);
		else specs[specs.length - 1] = `${last},${piece}`;
	}
	return specs.map((spec) => spec.trim());
}

/** Where servers listen if nothing else is said (their documentation). */
export const STANDARD_URLS: Readonly<Partial<Record<EngineType, string>>> = {
	"llama-server": "http://127.0.0.1:8080",
	vllm: "http://127.0.0.1:8000",
	sglang: "http://127.0.0.1:30000",
	lmstudio: "http://127.0.0.1:1234",
	ollama: "http://127.0.0.1:11434",
	fireworks: "https://api.fireworks.ai/inference/v1",
	together: "https://api.together.xyz/v1",
	deepseek: "https://api.deepseek.com/beta",
	openrouter: "https://openrouter.ai/api/v1",
};

function checked(name: string, engine: NamedEngine): EngineConfig {
	const type = ENGINE_TYPES.find((known) => known === engine.type);
	if (type !== undefined) return { ...engine, type };
	throw new EngineError(
		"refused",
		`The engine "${name}" of your configuration has ${engine.type === undefined ? "no type" : `the type "${engine.type}"`}. A type is one of ${ENGINE_TYPES.join(", ")}.`,
	);
}

function urlAndModel(text: string): { readonly url: string; readonly model?: string } {
	const hash = text.indexOf("#");
	if (hash < 0) return { url: text };
	const model = text.slice(hash + 1);
	return { url: text.slice(0, hash), ...(model === "" ? {} : { model }) };
}

function wrong(spec: string, why: string): EngineError {
	// A URL may carry a password.
	const shown = spec.replace(/(https?:\/\/)[^/@]*@/, "$1[hidden]@");
	return new EngineError(
		"refused",
		`"${shown}" names no engine: ${why}. An engine is one of\n${formsText()}`,
	);
}

/** A path as a person writes it. A shell opens "~" itself, a configuration file does not. */
export const pathOf = (
	path: string,
	{ cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): string => resolve(cwd, path.startsWith("~/") ? join(env.HOME ?? homedir(), path.slice(2)) : path);
