/**
 * Every setting of nudge: its name, what it may be, what it is when nobody says, and one sentence. From this one table
 * come the checks of `nudge config`, the page docs/config.md, the names of environment variables and the completion.
 *
 * What always holds: flag > environment > project file > user file > default, each value with its origin; a value is
 * checked on every way in, and a mistake is shown where it stands; a secret never stands in a setting; a project's file,
 * which may come with a folder that somebody else wrote, cannot choose what is executed, what is isolated or where keys
 * are sent.
 */
import { ENGINE_TYPES, type EngineConfig } from "../engine/spec.ts";
import { nearest } from "../hints/nearest.ts";
import { PYTHON_HOSTS, parsePythonHost } from "../python/remote-spec.ts";
import { UsageError } from "./command.ts";

/** An engine under a name of the user's: `engines.lab`. While it is being described its type may be missing. */
export type EngineSetting = Partial<EngineConfig>;

export type Settings = {
	readonly engine: string;
	readonly engines: Readonly<Record<string, EngineSetting>>;
	readonly hints: "auto" | "ask" | "off";
	readonly rounds: number;
	readonly words: number;
	readonly "max-calls": number;
	readonly "max-tokens": number;
	readonly "max-seconds": number | undefined;
	readonly temperature: number;
	readonly "top-p": number;
	readonly "top-k": number;
	readonly "min-p": number;
	readonly seed: number;
	readonly dialect: string;
	readonly instruction: string;
	readonly python: string | undefined;
	readonly "python-host": string;
	readonly "python-timeout-ms": number;
	readonly "python-memory-mb": number;
	readonly "python-output-chars": number;
	readonly isolation: "auto" | "bubblewrap" | "userns" | "none";
	readonly "allow-unisolated": boolean;
	readonly "score-plugins": readonly string[] | undefined;
	readonly "score-workers": number;
	readonly color: "auto" | "always" | "never";
	readonly theme: string;
	readonly mouse: boolean;
	readonly "veto-ms": number;
	readonly "screen-reader": boolean;
	readonly reviewer: string | undefined;
};

export type SettingKey = keyof Settings;

type Kind =
	| { readonly kind: "text" }
	| { readonly kind: "whole"; readonly least: number; readonly most?: number }
	| { readonly kind: "number"; readonly least: number; readonly most: number; readonly above?: boolean }
	| { readonly kind: "yes-no" }
	| { readonly kind: "python-host" }
	| { readonly kind: "choice"; readonly choices: readonly string[] }
	| { readonly kind: "files" }
	| { readonly kind: "engines" };

export type SettingSpec = Kind & {
	readonly says: string;
	/** False where a project's file may not set it. */
	readonly project: boolean;
};

type Entry<Key extends SettingKey> = SettingSpec & { readonly default: Settings[Key] };

/** The table. Order is the order of every list. */
export const SETTINGS: { readonly [Key in SettingKey]: Entry<Key> } = {
	engine: {
		kind: "text",
		default: "embedded",
		project: true,
		says: "what samples: embedded, a GGUF file, TYPE:URL, or a name from engines",
	},
	engines: {
		kind: "engines",
		default: {},
		project: false,
		says: "engines under names of your own, each with its fields (below)",
	},
	hints: {
		kind: "choice",
		choices: ["auto", "ask", "off"],
		default: "auto",
		project: true,
		says: "whether hints go in by themselves, after asking you, or not at all",
	},
	rounds: {
		kind: "whole",
		least: 0,
		default: 1,
		project: true,
		says: "hints before the end of thinking, at most",
	},
	words: {
		kind: "whole",
		least: 0,
		default: 1,
		project: true,
		says: "hints after reflection words, at most",
	},
	"max-calls": {
		kind: "whole",
		least: 0,
		default: 6,
		project: true,
		says: "blocks of Python that the model may run in one trace",
	},
	"max-tokens": {
		kind: "whole",
		least: 1,
		default: 2048,
		project: true,
		says: "tokens that the model may sample in one trace",
	},
	"max-seconds": {
		kind: "number",
		least: 0,
		most: 1e9,
		above: true,
		default: undefined,
		project: true,
		says: "wall time of one trace, in seconds",
	},
	temperature: {
		kind: "number",
		least: 0,
		most: 5,
		default: 0,
		project: true,
		says: "how freely tokens are sampled; 0 always takes the likeliest",
	},
	"top-p": {
		kind: "number",
		least: 0,
		most: 1,
		above: true,
		default: 1,
		project: true,
		says: "sample from the likeliest tokens that together have this probability; 1 is all",
	},
	"top-k": {
		kind: "whole",
		least: 0,
		default: 0,
		project: true,
		says: "sample from this many of the likeliest tokens; 0 is all",
	},
	"min-p": {
		kind: "number",
		least: 0,
		most: 1,
		default: 0,
		project: true,
		says: "leave out tokens with less than this share of the likeliest one's probability",
	},
	seed: {
		kind: "whole",
		least: 0,
		most: 2 ** 31 - 1,
		default: 0,
		project: true,
		says: "what sampling and the draw of hints begin from",
	},
	dialect: {
		kind: "text",
		default: "qwen",
		project: true,
		says: "how the model writes code and is shown its output, an id of hints/dialects.yaml",
	},
	instruction: {
		kind: "text",
		default: "auto",
		project: true,
		says: "what follows the problem; auto asks every model but nudge's own for a boxed answer, none adds nothing",
	},
	python: {
		kind: "text",
		default: undefined,
		project: false,
		says: "the Python that nudge's own environment is made from; without it, one is looked for",
	},
	"python-host": {
		kind: "python-host",
		default: "local",
		project: false,
		says: "where the model's code runs: on this machine, or on a cluster (docs/python.md)",
	},
	"python-timeout-ms": {
		kind: "whole",
		least: 1,
		most: 86_400_000,
		default: 10_000,
		project: true,
		says: "time that one block may take, in milliseconds",
	},
	"python-memory-mb": {
		kind: "whole",
		least: 64,
		default: 1024,
		project: true,
		says: "memory that one block may use, in mebibytes",
	},
	"python-output-chars": {
		kind: "whole",
		least: 100,
		default: 4000,
		project: true,
		says: "characters of a block's output that the model is shown",
	},
	isolation: {
		kind: "choice",
		choices: ["auto", "bubblewrap", "userns", "none"],
		default: "auto",
		project: false,
		says: "how the model's code is kept apart from this machine",
	},
	"allow-unisolated": {
		kind: "yes-no",
		default: false,
		project: false,
		says: "run the model's code even where this machine cannot isolate it",
	},
	"score-plugins": {
		kind: "files",
		default: undefined,
		project: false,
		says: "verifiers of your own, which judge before nudge's (docs/scoring.md): JavaScript or TypeScript modules",
	},
	"score-workers": {
		kind: "whole",
		least: 1,
		most: 256,
		default: 2,
		project: true,
		says: "processes that compare answers, and programs that are tested at once",
	},
	color: {
		kind: "choice",
		choices: ["auto", "always", "never"],
		default: "auto",
		project: true,
		says: "whether output is coloured; auto asks the terminal",
	},
	theme: {
		kind: "text",
		default: "auto",
		project: true,
		says: "the screen's theme by its id (docs/themes.md); auto takes the one that fits the terminal",
	},
	mouse: {
		kind: "yes-no",
		default: true,
		project: true,
		says: "whether the screen takes the mouse; without, the terminal selects text with it",
	},
	"veto-ms": {
		kind: "whole",
		least: 0,
		most: 3_600_000,
		default: 1500,
		project: true,
		says: "how long the screen shows a hint of the policy auto before it goes in, to be vetoed, in milliseconds; 0 does not wait",
	},
	"screen-reader": {
		kind: "yes-no",
		default: false,
		project: true,
		says: "nudge as lines of text in their order, for a screen reader, instead of a screen",
	},
	reviewer: {
		kind: "text",
		default: undefined,
		project: false,
		says: "the name that decisions and edits get in nudge dataset review; your login name where it is not set",
	},
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

type FieldSpec = {
	readonly kind: "text" | "type" | "url" | "variable" | "whole" | "gpu" | "list";
	readonly says: string;
};

/** The fields of an engine, with what they are. */
export const ENGINE_FIELDS: { readonly [Field in keyof Required<EngineConfig>]: FieldSpec } = {
	type: { kind: "type", says: `what kind it is: ${ENGINE_TYPES.join(", ")}` },
	url: { kind: "url", says: "where the server answers" },
	model: { kind: "text", says: "the model, as the server names it" },
	path: { kind: "text", says: "the GGUF file, for embedded" },
	apiKeyEnv: { kind: "variable", says: "the NAME of the environment variable that holds the key" },
	template: { kind: "text", says: "a chat template, or a file that has one, where the server gives none" },
	contextTokens: { kind: "whole", says: "tokens of prompt and answer that fit" },
	parallel: { kind: "whole", says: "traces at the same time, for embedded" },
	threads: { kind: "whole", says: "threads, for embedded" },
	gpu: { kind: "gpu", says: "auto or false, for embedded" },
	idleTimeoutMs: { kind: "whole", says: "the longest silence of the server, in milliseconds" },
	providers: { kind: "list", says: "for openrouter: who may answer, in this order" },
};

export function isSettingKey(name: string): name is SettingKey {
	return Object.hasOwn(SETTINGS, name);
}

/** `max-tokens` -> `NUDGE_MAX_TOKENS`. Engines are objects and have none. */
export function variableOf(key: SettingKey): string | undefined {
	return key === "engines" ? undefined : `NUDGE_${key.toUpperCase().replaceAll("-", "_")}`;
}

/** What a setting may be, in words: "one of auto, ask, off". */
export function allowed(spec: SettingSpec): string {
	switch (spec.kind) {
		case "text":
			return "a text that is not empty";
		case "whole":
			return spec.most === undefined
				? `a whole number of at least ${spec.least}`
				: `a whole number from ${spec.least} to ${spec.most}`;
		case "number":
			return spec.above
				? `a number above ${spec.least} and up to ${spec.most}`
				: `a number from ${spec.least} to ${spec.most}`;
		case "yes-no":
			return "true or false";
		case "python-host":
			return PYTHON_HOSTS;
		case "choice":
			return `one of ${spec.choices.join(", ")}`;
		case "files":
			return "a list of files, in the environment with commas between; relative to the settings file that names them, else to where you are";
		case "engines":
			return "an object: a name of your own for each engine, and under it its fields";
	}
}

/** What is wrong with a value of a key; undefined where nothing is. Never repeats a value that may be a secret. */
export function mistakeIn(key: SettingKey, value: unknown): string | undefined {
	const spec: SettingSpec = SETTINGS[key];
	const wrong = `${key} must be ${allowed(spec)}`;
	switch (spec.kind) {
		case "text":
			return typeof value === "string" && value.trim() !== "" ? secretIn(value) : wrong;
		case "whole":
		case "number": {
			if (typeof value !== "number" || !Number.isFinite(value)) return wrong;
			if (spec.kind === "whole" && !Number.isSafeInteger(value)) return wrong;
			const tooSmall = spec.kind === "number" && spec.above ? value <= spec.least : value < spec.least;
			return tooSmall || value > (spec.most ?? Number.MAX_SAFE_INTEGER) ? wrong : undefined;
		}
		case "yes-no":
			return typeof value === "boolean" ? undefined : wrong;
		case "python-host": {
			const spec = typeof value === "string" ? parsePythonHost(value) : wrong;
			return typeof spec === "string" ? `${key}: ${spec}` : undefined;
		}
		case "choice": {
			if (typeof value === "string" && spec.choices.includes(value)) return undefined;
			return wrong + (typeof value === "string" ? nearest(value, spec.choices) : "");
		}
		case "files": {
			const files = Array.isArray(value) && value.length > 0 ? value : [""];
			return files.every((file) => typeof file === "string" && file.trim() !== "") ? undefined : wrong;
		}
		case "engines": {
			if (!isObject(value)) return wrong;
			for (const [name, engine] of Object.entries(value)) {
				const mistake = mistakeInEngine(name, engine);
				if (mistake) return mistake.says;
			}
			return undefined;
		}
	}
}

/** The first mistake in a named engine, with the path to it below `engines`. */
export function mistakeInEngine(
	name: string,
	engine: unknown,
): { readonly path: readonly string[]; readonly says: string } | undefined {
	if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
		return { path: [name], says: `an engine's name has letters, digits, - and _ only, not "${name}"` };
	}
	if (!isObject(engine)) {
		return {
			path: [name],
			says: `engines.${name} must be an object with ${Object.keys(ENGINE_FIELDS).join(", ")}`,
		};
	}
	for (const [field, value] of Object.entries(engine)) {
		const says = mistakeInField(name, field, value);
		if (says) return { path: [name, field], says };
	}
	return undefined;
}

export function mistakeInField(name: string, field: string, value: unknown): string | undefined {
	const path = `engines.${name}.${field}`;
	if (!Object.hasOwn(ENGINE_FIELDS, field)) {
		if (looksSecret(field)) {
			return `secrets never stand in settings: put the key into an environment variable and name it with nudge config set engines.${name}.apiKeyEnv VARIABLE`;
		}
		const fields = Object.keys(ENGINE_FIELDS);
		return `there is no ${path}; an engine has ${fields.join(", ")}${nearest(field, fields)}`;
	}
	const { kind } = ENGINE_FIELDS[field as keyof EngineConfig];
	switch (kind) {
		case "whole":
			return typeof value === "number" && Number.isSafeInteger(value) && value > 0
				? undefined
				: `${path} must be a whole number of at least 1`;
		case "gpu":
			return value === "auto" || value === false ? undefined : `${path} must be auto or false`;
		case "list":
			return Array.isArray(value) &&
				value.length > 0 &&
				value.every((item) => typeof item === "string" && item !== "")
				? undefined
				: `${path} must be a list of texts`;
	}
	if (typeof value !== "string" || value.trim() === "") return `${path} must be a text that is not empty`;
	switch (kind) {
		case "type":
			return (ENGINE_TYPES as readonly string[]).includes(value)
				? undefined
				: (secretIn(value) ??
						`${path} must be one of ${ENGINE_TYPES.join(", ")}${nearest(value, ENGINE_TYPES)}`);
		case "variable":
			// The value may be the key itself: it is not repeated.
			return /^[A-Z_][A-Z0-9_]*$/.test(value)
				? undefined
				: `${path} must be the NAME of an environment variable (capitals, digits, _), such as LAB_API_KEY; the key itself never stands in settings`;
		case "url": {
			const protocol = URL.parse(value)?.protocol;
			return protocol === "http:" || protocol === "https:"
				? secretIn(value)
				: `${path} must be a URL that begins with http:// or https://`;
		}
		case "text":
			return secretIn(value);
	}
}

/** A field of an engine from the words of a command line. What does not fit is left as it is, for the check to refuse. */
export function parseField(field: string, text: string): unknown {
	const kind = Object.hasOwn(ENGINE_FIELDS, field) ? ENGINE_FIELDS[field as keyof EngineConfig].kind : "text";
	if (kind === "whole") return /^\d+$/.test(text) ? Number(text) : text;
	if (kind === "gpu") return text === "false" ? false : text;
	if (kind === "list") return text.split(",").map((item) => item.trim());
	return text;
}

/** A name under which people keep secrets; "max-tokens" and "contextTokens" are counts. */
export function looksSecret(name: string): boolean {
	return /api[-_]?key|secret|password|passwd|credential|bearer|authorization|(?:^|[-_.a-z])token$|(?:^|[-_.])key$/i.test(
		name,
	);
}

/** A text with a password in it (a URL's), or that is plainly a key. */
function secretIn(value: string): string | undefined {
	if (/:\/\/[^/@\s]*:[^/@\s]*@/.test(value) || /^(?:sk|hf|gsk|xai)[-_][A-Za-z0-9_-]{16,}$/.test(value)) {
		return "this looks like a secret, and secrets never stand in settings: put it into an environment variable and name that with engines.NAME.apiKeyEnv";
	}
	return undefined;
}

/** From the words of a command line or an environment variable to a value; a UsageError names what was given where. */
export function parseSetting(key: SettingKey, text: string, where: string): unknown {
	const spec: SettingSpec = SETTINGS[key];
	let value: unknown = text;
	if (spec.kind === "whole" || spec.kind === "number") value = /^\s*$/.test(text) ? text : Number(text);
	if (spec.kind === "yes-no") {
		const known: Record<string, boolean> = {
			true: true,
			yes: true,
			1: true,
			false: false,
			no: false,
			0: false,
		};
		value = known[text.toLowerCase()] ?? text;
	}
	if (spec.kind === "files") value = text.split(",").map((file) => file.trim());
	if (spec.kind === "engines") {
		try {
			value = JSON.parse(text);
		} catch {
			value = text;
		}
	}
	const mistake = mistakeIn(key, value);
	if (mistake) throw new UsageError(`${where}: ${mistake}`);
	return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
