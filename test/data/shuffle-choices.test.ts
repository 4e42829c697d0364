import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readProblems } from "../../src/data/problems.ts";
import { surveyed } from "../../src/data/run-sheet.ts";
import { shuffledChoices } from "../../src/data/shuffle-choices.ts";
import type { Problem } from "../../src/trace/events.ts";
import { freshFolder } from "../trace/folder.ts";

const problem: Problem = {
	id: "gas",
	domain: "science",
	problem: "Which gas is noble?",
	choices: ["argon", "oxygen", "nitrogen", "chlorine"],
	answer: "A",
};

test("whatever the order, the letter names the right choice, and no choice is lost", () => {
	fc.assert(
		fc.property(fc.string(), fc.nat(), fc.nat(3), (id, seed, right) => {
			const choices = problem.choices!;
			const given = { ...problem, id, answer: String.fromCharCode(65 + right) };
			const { choices: order = [], answer = "" } = shuffledChoices(given, seed);
			expect(order[answer.charCodeAt(0) - 65]).toBe(choices[right]);
			expect([...order].sort()).toEqual([...choices].sort());
			expect(shuffledChoices(given, seed)).toEqual(shuffledChoices(given, seed));
		}),
	);
});

test("over many problems every place holds the right choice about as often", () => {
	const counts = { A: 0, B: 0, C: 0, D: 0 };
	for (let i = 0; i < 2000; i++) counts[shuffledChoices({ ...problem, id: `p${i}` }, 1).answer as "A"]++;
	for (const count of Object.values(counts)) expect(count).toBeGreaterThan(400);
});

test("choices of the same text keep apart, and a problem without choices stays as it is", () => {
	const { choices: order = [], answer = "" } = shuffledChoices(
		{ ...problem, choices: ["x", "x", "y"], answer: "C" },
		5,
	);
	expect(order[answer.charCodeAt(0) - 65]).toBe("y");
	const open: Problem = { id: "a", domain: "math", problem: "?", answer: "1" };
	expect(shuffledChoices(open, 5)).toBe(open);
});

test("problems are read in the order of the seed, and another order is another set of problems", async () => {
	const file = join(freshFolder(), "p.jsonl");
	writeFileSync(file, `${JSON.stringify(problem)}\n`);
	const read = async (shuffleChoices?: number): Promise<Problem> => {
		for await (const one of readProblems(file, undefined, { shuffleChoices })) return one;
		throw new Error("nothing was read");
	};
	expect(await read()).toEqual(problem);
	const orders = await Promise.all([1, 2, 3, 4, 5].map(async (seed) => (await read(seed)).choices?.join()));
	expect(new Set(orders).size).toBeGreaterThan(1);
	const hash = async (shuffleChoices?: number) =>
		(await surveyed([file], undefined, { shuffleChoices })).files[0]?.sha256;
	expect(await hash(1)).toBe(await hash(1));
	expect(new Set([await hash(), await hash(1), await hash(2), await hash(3)]).size).toBeGreaterThan(2);
});

test("a GPQA row, whose right choice has a field of its own, is read with the right one in no fixed place", async () => {
	const file = join(freshFolder(), "gpqa.csv");
	const rows = Array.from({ length: 40 }, (_, i) => `What is ${i} + 1?,${i + 1},${i},${i + 2},${-i - 5}`);
	writeFileSync(
		file,
		["Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3", ...rows].join("\n"),
	);
	const letters = new Set<string>();
	let place = 0;
	for await (const { choices = [], answer = "", domain } of readProblems(file)) {
		expect(choices[answer.charCodeAt(0) - 65]).toBe(String(++place));
		expect(domain).toBe("science");
		letters.add(answer);
	}
	expect([...letters].sort()).toEqual(["A", "B", "C", "D"]);
});
