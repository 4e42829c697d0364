/**
 * A recipe as a YAML file with every option in it and what each means: to begin one's own from.
 * What always holds: read again it is the same recipe.
 */
import { stringify } from "yaml";
import type { Recipe } from "./recipe.ts";
import type { RuleSetting } from "./rules/compile.ts";
import { RULES } from "./rules/registry.ts";
import type { OptionSpec, OptionValue } from "./rules/rule.ts";

const WIDTH = 100;

export function recipeText({ says, rules, choose, train }: Recipe): string {
	const lines: string[] = [];
	if (says !== undefined) lines.push(`says: ${inline(says)}`, "");
	lines.push("rules:");
	for (const rule of RULES) {
		const { on, ...options }: RuleSetting = rules[rule.id] ?? { on: rule.on };
		lines.push(...comment(`${rule.says}`, "  "), `  ${rule.id}:`, `    on: ${on}`);
		for (const [name, spec] of Object.entries(rule.options)) {
			lines.push(...comment(`${spec.says}${unitSays(spec)}`, "    "));
			lines.push(`    ${name}: ${inline(options[name] ?? spec.default)}`);
		}
	}
	lines.push("", "choose:");
	for (const [name, value] of Object.entries(choose)) lines.push(`  ${name}: ${inline(value)}`);
	lines.push("", "train:", `  hints: ${train.hints}`);
	return `${lines.join("\n")}\n`;
}

function inline(value: OptionValue): string {
	return stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();
}

export function unitSays(spec: OptionSpec): string {
	switch (spec.type) {
		case "integer":
		case "number": {
			const range = spec.most === undefined ? `at least ${spec.least}` : `${spec.least} to ${spec.most}`;
			return ` (${spec.unit}; ${range})`;
		}
		case "choice":
			return ` (${spec.choices.join(", ")})`;
		case "list":
			return spec.choices && spec.choices.length <= 8 ? ` (of ${spec.choices.join(", ")})` : "";
		case "boolean":
			return "";
	}
}

function comment(text: string, indent: string): string[] {
	const lines: string[] = [];
	let line = `${indent}#`;
	for (const word of text.split(" ")) {
		if (line.length + word.length >= WIDTH) {
			lines.push(line);
			line = `${indent}#`;
		}
		line += ` ${word}`;
	}
	return [...lines, line];
}
