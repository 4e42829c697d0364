/** Rules on their own, and a world in which evaluation sets are lists. */

import type { RuleSettings } from "../../../src/data/rules/compile.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import type { OptionValue, Question, RuleContext } from "../../../src/data/rules/rule.ts";
import { loadDialects } from "../../../src/hints/library.ts";

const dialects = loadDialects();

export function context(sets: Readonly<Record<string, readonly Question[]>> = {}): RuleContext {
	return {
		thinkClose: "</think>",
		dialect: (id) => dialects.get(id) ?? dialects.get("qwen")!,
		questions: async function* (set) {
			const questions = sets[set];
			if (!questions) throw new Error(`there is no set ${set}`);
			yield* questions;
		},
	};
}

/** Settings in which one rule is on and all others are off. */
export function alone(id: string, options: Readonly<Record<string, OptionValue>> = {}): RuleSettings {
	return Object.fromEntries(
		RULES.map((rule) => [rule.id, rule.id === id ? { on: true, ...options } : { on: false }]),
	);
}
