/** What is kept of each test of a program, on the real interpreter: verdicts, times, and that no test sees another. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHost, type PythonHost } from "../../src/python/host.ts";
import { type CodeOptions, scoreCode } from "../../src/score/code.ts";
import { sameOutput, toleranceIn } from "../../src/score/compare-output.ts";
import type { Outcome } from "../../src/score/plugin.ts";
import { Reporting } from "../../src/score/test-report.ts";
import { MAKING_TIMEOUT_MS, testEnvironment } from "./python.ts";

let host: PythonHost;
beforeAll(async () => {
	host = await openHost({ environment: await testEnvironment() });
}, MAKING_TIMEOUT_MS);
afterAll(() => host.close());

const doubled = [1, 2, 3, 4, 5, 6].map((n) => ({ input: `${n}\n`, output: `${2 * n}\n` }));

function onInputs(code: string, options: CodeOptions = {}, tests = doubled): Promise<Outcome> {
	return scoreCode(tests, `\`\`\`python\n${code}\n\`\`\`\n`, host, options);
}

const verdictsOf = ({ tests }: Outcome): unknown => tests?.shown.map(({ verdict }) => verdict);

describe("tests on standard input", () => {
	test("each have a verdict and a time; after the first failure none is run, unless all are asked for", async () => {
		const code = "n = int(input())\nif n == 3: 1 / 0\nif n == 5: n = 50\nprint(2 * n)";
		const first = await onInputs(code);
		expect(first).toMatchObject({
			verdict: "wrong",
			reason: "test 3 of 6: ZeroDivisionError: division by zero",
		});
		expect(first.tests).toMatchObject({ total: 6, counts: { pass: 2, error: 1 }, notRun: 3 });
		const all = await onInputs(code, { allTests: true });
		expect(verdictsOf(all)).toEqual(["pass", "pass", "error", "pass", "fail", "pass"]);
		expect(all.tests).toMatchObject({ counts: { pass: 4, fail: 1, error: 1 }, notRun: 0 });
		for (const { ms } of all.tests?.shown ?? []) expect(ms).toBeGreaterThan(0);
	});

	test("that take too long, too much memory or Python with them fail alone", {
		timeout: 300_000,
	}, async () => {
		const code = [
			"import os, signal",
			"n = int(input())",
			"if n == 2:",
			"    while True: pass",
			"if n == 3: bytearray(2 << 30)",
			"if n == 4: os.kill(os.getpid(), signal.SIGSEGV)",
			"print(2 * n)",
		].join("\n");
		const outcome = await onInputs(code, {
			allTests: true,
			limits: { timeoutMs: 2000, memoryBytes: 512 * 2 ** 20 },
		});
		expect(verdictsOf(outcome)).toEqual(["pass", "timeout", "memory", "error", "pass", "pass"]);
		expect(outcome.reason).toBe("test 2 of 6: it ran past its time limit");
	});

	test("see nothing that another left behind", async () => {
		const code = [
			"import builtins, sys, os, math",
			"assert not hasattr(math, 'left') and not hasattr(builtins, 'left') and not os.path.exists('left')",
			"math.left = builtins.left = 1",
			"sys.setrecursionlimit(50)",
			"n = int(input())",
			"os.chdir('/')",
			"print(2 * n)",
			"builtins.print = None",
		].join("\n");
		expect((await onInputs(code)).reason).toBeUndefined();
	});

	test.each([
		["descriptor 0 and 1", "import os\nos.write(1, b'%d' % (2 * int(os.read(0, 100))))"],
		["open(0)", "print(2 * int(open(0).read()))"],
		[
			"a thread that nobody waits for",
			"import threading, time\nn = int(input())\ndef late():\n    time.sleep(0.05)\n    print(2 * n)\nthreading.Thread(target=late).start()",
		],
		["what runs at exit", "import atexit\nn = int(input())\natexit.register(lambda: print(2 * n))"],
		[
			"a child",
			"import os\nn = int(input())\npid = os.fork()\nif pid == 0:\n    print(2 * n, flush=True)\n    os._exit(0)\nos.waitpid(pid, 0)",
		],
		[
			"a deep recursion",
			"import sys, threading\nsys.setrecursionlimit(10 ** 6)\nthreading.stack_size(1 << 26)\ndef f(n): return 0 if n == 0 else f(n - 1)\nn = int(input())\nt = threading.Thread(target=lambda: print(f(20000) + 2 * n))\nt.start()\nt.join()",
		],
	])("may use %s", async (_, code) => {
		expect(await onInputs(code)).toMatchObject({ verdict: "correct" });
	});

	test.each([
		[
			"kills whoever started it",
			"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nprint(2 * int(input()))",
		],
		["stops whoever started it", "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\nprint(3)"],
		["prints without end", "while True: print('6' * 1000)"],
		[
			"leaves a child that holds its output",
			"import os, time\nif os.fork() == 0:\n    time.sleep(60)\nprint(1)",
		],
	])(
		"a program that %s is wrong, and the next one is judged as ever",
		{ timeout: 300_000 },
		async (_, code) => {
			const outcome = await onInputs(code, { limits: { timeoutMs: 2000 } });
			expect(outcome.verdict).toBe("wrong");
			expect((await onInputs("print(2 * int(input()))")).verdict).toBe("correct");
		},
	);

	test("may be large, and hold any character", async () => {
		const texts = ["é𝔸\u2028\u0000x", "\\n\"'", "y".repeat(400_000)];
		const tests = texts.map((text) => ({ input: `${text}\n`, output: text }));
		expect(await onInputs("print(input())", {}, tests)).toMatchObject({ verdict: "correct" });
	});
});

describe("assertions", () => {
	const tests = {
		entry_point: "double",
		test: "def check(candidate):\n    assert candidate(1) == 2\n    for n in range(2, 5):\n        assert candidate(n) == 2 * n\n    assert candidate('a') == 'aa', 'text'\n",
		style: "check",
	} as const;
	const onAsserts = (code: string, options: CodeOptions = {}): Promise<Outcome> =>
		scoreCode(tests, `\`\`\`python\n${code}\n\`\`\`\n`, host, options);

	test("are counted one by one, also those in a loop", async () => {
		const outcome = await onAsserts("def double(x): return x * 2");
		expect(outcome.verdict).toBe("correct");
		expect(outcome.tests).toMatchObject({ total: 5, counts: { pass: 5 } });
	});

	test("that fail say which, and the others run where all are asked for", async () => {
		const code = "def double(x):\n    if x == 3: raise KeyError(3)\n    return x + x if x != 1 else 3";
		const first = await onAsserts(code);
		expect(first.tests?.counts).toEqual({ fail: 1 });
		expect(first.reason).toBe("the tests: AssertionError: assert candidate(1) == 2");
		const all = await onAsserts(code, { allTests: true });
		expect(all.tests?.counts).toEqual({ fail: 1, error: 1, pass: 3 });
		expect(all.verdict).toBe("wrong");
	});

	test("find what the problem gives, and the program finds it before them", async () => {
		const outcome = await scoreCode(
			{
				entry_point: "total",
				test: "assert total(Pair(1, 2)) == 3",
				style: "script",
				preamble: "class Pair:\n    def __init__(self, a, b): self.a, self.b = a, b",
			},
			"```python\ndef total(pair: Pair) -> int:\n    return pair.a + pair.b\n```\n",
			host,
		);
		expect(outcome).toMatchObject({ verdict: "correct" });
	});

	test("that hang are a timeout, and a program cannot print itself a pass", {
		timeout: 300_000,
	}, async () => {
		const hung = await onAsserts("def double(x):\n    while x == 2: pass\n    return x * 2", {
			limits: { timeoutMs: 1000 },
		});
		expect(hung.tests?.counts).toEqual({ pass: 1, timeout: 1 });
		const sly = "def double(x):\n    import sys\n    print('end', flush=True)\n    sys.exit(0)";
		expect((await onAsserts(sly)).verdict).toBe("wrong");
	});
});

test("of many tests failures are kept before passes, in their order, and no more than some", () => {
	const reporting = new Reporting(1000);
	for (let i = 1; i <= 900; i++) reporting.add({ test: i, verdict: i % 100 === 0 ? "fail" : "pass", ms: i });
	const report = reporting.report();
	expect(report).toMatchObject({ total: 1000, counts: { pass: 891, fail: 9 }, notRun: 100, slowestMs: 900 });
	expect(report.shown).toHaveLength(32);
	expect(report.shown.filter(({ verdict }) => verdict === "fail")).toHaveLength(9);
});

describe("numbers that may be off", () => {
	test.each([
		["its absolute or relative error does not exceed 10 - 9.", 1e-9],
		["if the absolute or relative error of your answer is at most 10^{-6}.", 1e-6],
		["The relative error should not exceed 1e-4", 1e-4],
		["the absolute value of all coordinates does not exceed 10^4", undefined],
		["output the relative frequency", undefined],
	])("%j allows %j", (problem, tolerance) => {
		expect(toleranceIn(problem)).toBe(tolerance);
	});

	test("are close where the problem says so, and whole numbers never", () => {
		expect(sameOutput("0.3333333", "0.333333333", 1e-6)).toBe(true);
		expect(sameOutput("0.3333333", "0.333333333")).toBe(false);
		expect(sameOutput("0.34", "0.333333333", 1e-6)).toBe(false);
		expect(sameOutput("1000000.5 a", "1000000.0 a", 1e-6)).toBe(true);
		expect(sameOutput("1000001", "1000000", 1e-4)).toBe(false);
		expect(sameOutput("nan", "0.5", 1e-4)).toBe(false);
		expect(sameOutput("0.5", "0.5 0.5", 1e-4)).toBe(false);
	});
});
