import { describe, expect, it } from "vitest";
import { compile } from "../../../src/data/rules/compile.ts";
import { exampleRollout } from "../../../src/data/rules/examples.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import type { OptionValue } from "../../../src/data/rules/rule.ts";
import { alone, context } from "./sieve.ts";

describe.each(RULES.map((rule) => ({ id: rule.id, rule })))("the rule $id", ({ rule }) => {
	it("has an example that it drops, one that it keeps, and a sentence for each", () => {
		expect(rule.examples.map(({ drops }) => drops)).toEqual(expect.arrayContaining([true, false]));
		expect(new Set(rule.examples.map(({ says }) => says)).size).toBe(rule.examples.length);
		expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
		expect(rule.says).not.toContain("\n");
	});

	it.each(rule.examples)("$says", async ({ case: said, options, before = [], sets, drops }) => {
		const sieve = await compile(
			alone(rule.id, (options ?? {}) as Record<string, OptionValue>),
			context(sets),
		);
		for (const [number, one] of before.entries())
			expect(sieve.judge(exampleRollout(one, number + 1))).toBe(undefined);
		const rollout = exampleRollout(said);
		const dropped = sieve.judge(rollout);
		expect(dropped?.rule).toBe(drops ? rule.id : undefined);
		if (dropped) expect(dropped.why).toMatch(/^[^\n]{5,600}$/);
	});
});
