import { readFileSync } from "node:fs";
import xterm from "@xterm/headless";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
	type Keys,
	type Picture,
	RESET,
	Terminal,
	type TerminalOptions,
} from "../../../src/tui/term/terminal.ts";

/** A terminal's input as Node has it, and what was done to it. */
class Stdin {
	raw = false;
	flowing = false;
	listeners = new Map<string, ((argument: never) => void)[]>();
	fails = false;

	setRawMode(on: boolean): void {
		if (this.fails) throw new Error("EIO");
		this.raw = on;
	}
	on(event: string, listener: (argument: never) => void): void {
		this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
	}
	resume(): void {
		this.flowing = true;
	}
	pause(): void {
		this.flowing = false;
	}
	emit(event: string, argument?: unknown): void {
		for (const listener of this.listeners.get(event) ?? []) listener(argument as never);
	}
	type(text: string): void {
		this.emit("data", Buffer.from(text));
	}
}

type World = {
	readonly terminal: Terminal;
	readonly stdin: Stdin;
	/** What happened, in order. */
	readonly did: string[];
	readonly picture: Picture;
	/** What the terminal has got. */
	written(): string;
	fails(on: boolean): void;
};

const worlds: World[] = [];
afterEach(() => {
	for (const { terminal } of worlds.splice(0)) terminal.end();
	expect(process.listenerCount("SIGTSTP")).toBe(0);
	expect(process.listenerCount("SIGCONT")).toBe(0);
});

function world(options: Partial<TerminalOptions> = {}): World {
	const stdin = new Stdin();
	const did: string[] = [];
	let text = "";
	let failing = false;
	const write = (piece: string): void => {
		if (failing) throw new Error("EIO");
		text += piece;
		did.push("write");
	};
	const picture: Picture = {
		hide: () => did.push("hide"),
		show: () => did.push("show"),
		end: () => did.push("end"),
	};
	const terminal = new Terminal({
		stdin: stdin as unknown as Keys,
		stdout: { write },
		writeNow: write,
		env: { TERM: "xterm-256color" },
		...options,
	});
	terminal.attach(picture);
	const made = {
		terminal,
		stdin,
		did,
		picture,
		written: () => text,
		fails: (on: boolean) => {
			failing = on;
			stdin.fails = on;
		},
	};
	worlds.push(made);
	return made;
}

/** How an emulator is set after these bytes. */
async function modesAfter(text: string): Promise<unknown> {
	const screen = new xterm.Terminal({ cols: 20, rows: 5, allowProposedApi: true });
	await new Promise<void>((resolve) => screen.write(text, resolve));
	return { ...screen.modes, buffer: screen.buffer.active.type };
}

test("what is set is undone exactly: after every leave the terminal is as before, whatever was done between", async () => {
	const before = await modesAfter("");
	const doings = {
		enter: (one: World) => one.terminal.enter(),
		leave: (one: World) => one.terminal.leave(),
		mouse: (one: World) => one.terminal.mouse(true),
		noMouse: (one: World) => one.terminal.mouse(false),
		title: (one: World) => one.terminal.title("a title"),
	};
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom(...(Object.keys(doings) as (keyof typeof doings)[])), { maxLength: 12 }),
			fc.boolean(),
			async (names, ends) => {
				const one = world();
				for (const name of names) doings[name](one);
				if (ends) one.terminal.end();
				else one.terminal.leave();
				expect(one.terminal.entered).toBe(false);
				expect(one.stdin).toMatchObject({ raw: false, flowing: false });
				expect(await modesAfter(one.written())).toEqual(before);
				const count = (what: string): number => one.written().split(what).length;
				expect(count("\x1b[22;2t")).toBe(count("\x1b[23;2t"));
				one.terminal.end();
			},
		),
		{ numRuns: 60 },
	);
});

test("entered, keys are raw and mouse, focus and pastes are reported; entering and leaving again changes nothing", async () => {
	const { terminal, stdin, written } = world();
	terminal.enter();
	expect(stdin).toMatchObject({ raw: true, flowing: true });
	expect(await modesAfter(written())).toMatchObject({
		mouseTrackingMode: "drag",
		sendFocusMode: true,
		bracketedPasteMode: true,
	});
	const once = written();
	terminal.enter();
	expect(written()).toBe(once);
	terminal.leave();
	const twice = written();
	terminal.leave();
	expect(written()).toBe(twice);
});

test("a mouse that was given to the terminal stays its own when the screen comes back", async () => {
	const { terminal, written } = world();
	terminal.enter();
	terminal.mouse(false);
	await terminal.away(() => {});
	expect(await modesAfter(written())).toMatchObject({ mouseTrackingMode: "none", bracketedPasteMode: true });
	terminal.mouse(true);
	expect(await modesAfter(written())).toMatchObject({ mouseTrackingMode: "drag" });
});

test("RESET puts right whatever a program may have left, and the launcher has the same", async () => {
	const modes = [1, 9, 25, 66, 1000, 1002, 1003, 1004, 1006, 1049, 2004, 2026];
	const left = `${modes.map((mode) => `\x1b[?${mode}h`).join("")}\x1b[?7l\x1b=\x1b(0\x1b[1;4;7;31m`;
	expect(await modesAfter(left)).not.toEqual(await modesAfter(""));
	expect(await modesAfter(left + RESET)).toEqual(await modesAfter(""));
	const screen = new xterm.Terminal({ cols: 20, rows: 5, allowProposedApi: true });
	await new Promise<void>((resolve) => screen.write(`before\r\n${left}on the screen${RESET}qx`, resolve));
	const line = screen.buffer.active.getLine(1);
	expect([screen.buffer.active.getLine(0)?.translateToString(true), line?.translateToString(true)]).toEqual([
		"before",
		"qx",
	]);
	expect(line?.getCell(0)?.isAttributeDefault()).toBe(true);
	const launcher = readFileSync(new URL("../../../bin/nudge.cjs", import.meta.url), "utf8");
	expect(JSON.parse(/"((?:\\x|[^"])*2026l[^"]*)"/.exec(launcher)![0].replaceAll("\\x", "\\u00"))).toBe(RESET);
});

test("at the end the picture goes first; where it cannot, the terminal is put right from the ground", () => {
	const good = world();
	good.terminal.enter();
	good.did.length = 0;
	good.terminal.end();
	expect(good.did).toEqual(["end", "write"]);
	expect(good.written()).not.toContain("\x1b[?1049l");
	good.terminal.end();
	good.terminal.enter();
	expect(good.did).toEqual(["end", "write"]);
	expect(good.stdin.raw).toBe(false);

	const bad = world();
	bad.terminal.attach({
		...bad.picture,
		end: () => {
			throw new Error("a picture that broke");
		},
	});
	bad.terminal.enter();
	bad.terminal.end();
	expect(bad.written().endsWith(RESET)).toBe(true);
});

test("never entered, nothing is written and nothing is heard", () => {
	const { terminal, written, did } = world();
	terminal.mouse(true);
	terminal.title("x");
	terminal.send("\x1b]52;c;AAAA\x07");
	terminal.leave();
	terminal.end();
	expect(written()).toBe("");
	expect(did).toEqual(["end"]);
});

test("a terminal that knows no sequences gets none; the console of Linux gets no title", () => {
	const dumb = world({ env: { TERM: "dumb" } });
	dumb.terminal.enter();
	dumb.terminal.title("x");
	dumb.terminal.mouse(false);
	dumb.terminal.end();
	expect(dumb.written()).toBe("");
	const console = world({ env: { TERM: "linux" } });
	console.terminal.enter();
	console.terminal.title("x");
	console.terminal.end();
	expect(console.written()).not.toContain("\x1b]");
});

test("a title is one line and cannot end its sequence", () => {
	const { terminal, written } = world({ title: "a\x07b\x1b\\c\nd\x9ce" });
	terminal.enter();
	expect(written()).toContain("\x1b]2;a b \\c d e\x07");
});

test("lent, the terminal is as before for as long as the work lasts, also where that fails", async () => {
	const { terminal, did, stdin } = world();
	terminal.enter();
	did.length = 0;
	const work = async (): Promise<never> => {
		did.push("work");
		expect(terminal).toMatchObject({ entered: false, lent: true });
		expect(stdin).toMatchObject({ raw: false, flowing: false });
		await terminal.away(() => {
			did.push("inner");
		});
		expect(terminal.entered).toBe(false);
		throw new Error("of the work");
	};
	await expect(terminal.away(work)).rejects.toThrow("of the work");
	expect(did).toEqual(["hide", "write", "work", "inner", "write", "show"]);
	expect(terminal).toMatchObject({ entered: true, lent: false });
});

test("what ends while the terminal is lent does not come back", async () => {
	const { terminal, did, stdin } = world();
	terminal.enter();
	await terminal.away(() => terminal.end());
	expect(did.filter((what) => what === "show")).toEqual([]);
	expect(stdin.raw).toBe(false);
});

test("keys are heard while the terminal is nudge's; a question while it is lent has them alone", async () => {
	const { terminal, stdin } = world();
	const keys: string[] = [];
	terminal.onInput((bytes) => keys.push(bytes.toString()));
	terminal.enter();
	stdin.type("a");
	let answered = false;
	const lent = terminal.away(async () => {
		stdin.type("b");
		const answer = terminal.untilKey(/\r/).then(() => {
			answered = true;
		});
		expect(stdin).toMatchObject({ raw: true, flowing: true });
		stdin.type("c");
		await Promise.resolve();
		expect(answered).toBe(false);
		stdin.type("\r");
		await answer;
		expect(stdin).toMatchObject({ raw: false, flowing: false });
	});
	await lent;
	stdin.type("d");
	expect(keys).toEqual(["a", "d"]);
});

test("stopped from several sides at once, it stops once", async () => {
	let stops = 0;
	let goOn = (_: boolean): void => {};
	const { terminal, did } = world({
		stop: () => {
			stops++;
			return new Promise((resolve) => {
				goOn = resolve;
			});
		},
	});
	terminal.enter();
	did.length = 0;
	const first = terminal.suspend();
	process.emit("SIGTSTP", "SIGTSTP");
	const second = terminal.suspend();
	while (stops === 0) await new Promise((resolve) => setImmediate(resolve));
	process.emit("SIGTSTP", "SIGTSTP");
	expect(did).toEqual(["hide", "write"]);
	goOn(true);
	expect(await Promise.all([first, second])).toEqual([true, true]);
	expect(stops).toBe(1);
	expect(did).toEqual(["hide", "write", "write", "show"]);
});

test("continued after a stop that nobody announced, everything is set anew; while lent, nothing is", async () => {
	const { terminal, did, stdin } = world();
	terminal.enter();
	did.length = 0;
	stdin.raw = false;
	process.emit("SIGCONT", "SIGCONT");
	expect(did).toEqual(["hide", "write", "show"]);
	expect(stdin.raw).toBe(true);
	await terminal.away(() => {
		did.length = 0;
		process.emit("SIGCONT", "SIGCONT");
		expect(did).toEqual([]);
	});
});

test.each<[string, (one: World) => void]>([
	["its input ends", ({ stdin }) => stdin.emit("end")],
	["its input fails", ({ stdin }) => stdin.emit("error", new Error("EIO"))],
	[
		"it cannot be written to",
		({ terminal, fails }) => {
			fails(true);
			terminal.mouse(false);
		},
	],
])("a terminal that is gone (%s) is told of once, and nobody waits for it", (_, goes) => {
	const one = world();
	let told = 0;
	one.terminal.onGone(() => told++);
	one.terminal.enter();
	goes(one);
	one.stdin.emit("close");
	expect(one.terminal.gone).toBe(true);
	const { length } = one.written();
	one.terminal.mouse(true);
	one.terminal.title("x");
	expect(one.written()).toHaveLength(length);
	one.terminal.end();
	expect(told).toBe(1);
});
