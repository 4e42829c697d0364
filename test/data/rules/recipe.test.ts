import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
	builtInRecipes,
	type Candidate,
	chooserOf,
	parseRecipe,
	RECIPE_SCHEMA,
	RecipeError,
	readRecipe,
	recipeHash,
} from "../../../src/data/recipe.ts";
import { CHOOSE, ORDERS } from "../../../src/data/recipe-choose.ts";
import { recipeSchema } from "../../../src/data/recipe-schema.ts";
import { overridden } from "../../../src/data/recipe-words.ts";
import { ruleContext } from "../../../src/data/rules/context.ts";
import { calls, exampleRollout, model, output } from "../../../src/data/rules/examples.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import { defaultsOf, type Question } from "../../../src/data/rules/rule.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "nudge-recipe-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parse = (text: string) => parseRecipe("mine.yaml", folder, text);

/** Every line of what is wrong with a recipe, without its heading. */
function mistakes(text: string): string[] {
	try {
		parse(text);
	} catch (error) {
		expect(error).toBeInstanceOf(RecipeError);
		return (error as Error).message.split("\n").slice(1);
	}
	return [];
}

describe("a recipe", () => {
	it("has a schema that knows every rule and option", () => {
		const schema = recipeSchema();
		if (process.env.UPDATE_DOCS) writeFileSync(RECIPE_SCHEMA, `${JSON.stringify(schema, null, "\t")}\n`);
		else
			expect(
				JSON.parse(readFileSync(RECIPE_SCHEMA, "utf8")),
				"the rules have changed: UPDATE_DOCS=1 npx vitest run test/data/rules/recipe.test.ts, then npm run format",
			).toEqual(schema);
		expect(new Ajv2020().validateSchema(schema)).toBe(true);
	});

	it("that comes with nudge is found by its name and names its rules in their order", () => {
		expect(builtInRecipes()).toEqual(["no-tool", "seed", "start"]);
		for (const name of builtInRecipes()) {
			const recipe = readRecipe(name, folder);
			expect(recipe.name).toBe(name);
			expect(Object.keys(recipe.rules)).toEqual(RULES.map(({ id }) => id));
		}
		const on = (name: string, rule: string) => readRecipe(name, folder).rules[rule]?.on;
		expect([on("start", "no-tool"), on("start", "tool")]).toEqual([true, false]);
		expect([on("no-tool", "no-tool"), on("no-tool", "tool")]).toEqual([false, true]);
	});

	it("that is empty is as the rules are by themselves", () => {
		const { rules, choose, train } = parse("");
		for (const rule of RULES) expect(rules[rule.id]).toEqual({ on: rule.on, ...defaultsOf(rule) });
		expect({ choose, train }).toEqual({ choose: CHOOSE, train: { hints: true } });
	});

	it("turns a rule on by naming it, and keeps the options that it does not name", () => {
		const { rules } = parse("rules:\n  answer-first: { mention: true }\n  repetition: { share: 0.4 }\n");
		expect(rules["answer-first"]).toEqual({ on: true, mention: true });
		expect(rules.repetition).toMatchObject({ on: true, share: 0.4, words: 20 });
	});

	it("says what is wrong in it with place, what would be right and the nearest name", () => {
		const text = [
			"rules:",
			"  repetion: { on: true }",
			"  repetition: { share: 2, lines: 3 }",
			"  verdict: { keep: [right] }",
			"  unclosed: true",
			"choose: { order: shortest, by: words }",
			"train: { hint: false }",
		].join("\n");
		const says = mistakes(text);
		expect(says).toEqual(
			expect.arrayContaining([
				expect.stringMatching(/^mine\.yaml:2:3: unknown field "repetion"; .*did you mean repetition\?$/),
				expect.stringMatching(/^mine\.yaml:3:\d+: share must be <= 1$/),
				expect.stringMatching(/^mine\.yaml:3:27: unknown field "lines"; allowed are on, share/),
				expect.stringMatching(
					/^mine\.yaml:4:\d+: "right" is not allowed in keep; allowed are correct, wrong/,
				),
				expect.stringMatching(/^mine\.yaml:5:\d+: unclosed takes a group of fields, not true or false$/),
				expect.stringMatching(/^mine\.yaml:6:\d+: order takes a list, not a text$/),
				expect.stringMatching(
					/^mine\.yaml:6:\d+: "words" is not allowed in by; allowed are tokens, characters$/,
				),
				expect.stringMatching(/^mine\.yaml:7:10: unknown field "hint"; .*did you mean hints\?$/),
			]),
		);
		expect(says).toHaveLength(8);
		expect(mistakes("rules:\n\tx")[0]).toMatch(/^mine\.yaml:2:1: /);
		expect(() => readRecipe("strat", folder)).toThrow(
			/no recipe strat: a file, or one of no-tool, seed, start; did you mean start\?/,
		);
	});

	it("finds evaluation sets beside itself, and has the same hash wherever it lies", () => {
		const text = "rules:\n  decontamination: { against: [exam.jsonl, far] }\n";
		const [a, b] = [join(folder, "a"), join(folder, "b")];
		for (const place of [a, b]) {
			mkdirSync(place);
			writeFileSync(join(place, "exam.jsonl"), "");
			writeFileSync(join(place, "mine.yaml"), text);
		}
		const [one, two] = [readRecipe(join(a, "mine.yaml"), folder), readRecipe("b/mine.yaml", folder)];
		expect(one.rules.decontamination?.against).toEqual([join(a, "exam.jsonl"), "far"]);
		expect(recipeHash(one)).toBe(recipeHash(two));
		expect(recipeHash(overridden(one, { rule: ["language=off"] }))).not.toBe(recipeHash(one));
	});

	it("finds evaluation sets of the user by name, with titles that only the set has a field for", async () => {
		const home = join(folder, "home");
		mkdirSync(join(home, "data", "evaluation"), { recursive: true });
		const rows = [
			{ id: "2878", domain: "code", problem: "Told.", question_title: "Two Sum" },
			{ id: "2879", domain: "code", problem: "A row that cannot be scored.", tests: [] },
		];
		const file = join(home, "data", "evaluation", "lcb.jsonl");
		writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
		const context = ruleContext({ env: { NUDGE_HOME: home }, cwd: folder });
		const found: Question[] = [];
		for await (const question of context.questions("lcb")) found.push(question);
		expect(found).toEqual([
			{ id: "2878", domain: "code", problem: "Told.", title: "Two Sum" },
			{ id: "line-2", domain: "", problem: "A row that cannot be scored." },
		]);
		await expect(async () => {
			for await (const _ of context.questions("lbc"));
		}).rejects.toThrow(/no evaluation set "lbc".*there: lcb\.jsonl/);
	});
});

describe("the command line", () => {
	const recipe = parseRecipe("mine.yaml", undefined, "");

	it("turns rules off and on, and sets options and the choice", () => {
		const changed = overridden(recipe, {
			rule: [
				"language=off",
				"repetition.share=0.3",
				"answer-first.mention=on",
				"decontamination.against=a.jsonl, b",
			],
			choose: ["fewest-calls,shortest", "per_question=2", "seed=7", "by=characters", "from="],
		});
		expect(changed.rules.language?.on).toBe(false);
		expect(changed.rules.repetition).toMatchObject({ on: true, share: 0.3 });
		expect(changed.rules["answer-first"]).toEqual({ on: true, mention: true });
		expect(changed.rules.decontamination?.against).toEqual(["a.jsonl", "b"]);
		expect(changed.choose).toEqual({
			from: [],
			order: ["fewest-calls", "shortest"],
			by: "characters",
			per_question: 2,
			seed: 7,
		});
		expect(recipe.rules.language?.on).toBe(true);
	});

	it.each([
		["rule", "repetion=off", /no rule "repetion".*did you mean repetition\?/],
		["rule", "repetition.shar=1", /no option "shar"; it has share, .*did you mean share\?/],
		["rule", "tool.calls=1", /no option "calls"; it has none/],
		["rule", "repetition.share=2", /--rule repetition\.share takes a number from 0 to 1, not "2"/],
		["rule", "repetition.words=2.5", /takes a whole number of at least 2, not "2\.5"/],
		["rule", "repetition", /--rule takes RULE=off, RULE=on or RULE\.OPTION=VALUE, not "repetition"/],
		["rule", "repetition=maybe", /--rule repetition takes on or off, not "maybe"/],
		["rule", "verdict.keep=correct,rong", /takes correct, wrong, .* not "rong"; did you mean wrong\?/],
		["choose", "shortes", /--choose takes shortest, .* not "shortes"; did you mean shortest\?/],
		["choose", "sed=3", /no field "sed".*did you mean seed\?/],
		["choose", "by=words", /--choose by takes one of tokens, characters, not "words"/],
		["choose", "per_question=0", /takes a whole number of at least 1/],
	] as const)("refuses --%s %s with what would be right", (option, words, says) => {
		expect(() => overridden(recipe, { [option]: [words] })).toThrow(says);
	});
});

const candidate: fc.Arbitrary<Candidate> = fc.record({
	key: fc.string({ maxLength: 4 }),
	question: fc.constant("q"),
	sample: fc.nat(4),
	correct: fc.boolean(),
	tokens: fc.nat(4),
	chars: fc.nat(4),
	calls: fc.nat(3),
	okCalls: fc.nat(3),
	draw: fc.nat(3).map((n) => n / 4),
});

describe("the choice", () => {
	it("is a total order, so neither shards nor the order of reading change it", () => {
		const orders = fc.array(fc.constantFrom(...ORDERS), { maxLength: 3 });
		fc.assert(
			fc.property(orders, candidate, candidate, candidate, (order, a, b, c) => {
				const { compare, better } = chooserOf({ choose: { ...CHOOSE, order } });
				expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
				if (a.key !== b.key) expect(compare(a, b)).not.toBe(0);
				if (better(a, b) && better(b, c)) expect(better(a, c)).toBe(true);
			}),
		);
	});

	it("takes the shortest correct one in which code ran; outputs do not count", () => {
		const chooser = chooserOf({ choose: { ...CHOOSE, by: "characters" } });
		const said = (text: string, out: string) => ({ spans: [model(text), output(out)], calls: calls("ok") });
		const short = chooser.candidate(exampleRollout(said("short", "9".repeat(900)), 1));
		const long = chooser.candidate(exampleRollout(said("rather longer", "9"), 2));
		expect(chooser.better(short, long)).toBe(true);
		expect(chooser.refuses(short)).toBe(undefined);
		const plain = chooser.candidate(exampleRollout({ calls: [] }));
		expect(chooser.refuses(plain)).toBe("no code ran");
		expect(chooser.refuses(chooser.candidate(exampleRollout({ calls: calls("error") })))).toMatch(
			/none of its 1/,
		);
		expect(chooser.refuses(chooser.candidate(exampleRollout({ verdict: "wrong" })))).toBe(
			"it is not correct",
		);
		expect(chooserOf({ choose: { ...CHOOSE, from: [] } }).refuses(plain)).toBe(undefined);
	});

	it("counts tokens by their ids, and by what the engine sampled where there are none", () => {
		const chooser = chooserOf({ choose: CHOOSE });
		const ids = { spans: [{ kind: "model" as const, text: "abc", ids: [1, 2] }, output("1")] };
		expect(chooser.candidate(exampleRollout(ids)).tokens).toBe(2);
		expect(chooser.candidate(exampleRollout({})).tokens).toBe(60);
	});

	it("draws between equals by seed and key alone", () => {
		const draws = (seed: number) =>
			[1, 2, 3, 4].map(
				(number) => chooserOf({ choose: { ...CHOOSE, seed } }).candidate(exampleRollout({}, number)).draw,
			);
		expect(draws(0)).toEqual(draws(0));
		expect(draws(0)).not.toEqual(draws(1));
		expect(new Set(draws(0)).size).toBe(4);
	});

	it("says itself in words", () => {
		expect(chooserOf({ choose: CHOOSE }).says).toBe(
			"at most 1 a question: correct, with a block of code that ran; shortest by tokens, then drawn (seed 0)",
		);
	});
});
