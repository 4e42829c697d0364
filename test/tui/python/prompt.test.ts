/** What a person relies on at a prompt: editing, history, completion, paste, programs with the whole screen, scrollback. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PythonHost } from "../../../src/python/host.ts";
import { host } from "../../python/support.ts";
import { COLUMNS, ROWS, withPane } from "./sight.ts";

let python: PythonHost;
beforeAll(async () => {
	python = await host("auto");
});
afterAll(() => python?.close());

const LEFT = "\x1b[D";
const UP = "\x1b[A";

test("Tab completes names and attributes, Ctrl+R searches the history, Ctrl+A goes to the beginning", async () => {
	await withPane(python, async ({ type, until }) => {
		type("quantity_of_interest = 42\r");
		await until(/42\n>>>$/);
		type("quant\t");
		await until(/\n>>> quantity_of_interest$/);
		type(".bit_l\t");
		await until(/\n>>> quantity_of_interest\.bit_length\(\)?$/);
		type("\r");
		await until(/\n6\n>>>$/);
		type("\x12interest =");
		await until(/reverse-i-search.*interest = 42$/);
		type("\x01");
		await until(/\n>>> quantity_of_interest = 42$/);
		type("x\r");
		await until(/\n>>> xquantity_of_interest = 42\n>>>$/);
	});
});

test("a paste of several lines comes in as one text, blank lines and all, and Enter runs it", async () => {
	await withPane(python, async ({ pane, type, until }) => {
		pane.paste("def f(x):\r\n    y = x\n\n    return y + 1\nprint(f(41))");
		await until(/\nprint\(f\(41\)\)$/);
		type("\r");
		await until(/\nprint\(f\(41\)\)\n42\n>>>$/);
		pane.paste("if True:\n    print('indented')\n");
		type("\r");
		await until(/\nindented\n>>>$/);
		pane.paste("'safe\x1b[201~\rimport os'");
		type("\r");
		await until(/SyntaxError/);
	});
});

test("Ctrl+D, exit() and Ctrl+Z end nothing, Ctrl+S and Ctrl+\\ stop nothing", async () => {
	await withPane(python, async ({ type, lines, until }) => {
		type("kept = 'still there'\r");
		await until(/there'\n>>>$/);
		type("\x04");
		await until(/\nPython stays open; the pane's title names the key that lea/);
		type("exit()\r");
		await until(/\n>>> exit\(\)\nPython stays open; .*\n?.*\n>>>$/);
		type("\x1a\x13\x1ckept\r");
		await until(/\n>>> kept\n'still there'\n>>>$/);
		expect(lines().join("\n")).not.toContain("restarted");
	});
});

test("what is typed ahead is seen once, each at its prompt; Ctrl+C drops what was not read yet", async () => {
	await withPane(python, async ({ type, lines, until }) => {
		type("x = 1\rfor i in range(2): print(x + i)\r\r'last'\r");
		await until(/\n'last'\n>>>$/);
		expect(lines()).toEqual([
			">>> x = 1",
			">>> for i in range(2): print(x + i)",
			"...",
			"1",
			"2",
			">>> 'last'",
			"'last'",
			">>>",
		]);
		type("x = 2\rx = 3\r\x03x\r");
		await until(/KeyboardInterrupt\n>>> x\n[123]\n>>>$/);
	});
});

test("wide characters and emoji are edited where they stand", async () => {
	await withPane(python, async ({ pane, type, until }) => {
		type(`'日本語 😀 é'${LEFT.repeat(5)}X`);
		await until(/^>>> '日本語X 😀 é'$/);
		expect(pane.cursor()).toEqual({ x: 12, y: 0 });
		type("\x7f\x7fY\r");
		await until(/\n'日本Y 😀 é'\n>>>$/);
	});
});

test("input(), a progress bar and output without a newline leave a prompt in its own row", async () => {
	await withPane(python, async ({ type, lines, until }) => {
		type("input('name? ')\r");
		await until(/\nname\?$/);
		type("Ada\r");
		await until(/\nname\? Ada\n'Ada'\n>>>$/);
		type("for i in range(0, 101, 50): print(f'\\r{i}%', end='')\r\r");
		await until(/\n100%\n>>>$/);
		expect(lines()).not.toContain("0%");
		type("print('colour: \\x1b[1;31mred')\r");
		await until(/\ncolour: red\n>>>$/);
	});
});

test("help() shows its pager; the wheel moves in it, q leaves, and what stood before is there again", async () => {
	await withPane(python, async ({ pane, type, lines, until }) => {
		type("'before'\r");
		await until(/\n'before'\n>>>$/);
		type("help(str)\r");
		await until(/^Help on class str[\s\S]*\n:$/);
		const first = lines()[0];
		pane.wheel(3);
		await expect.poll(() => lines()[0]).not.toBe(first);
		pane.wheel(-3);
		await expect.poll(() => lines()[0]).toBe(first);
		type("q");
		await until(/\n'before'\n>>> help\(str\)\n+>>>$/);
	});
});

test("the scrollback keeps what has gone by; it stays where it is while more comes, and typing leaves it", async () => {
	await withPane(python, async ({ pane, type, lines, title, until, untilTitle }) => {
		type("for i in range(200): print('line', i)\r\r");
		await until(/line 199\n>>>$/);
		pane.scroll(-100);
		expect(lines()[0]).toBe("line 81");
		expect(title()).toContain("-100 lines");
		expect(pane.cursor()).toBeUndefined();
		await (await pane.interpreter()).run("for i in range(30): print('more', i)");
		await untilTitle(/-13\d/);
		expect(lines()[0]).toBe("line 81");
		pane.scroll(1000);
		await until(/more 29\n\[block 1.*\n>>>$/);
		pane.wheel(-5);
		expect(title()).toContain("-5 lines");
		type("x");
		await until(/\n>>> x$/);
		expect(title()).not.toContain("lines");
	});
});

test("another size wraps the half-typed line anew and loses no text", async () => {
	await withPane(python, async ({ pane, type, until, lines }) => {
		type("print('a' * 70)\r");
		await until(/a{60}\na{10}\n>>>$/);
		const typed = `'${"0123456789".repeat(7)}'`;
		type(typed);
		await until(/3456789'$/);
		const seen = (columns: number): string =>
			pane
				.rows(columns, ROWS)
				.join("")
				.replaceAll(" ", "")
				.replace(/\x1b\[[\d;]*m/g, "");
		pane.resize(30, ROWS);
		await expect.poll(() => seen(30)).toBe(`>>>print('a'*70)${"a".repeat(70)}>>>${typed}`);
		pane.resize(COLUMNS, ROWS);
		await expect.poll(() => lines().slice(1).join("")).toBe(`${"a".repeat(70)}>>> ${typed}`);
		type(`${UP}\x03`);
		type("import os; tuple(os.get_terminal_size())\r");
		await until(/\n\(60, 20\)\n>>>$/);
	});
});

test("what a program asks the terminal is answered, but not to the model's blocks", async () => {
	await withPane(python, async ({ pane, type, until }) => {
		const ask =
			"import sys, termios, tty, os, select\ndef ask():\n    old = termios.tcgetattr(0)\n    tty.setraw(0)\n    os.write(1, b'\\x1b[6n')\n    got = os.read(0, 20) if select.select([0], [], [], 5)[0] else b''\n    termios.tcsetattr(0, termios.TCSANOW, old)\n    return got\n";
		pane.paste(ask);
		type("\r");
		await until(/return got\n(.*\n)?>>>$/);
		type("ask()\r");
		await until(/\nb'\\x1b\[\d+;\d+R'\n>>>$/);
		await (await pane.interpreter()).run("print('\\x1b[6n\\x1b[c done')");
		await until(/done\n\[block 1.*\n>>>$/);
		type("'typed'\r");
		await until(/\n>>> 'typed'\n'typed'\n>>>$/);
	});
});

test("whatever a block leaves on the screen, the prompt after it is whole", async () => {
	await withPane(python, async ({ pane, type, until }) => {
		const loop = await pane.interpreter();
		await loop.run(
			"tty = open('/dev/tty', 'w')\nprint('\\x1b[?1049h\\x1b[?25l\\x1b[2;3r\\x1b[4h\\x1b(0\\x1b[7m\\x1b]2;never ended', file=tty, flush=True)",
		);
		await until(/\[block 1: ok.*\n>>>$/);
		await loop.run("print('\\x1b[?1049h\\x1b[?25l\\x1b(0\\x0e\\x1b[7m\\x1bPnever ended')");
		await until(/^>>>|\[block 2: ok.*\n>>>$/);
		type("'whole'\r");
		await until(/\n>>> 'whole'\n'whole'\n>>>$/);
		expect(pane.cursor()).toBeDefined();
	});
});

test("code is shown and never obeyed", async () => {
	await withPane(python, async ({ pane, until }) => {
		await (await pane.interpreter()).run("x = '\x1b[2J\x1b]2;title\x07'\nlen(x)");
		await until(/^model>>> x = '␛\[2J␛\]2;title␇'\nmodel\.\.\. len\(x\)\n14\n\[block 1/);
	});
});
