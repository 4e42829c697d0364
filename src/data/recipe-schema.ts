/** The JSON Schema of recipes, made from the rules: recipes/dataset.schema.json is this, and a test keeps it so. */
import { CHOOSE, MEASURES, NEEDS, ORDERS } from "./recipe-choose.ts";
import { RULES } from "./rules/registry.ts";
import type { OptionSpec, Rule } from "./rules/rule.ts";

export function recipeSchema(): object {
	return {
		$schema: "https://json-schema.org/draft/2020-12/schema",
		$id: "dataset.schema.json",
		title: "A recipe for a dataset",
		description:
			"Which rules apply to rollouts, which rollout of a question is taken, what trains. docs/rules.md explains all of it. What is left out is as its default says.",
		type: "object",
		additionalProperties: false,
		properties: {
			$schema: { description: "Where this schema is, for editors.", type: "string" },
			says: { description: "What the recipe is for, for people.", type: "string" },
			rules: {
				description: "The rules by their name.",
				type: "object",
				additionalProperties: false,
				properties: Object.fromEntries(RULES.map((rule) => [rule.id, ruleSchema(rule)])),
			},
			choose: {
				description: "Which rollouts of a question become samples.",
				type: "object",
				additionalProperties: false,
				properties: {
					from: {
						description: `What a rollout must be to be taken at all: correct, and executed (a block of code ran without an error). By itself: ${CHOOSE.from.join(", ")}.`,
						...listOf(NEEDS),
					},
					order: {
						description: `What is taken first; a later one decides where the earlier ones do not. first: the lowest number of the sample. By itself: ${CHOOSE.order.join(", ")}.`,
						...listOf(ORDERS),
					},
					by: {
						description: `What shortest and longest count, outputs left out. By itself: ${CHOOSE.by}.`,
						type: "string",
						enum: MEASURES,
					},
					per_question: {
						description: `Samples of one question, at most. By itself: ${CHOOSE.per_question}.`,
						type: "integer",
						minimum: 1,
					},
					seed: {
						description: `Decides between equals, and the order random. By itself: ${CHOOSE.seed}.`,
						type: "integer",
						minimum: 0,
					},
				},
			},
			train: {
				description: "What trains.",
				type: "object",
				additionalProperties: false,
				properties: {
					hints: {
						description:
							"Whether inserted hints train. By itself true: a model whose hints were masked never began by itself.",
						type: "boolean",
					},
				},
			},
		},
	};
}

function ruleSchema(rule: Rule): object {
	return {
		description: `Drops a rollout where ${rule.says}.`,
		type: "object",
		additionalProperties: false,
		properties: {
			on: {
				description: `Whether the rule applies. Where the rule is not named: ${rule.on}; where it is: true.`,
				type: "boolean",
			},
			...Object.fromEntries(
				Object.entries(rule.options).map(([name, spec]) => [
					name,
					{ description: `${capital(spec.says)}. By itself: ${defaultSays(spec)}.`, ...typeOf(spec) },
				]),
			),
		},
	};
}

export function defaultSays({ default: value }: OptionSpec): string {
	if (typeof value !== "object") return String(value);
	return value.length === 0 ? "none" : value.join(", ");
}

function typeOf(spec: OptionSpec): object {
	switch (spec.type) {
		case "boolean":
			return { type: "boolean" };
		case "integer":
		case "number":
			return {
				type: spec.type,
				minimum: spec.least,
				...(spec.most === undefined ? {} : { maximum: spec.most }),
			};
		case "choice":
			return { type: "string", enum: spec.choices };
		case "list":
			return listOf(spec.choices);
	}
}

function listOf(choices?: readonly string[]): object {
	return {
		type: "array",
		uniqueItems: true,
		items: { type: "string", ...(choices ? { enum: choices } : { minLength: 1 }) },
	};
}

function capital(text: string): string {
	return text.slice(0, 1).toUpperCase() + text.slice(1);
}
