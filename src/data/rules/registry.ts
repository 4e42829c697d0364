/** All rules, in the order in which they apply: what costs little and explains most comes first. */
import { answerFirst, severalAnswers } from "./answers.ts";
import { cutOff } from "./cut-off.ts";
import { decontamination } from "./decontamination.ts";
import { duplicates } from "./duplicates.ts";
import { failedCode } from "./failed-code.ts";
import { fakeOutput } from "./fake-output.ts";
import { idleHint } from "./idle-hint.ts";
import { language } from "./language.ts";
import { length } from "./length.ts";
import { repetition } from "./repetition.ts";
import type { Rule } from "./rule.ts";
import { noTool, tool } from "./tool-use.ts";
import { unclosed } from "./unclosed.ts";
import { verdict } from "./verdict.ts";

export const RULES: readonly Rule[] = [
	decontamination,
	verdict,
	cutOff,
	unclosed,
	fakeOutput,
	noTool,
	tool,
	failedCode,
	idleHint,
	severalAnswers,
	answerFirst,
	length,
	language,
	repetition,
	duplicates,
];

export function ruleOf(id: string): Rule | undefined {
	return RULES.find((one) => one.id === id);
}
