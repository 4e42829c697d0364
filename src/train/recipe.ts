/**
 * Recipes of training: YAML files that validate against recipes/train.schema.json, three of which come with nudge.
 *
 * What always holds: every mistake is shown with file, line and column; a resolved recipe has every field, under the same
 * names as the file, so that it can be written out and used as one; base model and revision are named. Nothing here asks
 * a machine or a network: what fits is said by what stands in the recipe alone.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, extname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseYaml } from "yaml";
import { sayDiagnostic } from "../hints/hint.ts";
import { nearest } from "../hints/nearest.ts";
import { mismatches, type Path, YamlFile } from "../hints/yaml.ts";

export type Recipe = {
	readonly name: string;
	readonly says: string;
	readonly base: { readonly model: string; readonly revision?: string };
	readonly method: "full" | "lora";
	readonly lora: {
		readonly rank: number;
		readonly alpha: number;
		readonly dropout: number;
		readonly targets: readonly string[];
	};
	readonly "learning-rate": number;
	readonly epochs: number;
	readonly "max-steps"?: number;
	readonly schedule: "linear" | "cosine" | "constant";
	readonly warmup: number;
	readonly "weight-decay": number;
	readonly clip: number;
	readonly optimizer: "adamw" | "paged-adamw-8bit";
	readonly seed: number;
	readonly batch: { readonly sequences: number; readonly micro: number };
	readonly tokens: { readonly most: number; readonly packing: boolean; readonly "most-dropped": number };
	readonly memory: {
		readonly precision: "auto" | "bf16" | "fp32";
		readonly checkpointing: boolean;
		readonly attention: "sdpa" | "flash_attention_2" | "eager";
		readonly shard: "none" | "fsdp2" | "zero3";
		readonly offload: boolean;
		readonly "sequence-parallel": number;
		readonly "chunked-loss": boolean;
	};
	readonly save: {
		readonly every: number;
		readonly keep: number;
		readonly dtype: "base" | "float32" | "bfloat16" | "float16";
		readonly gguf: boolean;
	};
	readonly watch: {
		readonly every: number;
		readonly "stall-seconds": number;
		readonly report: readonly ("tensorboard" | "wandb")[];
	};
	readonly shape: {
		readonly nodes: number;
		readonly "gpus-per-node": number;
		readonly "cpu-processes": number;
	};
	readonly "from-checkpoint": "refuse" | "on-purpose";
};

/** What the trainer is given as recipe.json: the recipe, and what follows from it. */
export type ResolvedRecipe = Recipe & {
	readonly resolved: {
		/** The base as the trainer finds it: `base` (in RUN), an absolute path on its machine, or a hub id. */
		readonly at: string;
		/** Of the base's files, where it is a folder that was read here. */
		readonly sha256?: string;
		/** Processes of all nodes. */
		readonly processes: number;
		/** Micro-batches that one process accumulates into a step. */
		readonly accumulate: number;
		readonly cpu: boolean;
	};
};

/** A recipe that cannot be used: each mistake with its place. */
export class RecipeError extends Error {
	override readonly name = "RecipeError";
}

export const RECIPES_DIR = new URL("../../recipes/train/", import.meta.url);
const SCHEMA = new URL("../../recipes/train.schema.json", import.meta.url);

const DEFAULTS = {
	says: "",
	method: "full",
	lora: {
		rank: 32,
		alpha: 64,
		dropout: 0,
		targets: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
	},
	schedule: "cosine",
	warmup: 0.05,
	"weight-decay": 0,
	clip: 1,
	optimizer: "adamw",
	seed: 1,
	batch: { sequences: 16, micro: 1 },
	tokens: { most: 16384, packing: false, "most-dropped": 0.1 },
	memory: {
		precision: "auto",
		checkpointing: true,
		attention: "sdpa",
		shard: "none",
		offload: false,
		"sequence-parallel": 1,
		"chunked-loss": true,
	},
	save: { every: 50, keep: 2, dtype: "base", gguf: false },
	watch: { every: 1, "stall-seconds": 1800, report: [] },
	shape: { nodes: 1, "gpus-per-node": 1, "cpu-processes": 0 },
	"from-checkpoint": "refuse",
} as const;

/** Short names that `--set` knows besides the full ones. */
const SHORT: Readonly<Record<string, string>> = {
	lr: "learning-rate",
	base: "base.model",
	revision: "base.revision",
};

export function builtInRecipes(): string[] {
	return readdirSync(fileURLToPath(RECIPES_DIR))
		.filter((name) => name.endsWith(".yaml"))
		.map((name) => basename(name, ".yaml"))
		.sort();
}

/** The file of a recipe: a path, or the name of one that comes with nudge. */
export function recipeFile(named: string, cwd: string): string {
	const path = isAbsolute(named) ? named : resolve(cwd, named);
	if (existsSync(path) && extname(path) !== "") return path;
	const own = join(fileURLToPath(RECIPES_DIR), `${named}.yaml`);
	if (existsSync(own)) return own;
	const known = builtInRecipes();
	throw new RecipeError(
		`there is no recipe "${named}": neither a file ${path} nor one that comes with nudge (${known.join(", ")})${nearest(named, known)}`,
	);
}

/** Reads a recipe, lays `sets` ("learning-rate=1e-5", "batch.sequences=8", "lr=1e-5") over it, and fills the rest in. */
export function readRecipe(file: string, sets: readonly string[] = []): Recipe {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		throw new RecipeError(`${file} cannot be read: ${(error as Error).message}`);
	}
	const yaml = new YamlFile(file, text);
	const data = yaml.data();
	refuse(yaml);
	mismatches(SCHEMA, yaml, data);
	refuse(yaml);
	const recipe = withSets(data as Record<string, unknown>, sets, file);
	for (const { path, says } of misfits(recipe)) yaml.report(path, "error", says);
	refuse(yaml);
	return recipe;
}

function refuse(yaml: YamlFile): void {
	const errors = yaml.problems.filter(({ severity }) => severity === "error");
	if (errors.length > 0) throw new RecipeError(errors.map(sayDiagnostic).join("\n"));
}

function withSets(data: Record<string, unknown>, sets: readonly string[], file: string): Recipe {
	if (sets.length === 0) return filled(data);
	const changed = structuredClone(data);
	for (const set of sets) {
		const at = set.indexOf("=");
		if (at < 1) throw new RecipeError(`--set takes NAME=VALUE (--set lr=1e-5), not "${set}"`);
		const said = set.slice(0, at).trim();
		const path = (Object.hasOwn(SHORT, said) ? SHORT[said]! : said).split(".");
		put(changed, path, setValue(set.slice(at + 1)));
	}
	// The whole is checked again: what the words of the command line do wrong is no mistake of the file.
	const checked = new YamlFile(`${file} with --set`, JSON.stringify(changed));
	mismatches(SCHEMA, checked, changed);
	const errors = checked.problems.map(({ message }) => `--set ${sets.join(" --set ")}: ${message}`);
	if (errors.length > 0) throw new RecipeError([...new Set(errors)].join("\n"));
	return filled(changed);
}

/** YAML's own reading of a value, except that 1e-5 (a text there: it lacks a dot) is a number as well. */
function setValue(text: string): unknown {
	if (/^[+-]?\d+(\.\d*)?e[+-]?\d+$/i.test(text.trim())) return Number(text);
	return parseYaml(text) as unknown;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
	const [first = "", ...rest] = path;
	if (["__proto__", "constructor", "prototype"].includes(first))
		throw new RecipeError(`--set: no field "${first}"`);
	if (rest.length === 0) {
		into[first] = value;
		return;
	}
	const below = into[first];
	if (typeof below !== "object" || below === null || Array.isArray(below)) into[first] = {};
	put(into[first] as Record<string, unknown>, rest, value);
}

function filled(data: Record<string, unknown>): Recipe {
	const merged: Record<string, unknown> = { ...DEFAULTS, ...data };
	for (const [key, defaults] of Object.entries(DEFAULTS))
		if (typeof defaults === "object") merged[key] = { ...defaults, ...(data[key] as object | undefined) };
	return merged as Recipe;
}

type Misfit = { readonly path: Path; readonly says: string };

/** What no schema can say: fields that do not go together. */
export function misfits(recipe: Recipe): Misfit[] {
	const { base, memory, tokens, batch, shape, optimizer } = recipe;
	const found: Misfit[] = [];
	const add = (path: Path, says: string): void => void found.push({ path, says });
	if (isHubId(base.model) && base.revision === undefined)
		add(["base"], `${base.model} is on the hub and needs a revision: the id of a commit, or a tag`);
	if (base.revision !== undefined && ["main", "master", "refs/heads/main"].includes(base.revision))
		add(["base", "revision"], `"${base.revision}" is a branch, which moves: name a commit or a tag`);
	if (base.revision !== undefined && !isHubId(base.model))
		add(["base", "revision"], "only an id on the hub has a revision; a folder is known by its hash");
	const cpu = shape["cpu-processes"] > 0;
	const gpus = shape.nodes * shape["gpus-per-node"];
	if (!cpu && gpus === 0)
		add(
			["shape"],
			"there is neither a GPU nor a CPU process to train on: set gpus-per-node or cpu-processes",
		);
	const processes = processesOf(recipe);
	const together = memory["sequence-parallel"];
	if (together > 1 && memory.shard === "none")
		add(["memory", "sequence-parallel"], "GPUs share a sequence only with shard: zero3 or fsdp2");
	if (together > 1 && tokens.packing)
		add(
			["tokens", "packing"],
			"packed rows cannot be shared between GPUs: the borders between samples would be lost",
		);
	if (together > 1 && memory.shard === "fsdp2" && memory.attention !== "sdpa")
		add(["memory", "attention"], "ring attention (fsdp2 with sequence-parallel) works with sdpa alone");
	if (together > 1 && tokens.most % together !== 0)
		add(["tokens", "most"], `${tokens.most} tokens cannot be cut into ${together} equal parts`);
	if (processes % together !== 0)
		add(["memory", "sequence-parallel"], `${processes} processes cannot be grouped by ${together}`);
	else if (batch.sequences % ((processes / together) * batch.micro) !== 0) {
		const step = (processes / together) * batch.micro;
		add(
			["batch", "sequences"],
			`${batch.sequences} sequences a step cannot be spread evenly over ${processes} processes${together > 1 ? `, ${together} to a sequence,` : ""} with ${batch.micro} at once in each: take a multiple of ${step}`,
		);
	}
	// accelerate would make plain data parallelism of it, without a word.
	if (memory.shard !== "none" && cpu) add(["memory", "shard"], `${memory.shard} needs GPUs`);
	if (cpu && memory.precision === "bf16") add(["memory", "precision"], "bf16 is for GPUs: take auto or fp32");
	if (cpu && optimizer !== "adamw") add(["optimizer"], `${optimizer} needs a GPU`);
	if (memory.offload && memory.shard === "none")
		add(["memory", "offload"], "offload needs shard: zero3 or fsdp2");
	return found;
}

/** Processes of all nodes together. */
export function processesOf({ shape }: Pick<Recipe, "shape">): number {
	return shape.nodes * (shape["cpu-processes"] > 0 ? shape["cpu-processes"] : shape["gpus-per-node"]);
}

export const BUILT_IN_BASE = "nudge-tiny";

/** `owner/name`, and no path. */
export function isHubId(model: string): boolean {
	return /^[\w.-]+\/[\w.-]+$/.test(model) && !model.startsWith(".");
}

/** What follows from a recipe, once it is known where the trainer finds the base. */
export function resolvedRecipe(recipe: Recipe, at: string, sha256?: string): ResolvedRecipe {
	const processes = processesOf(recipe);
	const groups = processes / recipe.memory["sequence-parallel"];
	return {
		...recipe,
		resolved: {
			at,
			...(sha256 !== undefined && { sha256 }),
			processes,
			accumulate: recipe.batch.sequences / (groups * recipe.batch.micro),
			cpu: recipe.shape["cpu-processes"] > 0,
		},
	};
}
