/** All rules, in the order in which they apply: what costs little and explains most comes first. */
import type { Rule } from "./rule.ts";
import { verdict } from "./verdict.ts";

export const RULES: readonly Rule[] = [verdict];

export function ruleOf(id: string): Rule | undefined {
	return RULES.find((one) => one.id === id);
}
