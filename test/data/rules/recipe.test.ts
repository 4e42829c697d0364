import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtInRecipes, parseRecipe, RECIPE_SCHEMA, readRecipe } from "../../../src/data/recipe.ts";
import { recipeSchema } from "../../../src/data/recipe-schema.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "nudge-recipe-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("recipes/dataset.schema.json knows every rule and option", () => {
	const schema = recipeSchema();
	if (process.env.UPDATE_DOCS) writeFileSync(RECIPE_SCHEMA, `${JSON.stringify(schema, null, "\t")}\n`);
	else
		expect(
			JSON.parse(readFileSync(RECIPE_SCHEMA, "utf8")),
			"the rules have changed: UPDATE_DOCS=1 npx vitest run test/data/rules/recipe.test.ts",
		).toEqual(schema);
	expect(new Ajv2020().validateSchema(schema)).toBe(true);
});

it("the recipes that come with nudge can be read by their names", () => {
	expect(builtInRecipes()).toContain("start");
	for (const name of builtInRecipes()) expect(readRecipe(name, folder)).toMatchObject({ name });
});

it("a mistyped rule is said with its place and the nearest name", () => {
	const text = "rules:\n  verdcit: { on: true }\n";
	expect(() => parseRecipe("mine.yaml", folder, text)).toThrow(
		/mine\.yaml:2:3: unknown field "verdcit".*did you mean verdict\?/,
	);
});
