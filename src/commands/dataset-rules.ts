/** `nudge dataset rules`: the rules of a recipe, or one rule with its options and examples, run as they are shown. */

import { type Recipe, readRecipe } from "../data/recipe.ts";
import { defaultSays } from "../data/recipe-schema.ts";
import { unitSays } from "../data/recipe-text.ts";
import { overridden } from "../data/recipe-words.ts";
import { RULES, ruleOf } from "../data/rules/registry.ts";
import type { OptionValue, Rule } from "../data/rules/rule.ts";
import { runExample } from "../data/rules/run-example.ts";
import { nearest } from "../hints/nearest.ts";
import { visibleLine } from "../trace/visible.ts";
import { type Context, type ExitCode, text, UsageError } from "./command.ts";

export async function rules(context: Context): Promise<ExitCode> {
	const { io, args, options } = context;
	const recipe = recipeOf(context);
	const wanted = args[0];
	const rule = wanted === undefined ? undefined : ruleOf(wanted);
	if (wanted !== undefined && !rule) {
		const ids = RULES.map(({ id }) => id);
		throw new UsageError(`there is no rule "${wanted}"; there are ${ids.join(", ")}${nearest(wanted, ids)}`);
	}
	const shown = rule ? [rule] : RULES;
	if (options.json) {
		for (const one of shown) io.stdout.write(`${JSON.stringify({ ...one, set: recipe.rules[one.id] })}\n`);
	} else if (options.yaml) {
		const { recipeText } = await import("../data/recipe-text.ts");
		io.stdout.write(recipeText(recipe));
	} else if (rule) {
		io.stdout.write(`${(await ruleLines(rule, recipe)).join("\n")}\n`);
	} else {
		const { chooserOf } = await import("../data/recipe.ts");
		const width = Math.max(...RULES.map(({ id }) => id.length));
		for (const { id, says } of RULES) {
			const on = recipe.rules[id]?.on ? "on " : "off";
			io.stdout.write(`${id.padEnd(width)}  ${on}  ${says}\n`);
		}
		io.stdout.write(`\nchosen (${recipe.name}): ${chooserOf(recipe).says}\n`);
	}
	return 0;
}

function recipeOf(context: Context): Recipe {
	const recipe = readRecipe(text(context, "recipe") ?? "start", context.io.cwd);
	return overridden(recipe, { rule: context.options.rule as readonly string[] | undefined });
}

async function ruleLines(rule: Rule, recipe: Recipe): Promise<string[]> {
	const set = recipe.rules[rule.id];
	const lines = [
		`${rule.id} (${set?.on ? "on" : "off"} in ${recipe.name}): drops a rollout where ${rule.says}`,
	];
	if (rule.details !== undefined) lines.push(...wrapped(rule.details));
	if (rule.source !== undefined) lines.push(...wrapped(`Source: ${rule.source}`));
	const specs = Object.entries(rule.options);
	if (specs.length > 0) lines.push("", "options");
	const width = Math.max(0, ...specs.map(([name]) => name.length));
	for (const [name, spec] of specs) {
		const value = valueSays(set?.[name] ?? spec.default);
		const usual = value === defaultSays(spec) ? "" : `; by itself ${defaultSays(spec)}`;
		lines.push(`  ${name.padEnd(width)}  ${value}: ${spec.says}${unitSays(spec)}${usual}`);
	}
	lines.push("", "examples, with the options by themselves but for those named");
	for (const example of rule.examples) {
		const why = await runExample(rule, example);
		const named = Object.entries(example.options ?? {}).map(
			([name, value]) => `${name}: ${valueSays(value as OptionValue)}`,
		);
		const options = named.length > 0 ? ` (${named.join(", ")})` : "";
		lines.push(`  ${why === undefined ? "kept   " : "dropped"}  ${example.says}${options}`);
		if (why !== undefined) lines.push(`           ${visibleLine(why)}`);
	}
	return lines;
}

function valueSays(value: OptionValue): string {
	if (typeof value !== "object") return String(value);
	return value.length === 0 ? "none" : value.join(", ");
}

function wrapped(words: string): string[] {
	const lines: string[] = [];
	let line = " ";
	for (const word of words.split(" ")) {
		if (line.length + word.length >= 100) {
			lines.push(line);
			line = " ";
		}
		line += ` ${word}`;
	}
	return [...lines, line];
}
