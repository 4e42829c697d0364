/**
 * How samples are made of rollouts: which rules apply with which numbers, which rollout of a question is taken, what
 * trains. One YAML file; `start`, `seed` and `no-tool` come with nudge (recipes/dataset/).
 *
 * What always holds: a recipe that was read is whole (every rule and every option has its value), plain data and
 * checked, so that a dataset can keep it; two recipes with the same hash make the same choice.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Diagnostic, sayDiagnostic } from "../hints/hint.ts";
import { nearest } from "../hints/nearest.ts";
import { mismatches, YamlFile } from "../hints/yaml.ts";
import { CHOOSE, type Choose } from "./recipe-choose.ts";
import type { RuleSetting, RuleSettings } from "./rules/compile.ts";
import { RULES } from "./rules/registry.ts";
import { defaultsOf } from "./rules/rule.ts";

export { type Candidate, type Chooser, chooserOf } from "./recipe-choose.ts";

export type Recipe = {
	/** "start", or the file's name without its ending. */
	readonly name: string;
	readonly says?: string;
	/** Every rule with every option. */
	readonly rules: RuleSettings;
	readonly choose: Choose;
	readonly train: { readonly hints: boolean };
};

/** A recipe that cannot be used: file, line, column and what to do. */
export class RecipeError extends Error {
	override readonly name = "RecipeError";
	readonly problems: readonly Diagnostic[];

	constructor(message: string, problems: readonly Diagnostic[] = []) {
		super(message);
		this.problems = problems;
	}
}

const BUILT_IN = new URL("../../recipes/dataset/", import.meta.url);
export const RECIPE_SCHEMA = new URL("../../recipes/dataset.schema.json", import.meta.url);

/** The recipes that come with nudge. */
export function builtInRecipes(): string[] {
	return readdirSync(BUILT_IN)
		.filter((name) => name.endsWith(".yaml"))
		.map((name) => basename(name, ".yaml"))
		.sort();
}

/** A recipe by its file, or by the name of one that comes with nudge. Relative names are relative to `cwd`. */
export function readRecipe(name: string, cwd: string): Recipe {
	const builtIn = builtInRecipes();
	if (builtIn.includes(name)) return parseRecipe(fileURLToPath(new URL(`${name}.yaml`, BUILT_IN)), undefined);
	const file = resolve(cwd, name);
	if (!existsSync(file)) {
		throw new RecipeError(
			`there is no recipe ${name}: a file, or one of ${builtIn.join(", ")}${nearest(name, builtIn)}`,
		);
	}
	return parseRecipe(file, dirname(file));
}

/** A recipe from a file's text. `folder` is what evaluation sets are relative to; undefined leaves them as they are. */
export function parseRecipe(file: string, folder?: string, text = readText(file)): Recipe {
	const yaml = new YamlFile(file, text);
	const data = yaml.data() as Partial<Recipe> | undefined;
	if (data !== undefined) mismatches(RECIPE_SCHEMA, yaml, data);
	const errors = yaml.problems.filter(({ severity }) => severity === "error");
	if (data === undefined || errors.length > 0) {
		throw new RecipeError(
			`the recipe cannot be used:\n${yaml.problems.map(sayDiagnostic).join("\n")}`,
			yaml.problems,
		);
	}
	const rules: Record<string, RuleSetting> = {};
	for (const rule of RULES) {
		const { on = true, ...options } = (data.rules?.[rule.id] ?? { on: rule.on }) as Partial<RuleSetting>;
		rules[rule.id] = { on, ...defaultsOf(rule), ...options } as RuleSetting;
	}
	return {
		name: basename(file).replace(/\.(ya?ml|json)$/, ""),
		...(data.says === undefined ? {} : { says: data.says }),
		rules: folder === undefined ? rules : placed(rules, folder),
		choose: { ...CHOOSE, ...data.choose },
		train: { hints: true, ...data.train },
	};
}

function readText(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new RecipeError(`the recipe cannot be read: ${(error as Error).message}`);
	}
}

/** Files that a recipe names beside itself are found wherever it is used from. */
function placed(rules: Record<string, RuleSetting>, folder: string): RuleSettings {
	const decontamination = rules.decontamination;
	if (!decontamination) return rules;
	const against = (decontamination.against as readonly string[]).map((set) => {
		const file = resolve(folder, set);
		return existsSync(file) ? file : set;
	});
	return { ...rules, decontamination: { ...decontamination, against } };
}

/** Names what a recipe does: the same wherever the recipe and the evaluation sets lie. */
export function recipeHash({ rules, choose, train }: Recipe): string {
	const against = (rules.decontamination?.against ?? []) as readonly string[];
	const named = rules.decontamination && {
		...rules,
		decontamination: { ...rules.decontamination, against: against.map((set) => basename(set)) },
	};
	return createHash("sha256")
		.update(JSON.stringify(sorted([named ?? rules, choose, train])))
		.digest("hex")
		.slice(0, 12);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
