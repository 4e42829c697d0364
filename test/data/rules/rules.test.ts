import { describe, expect, it } from "vitest";
import { RULES } from "../../../src/data/rules/registry.ts";
import { runExample } from "../../../src/data/rules/run-example.ts";

describe.each(RULES.map((rule) => ({ id: rule.id, rule })))("the rule $id", ({ rule }) => {
	it("has an example that it drops, one that it keeps, and a sentence for each", () => {
		expect(rule.examples.map(({ drops }) => drops)).toEqual(expect.arrayContaining([true, false]));
		expect(new Set(rule.examples.map(({ says }) => says)).size).toBe(rule.examples.length);
		expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
		expect(rule.says).not.toContain("\n");
	});

	it.each(rule.examples)("$says", async (example) => {
		const why = await runExample(rule, example);
		expect(why !== undefined, why).toBe(example.drops);
		if (why !== undefined) expect(why).toMatch(/^[^\n]{5,600}$/);
	});
});
