import { expect, test } from "vitest";
import { headOf } from "../../../src/data/dataset/run-input.ts";
import { BY_HEAD, headAlone } from "../../../src/data/dataset/sifting.ts";
import { exampleRollout } from "../../../src/data/rules/examples.ts";
import { Reading } from "../../../src/data/rules/reading.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import type { RuleContext } from "../../../src/data/rules/rule.ts";
import { defaultsOf } from "../../../src/data/rules/rule.ts";
import { dialect } from "../../reason/toy-trace.ts";

test("the first rules decide by the beginning of a line what they decide by all of it", async () => {
	expect(RULES.slice(0, BY_HEAD.size).map(({ id }) => id)).toEqual([...BY_HEAD]);
	let dropped = 0;
	for (const rule of RULES.filter(({ id }) => BY_HEAD.has(id))) {
		expect(rule.remembers).toBeUndefined();
		for (const { case: said, options, sets = {}, drops } of rule.examples) {
			const context: RuleContext = {
				thinkClose: "</think>",
				dialect: () => dialect,
				async *questions(set) {
					yield* sets[set] ?? [];
				},
			};
			const { check } = await rule.make({ ...defaultsOf(rule), ...(options as object) }, context);
			const whole = exampleRollout(said);
			const head = headOf(Buffer.from(JSON.stringify(whole)));
			if (typeof head === "string") throw new Error(head);
			expect(head).not.toHaveProperty("spans");
			const why = check(new Reading(headAlone(head), context));
			expect(why).toBe(check(new Reading(whole, context)));
			expect(why !== undefined).toBe(drops);
			if (drops) dropped++;
		}
	}
	expect(dropped).toBeGreaterThan(5);
});

test("rules that remember decide by what they compare what they decide by the rollout", async () => {
	const context: RuleContext = { thinkClose: "</think>", dialect: () => dialect, async *questions() {} };
	const remembering = RULES.filter(({ remembers }) => remembers);
	expect(remembering.length).toBeGreaterThan(0);
	for (const rule of remembering) {
		for (const { case: said, options, before = [], drops } of rule.examples) {
			const { apart } = await rule.make({ ...defaultsOf(rule), ...(options as object) }, context);
			if (!apart) throw new Error(`${rule.id} remembers and cannot be asked later`);
			const names = [...before, said].map((each) => apart.name(new Reading(exampleRollout(each), context)));
			const last = names.pop()!;
			for (const name of names) apart.check(name);
			expect(apart.check(last) !== undefined).toBe(drops);
		}
	}
});
