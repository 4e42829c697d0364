import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { narrowHost } from "../../src/commands/narrow-host.ts";
import { putSheet } from "../../src/data/run-sheet.ts";
import type { Interpreter } from "../../src/python/interpreter.ts";
import { rolloutOf, sheetFor } from "../data/rollouts.ts";
import { World } from "./world.ts";

let world: World;
beforeEach(() => {
	world = new World();
});
afterEach(() => world.remove());

/** A run whose answers need no Python: boxed 42 against 42. */
function runHere(name: string, texts: readonly string[]): string {
	const folder = join(world.cwd, name);
	mkdirSync(folder, { recursive: true });
	putSheet(folder, sheetFor(), "new");
	const lines = texts.map((text, i) =>
		JSON.stringify({ ...rolloutOf(`p${i}`, 0, "wrong"), spans: [{ kind: "model", text }] }),
	);
	writeFileSync(join(folder, "rollouts-1of1.jsonl"), `${lines.join("\n")}\n`);
	return folder;
}

const TEXTS = ["\\boxed{42}", "\\boxed{42.0}", "so 41", "</think>The final answer is 42."];

describe("nudge score", () => {
	test("says what changed, and does nothing twice", async () => {
		runHere("run", TEXTS);
		const first = await world.nudge("score", "run");
		expect(first.code).toBe(0);
		expect(first.out).toContain("scored      4 of 4");
		expect(first.out).toContain("verdicts    correct 3, no answer 1");
		expect(first.out).toMatch(/wrong {7}correct {17}3 {2}p0#/);
		const again = await world.nudge("score", "run", "--json");
		expect(JSON.parse(again.out)).toMatchObject({
			scored: 0,
			cached: 4,
			owed: 0,
			verdicts: { correct: 3, "no answer": 1 },
			changed: [
				{ from: "wrong", to: "correct", count: 3 },
				{ from: "wrong", to: "no answer", count: 1 },
			],
		});
		const guess = await world.nudge("score", "run", "--last-number", "--json");
		expect(JSON.parse(guess.out)).toMatchObject({ scored: 4, verdicts: { correct: 3, wrong: 1 } });
		expect((await world.nudge("score", "run", "--all")).out).toContain("scored      4 of 4");
	});

	test("lets a verifier of the user's judge first, and notices that its file was changed", async () => {
		const folder = runHere("run", TEXTS);
		const verifier = (verdict: string): void =>
			writeFileSync(
				join(world.cwd, "mine.mjs"),
				`export default () => ({ id: "mine", version: "1", says: "mine", applies: ({ id }) => id === "p2", score: async () => ({ verdict: "${verdict}", reason: "so" }) });`,
			);
		verifier("correct");
		const first = await world.nudge("score", "run", "--verifier", "./mine.mjs", "--json");
		expect(JSON.parse(first.out)).toMatchObject({ verdicts: { correct: 4 } });
		expect(readFileSync(join(folder, "scores.jsonl"), "utf8")).toMatch(/"by":"mine@1\+/);
		// Node keeps a module: another process would load the new text. The setting is read as well.
		await world.nudge("config", "set", "score-plugins", join(world.cwd, "mine.mjs"));
		const second = await world.nudge("score", "run", "--json");
		expect(JSON.parse(second.out)).toMatchObject({ cached: 4, verdicts: { correct: 4 } });
		verifier("wrong");
		const third = await world.nudge("score", "run", "--json");
		expect(JSON.parse(third.out)).toMatchObject({ scored: 1, cached: 3 });
	});

	test("a project's file cannot choose what runs", async () => {
		runHere("run", TEXTS);
		mkdirSync(join(world.cwd, ".nudge"));
		writeFileSync(join(world.cwd, ".nudge", "config.json"), '{"score-plugins": ["./mine.mjs"]}');
		const { code, err } = await world.nudge("score", "run");
		expect(code).toBe(2);
		expect(err).toContain("a project's file cannot set score-plugins");
	});

	test.each([
		[["score", "nowhere"], 1, "is no run"],
		[["score", "run", "--verifier", "maths"], 2, "--verifier takes code, choice, math"],
		[["score", "run", "--verifier", "./none.mjs"], 1, "there is no verifier"],
		[["score", "run", "--workers", "0"], 2, "--workers"],
		[["score"], 2, "RUN"],
	] as const)("%j is refused", async (words, code, says) => {
		runHere("run", TEXTS);
		const said = await world.nudge(...words);
		expect([said.code, said.err]).toEqual([code, expect.stringContaining(says)]);
	});

	test.each([
		["export default 5", "exports no verifier"],
		["export default { id: 'Mine' }", "has no id of lower-case letters"],
		["export default { id: 'mine', version: '1', says: '', applies() {} }", "has no function score"],
		["export default {", "cannot be loaded"],
	])("a module that is no verifier is refused: %s", async (code, says) => {
		runHere("run", TEXTS);
		writeFileSync(join(world.cwd, "mine.mjs"), code);
		const said = await world.nudge("score", "run", "--verifier", "./mine.mjs");
		expect([said.code, said.err]).toEqual([1, expect.stringContaining(says)]);
	});
});

describe("nudge verify", () => {
	const steps = async (...words: string[]): Promise<Record<string, unknown>> => {
		const { code, out } = await world.nudge("verify", "--json", ...words);
		expect(code).toBe(0);
		return JSON.parse(out) as Record<string, unknown>;
	};

	test("explains where the answer was found and what decided", async () => {
		expect(await steps("\\frac{1}{2}", "0.50")).toMatchObject({
			verdict: "correct",
			steps: expect.arrayContaining([
				{ step: "decided by", says: "the quick look: both are numbers, compared exactly" },
			]),
		});
		expect(await steps("18", "<think>hm</think>\nThe final answer is $18$.")).toMatchObject({
			verdict: "correct",
			from: "final answer is",
		});
		expect(await steps("18", "I do not know.\nSorry.")).toMatchObject({ verdict: "no answer" });
		const { out } = await world.nudge("verify", "025", "25");
		expect(out).toMatch(/^verdict +correct$/m);
	});

	test("knows choices, by letter and by text", async () => {
		const choices = ["argon", "neon", "carbon"].flatMap((choice) => ["--choices", choice]);
		expect(await steps("C", "\\boxed{carbon}", ...choices)).toMatchObject({
			verdict: "correct",
			answer: "C",
		});
		expect(await steps("carbon", "Answer: B", ...choices)).toMatchObject({ verdict: "wrong", answer: "B" });
	});

	test.each([
		[["verify", "5"], "needs GOLD and ANSWER"],
		[["verify", "5", "6", "--choices", "a"], "two at least"],
		[["verify", "5", "6", "--tests", "t.json"], "give ANSWER alone"],
		[["verify", "--tests", "t.json", "print(1)"], "t.json"],
		[["verify", "", "5"], "nothing to check against"],
	] as const)("%j is wrong use", async (words, says) => {
		const { code, err } = await world.nudge(...words);
		expect([code, err]).toEqual([2, expect.stringContaining(says)]);
	});
});

test("no more interpreters are open at once than there may be, and one that fails to open leaves its place", async () => {
	let open = 0;
	let most = 0;
	let fails = 1;
	const host = narrowHost(
		{
			isolation: { kind: "none", says: "" },
			open: async () => {
				if (fails-- > 0) throw new Error("no Python");
				most = Math.max(most, ++open);
				return { close: async () => void open-- } as unknown as Interpreter;
			},
			close: async () => {},
		},
		2,
	);
	await expect(host.open()).rejects.toThrow("no Python");
	await Promise.all(
		[1, 2, 3, 4, 5, 6].map(async () => {
			const one = await host.open();
			await Promise.resolve();
			await one.close();
			await one.close();
		}),
	);
	expect([open, most]).toEqual([0, 2]);
});
