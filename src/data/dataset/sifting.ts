/**
 * The rules of a recipe in the three ways in which building asks them: what the beginning of a line decides (the
 * problem, the verdict, the end), what needs the whole rollout, and what remembers others.
 *
 * What always holds: the order of the steps is that of the rules, those that remember behind all others. They are asked in
 * the order of question and sample, whatever the order of reading, and only about what everything else let through.
 */
import type { Recipe } from "../recipe.ts";
import type { Rollout } from "../rollout.ts";
import { compile, type Dropped, type RuleSetting, type RuleSettings, type Sieve } from "../rules/compile.ts";
import { RULES } from "../rules/registry.ts";
import type { Rule, RuleContext } from "../rules/rule.ts";
import type { Head } from "./run-input.ts";
import type { StepWords } from "./waterfall.ts";

/** The rules that look at nothing but what the beginning of a line says: the problem, the verdict, the end. The first ones. */
export const BY_HEAD: ReadonlySet<string> = new Set(["decontamination", "verdict", "cut-off"]);

export type Sifting = {
	readonly byHead: Sieve | undefined;
	readonly whole: Sieve;
	readonly remembering: Sieve | undefined;
	/** Of the first two. */
	readonly steps: readonly StepWords[];
	readonly rememberingSteps: readonly StepWords[];
	readonly warnings: readonly string[];
	readonly facts: Readonly<Record<string, unknown>>;
};

export async function siftingOf({ rules }: Pick<Recipe, "rules">, context: RuleContext): Promise<Sifting> {
	const only = (wanted: (rule: Rule) => boolean): Promise<Sieve> => compile(withOnly(rules, wanted), context);
	const byHead = await only(({ id }) => BY_HEAD.has(id));
	const whole = await only(({ id, remembers }) => !BY_HEAD.has(id) && !remembers);
	const remembering = await only(({ id, remembers }) => !BY_HEAD.has(id) && remembers === true);
	const sieves = [byHead, whole, remembering];
	const steps = (sieve: Sieve): StepWords[] => sieve.rules.map(({ id, says }) => ({ id, says }));
	return {
		byHead: byHead.rules.length > 0 ? byHead : undefined,
		whole,
		remembering: remembering.rules.length > 0 ? remembering : undefined,
		steps: [...steps(byHead), ...steps(whole)],
		rememberingSteps: steps(remembering),
		warnings: sieves.flatMap(({ warnings }) => warnings),
		facts: Object.assign({}, ...sieves.map(({ facts }) => facts)) as Record<string, unknown>,
	};
}

function withOnly(rules: RuleSettings, wanted: (rule: Rule) => boolean): RuleSettings {
	const settings: Record<string, RuleSetting> = {};
	for (const rule of RULES) {
		const own = rules[rule.id] ?? { on: rule.on };
		settings[rule.id] = wanted(rule) ? own : { ...own, on: false };
	}
	return settings;
}

/** What a rule sees that looks at the beginning alone. */
export function headAlone(head: Head): Rollout {
	return { hints: [], calls: [], header: { text: "" }, spans: [], begun: "", ...head };
}

export type { Dropped };
