import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { RULES } from "../../src/data/rules/registry.ts";
import { World } from "./world.ts";

const world = new World();
afterAll(() => world.remove());
const rules = (...words: string[]) => world.nudge("dataset", "rules", ...words);

describe("nudge dataset rules", () => {
	test("lists the rules in their order, as the recipe has them, and the choice", async () => {
		const { code, out } = await rules("--recipe", "no-tool", "--rule", "language=off");
		expect(code).toBe(0);
		const lines = out.split("\n");
		expect(lines.slice(0, RULES.length).map((line) => line.split(" ")[0])).toEqual(RULES.map(({ id }) => id));
		expect(out).toMatch(/^tool +on +code ran at all/m);
		expect(out).toMatch(/^language +off /m);
		expect(out).toContain("chosen (no-tool): at most 1 a question: correct; shortest by tokens");
	});

	test("explains one with its options, and runs its examples", async () => {
		const { out } = await rules("failed-code", "--rule", "failed-code.share=0.5");
		expect(out).toMatch(/^failed-code \(on in start\): drops a rollout where the last block of code failed/);
		expect(out).toMatch(/^ {2}share {4}0\.5: .*; by itself 0\.75$/m);
		expect(out).toMatch(
			/^ {2}dropped {2}the last block failed\n {11}the last of 3 blocks failed \(error\)$/m,
		);
		expect(out).toMatch(/^ {2}kept {5}an error that was mended$/m);
	});

	test("prints a recipe that can be used", async () => {
		const { out } = await rules("--recipe", "seed", "--yaml", "--rule", "repetition.share=0.3");
		writeFileSync(join(world.cwd, "mine.yaml"), out);
		const again = await rules("--recipe", "mine.yaml", "--json");
		const repetition = again.out.split("\n").find((line) => line.startsWith('{"id":"repetition"')) ?? "{}";
		expect(JSON.parse(repetition)).toMatchObject({ set: { on: true, share: 0.3 } });
	});

	test("says what is wrong with a name or a recipe", async () => {
		const unknown = await rules("repetiton");
		expect(unknown).toMatchObject({ code: 2, out: "" });
		expect(unknown.err).toMatch(/there is no rule "repetiton".*did you mean repetition\?/);
		writeFileSync(join(world.cwd, "wrong.yaml"), "rules:\n  languag: { on: true }\n");
		const wrong = await rules("--recipe", "wrong.yaml");
		expect(wrong.code).toBe(1);
		expect(wrong.err).toMatch(/wrong\.yaml:2:3: unknown field "languag".*did you mean language\?/);
	});
});
