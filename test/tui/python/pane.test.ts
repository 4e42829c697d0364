/** The pane on a real interpreter: who runs, what is told, and what becomes of it when things go wrong. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonHost } from "../../../src/python/host.ts";
import { openPtyInterpreter, type PtyInterpreter } from "../../../src/python/pty.ts";
import { guestProcesses, host } from "../../python/support.ts";
import { COLUMNS, ROWS, sightOf, withPane } from "./sight.ts";

let python: PythonHost;
beforeAll(async () => {
	python = await host("auto");
});
afterAll(() => python?.close());

describe("before there is a Python", () => {
	test("the pane says what is being made; what is typed meanwhile is not lost", async () => {
		const ready = Promise.withResolvers<void>();
		const sight = sightOf(async (size) => {
			await ready.promise;
			return openPtyInterpreter(python, size);
		});
		expect(sight.lines()).toEqual([
			"Python starts with the model's first block, or with the",
			"first key here.",
		]);
		sight.type("6 * 7\r");
		sight.pane.preparing("installing sympy (3 of 9)");
		expect(sight.lines()).toEqual(["Python is being prepared: installing sympy (3 of 9)"]);
		expect(sight.title()).toMatch(/^Python {2}starting .*Ctrl\+\] leaves$/);
		expect(sight.pane.cursor()).toBeUndefined();
		ready.resolve();
		await sight.until(/\n42\n>>>$/);
		await sight.pane.close();
	});

	test("a failure says why and what to do, and a restart tries again", async () => {
		let broken = true;
		const sight = sightOf(async (size) => {
			if (broken) throw new Error("the disk is full");
			return openPtyInterpreter(python, size);
		});
		await expect(sight.pane.interpreter()).rejects.toThrow("the disk is full");
		expect(sight.lines()).toEqual(["Python could not be opened: the disk is full", "", "F8 tries again."]);
		expect(sight.title()).toContain("not there");
		await sight.pane.restart();
		expect(sight.lines()[0]).toContain("the disk is full");
		expect(sight.pane.failed).toBe(true);
		sight.type("typed to nobody");
		broken = false;
		await sight.pane.restart();
		await sight.until(/^>>>$/);
		expect(sight.pane.failed).toBe(false);
		await sight.pane.close();
	});

	test("closed while it is opened, it leaves nothing open", async () => {
		const opened: PtyInterpreter[] = [];
		const sight = sightOf(async (size) => {
			const one = await openPtyInterpreter(python, size);
			opened.push(one);
			return one;
		});
		const asked = sight.pane.interpreter();
		await sight.pane.close();
		await expect(asked).rejects.toThrow("closed");
		expect((await opened[0]!.run("1")).text).toContain("the interpreter is closed");
	});
});

describe("who runs", () => {
	test("the model's blocks are seen as they run, numbered, with verdict and time", async () => {
		await withPane(python, async ({ pane, title, until, untilTitle }) => {
			const loop = await pane.interpreter();
			expect(await pane.interpreter()).toBe(loop);
			expect(loop.isolation).toBe(python.isolation);
			expect((await loop.run("x = 20\nx + 1")).text).toBe("21");
			await until(/^model>>> x = 20\nmodel... x \+ 1\n21\n\[block 1: ok, <?[\d.]+ m?s\]\n>>>$/);
			expect(title()).toMatch(/^Python {2}block 1 ok <?[\d.]+ m?s/);
			const slow = loop.run("import time\ntime.sleep(1.5)\n1/0");
			await untilTitle(/> model runs block 2, (0\.[2-9]|1\.\d) s/);
			expect((await slow).verdict).toBe("error");
			await until(/ZeroDivisionError.*\n\[block 2: error, [\d.]+ m?s\]\n>>>$/);
			expect(title()).toMatch(/block 2 error [\d.]+ m?s/);
			const late = loop.run("while True: pass", { limits: { timeoutMs: 300 } });
			expect((await late).verdict).toBe("timeout");
			await untilTitle(/block 3 timeout [\d.]+ m?s/);
		});
	});

	test("a person's keys wait for the model's block, and a block for the person's code; the title says so", async () => {
		await withPane(python, async ({ pane, type, until, untilTitle }) => {
			const loop = await pane.interpreter();
			const block = loop.run("import time; time.sleep(1.5)");
			await untilTitle(/model runs/);
			type("'kept'\r");
			await untilTitle(/> block 1, .* keys wait/);
			await block;
			await until(/>>> 'kept'\n'kept'\n>>>$/);
			type("time.sleep(100)\r");
			await untilTitle(/\* you run, /);
			const waiting = loop.run("'its turn'");
			await untilTitle(/\* you run, .* the model waits/);
			expect(pane.interrupt()).toBe(true);
			expect((await waiting).text).toBe("'its turn'");
			expect(pane.interrupt()).toBe(false);
		});
	});

	test("Ctrl+C stops endless output of the person and of the model, and the pane is as before", async () => {
		await withPane(python, async ({ pane, type, until, untilTitle }) => {
			type('while True: print("x" * 1000)\r\r');
			await until(/x{60}\nx{60}/);
			await untilTitle(/you run, [1-9]/);
			type("\x03");
			await until(/KeyboardInterrupt\n>>>$/);
			const loop = await pane.interpreter();
			const block = loop.run("while True: print('y' * 1000)", { limits: { timeoutMs: 60_000 } });
			await until(/y{60}/);
			type("\x03");
			expect((await block).verdict).toBe("error");
			type("'here'\r");
			await until(/\n'here'\n>>>$/);
		});
	});
});

describe("a fresh Python", () => {
	test("a restart says what for, keeps the person's history and forgets the names", async () => {
		await withPane(python, async ({ pane, type, until, title }) => {
			const loop = await pane.interpreter();
			await loop.run("x = 1");
			type("'remember me'\r");
			await until(/\n'remember me'\n>>>$/);
			await loop.restart("restarted for branch b2");
			await until(/\[restarted for branch b2: earlier variables are gone\]\n>>>$/);
			expect(title()).toMatch(/^Python -+ Ctrl\+\] leaves$/);
			type("\x1b[A\r");
			await until(/gone\]\n>>> 'remember me'\n'remember me'\n>>>$/);
			expect((await loop.run("'x' in globals()")).text).toBe("False");
			await until(/\[block 1: ok/);
		});
	});

	test("code that heeds no Ctrl+C ends at a restart", async () => {
		await withPane(python, async ({ pane, type, until, untilTitle }) => {
			type("while True:\r\ttry:\r\t\twhile True: pass\r\texcept KeyboardInterrupt: pass\r\r");
			await untilTitle(/you run/);
			type("\x03");
			await pane.restart();
			await until(/\[restarted: earlier variables are gone\]\n>>>$/);
			expect(pane.running).toBe(null);
		});
	});

	test("killed from outside, it says so; a block is lost, and the next key or block opens a new one", async () => {
		await withPane(python, async ({ pane, type, lines, until, untilTitle }) => {
			const loop = await pane.interpreter();
			type("'remember me'\r");
			await until(/\n'remember me'\n>>>$/);
			const running = loop.run("while True: pass");
			await untilTitle(/model runs/);
			killGuests();
			expect((await running).verdict).toBe("lost");
			await until(/\[Python ended unexpectedly: earlier variables are gone\]/);
			expect(lines().join("\n")).toContain("while True: pass");
			await untilTitle(/ended: a key starts a new one/);
			type("\x1b[A\r");
			await until(/gone\]\n(.*\n)?>>> 'remember me'\n'remember me'\n>>>$/);
			killGuests();
			await untilTitle(/ended/);
			expect((await loop.run("1 + 1")).text).toBe("2");
			await until(/model>>> 1 \+ 1\n2\n\[block 1: ok/);
		});
	});
});

function killGuests(): void {
	for (const line of guestProcesses()) {
		try {
			process.kill(Number.parseInt(line, 10), "SIGKILL");
		} catch {
			// It died with the one before.
		}
	}
}

test("closed, the pane keeps its picture; a block is told that there is nothing to run it", async () => {
	await withPane(python, async ({ pane, type, lines, title, until }) => {
		const loop = await pane.interpreter();
		type("1\r");
		await until(/\n1\n>>>$/);
		const before = lines();
		await pane.close();
		type("2\r");
		expect(lines()).toEqual(before);
		expect(title()).toContain("Python");
		expect((await loop.run("1")).text).toBe("[not run: the interpreter is closed]");
		await pane.close();
	});
});

describe("what the screen is told", () => {
	test("rows are as wide as asked, and the same array while nothing has changed; nobody is told of nothing", async () => {
		await withPane(python, async ({ pane, type, until, told }) => {
			type("1\r");
			await until(/\n1\n>>>$/);
			await new Promise((resolve) => setTimeout(resolve, 100));
			const rows = pane.rows(COLUMNS, ROWS);
			expect(rows).toHaveLength(ROWS);
			expect(new Set(rows.map((row) => row.length))).toEqual(new Set([COLUMNS]));
			told.length = 0;
			await new Promise((resolve) => setTimeout(resolve, 100));
			expect(pane.rows(COLUMNS, ROWS)).toBe(rows);
			expect(told).toEqual([]);
		});
	});

	test("the answer to a key is told at once, what Python prints by itself soon", async () => {
		await withPane(python, async ({ pane, type, until, told }) => {
			told.length = 0;
			type("abc");
			await until(/>>> abc$/);
			// Who looks before being told may see it first.
			await expect.poll(() => told).toContain("now");
			type("\x03");
			await until(/KeyboardInterrupt\n>>>$/);
			// Until what comes is no answer to a key any more.
			await new Promise((resolve) => setTimeout(resolve, 300));
			told.length = 0;
			await (await pane.interpreter()).run("for i in range(50): print(i)");
			await until(/49\n\[block 1/);
			expect(new Set(told)).toEqual(new Set(["soon"]));
		});
	});

	test("the cursor stands where the program has it, hidden where that hides it", async () => {
		await withPane(python, async ({ pane, type, lines, until }) => {
			type("'日本");
			await until(/'日本$/);
			expect(pane.cursor()).toEqual({ x: 9, y: 0 });
			type("'\rprint('\\x1b[?25l', end='', flush=True) or input()\r");
			const cursor = (): unknown => pane.rows(COLUMNS, ROWS) && pane.cursor();
			await expect.poll(cursor).toBeUndefined();
			type("\r");
			await until(/\n''\n>>>$/);
			expect(pane.cursor()).toEqual({ x: 4, y: lines().length - 1 });
		});
	});
});
