import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { linesOf } from "../../src/data/lines.ts";
import {
	findProblem,
	matches,
	ProblemError,
	parseProblem,
	readProblems,
	readRows,
} from "../../src/data/problems.ts";

const folder = mkdtempSync(join(tmpdir(), "nudge-problems-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function fileOf(text: string): string {
	const file = join(folder, `${count++}.jsonl`);
	writeFileSync(file, text);
	return file;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
	const list: Item[] = [];
	for await (const item of items) list.push(item);
	return list;
}

const good = { id: "a", domain: "math", problem: "What is 1 + 1?", answer: "2" };

test("the lines of a file are what stands between its newlines, wherever the reads happen to cut", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.string({ unit: fc.constantFrom("a", "é", "🂡", "\u2028", "\r", " "), maxLength: 8 }), {
				minLength: 1,
			}),
			async (lines) => {
				const found = await all(linesOf(fileOf(lines.join("\n"))));
				const wanted = lines.map((text, i) => ({ text, line: i + 1 }));
				if (wanted.at(-1)?.text === "") wanted.pop();
				expect(found).toEqual(wanted);
			},
		),
		{ numRuns: 50 },
	);
});

test("a line longer than one read comes out whole", async () => {
	const long = `x${"é".repeat(1_500_000)}y`;
	expect(await all(linesOf(fileOf(`${long}\n${long}`)))).toEqual([
		{ text: long, line: 1 },
		{ text: long, line: 2 },
	]);
});

describe("a problem file", () => {
	test("may have empty lines, Windows line ends, a byte order mark and fields of its own", async () => {
		const file = fileOf(
			`\ufeff${JSON.stringify({ ...good, level: 3 })}\r\n\r\n${JSON.stringify({ ...good, id: "b" })}`,
		);
		expect((await all(readProblems(file))).map(({ id }) => id)).toEqual(["a", "b"]);
	});

	test("with a mistake says in which file and line, and every other line is still read", async () => {
		const file = fileOf(`${JSON.stringify(good)}\nnonsense\n${JSON.stringify({ ...good, id: "c" })}\n`);
		const rows = await all(readRows(file));
		expect(rows.map((row) => ("problem" in row ? row.problem.id : `line ${row.line}`))).toEqual([
			"a",
			"line 2",
			"c",
		]);
		await expect(all(readProblems(file))).rejects.toThrow(`${file}:2: this is not JSON`);
	});

	test("that is not there, or is a folder without any, is named", async () => {
		await expect(all(readProblems(join(folder, "none.jsonl")))).rejects.toThrow(ProblemError);
		const empty = mkdtempSync(join(folder, "empty-"));
		await expect(all(readProblems(empty))).rejects.toThrow("is a folder without problem files");
	});

	test("is read no further than the problem that is looked for", async () => {
		const file = fileOf(`${JSON.stringify(good)}\nnonsense\n`);
		expect((await findProblem("a", file)).answer).toBe("2");
		await expect(findProblem("z", fileOf(JSON.stringify(good)))).rejects.toThrow('no problem "z"');
	});
});

describe("a line that is no problem says what is wrong with it", () => {
	test.each([
		["[]", "one JSON object"],
		["3", "one JSON object"],
		[{ ...good, id: undefined }, '"id" must be a text that is not empty; it is missing'],
		[{ ...good, id: " " }, '"id" must be a text that is not empty'],
		[{ ...good, problem: 3 }, '"problem" must be a text'],
		[{ ...good, domain: undefined }, '"domain" must be one of math, code, science; it is missing'],
		[{ ...good, domain: "maths" }, 'it is "maths"'],
		[{ ...good, answer: ["2"] }, '"answer" must be a text, or a number'],
		[{ ...good, source: 1 }, '"source" must be a text'],
		[{ ...good, choices: ["1"] }, '"choices" must be a list of 2 to 26 texts'],
		[{ ...good, answer: "Z", choices: ["1", "2"] }, 'the answer "Z" is none of the choices'],
		[{ ...good, answer: undefined, choices: ["1", "2"] }, 'need an "answer"'],
		[{ ...good, tests: [] }, "empty list"],
		[{ ...good, tests: [{ input: "1" }] }, '"tests" must be'],
		[{ ...good, tests: { entry_point: "f", test: "", style: "other" } }, '"tests" must be'],
	])("%j", (line, says) => {
		const result = parseProblem(typeof line === "string" ? line : JSON.stringify(line));
		expect("mistake" in result && result.mistake).toContain(says);
	});

	test("whatever JSON it is, the parser gives a problem or a mistake", () => {
		fc.assert(
			fc.property(fc.json(), (text) => {
				expect("mistake" in parseProblem(text)).toBe(true);
			}),
		);
	});
});

describe("a problem", () => {
	const code = { id: "c", domain: "code", problem: "Write it." };

	test("may have a number for an answer", () => {
		expect(parseProblem(JSON.stringify({ ...good, answer: 2 }))).toMatchObject({ problem: { answer: "2" } });
	});

	test("with one function test in a list is the same as with the test itself", () => {
		const tests = { entry_point: "f", test: "assert f()", style: "script" };
		const alone = parseProblem(JSON.stringify({ ...code, tests }));
		expect(parseProblem(JSON.stringify({ ...code, tests: [tests] }))).toEqual(alone);
		expect(alone).toMatchObject({ problem: { tests } });
	});

	test("shows the beginning of the code and the name that the tests call, once", () => {
		const tests = { entry_point: "Solution().twoSum", test: "", style: "check" };
		const starter = "class Solution:\n    def twoSum(self):";
		const shown = parseProblem(JSON.stringify({ ...code, starter, tests }));
		expect("problem" in shown && shown.problem.problem).toBe(
			`Write it.\n\nThe code begins with:\n\`\`\`python\n${starter}\n\`\`\``,
		);
		const named = parseProblem(JSON.stringify({ ...code, tests }));
		expect("problem" in named && named.problem.problem).toBe(
			"Write it.\n\nThe tests call Solution().twoSum.",
		);
		const had = parseProblem(JSON.stringify({ ...code, problem: `${starter} ...`, starter, tests }));
		expect("problem" in had && had.problem.problem).toBe(`${starter} ...`);
	});

	test("whose own reference fails its tests is marked as doubtful", () => {
		expect(parseProblem(JSON.stringify({ ...good, reference_passes: false }))).toHaveProperty("doubt");
		expect(parseProblem(JSON.stringify({ ...good, reference_passes: true }))).not.toHaveProperty("doubt");
	});

	test("is found by all words of a search, in any case, and by its domain", () => {
		const problem = { id: "gcd-1", domain: "math" as const, problem: "Find the gcd of 4 and 6." };
		expect(matches(problem, { words: "GCD find" })).toBe(true);
		expect(matches(problem, { words: "gcd lcm" })).toBe(false);
		expect(matches(problem, { words: "", domain: "math" })).toBe(true);
		expect(matches(problem, { domain: "code" })).toBe(false);
	});
});

test("what a function's tests say comes before the program goes with them", () => {
	const tests = { entry_point: "f", test: "assert f(Node()) == 1", style: "script" };
	const row = { id: "c", domain: "code", problem: "Write f.", tests, preamble: "class Node: pass" };
	expect(parseProblem(JSON.stringify(row))).toMatchObject({
		problem: { tests: { ...tests, preamble: "class Node: pass" } },
	});
	const inputs = { ...row, tests: [{ input: "1", output: "2" }] };
	expect(parseProblem(JSON.stringify(inputs))).toMatchObject({ problem: { tests: inputs.tests } });
});
