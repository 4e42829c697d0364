/** What the rules are made of, against the plain way of doing the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationIndex } from "../../../src/data/rules/evaluation-index.ts";
import type { Question } from "../../../src/data/rules/rule.ts";
import { SeenHashes } from "../../../src/data/rules/seen.ts";
import { Tally } from "../../../src/data/rules/tally.ts";
import { titlesOf } from "../../../src/data/rules/titles.ts";
import { eachWord, mixed } from "../../../src/data/rules/words.ts";

it("a tally counts as a map does, however often it is used again", () => {
	const tally = new Tally();
	const number = fc.oneof(fc.nat(20), fc.nat(0xffff_ffff), fc.constant(0xffff_ffff));
	const sizes = fc.constantFrom(0, 10, 5000);
	fc.assert(
		fc.property(fc.array(number, { maxLength: 3000, size: "max" }), sizes, (numbers, expected) => {
			tally.clear(expected);
			const counts = new Map<number, number>();
			for (const one of numbers) {
				// 0 stands for 1: hashes are not told apart by one value in four thousand million.
				const key = one === 0 ? 1 : one;
				const count = (counts.get(key) ?? 0) + 1;
				counts.set(key, count);
				expect(tally.add(one)).toBe(count);
			}
			expect(tally.size).toBe(counts.size);
		}),
		{ numRuns: 60 },
	);
});

it("a set of hashes knows what was added, and whose it is", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 3000, size: "max" }), (pairs) => {
			const seen = new SeenHashes(true);
			const owners = new Map<string, number>();
			for (const [number, [low, high]] of pairs.entries()) {
				const name = low === 0 && high === 0 ? "0 1" : `${low} ${high}`;
				expect(seen.ownerOf(low, high)).toBe(owners.get(name));
				expect(seen.add(low, high, number)).toBe(!owners.has(name));
				if (!owners.has(name)) owners.set(name, number);
			}
			expect(seen.size).toBe(owners.size);
		}),
		{ numRuns: 60 },
	);
});

/** Words and lines of a text as their hashes. */
function read(text: string): { words: number[]; lines: number[] } {
	const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
	const words: number[] = [];
	const lines: number[] = [];
	eachWord(units, 0, units.length, {
		word: (hash) => words.push(mixed(hash)),
		line: (hash) => lines.push(hash),
	});
	return { words, lines };
}

it("words are told apart by what they are, not by the space between them", () => {
	const word = fc.constantFrom("a", "b", "Wait", "x+1", "1/2", "é", "中", "о");
	fc.assert(
		fc.property(fc.array(word, { minLength: 1 }), fc.array(word, { minLength: 1 }), (a, b) => {
			const [one, two] = [
				read(a.join(" ")),
				read(`  ${b.join(" \t ").toUpperCase().replaceAll("É", "é").replaceAll("О", "о")} `),
			];
			const same = a.join(" ").toLowerCase() === b.join(" ").toLowerCase();
			expect(one.words.join() === two.words.join()).toBe(same);
			expect(one.lines.join() === two.lines.join()).toBe(same);
			expect(one.words).toHaveLength(a.length);
			expect(one.lines).toHaveLength(1);
		}),
	);
	expect(read("a\n\n b\n").lines).toHaveLength(2);
	expect(read("x".repeat(160)).words).toHaveLength(10);
});

describe("the index of evaluation questions", () => {
	const words = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 14 });
	const question = (problem: string, id = "q"): Question => ({ id, domain: "math", problem });

	it("finds the shared sequences that comparing all with all finds", () => {
		fc.assert(
			fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), words, (questions, asked) => {
				const index = new EvaluationIndex(8);
				for (const [id, one] of questions.entries()) index.add("set", question(one.join(" "), String(id)));
				const texts = questions.map((one) => ` ${one.join(" ")} `);
				const own = ` ${asked.join(" ")} `;
				const sequences = asked
					.slice(0, Math.max(0, asked.length - 7))
					.map((_, i) => ` ${asked.slice(i, i + 8).join(" ")} `);
				const short = (text: string): boolean => {
					const count = text.trim().split(" ").length;
					return count >= 3 && count < 8;
				};
				const found = texts.some(
					(text) =>
						// Spaces do not count where whole questions are compared.
						text.replaceAll(" ", "") === own.replaceAll(" ", "") ||
						sequences.some((one) => text.includes(one)) ||
						(short(text) && own.includes(text)) ||
						(short(own) && text.includes(own)),
				);
				expect(index.match(question(asked.join(" \n"))) !== undefined).toBe(found);
			}),
			{ numRuns: 1000 },
		);
	});

	it("names the question and the words", () => {
		const index = new EvaluationIndex(4);
		index.add("exam", question("How many primes are there below one hundred?", "7"));
		expect(index.match(question("Say how many primes\nare there."))).toEqual({
			with: "exam:7",
			how: 'shares "how many primes are" (1 of 3 sequences)',
		});
	});
});

it.each([
	[{ id: "leetcode-two-sum" }, ["two sum"]],
	[{ id: "leetcode-candy" }, ["candy"]],
	[{ id: "2878", title: "Candy" }, ["candy"]],
	[{ id: "x", source: "https://leetcode.com/problems/candy/" }, ["candy"]],
	[{ id: "x", source: "https://leetcode.com/problems/two-sum/description" }, ["two sum"]],
	[{ id: "cc-train-1041_e_tree_reconstruction_8858" }, ["tree reconstruction", "#1041e"]],
	[
		{ id: "7", problem: "1041_E. Tree Reconstruction\n\nMonocarp has a tree." },
		["tree reconstruction", "#1041e"],
	],
	[{ id: "7", problem: "# Two Sum\nGiven an array." }, ["two sum"]],
	[
		{ id: "7", problem: "Count Pairs of Points With Distance k\nGiven points." },
		["count pairs of points with distance k"],
	],
	[{ id: "abc301_a", title: "Overall Winner" }, ["overall winner", "#abc301a"]],
	[{ id: "cc-train-27_b_tournament_1914", problem: "27_B. Tournament\n\nIn the ranks." }, ["#27b"]],
	[{ id: "HumanEval/12" }, []],
	[{ id: "mbpp-974" }, []],
	[{ id: "apps-train-interview-12" }, []],
	[{ id: "7", problem: "Given an array of numbers\nreturn their sum." }, []],
	[{ id: "7", problem: "def add(a, b):\n    return a + b" }, []],
	[{ id: "leetcode-two-sum", domain: "math" }, []],
] as const)("the titles of %o are %o", (part, titles) => {
	expect(titlesOf({ domain: "code", problem: "Told.", ...part })).toEqual(titles);
});
