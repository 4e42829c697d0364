/**
 * The page of the rules comes from the rules. `UPDATE_DOCS=1 npx vitest run test/data/rules/rules-doc.test.ts` writes
 * its tables anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { builtInRecipes, parseRecipe, readRecipe } from "../../../src/data/recipe.ts";
import { CHOOSE, ORDERS } from "../../../src/data/recipe-choose.ts";
import { defaultSays } from "../../../src/data/recipe-schema.ts";
import { recipeText, unitSays } from "../../../src/data/recipe-text.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import type { OptionSpec, Rule } from "../../../src/data/rules/rule.ts";

const PAGE = new URL("../../../docs/rules.md", import.meta.url);
const cell = (text: string): string => text.replaceAll("|", "\\|");

function section(rule: Rule): string {
	const parts = [
		`### ${rule.id}`,
		`Drops a rollout where ${rule.says}. ${rule.on ? "On" : "Off"} by itself.${rule.details === undefined ? "" : ` ${rule.details.replace(/^Off: /, "")}`}`,
	];
	const options = Object.entries(rule.options);
	if (options.length > 0)
		parts.push(
			[
				"| option | meaning | by itself |",
				"| --- | --- | --- |",
				...options.map(
					([name, spec]: [string, OptionSpec]) =>
						`| \`${name}\` | ${cell(spec.says + unitSays(spec))} | ${defaultSays(spec)} |`,
				),
			].join("\n"),
		);
	parts.push(
		rule.examples
			.map(({ says, options, drops }) => {
				const set = options
					? ` (${Object.entries(options)
							.map(([name, value]) => `${name}: ${String(value)}`)
							.join(", ")})`
					: "";
				return `- ${drops ? "dropped" : "kept"}: ${says}${set}`;
			})
			.join("\n"),
	);
	if (rule.source !== undefined) parts.push(`Source: ${rule.source}`);
	return parts.join("\n\n");
}

const table = [
	"| rule | drops a rollout where | by itself |",
	"| --- | --- | --- |",
	...RULES.map(({ id, says, on }) => `| [\`${id}\`](#${id}) | ${cell(says)} | ${on ? "on" : "off"} |`),
].join("\n");

it("docs/rules.md has every rule with its options and examples", () => {
	const [begin, end] = ["<!-- rules: made from src/data/rules/registry.ts -->", "<!-- end of rules -->"];
	const page = readFileSync(PAGE, "utf8");
	const from = page.indexOf(begin) + begin.length;
	const to = page.indexOf(end);
	expect(from).toBeGreaterThanOrEqual(begin.length);
	expect(to).toBeGreaterThanOrEqual(from);
	const made = [table, ...RULES.map(section)].join("\n\n");
	if (process.env.UPDATE_DOCS) writeFileSync(PAGE, `${page.slice(0, from)}\n\n${made}\n\n${page.slice(to)}`);
	else
		expect(
			page.slice(from, to).trim(),
			"the rules have changed: UPDATE_DOCS=1 npx vitest run test/data/rules/rules-doc.test.ts",
		).toBe(made);
});

it("the page's recipe is without a mistake, and its orders are those that there are", () => {
	const page = readFileSync(PAGE, "utf8");
	const yaml = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
	const recipe = parseRecipe("page.yaml", undefined, yaml);
	expect(recipe.rules.repetition).toMatchObject({ on: true, share: 0.3 });
	expect(recipe.choose).toEqual({ ...CHOOSE, order: ["fewest-calls", "shortest"] });
	const row = page.split("\n").find((line) => line.startsWith("| `order`")) ?? "";
	for (const order of ORDERS) expect(row).toContain(`\`${order}\``);
	for (const name of builtInRecipes()) expect(page).toContain(`| \`${name}\` | `);
});

it("a recipe that is written out whole is the same when it is read again", () => {
	for (const name of builtInRecipes()) {
		const recipe = readRecipe(name, ".");
		expect(parseRecipe(`${name}.yaml`, undefined, recipeText(recipe))).toEqual(recipe);
	}
});
