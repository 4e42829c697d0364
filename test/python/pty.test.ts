/** The interpreter that a person sees, read as a person reads it: on a screen. */
import { Terminal } from "@xterm/headless";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PythonHost } from "../../src/python/host.ts";
import { openPtyInterpreter, type PtyInterpreter, type Runner } from "../../src/python/pty.ts";
import { channel } from "./hostile/channel.ts";
import { processes } from "./hostile/processes.ts";
import { signals } from "./hostile/signals.ts";
import { host } from "./support.ts";

let python: PythonHost;
beforeAll(async () => {
	python = await host("auto");
});
afterAll(() => python?.close());

type Seen = {
	readonly pane: PtyInterpreter;
	readonly lines: () => string[];
	readonly until: (what: RegExp) => Promise<void>;
	readonly runners: Runner[];
};

function linesOf(screen: Terminal): string[] {
	const buffer = screen.buffer.active;
	const all = Array.from(
		{ length: buffer.length },
		(_, row) => buffer.getLine(row)?.translateToString(true).trimEnd() ?? "",
	);
	while (all.at(-1) === "") all.pop();
	return all;
}

async function withPane(use: (seen: Seen) => Promise<void>): Promise<void> {
	const pane = await openPtyInterpreter(python, { cols: 80, rows: 24 });
	const screen = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
	pane.onData((data) => screen.write(data));
	screen.onData((reply) => pane.write(reply));
	const runners: Runner[] = [];
	pane.onRunning((running) => runners.push(running));
	const lines = (): string[] => linesOf(screen);
	const until = (what: RegExp): Promise<void> =>
		expect.poll(() => lines().join("\n"), { timeout: 15_000, interval: 20 }).toMatch(what);
	try {
		await until(/>>>/);
		await use({ pane, lines, until, runners });
	} finally {
		await pane.close();
	}
}

test("person and model share one namespace, and the screen tells them apart", async () => {
	await withPane(async ({ pane, lines, until, runners }) => {
		pane.write("x = 41\r");
		pane.write("x + 1\r");
		await until(/\n42\n>>>/);
		const result = await pane.run("y = x * 2\nprint('y is', y)\ny");
		expect(result).toMatchObject({ verdict: "ok", text: "y is 82\n82", outputBytes: 10 });
		pane.write("y\r");
		await until(/\n82\n\[block 1.*\]\n>>> y\n82\n>>>$/);
		const timeless = lines().map((line) => line.replace(/, <?[\d.]+ m?s\]$/, ", T]"));
		expect(timeless).toEqual([
			">>> x = 41",
			">>> x + 1",
			"42",
			"model>>> y = x * 2",
			"model... print('y is', y)",
			"model... y",
			"y is 82",
			"82",
			"[block 1: ok, T]",
			">>> y",
			"82",
			">>>",
		]);
		expect(runners).toContain("model");
		expect(runners).toContain("person");
		expect(pane.running).toBe(null);
	});
});

test("what is typed ahead, from the first moment on, is seen once and in its place", async () => {
	const pane = await openPtyInterpreter(python, { cols: 80, rows: 24 });
	const screen = new Terminal({ cols: 80, rows: 24, scrollback: 1000, allowProposedApi: true });
	pane.onData((data) => screen.write(data));
	const seen = (): string[] => linesOf(screen).filter((line) => line !== "");
	const entries = Array.from({ length: 60 }, (_, n) => n);
	try {
		for (const n of entries) {
			pane.write(`a${n} = ${n}; a${n} * 3\r`);
			if (n % 3 === 2) await new Promise((resolve) => setTimeout(resolve, n % 4));
		}
		await expect.poll(() => seen().slice(-2), { timeout: 15_000, interval: 20 }).toEqual(["177", ">>>"]);
		expect(seen()).toEqual([...entries.flatMap((n) => [`>>> a${n} = ${n}; a${n} * 3`, `${3 * n}`]), ">>>"]);
	} finally {
		await pane.close();
	}
});

test("a paste, an Enter that ends no line and keys for a program that reads find their places", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("1 + 1\r\u001b[200~for i in range(2):\n\tprint(i)\n\u001b[201~\r'af' + 'ter'\r");
		await until(
			/>>> 1 \+ 1\n2\n>>> for i in range\(2\):\n\s+print\(i\)\n0\n1\n>>> 'af' \+ 'ter'\n'after'\n>>>$/,
		);
		pane.write("'a\u0016\r");
		pane.write("b'\u0003");
		await until(/KeyboardInterrupt\n>>>$/);
		pane.write(
			"import sys, time\rtime.sleep(0.3); sys.stdin.readline()\rfor the program\r'typed ' + 'ahead'\r",
		);
		await until(/\n'for the program\\n'\n>>> 'typed ' \+ 'ahead'\n'typed ahead'\n>>>$/);
	});
});

test("a half-typed line is kept over a model's block", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("'half ty");
		await until(/>>> 'half ty$/);
		await pane.run("print('in between')");
		await until(/^model>>> print\('in between'\)\nin between\n\[block 1: ok, .*\]\n>>> 'half ty$/);
		pane.write("ped'\r");
		await until(/\n'half typed'\n>>>/);
	});
});

test("editing, history and completion work", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("name_of_mine = 3\r");
		await until(/3\n>>>$/);
		pane.write("name_of_m\t");
		await until(/>>> name_of_mine$/);
		pane.write("\u0001-\r"); // Ctrl+A, then a minus before it
		await until(/\n-3\n>>>$/);
		pane.write("\u001b[A\u001b[A\r"); // up, up: the assignment again
		await until(/>>> name_of_mine = 3\n>>>$/);
		pane.write("for i in range(2):\r\tprint(i)\r\r");
		await until(/\n0\n1\n>>>$/);
	});
});

test("Ctrl+C drops the line at the prompt, stops the person's code and stops the model's", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("nonsense");
		await until(/nonsense$/);
		pane.write("\u0003");
		await until(/nonsense\nKeyboardInterrupt\n>>>$/);
		pane.write("import time; time.sleep(100)\r");
		await expect.poll(() => pane.running).toBe("person");
		const queued = pane.run("'its turn'");
		pane.write("\u0003");
		expect((await queued).text).toBe("'its turn'");
		await until(/sleep\(100\)\nKeyboardInterrupt/);
		const running = pane.run("print('model at work')\nwhile True: pass", { limits: { timeoutMs: 60_000 } });
		await until(/\nmodel at work$/);
		pane.write("typed meanwhile\u0003");
		expect(await running).toMatchObject({ verdict: "error", stateLost: false });
		await until(/KeyboardInterrupt\n\[block 2: error, .*\]\n>>>$/);
	});
});

test("a model's block never reads the person's keys; they come to the prompt afterwards", async () => {
	await withPane(async ({ pane, until }) => {
		const code =
			"import sys, os, time\nprint('reading')\ntime.sleep(0.3)\nprint(repr(sys.stdin.read()), os.isatty(0), os.isatty(1))\ntry:\n    input()\nexcept EOFError:\n    print('no keyboard')";
		const running = pane.run(code);
		await until(/\nreading$/);
		pane.write("'meant for the prompt'\r");
		expect((await running).text).toBe("reading\n'' False False\nno keyboard\n");
		await until(/>>> 'meant for the prompt'\n'meant for the prompt'\n>>>$/);
	});
});

test("the person's own code has the keyboard and the terminal's size", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("input('name? ')\r");
		await until(/\nname\? $|\nname\?$/);
		pane.write("Ada\r");
		await until(/name\? Ada\n'Ada'\n>>>$/);
		pane.resize(60, 20);
		pane.write("import os; tuple(os.get_terminal_size())\r");
		await until(/\n\(60, 20\)\n>>>$/);
	});
});

test("a death is said on the screen, in the next result, and a fresh prompt stands", async () => {
	await withPane(async ({ pane, until }) => {
		pane.write("import os; os._exit(4)\r");
		await until(/exit status 4\]\n\[the Python session was restarted: earlier variables are gone\]\n>>>$/);
		expect(await pane.run("'os' in globals()")).toMatchObject({
			stateLost: true,
			text: "False\n[the Python session was restarted: earlier variables are gone]",
		});
		expect((await pane.run("os = 1\n1/0")).stateLost).toBe(false);
		await pane.restart();
		expect((await pane.run("'os' in globals()")).text).toBe("False");
	});
});

test("endless output of the person can be paused and loses nothing", async () => {
	await withPane(async ({ pane }) => {
		let bytes = 0;
		pane.onData((data) => {
			bytes += data.length;
		});
		pane.write("for i in range(20000): print('y' * 70)\r\r");
		await expect.poll(() => bytes).toBeGreaterThan(10_000);
		pane.pause();
		await new Promise((resolve) => setTimeout(resolve, 100));
		const at = bytes;
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(bytes).toBe(at);
		pane.resume();
		await expect.poll(() => bytes, { timeout: 20_000 }).toBeGreaterThan(20_000 * 72);
	});
});

// The rest of the suite runs in hostile.test.ts; these are the ones that could hurt a prompt in particular.
const ROUGH = [
	"a subprocess that outlives its block",
	"threads that the threading module does not know",
	"a child that comes back from the block",
	"kill itself",
	"ignored SIGINT",
	"an alarm left behind",
	"output without end",
	"the usual descriptors closed",
	"descriptors exchanged",
	"output turned away",
	"built-ins broken",
];
const rough = [...processes, ...signals, ...channel].filter(({ name }) => ROUGH.includes(name));

test("the programs that could hurt a prompt are all there", () => expect(rough).toHaveLength(ROUGH.length));

test.each(rough)("after $name the prompt stands", async (program) => {
	await withPane(async ({ pane, until }) => {
		const result = await pane.run(program.code, { limits: { timeoutMs: 500, ...program.limits } });
		expect(program.verdict, JSON.stringify(result)).toContain(result.verdict);
		if (program.keepsState !== undefined) expect(!result.stateLost).toBe(program.keepsState);
		pane.write("'pro' + 'mpt'\r");
		await until(/\n'prompt'\n>>>$/);
		expect((await pane.run("1 + 1")).verdict).toBe("ok");
	});
});
