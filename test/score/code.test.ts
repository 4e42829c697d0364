/** Code problems on the real interpreter: what counts as handed in, and that tests judge as they should. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUNDLED, readProblems } from "../../src/data/problems.ts";
import { openHost, type PythonHost } from "../../src/python/host.ts";
import { scoreCode } from "../../src/score/code.ts";
import { sameOutput } from "../../src/score/compare-output.ts";
import { program } from "../../src/score/program.ts";
import { createVerifier } from "../../src/score/verifier.ts";
import type { CodeTests, Problem } from "../../src/trace/events.ts";
import { MAKING_TIMEOUT_MS, testEnvironment, testPython } from "./python.ts";

let host: PythonHost;
beforeAll(async () => {
	host = await openHost({ environment: await testEnvironment(), allowUnisolated: true });
}, MAKING_TIMEOUT_MS);
afterAll(() => host.close());

function block(code: string): string {
	return `\`\`\`python\n${code}\n\`\`\`\n`;
}

describe("the program that was handed in is", () => {
	test.each([
		["the last block", `${block("a = 1")}then\n${block("a = 2")}`, undefined, "a = 2\n"],
		["the one after the thinking", `${block("a = 1")}</think>\n${block("a = 2")}`, undefined, "a = 2\n"],
		["the thought one, where none came after", `${block("a = 1")}</think>\nSee above.`, undefined, "a = 1\n"],
		[
			"the one that defines what the tests call",
			`${block("def f(): 1")}${block("print(f())")}`,
			"f",
			"def f(): 1\n",
		],
		["the class whose method they call", `${block("class A: 1")}${block("A()")}`, "A().f", "class A: 1\n"],
		["never an output", `${block("a = 1")}\`\`\`output\n3\n\`\`\`\n`, undefined, "a = 1\n"],
		["never a block that was cut off", `${block("a = 1")}\`\`\`python\na = 2`, undefined, "a = 1\n"],
		["nothing, where there is none", "I would write a loop.", undefined, undefined],
	])("%s", (_, text, entryPoint, code) => {
		expect(program(text, entryPoint, { thinkClose: "</think>" })).toBe(code);
	});
});

const reference: Record<string, string> = {
	"run-lengths": "def run_lengths(text):\n    return [(c, len(list(g))) for c, g in groupby(text)]",
	"leap-years": "def is_leap(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
	"best-stretch":
		"n = int(input())\nbest = here = None\nfor x in map(int, input().split()):\n    here = x if here is None or here < 0 else here + x\n    best = here if best is None else max(best, here)\nprint(best)",
};
const mistaken: Record<string, string> = {
	"run-lengths": "def run_lengths(text):\n    return [(c, text.count(c)) for c in dict.fromkeys(text)]",
	"leap-years": "def is_leap(year):\n    return year % 4 == 0",
	"best-stretch":
		"n = int(input())\nbest = here = 0\nfor x in map(int, input().split()):\n    here = max(0, here + x)\n    best = max(best, here)\nprint(best)",
};

test("the bundled code problems accept a right program and refuse one with a common mistake", async () => {
	const verifier = createVerifier({ python: testPython, interpreters: async () => host });
	const problems: Problem[] = [];
	for await (const problem of readProblems(BUNDLED)) if (problem.tests) problems.push(problem);
	expect(problems.map(({ id }) => id)).toEqual(Object.keys(reference));
	for (const problem of problems) {
		const right = await verifier.verify(problem, block(reference[problem.id]!));
		expect(right, problem.id).toMatchObject({ verdict: "correct" });
		const wrong = await verifier.verify(problem, block(mistaken[problem.id]!));
		expect(wrong, problem.id).toMatchObject({ verdict: "wrong" });
		expect(wrong.reason).not.toBe("");
	}
	await verifier.close();
});

const asked: CodeTests = [
	{ input: "3\n", output: "6\n" },
	{ input: "10\n", output: "20\n" },
];
const called: CodeTests = {
	entry_point: "double",
	style: "check",
	test: "def check(candidate):\n    assert candidate(3) == 6\n    assert candidate(10) == 20\n",
};

describe("a program that reads standard input", () => {
	test.each([
		["with input()", "print(2 * int(input()))"],
		["with sys.stdin and sys.stdout", "import sys\nsys.stdout.write(str(2 * int(sys.stdin.readline())))"],
		["with their buffers", "import sys\nsys.stdout.buffer.write(b'%d' % (2 * int(sys.stdin.buffer.read())))"],
		["and ends with exit", "import sys\nprint(2 * int(input()))\nsys.exit(0)"],
		[
			"in a main function",
			"def main():\n    print(2 * int(input()))\nif __name__ == '__main__':\n    main()",
		],
		["with blanks at the ends of its lines", "print(2 * int(input()), ' ')\nprint()"],
	])("%s is correct", async (_, code) => {
		expect(await scoreCode(asked, block(code), host)).toMatchObject({
			verdict: "correct",
			answer: `${code}\n`,
		});
	});

	test.each([
		["prints something else", "print(6)", "test 2 of 2: it printed something else"],
		["raises", "print(2 * int(input()))\n1 / 0", "test 1 of 2: ZeroDivisionError"],
		["is no Python", "print(", "test 1 of 2: SyntaxError"],
		["runs for ever", "while True: pass", "test 1 of 2: it ran past its time limit"],
		["kills its process", "import os\nos._exit(0)", "test 1 of 2"],
		["prints without end", "while True: print('6' * 1000)", "test 1 of 2"],
	])("that %s is wrong, and the reason says so", { timeout: 300_000 }, async (_, code, reason) => {
		const outcome = await scoreCode(asked, block(code), host, {
			limits: { timeoutMs: 1000, memoryBytes: 256 * 2 ** 20 },
		});
		expect(outcome.verdict).toBe("wrong");
		expect(outcome.reason).toContain(reason);
	});

	test("sees no names of the run before it", async () => {
		const sly =
			"try:\n    kept\n    print('again')\nexcept NameError:\n    kept = 1\n    print(2 * int(input()))";
		expect((await scoreCode(asked, block(sly), host)).verdict).toBe("correct");
	});
});

describe("a function that tests call", () => {
	test("is correct when every assertion holds, with the imports that contests take for granted", async () => {
		const code = "def double(x: Optional[int]) -> int:\n    return reduce(lambda a, b: a + b, [x, x])";
		expect((await scoreCode(called, block(code), host)).verdict).toBe("correct");
	});

	test.each([
		["returns something else", "def double(x):\n    return 6", "AssertionError"],
		["has another name", "def twice(x):\n    return 2 * x", "NameError"],
		["raises at once", "raise ValueError('no')", "the program itself: ValueError"],
		["leaves early to skip the tests", "import os\nos._exit(0)", "the program itself"],
		["leaves when called", "def double(x):\n    import os\n    os._exit(0)", "the tests"],
		["raises SystemExit when called", "def double(x):\n    raise SystemExit(0)", "the tests"],
		["hangs when called", "def double(x):\n    while True: pass", "the tests: it ran past its time limit"],
	])("that %s is wrong", { timeout: 300_000 }, async (_, code, reason) => {
		const outcome = await scoreCode(called, block(code), host, { limits: { timeoutMs: 1000 } });
		expect(outcome.verdict).toBe("wrong");
		expect(outcome.reason).toContain(reason);
	});
});

test("no code is no answer, and no Python to run tests in is unchecked with a reason", async () => {
	expect((await scoreCode(asked, "Double it.", host)).verdict).toBe("no answer");
	const bare = createVerifier({ python: testPython });
	const problem: Problem = { id: "c", domain: "code", problem: "Double it.", tests: asked };
	const outcome = await bare.verify(problem, block("print(1)"));
	expect(outcome.verdict).toBe("unchecked");
	expect(outcome.reason).toContain("Python");
	await bare.close();
});

test("outputs are compared line by line, blanks at line ends aside", () => {
	expect(sameOutput("1 \n2\n\n", "1\n2")).toBe(true);
	expect(sameOutput("1\n\n2", "1\n2")).toBe(false);
	expect(sameOutput(" 1", "1")).toBe(false);
	expect(sameOutput("", "")).toBe(true);
});
