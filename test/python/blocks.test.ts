/** What a block's verdict and text are, exactly. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonHost } from "../../src/python/host.ts";
import type { BlockResult, Interpreter } from "../../src/python/interpreter.ts";
import { host } from "./support.ts";

let python: PythonHost;
let shared: Interpreter;
beforeAll(async () => {
	python = await host("auto");
	shared = await python.open();
});
afterAll(() => python?.close());

const show = async (code: string): Promise<string> => (await shared.run(code)).text;
const fresh = async (use: (session: Interpreter) => Promise<void>): Promise<void> => {
	const session = await python.open();
	await use(session);
	await session.close();
};

describe("the last expression is shown as Jupyter would", () => {
	test.each([
		["1 + 1", "2"],
		["x = 5\nx * 2", "10"],
		["x = 5", ""],
		["None", ""],
		["3;", ""],
		["3;  # a comment; with a semicolon", ""],
		["'a;b'", "'a;b'"],
		["'no semicolon'  # ;", "'no semicolon'"],
		["if True:\n    7", ""],
		["print('a')\n'b'", "a\n'b'"],
		["print('a', end='')\n'b'", "a\n'b'"],
		["# only a comment", ""],
		["", ""],
		["'é∑😀'", "'é∑😀'"],
		["import asyncio\nawait asyncio.sleep(0, 'top-level await')", "'top-level await'"],
	])("%j shows %j", async (code, text) => expect(await show(code)).toBe(text));

	test("_ is the last one shown", async () => {
		await show("6 * 7");
		expect(await show("_ + 1")).toBe("43");
	});
	test("names stay from block to block", async () => {
		await show("def f(n): return n * k\nk = 3");
		expect(await show("f(5)")).toBe("15");
	});
});

describe("errors are short and useful", () => {
	const error = async (code: string): Promise<string> => {
		let text = "";
		await fresh(async (session) => {
			const result = await session.run(code);
			expect(result.verdict).toBe("error");
			expect(result.stateLost).toBe(false);
			text = result.text;
		});
		return text;
	};
	test("a name that is not defined", async () => {
		expect(await error("x = 1\nprint(y)")).toBe(
			"Traceback (most recent call last):\n  File \"<block 1>\", line 2, in <module>\n    print(y)\nNameError: name 'y' is not defined",
		);
	});
	test("what was printed before it is kept", async () => {
		expect(await error("print('so far')\n1/0")).toBe(
			'so far\nTraceback (most recent call last):\n  File "<block 1>", line 2, in <module>\n    1/0\nZeroDivisionError: division by zero',
		);
	});
	test("a syntax error", async () => {
		expect(await error("a = 1\nb = = 2")).toBe(
			'  File "<block 1>", line 2\n    b = = 2\nSyntaxError: invalid syntax',
		);
	});
	test("inside a library only the block's own frames are shown", async () => {
		expect(await error("import json\njson.loads('{')")).toMatch(
			/^Traceback \(most recent call last\):\n {2}File "<block 1>", line 2, in <module>\n {4}json\.loads\('\{'\)\njson\.decoder\.JSONDecodeError: .*$/,
		);
	});
	test("one error on the way of another", async () => {
		const text = await error(
			"try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('bad') from e",
		);
		expect(text).toContain("ZeroDivisionError: division by zero\n\nThe above exception was the direct cause");
		expect(text).toMatch(/ValueError: bad$/);
	});
	test("a function of an earlier block shows its own line", async () => {
		await fresh(async (session) => {
			await session.run("def f():\n    raise KeyError('k')");
			expect((await session.run("f()")).text).toBe(
				"Traceback (most recent call last):\n  File \"<block 2>\", line 1, in <module>\n    f()\n  File \"<block 1>\", line 2, in f\n    raise KeyError('k')\nKeyError: 'k'",
			);
		});
	});
	test("input() says that there is no keyboard", async () => {
		expect(await error("n = int(input('n? '))")).toMatch(
			/EOFError: input\(\) has no keyboard here: write the values/,
		);
	});
});

describe("a session", () => {
	test("its random numbers are its own", async () => {
		const code = "import random, numpy\n(random.random(), float(numpy.random.rand()))";
		const seen = new Set<string>();
		for (let count = 0; count < 3; count++)
			await fresh(async (session) => {
				for (const part of (await session.run(code)).text.split(", ")) seen.add(part);
			});
		expect(seen.size).toBe(6);
	});

	test("sees nothing of another's names, files or processes", async () => {
		await fresh(async (one) => {
			await one.run("secret = 1\nopen('mine', 'w').write('x')\nopen('/dev/shm/mine', 'w').write('x')");
			await fresh(async (other) => {
				const code = "import os\n('secret' in globals(), os.listdir('.'), os.listdir('/dev/shm'))";
				expect((await other.run(code)).text).toBe("(False, [], [])");
			});
			expect((await one.run("import os; os.listdir('.')")).text).toBe("['mine']");
		});
	});

	test("runs its blocks one after the other, in their order", async () => {
		await fresh(async (session) => {
			const runs = Array.from({ length: 20 }, (_, n) =>
				session.run(n === 0 ? "seen = [0]\nimport time; time.sleep(0.1)" : `seen.append(${n})\nlen(seen)`),
			);
			const results = await Promise.all(runs);
			expect(results.slice(1).map((result) => result.text)).toEqual(
				Array.from({ length: 19 }, (_, n) => `${n + 2}`),
			);
		});
	});

	test("an interrupted block ends as by Ctrl+C and the names stay", async () => {
		await fresh(async (session) => {
			await session.run("kept = 1");
			const running = session.run("print('on', flush=True)\nwhile True: pass");
			await new Promise((resolve) => setTimeout(resolve, 100));
			await session.interrupt();
			const result = await running;
			expect(result.verdict).toBe("error");
			expect(result.text).toMatch(/^on\n[\s\S]*KeyboardInterrupt$/);
			expect((await session.run("kept")).text).toBe("1");
		});
	});

	test("an interrupted block that is deaf is killed", async () => {
		await fresh(async (session) => {
			const running = session.run("import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass");
			await new Promise((resolve) => setTimeout(resolve, 100));
			await session.interrupt();
			expect(await running).toMatchObject({ verdict: "killed", stateLost: true });
		});
	});

	test("an abort signal stops the running block and takes a waiting one from the queue", async () => {
		await fresh(async (session) => {
			const first = new AbortController();
			const second = new AbortController();
			const running = session.run("while True: pass", { signal: first.signal });
			const waiting = session.run("ran = True", { signal: second.signal });
			second.abort();
			expect(await waiting).toMatchObject({ verdict: "killed", text: "[not run: stopped before its turn]" });
			await new Promise((resolve) => setTimeout(resolve, 100));
			first.abort();
			expect((await running).verdict).toBe("error");
			expect((await session.run("'ran' in globals()")).text).toBe("False");
		});
	});

	test("restart gives a fresh namespace and an empty scratch folder", async () => {
		await fresh(async (session) => {
			await session.run("x = 1\nopen('f', 'w').write('x')\nimport os; os.mkdir('d')");
			await session.restart();
			expect((await session.run("import os\n('x' in globals(), os.listdir('.'))")).text).toBe("(False, [])");
			expect((await session.run("1/0")).text).toContain('File "<block 2>"');
		});
	});

	test("a closed interpreter runs nothing and says so", async () => {
		const session = await python.open();
		await session.close();
		expect((await session.run("1")).text).toBe("[not run: the interpreter is closed]");
	});

	test("limits of one run hold for that run", async () => {
		await fresh(async (session) => {
			const short = await session.run("while True: pass", { limits: { timeoutMs: 150 } });
			expect(short).toMatchObject({ verdict: "timeout", text: "[timeout: stopped after 0.15 s]" });
			const cut = await session.run("print('a' * 100)", { limits: { outputChars: 10 } });
			expect(cut.text).toBe("aaaaa\n[... 91 characters cut ...]\naaaa\n");
			expect(cut.outputBytes).toBe(101);
		});
	});

	test("many sessions at once each answer for themselves", async () => {
		const sessions = await Promise.all(Array.from({ length: 12 }, () => python.open()));
		await Promise.all(sessions.map((session, n) => session.run(`n = ${n}`)));
		const answers = await Promise.all(sessions.map((session) => session.run("n")));
		expect(answers.map((answer) => answer.text)).toEqual(sessions.map((_, n) => `${n}`));
		await Promise.all(sessions.map((session) => session.close()));
	});
});

test("what print, os.write and children write comes back exactly and in order, whatever the mixture", async () => {
	const piece = fc.record({
		by: fc.constantFrom("print", "write", "stderr", "os1", "os2", "child", "logging"),
		text: fc.string({
			unit: fc.constantFrom("a", "é", "😀", "\n", " ", "\t", "\u001b", "\u0000", "\r"),
			maxLength: 40,
		}),
	});
	await fc.assert(
		fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
			const lines = ["import os, sys, subprocess"];
			let expected = "";
			for (const { by, text } of pieces) {
				const literal = `bytes.fromhex('${Buffer.from(text).toString("hex")}')`;
				if (by === "print") lines.push(`print(${literal}.decode())`);
				else if (by === "write") lines.push(`n = sys.stdout.write(${literal}.decode())`);
				else if (by === "stderr") lines.push(`n = sys.stderr.write(${literal}.decode())`);
				else if (by === "os1") lines.push(`n = os.write(1, ${literal})`);
				else if (by === "os2") lines.push(`n = os.write(2, ${literal})`);
				else if (by === "child") lines.push(`n = subprocess.run(['cat'], input=${literal})`);
				else lines.push(`print(${literal}.decode(), file=sys.stderr, end='!')`);
				expected += by === "print" ? `${text}\n` : by === "logging" ? `${text}!` : text;
			}
			const result: BlockResult = await shared.run(lines.join("\n"));
			expect(result.text).toBe(expected);
			expect(result.outputBytes).toBe(Buffer.byteLength(expected));
			expect(result.verdict).toBe("ok");
		}),
		{ numRuns: 40 },
	);
});
