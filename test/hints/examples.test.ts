import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { visibleExamples } from "../../src/hints/examples.ts";
import { builtInLayer, loadLibrary } from "../../src/hints/library.ts";
import { render } from "../../src/hints/render.ts";
import { Scanner } from "../../src/hints/scanner.ts";
import type { Problem } from "../../src/trace/events.ts";
import { QWEN } from "./scanning.ts";

const code = (problem: string, tests?: Problem["tests"]): Problem => ({
	id: "c",
	domain: "code",
	problem,
	...(tests ? { tests } : {}),
});

describe("examples that a problem shows", () => {
	it("are the tests whose input stands in its text; hidden ones stay hidden", () => {
		const problem = code("Add.\n\nExample\n\nInput\n2 3\n4 5\n\nOutput\n5\n9\n", [
			{ input: "2 3\n4 5\n", output: "5\n9\n" },
			{ input: "7 8\n", output: "15\n" },
			{ input: "", output: "x" },
		]);
		expect(visibleExamples(problem).programs).toEqual([{ input: "2 3\n4 5\n", output: "5\n9\n" }]);
	});

	it("are doctests of one line each", () => {
		const problem = code(
			'def add(a, b):\n    """Adds.\n    >>> add(1, 2)\n    3\n    >>> x = 5\n    >>> add(a=1, b=2)\n    3\n    >>> print(1)\n    1\n    >>> add("", 1)\n    Traceback (most recent call last):\n    """',
		);
		expect(visibleExamples(problem).calls).toEqual([
			{ call: "add(1, 2)", expected: "3" },
			{ call: "add(a=1, b=2)", expected: "3" },
		]);
	});

	it("are asserts whose arguments stand in the text", () => {
		const problem = code("Example 1: Input: nums = [2,7], target = 9. Output: [0,1]", {
			entry_point: "Solution().twoSum",
			test: "def check(candidate):\n    assert candidate(nums = [2, 7], target = 9) == [0, 1]\n    assert candidate(nums = [3, 3], target = 6) == [0, 1]\n",
			style: "check",
		});
		expect(visibleExamples(problem).calls).toEqual([
			{ call: "Solution().twoSum(nums = [2, 7], target = 9) == [0, 1]", expected: "True" },
		]);
	});

	it("end their arguments at the right parenthesis", () => {
		const problem = code('It must hold that f("a)b", (1, 2)) is 3.', {
			entry_point: "f",
			test: 'assert f("a)b", (1, 2)) == 3\nassert f(")") == 1\n',
			style: "script",
		});
		expect(visibleExamples(problem).calls).toEqual([{ call: 'f("a)b", (1, 2)) == 3', expected: "True" }]);
	});

	it("are few and short", () => {
		const lines = Array.from({ length: 9 }, (_, i) => `>>> f(${i})\n${i}`).join("\n");
		expect(visibleExamples(code(lines)).calls).toHaveLength(4);
		expect(visibleExamples(code(`>>> f("${"x".repeat(3000)}")\n1`)).calls).toEqual([]);
	});

	it("are none where there are none", () => {
		expect(visibleExamples(code("Add two numbers."))).toEqual({ programs: [], calls: [] });
	});
});

describe("the debug templates", () => {
	const library = loadLibrary([builtInLayer]);

	/** Renders the hint, lets a model that writes `candidate` go on, and runs the block. */
	function run(id: string, problem: Problem, candidate: string): string {
		const hint = library.hints.find((one) => one.id === id)!;
		const before = "So.\n";
		const made = render(hint, {
			marker: "before-end",
			before,
			wordingIndex: 0,
			dialect: QWEN,
			problem,
			frames: library.frames,
		});
		const scanner = new Scanner({ words: [], dialect: QWEN });
		const closed = scanner
			.push(`${before}${made?.text}${candidate}\`\`\`\n`)
			.find((event) => event.type === "fence-close");
		return execFileSync("python3", ["-I", "-c", closed?.code ?? ""], { encoding: "utf8" });
	}

	it("run a program's candidate on the examples, and show where it is wrong", () => {
		const problem = code('Print the sum, then "done".\n2 3\n-> 5 "done"\n4 4\n-> 8 "done"\n', [
			{ input: "2 3\n", output: '5\n"done"\n' },
			{ input: "4 4\n", output: '8\n"done"\n' },
			{ input: "1 1\n", output: "2\n" },
		]);
		expect(
			run(
				"debug-programs",
				problem,
				`def solve(text):\n    a, b = map(int, text.split())\n    return f'{a + b if a != b else 1 // 0}\\n"done"'\n\ncheck(solve)\n`,
			),
		).toBe(
			`example 1: ok, expected '5\\n"done"', got '5\\n"done"'\nexample 2: WRONG, expected '8\\n"done"', got 'ZeroDivisionError: integer division or modulo by zero'\n`,
		);
	});

	it("run a function's candidate on the calls, and show where it is wrong", () => {
		const problem = code(">>> add(2, 3)\n5\n>>> add('a', \"b\")\n'ab'\n>>> add([], [])\n[]\n");
		expect(
			run("debug-functions", problem, "def add(a, b):\n    return a + b if a != [] else None\n\ncheck()\n"),
		).toBe(
			"example 1: add(2, 3) should be 5: ok\nexample 2: add('a', \"b\") should be 'ab': ok\nexample 3: add([], []) should be []: WRONG, got None\n",
		);
	});
});
