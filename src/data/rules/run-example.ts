/** Runs a rule's example as the tests do and `nudge dataset rules` shows it: this rule alone, evaluation sets from memory. */
import { DEFAULT_DIALECT, loadDialects } from "../../hints/library.ts";
import type { FenceDialect } from "../../hints/marker.ts";
import { THINK_CLOSE } from "../../reason/request.ts";
import { compile, type RuleSettings } from "./compile.ts";
import { exampleRollout } from "./examples.ts";
import { RULES } from "./registry.ts";
import type { Options, OptionValue, Question, Rule, RuleContext, RuleExample } from "./rule.ts";

/** A world without files. */
export function exampleContext(sets: Readonly<Record<string, readonly Question[]>> = {}): RuleContext {
	const dialects = loadDialects();
	return {
		thinkClose: THINK_CLOSE,
		dialect: (id) => dialects.get(id) ?? (dialects.get(DEFAULT_DIALECT) as FenceDialect),
		questions: async function* (set) {
			const questions = sets[set];
			if (!questions) throw new Error(`there is no set ${set}`);
			yield* questions;
		},
	};
}

/** Settings in which one rule is on and all others are off. */
export function alone(id: string, options: Partial<Options> = {}): RuleSettings {
	return Object.fromEntries(
		RULES.map((rule) => [
			rule.id,
			rule.id === id ? { on: true, ...(options as Record<string, OptionValue>) } : { on: false },
		]),
	);
}

/** Why the example is dropped; undefined: it is kept. */
export async function runExample(
	{ id }: Rule,
	{ case: said, options, before = [], sets }: RuleExample,
): Promise<string | undefined> {
	const sieve = await compile(alone(id, options), exampleContext(sets));
	for (const [number, one] of before.entries()) sieve.judge(exampleRollout(one, number + 1));
	return sieve.judge(exampleRollout(said))?.why;
}
