/** What the command line says against a recipe: `--rule repetition=off`, `--rule repetition.share=0.3`, `--choose longest`. */
import { nearest } from "../hints/nearest.ts";
import { type Recipe, RecipeError } from "./recipe.ts";
import { type Choose, MEASURES, NEEDS, ORDERS } from "./recipe-choose.ts";
import { RULES, ruleOf } from "./rules/registry.ts";
import type { OptionSpec, OptionValue } from "./rules/rule.ts";

export type Overrides = {
	/** Each "RULE=on|off" or "RULE.OPTION=VALUE". */
	readonly rule?: readonly string[] | undefined;
	/** Each an order ("longest", "fewest-calls,shortest"), or "FIELD=VALUE" of the recipe's `choose`. */
	readonly choose?: readonly string[] | undefined;
};

/** The recipe with what the command line says. An option that is set turns its rule on. */
export function overridden(recipe: Recipe, { rule = [], choose = [] }: Overrides): Recipe {
	const rules = { ...recipe.rules };
	for (const words of rule) {
		const [place, value] = parted(words, "--rule", "RULE=off, RULE=on or RULE.OPTION=VALUE");
		const [id = "", name] = place.split(".");
		const known = ruleOf(id);
		if (!known) {
			const ids = RULES.map((one) => one.id);
			throw new RecipeError(
				`--rule ${words}: there is no rule "${id}"; there are ${ids.join(", ")}${nearest(id, ids)}`,
			);
		}
		if (name === undefined) {
			rules[id] = { ...rules[id], on: switched(value, `--rule ${id}`) };
			continue;
		}
		const spec = known.options[name];
		if (!spec) {
			const names = Object.keys(known.options);
			const has = names.length === 0 ? "it has none" : `it has ${names.join(", ")}${nearest(name, names)}`;
			throw new RecipeError(`--rule ${words}: the rule ${id} has no option "${name}"; ${has}`);
		}
		rules[id] = { ...rules[id], on: true, [name]: readValue(value, spec, `--rule ${id}.${name}`) };
	}
	let chosen = recipe.choose;
	for (const words of choose) chosen = { ...chosen, ...choiceOf(words) };
	return { ...recipe, rules, choose: chosen };
}

const CHOOSE_SPECS: { readonly [Name in keyof Choose]: OptionSpec } = {
	from: { type: "list", choices: NEEDS, default: [], says: "" },
	order: { type: "list", choices: ORDERS, default: [], says: "" },
	by: { type: "choice", choices: MEASURES, default: "tokens", says: "" },
	per_question: { type: "integer", unit: "rollouts", least: 1, default: 1, says: "" },
	seed: { type: "integer", unit: "seed", least: 0, default: 0, says: "" },
};

function choiceOf(words: string): Partial<Choose> {
	const name = words.includes("=") ? words.slice(0, words.indexOf("=")) : "order";
	const spec = CHOOSE_SPECS[name as keyof Choose];
	if (!spec) {
		const names = Object.keys(CHOOSE_SPECS);
		throw new RecipeError(
			`--choose ${words}: there is no field "${name}"; there are ${names.join(", ")}${nearest(name, names)}`,
		);
	}
	const value = words.includes("=") ? words.slice(words.indexOf("=") + 1) : words;
	const where = words.includes("=") ? `--choose ${name}` : "--choose";
	return { [name]: readValue(value, spec, where) };
}

function parted(words: string, option: string, form: string): [string, string] {
	const at = words.indexOf("=");
	if (at <= 0) throw new RecipeError(`${option} takes ${form}, not "${words}"`);
	return [words.slice(0, at), words.slice(at + 1)];
}

function switched(value: string, where: string): boolean {
	if (["on", "true", "yes"].includes(value)) return true;
	if (["off", "false", "no"].includes(value)) return false;
	throw new RecipeError(`${where} takes on or off, not "${value}"`);
}

function readValue(text: string, spec: OptionSpec, where: string): OptionValue {
	switch (spec.type) {
		case "boolean":
			return switched(text, where);
		case "integer":
		case "number": {
			const value = Number(text);
			const whole = spec.type === "integer";
			const fits =
				text.trim() !== "" &&
				(whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
				value >= spec.least &&
				value <= (spec.most ?? Number.POSITIVE_INFINITY);
			if (fits) return value;
			const kind = whole ? "a whole number" : "a number";
			const range =
				spec.most === undefined ? `of at least ${spec.least}` : `from ${spec.least} to ${spec.most}`;
			throw new RecipeError(`${where} takes ${kind} ${range}, not "${text}"`);
		}
		case "choice":
			if (spec.choices.includes(text)) return text;
			throw new RecipeError(
				`${where} takes one of ${spec.choices.join(", ")}, not "${text}"${nearest(text, spec.choices)}`,
			);
		case "list": {
			const parts = text
				.split(",")
				.map((part) => part.trim())
				.filter((part) => part !== "");
			for (const part of parts) {
				if (spec.choices && !spec.choices.includes(part)) {
					throw new RecipeError(
						`${where} takes ${spec.choices.join(", ")} (several with commas), not "${part}"${nearest(part, spec.choices)}`,
					);
				}
			}
			return parts;
		}
	}
}
