import { createRequire } from "node:module";
import xterm from "@xterm/headless";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BIN, type Home, MAKING_TIMEOUT_MS, makeHome } from "./program.ts";

/** What is used of node-pty; its own types name it by the package that the alias stands for. */
const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; cwd: string; env: NodeJS.ProcessEnv },
	): {
		onData(listener: (data: string) => void): void;
		onExit(listener: (event: { exitCode: number }) => void): void;
		write(data: string): void;
	};
};

let home: Home;
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterAll(() => home.remove());

type Run = {
	readonly screen: xterm.Terminal;
	readonly code: Promise<number>;
	write(keys: string): void;
	until(says: string): Promise<void>;
};

function run(args: readonly string[], columns: number, rows: number, env: NodeJS.ProcessEnv = {}): Run {
	const screen = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
	const child = pty.spawn(process.execPath, [BIN, ...args], {
		cols: columns,
		rows,
		cwd: home.dir,
		env: { ...home.env, TERM: "xterm-256color", ...env },
	});
	let written = Promise.resolve();
	let changed = (): void => {};
	child.onData((data) => {
		written = written
			.then(() => new Promise<void>((resolve) => screen.write(data, resolve)))
			.then(() => changed());
	});
	const code = new Promise<number>((resolve) =>
		child.onExit(({ exitCode }) => written.then(() => resolve(exitCode))),
	);
	const until = async (says: string): Promise<void> => {
		let over = false;
		code.then(() => {
			over = true;
			changed();
		});
		while (!textOf(screen).includes(says)) {
			if (over) throw new Error(`"${says}" never stood on the screen:\n${textOf(screen)}`);
			await new Promise<void>((resolve) => {
				changed = resolve;
			});
		}
	};
	return { screen, code, write: (keys) => child.write(keys), until };
}

function textOf(screen: xterm.Terminal): string {
	const buffer = screen.buffer.active;
	return Array.from(
		{ length: buffer.length },
		(_, row) => buffer.getLine(row)?.translateToString(true) ?? "",
	).join("\n");
}

/** Whether the line that begins so has a colour of its own. */
function coloured(screen: xterm.Terminal, begins: string): boolean {
	const buffer = screen.buffer.active;
	for (let row = 0; row < buffer.length; row++) {
		const line = buffer.getLine(row);
		if (line?.translateToString(true).startsWith(begins)) return line.getCell(0)?.isFgDefault() === false;
	}
	throw new Error(`no line begins with "${begins}":\n${textOf(screen)}`);
}

test.each([
	[80, 24],
	[200, 50],
])("in a terminal of %i by %i, hints, code and outputs have their colours", async (columns, rows) => {
	const { screen, code } = run(["run", "--id", "first"], columns, rows);
	expect(await code).toBe(0);
	const text = textOf(screen);
	expect(text).toContain("[outcome · correct · answer 110968]");
	expect(coloured(screen, "[hint after")).toBe(true);
	expect(coloured(screen, "│ 110968")).toBe(true);
	expect(coloured(screen, "print(")).toBe(true);
	expect(coloured(screen, "The answer is")).toBe(false);
	expect(screen.buffer.active.type).toBe("normal");
	expect(screen.buffer.active.cursorX).toBe(0);
});

test("NO_COLOR leaves every colour out, and the text marks stay", async () => {
	const { screen, code } = run(["run", "--id", "first"], 80, 24, { NO_COLOR: "1" });
	expect(await code).toBe(0);
	expect(coloured(screen, "[hint after")).toBe(false);
	expect(coloured(screen, "│ 110968")).toBe(false);
});

test("ask: a proposal waits with its reason; another wording, a veto, and what a person did is kept as theirs", async () => {
	const { screen, code, write, until } = run(["run", "--id", "first", "--hints", "ask"], 100, 40);
	await until("[k] veto every hint of this kind");
	write("o\r");
	await until("[i]nsert  [o]ther wording  [e]dit  [h]int by id  [v]eto  [k] veto every hint of this kind o");
	write("i\r");
	await until("by hand]");
	await until("[proposed at before-end");
	write("v\r");
	expect(await code).toBe(0);
	expect(textOf(screen)).toContain("[hint vetoed");
});

test("Ctrl+C at a question ends it with 130 and leaves the terminal as it was", async () => {
	const { screen, code, write, until } = run(["run", "--id", "first", "--hints", "ask"], 80, 24);
	await until("[k] veto every hint of");
	write("\x03");
	expect(await code).toBe(130);
	expect(textOf(screen)).toContain("Broken off. Take it up again: nudge run --resume");
	expect(screen.modes.bracketedPasteMode).toBe(false);
	expect(screen.modes.mouseTrackingMode).toBe("none");
});
