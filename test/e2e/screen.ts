/**
 * The real program in a real pty, read through an emulator: what a person would see, and what they can do to it. The
 * emulator answers what the program asks, as a terminal does. Nothing here waits for a time to pass: a test waits for
 * what it wants to see, and fails with the whole screen where that does not come.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import xterm from "@xterm/headless";
import { BIN, type Home } from "./program.ts";

type Pty = {
	readonly pid: number;
	onData(listener: (data: string) => void): void;
	onExit(listener: (event: { exitCode: number; signal?: number }) => void): void;
	write(data: string): void;
	resize(columns: number, rows: number): void;
	/** Closes the terminal itself, as a window that is closed does. */
	destroy(): void;
};

/** What is used of node-pty; its own types name it by the package that the alias stands for. */
const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; cwd: string; env: NodeJS.ProcessEnv },
	): Pty;
};

/** How long something may take to come, in milliseconds: far more than it needs on a busy machine. */
const PATIENCE_MS = 45_000;

export type Cell = {
	/** Empty for the right half of a wide character. */
	readonly chars: string;
	readonly width: number;
	/** "default", a number of the palette, or "#rrggbb". */
	readonly fg: string | number;
	readonly bg: string | number;
	readonly bold: boolean;
	readonly dim: boolean;
	readonly italic: boolean;
	readonly underline: boolean;
	readonly inverse: boolean;
	readonly strike: boolean;
};

export type ScreenOptions = {
	readonly columns?: number;
	readonly rows?: number;
	readonly env?: NodeJS.ProcessEnv;
	readonly cwd?: string;
	/** What the terminal answers when it is asked for its background; absent: nothing. */
	readonly background?: `#${string}`;
};

export type Ended = { readonly code: number; readonly signal: number };

/** `nudge` with these words. */
export function openScreen(home: Home, args: readonly string[], options: ScreenOptions = {}): Screen {
	return new Screen(process.execPath, [BIN, ...args], {
		cwd: home.dir,
		...options,
		env: { ...terminalEnv(home.env), ...options.env },
	});
}

/** The same terminal wherever the tests run. In CI Ink would write nothing until the end. */
export function terminalEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const { CI, TMUX, COLORFGBG, COLORTERM, NO_COLOR, FORCE_COLOR, VISUAL, EDITOR, ...rest } = env;
	return { ...rest, TERM: "xterm-256color" };
}

export class Screen {
	readonly terminal: xterm.Terminal;
	readonly exit: Promise<Ended>;
	/** Of the process in the pty: the launcher, or a shell. */
	readonly pid: number;
	/** Everything that came, in bytes. */
	bytes = 0;
	/** How often the whole screen (2J) or the scrollback (3J) was cleared. */
	readonly clears = { screen: 0, scrollback: 0 };
	/** What the screen was made of, as it came: for what leaves no trace on it. */
	raw = "";
	#cursorShown = true;
	#ended: Ended | undefined;
	#child: Pty;
	#changed: () => void = () => {};

	constructor(file: string, args: readonly string[], options: ScreenOptions) {
		const { columns = 80, rows = 24, env = process.env, cwd = process.cwd(), background } = options;
		this.terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
		this.#listen(background);
		const child = pty.spawn(file, args, {
			cols: columns,
			rows,
			cwd,
			env,
		});
		this.#child = child;
		this.pid = child.pid;
		let written = Promise.resolve();
		child.onData((data) => {
			this.bytes += Buffer.byteLength(data);
			written = written
				.then(() => new Promise<void>((resolve) => this.terminal.write(data, resolve)))
				.then(() => {
					this.raw += data;
					this.#changed();
				});
		});
		this.terminal.onData((answer) => {
			if (!this.#ended) child.write(answer);
		});
		this.exit = new Promise((resolve) =>
			child.onExit(({ exitCode, signal }) => {
				void written.then(() => {
					this.#ended = { code: exitCode, signal: signal ?? 0 };
					resolve(this.#ended);
					this.#changed();
				});
			}),
		);
	}

	get columns(): number {
		return this.terminal.cols;
	}
	get rows(): number {
		return this.terminal.rows;
	}

	/** The row as one reads it, without the spaces at its end. */
	row(y: number): string {
		const buffer = this.terminal.buffer.active;
		// The emulator keeps what stood to the right of a screen that was wider.
		return buffer.getLine(buffer.viewportY + y)?.translateToString(true, 0, this.columns) ?? "";
	}

	/** All rows. */
	text(): string {
		return Array.from({ length: this.rows }, (_, y) => this.row(y)).join("\n");
	}

	/** With what has scrolled away above. */
	everything(): string {
		const buffer = this.terminal.buffer.active;
		return Array.from(
			{ length: buffer.length },
			(_, y) => buffer.getLine(y)?.translateToString(true) ?? "",
		).join("\n");
	}

	cell(x: number, y: number): Cell {
		const buffer = this.terminal.buffer.active;
		const cell = buffer.getLine(buffer.viewportY + y)?.getCell(x);
		if (!cell)
			throw new Error(`there is no cell at ${x}, ${y} on a screen of ${this.columns} by ${this.rows}`);
		return cellOf(cell);
	}

	/** Where a text begins on the screen; the first place where there are several. */
	find(text: string): { readonly x: number; readonly y: number } {
		for (let y = 0; y < this.rows; y++) {
			const at = this.row(y).indexOf(text);
			if (at < 0) continue;
			// From characters to cells.
			let x = 0;
			for (let passed = 0; passed < at; x++)
				passed += this.cell(x, y).chars.length || (this.cell(x, y).width ? 1 : 0);
			return { x, y };
		}
		throw new Error(`"${text}" is not on the screen:\n${this.#picture()}`);
	}

	get cursor(): { readonly x: number; readonly y: number; readonly shown: boolean } {
		const { cursorX: x, cursorY: y } = this.terminal.buffer.active;
		return { x, y, shown: this.#cursorShown };
	}

	get modes(): {
		readonly alternate: boolean;
		readonly mouse: xterm.IModes["mouseTrackingMode"];
		readonly paste: boolean;
		readonly focus: boolean;
		readonly sync: boolean;
		readonly applicationKeys: boolean;
	} {
		const { modes } = this.terminal;
		return {
			alternate: this.terminal.buffer.active.type === "alternate",
			mouse: modes.mouseTrackingMode,
			paste: modes.bracketedPasteMode,
			focus: modes.sendFocusMode,
			sync: modes.synchronizedOutputMode,
			applicationKeys: modes.applicationCursorKeysMode,
		};
	}

	/** Waits for a text on the screen, or for something else that is to become true. Half a frame is never looked at. */
	async until(wanted: string | (() => boolean), what?: string): Promise<void> {
		const stands = typeof wanted === "string" ? () => this.text().includes(wanted) : wanted;
		const isTrue = (): boolean => !this.modes.sync && stands();
		const name = what ?? (typeof wanted === "string" ? `"${wanted}"` : "what was waited for");
		const deadline = Date.now() + PATIENCE_MS;
		while (!isTrue()) {
			if (this.#ended)
				throw new Error(
					`${name} did not come before the end (${JSON.stringify(this.#ended)}):\n${this.#picture()}`,
				);
			const leftMs = deadline - Date.now();
			if (leftMs <= 0)
				throw new Error(`${name} did not come within ${PATIENCE_MS / 1000} s:\n${this.#picture()}`);
			await new Promise<void>((resolve) => {
				// Something beside the screen (a process, a file) may be waited for: look again now and then.
				const again = setTimeout(resolve, Math.min(leftMs, 100));
				this.#changed = () => {
					clearTimeout(again);
					resolve();
				};
			});
		}
	}

	/** Presses keys, named as bindings write them: "ctrl+p", "enter", "shift+tab", "G". */
	press(...chords: readonly string[]): void {
		for (const chord of chords) this.send(bytesOf(chord, this.modes.applicationKeys));
	}

	type(text: string): void {
		this.send(text);
	}

	/** As a terminal pastes: between brackets where the program asked for them. */
	paste(text: string): void {
		const pasted = text.replaceAll("\n", "\r");
		this.send(this.modes.paste ? `\x1b[200~${pasted}\x1b[201~` : pasted);
	}

	click(x: number, y: number): void {
		this.#mouse(0, x, y, "M");
		this.#mouse(0, x, y, "m");
	}

	wheel(x: number, y: number, way: "up" | "down"): void {
		this.#mouse(way === "up" ? 64 : 65, x, y, "M");
	}

	drag(from: { x: number; y: number }, to: { x: number; y: number }): void {
		this.#mouse(0, from.x, from.y, "M");
		this.#mouse(32, to.x, to.y, "M");
		this.#mouse(0, to.x, to.y, "m");
	}

	focus(on: boolean): void {
		if (this.modes.focus) this.send(on ? "\x1b[I" : "\x1b[O");
	}

	resize(columns: number, rows: number): void {
		this.terminal.resize(columns, rows);
		this.#child.resize(columns, rows);
	}

	/** Bytes as they are. */
	send(bytes: string): void {
		this.#child.write(bytes);
	}

	/** The processes of nudge, the launcher first where there is one, then the one that draws. */
	processes(): number[] {
		const below = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(below)];
		return below(this.pid).filter(isNudge);
	}

	/** Sends a signal to the process that draws. */
	kill(signal: NodeJS.Signals = "SIGKILL"): void {
		const ui = this.processes().at(-1);
		if (ui === undefined) throw new Error(`nothing of nudge runs:\n${this.#picture()}`);
		process.kill(ui, signal);
	}

	/** The terminal's window is closed. */
	hangUp(): void {
		this.#child.destroy();
	}

	/** Ends it all, for the end of a test. */
	async close(): Promise<void> {
		if (this.#ended) return;
		for (const pid of [...this.processes(), this.pid]) {
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// Gone already.
			}
		}
		await this.exit;
	}

	#listen(background: string | undefined): void {
		const { parser } = this.terminal;
		parser.registerCsiHandler({ final: "J" }, ([what]) => {
			if (what === 2) this.clears.screen++;
			if (what === 3) this.clears.scrollback++;
			return false;
		});
		for (const final of ["h", "l"])
			parser.registerCsiHandler({ prefix: "?", final }, (modes) => {
				if (modes.includes(25)) this.#cursorShown = final === "h";
				return false;
			});
		parser.registerOscHandler(11, (question) => {
			if (question !== "?" || background === undefined) return false;
			const parts = [1, 3, 5].map((at) => background.slice(at, at + 2).repeat(2));
			this.#child.write(`\x1b]11;rgb:${parts.join("/")}\x1b\\`);
			return true;
		});
	}

	#mouse(button: number, x: number, y: number, final: "M" | "m"): void {
		if (this.modes.mouse === "none")
			throw new Error(`the program does not take the mouse:\n${this.#picture()}`);
		this.send(`\x1b[<${button};${x + 1};${y + 1}${final}`);
	}

	/** The screen with its edges, so that spaces can be told from nothing. */
	#picture(): string {
		const edge = `+${"-".repeat(this.columns)}+`;
		const rows = Array.from({ length: this.rows }, (_, y) => `|${this.row(y)}`);
		return [edge, ...rows, edge].join("\n");
	}
}

export function cellOf(cell: xterm.IBufferCell): Cell {
	const colour = (isDefault: boolean, isRgb: boolean, value: number): string | number =>
		isDefault ? "default" : isRgb ? `#${value.toString(16).padStart(6, "0")}` : value;
	return {
		chars: cell.getChars(),
		width: cell.getWidth(),
		fg: colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
		bg: colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
		bold: cell.isBold() !== 0,
		dim: cell.isDim() !== 0,
		italic: cell.isItalic() !== 0,
		underline: cell.isUnderline() !== 0,
		inverse: cell.isInverse() !== 0,
		strike: cell.isStrikethrough() !== 0,
	};
}

const NAMED: Readonly<Record<string, string>> = {
	enter: "\r",
	escape: "\x1b",
	tab: "\t",
	backspace: "\x7f",
	space: " ",
};
/** `CSI 1 ; modifiers LETTER`, without the first part where there is no modifier. */
const LETTERS: Readonly<Record<string, string>> = {
	up: "A",
	down: "B",
	right: "C",
	left: "D",
	home: "H",
	end: "F",
	f1: "P",
	f2: "Q",
	f3: "R",
	f4: "S",
};
/** `CSI NUMBER ; modifiers ~`. */
const NUMBERS: Readonly<Record<string, number>> = {
	insert: 2,
	delete: 3,
	pageup: 5,
	pagedown: 6,
	f5: 15,
	f6: 17,
	f7: 18,
	f8: 19,
	f9: 20,
	f10: 21,
	f11: 23,
	f12: 24,
};

/** What xterm sends for a key (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, PC-style function keys). */
export function bytesOf(chord: string, applicationKeys = false): string {
	const [, words = "", name = ""] = /^((?:ctrl\+|alt\+|shift\+)*)(.+)$/s.exec(chord) ?? [];
	const ctrl = words.includes("ctrl+");
	const alt = words.includes("alt+");
	const shift = words.includes("shift+");
	const modifiers = 1 + (shift ? 1 : 0) + (alt ? 2 : 0) + (ctrl ? 4 : 0);
	const letter = LETTERS[name];
	if (letter) {
		if (modifiers > 1) return `\x1b[1;${modifiers}${letter}`;
		return applicationKeys || name.startsWith("f") ? `\x1bO${letter}` : `\x1b[${letter}`;
	}
	const number = NUMBERS[name];
	if (number) return modifiers > 1 ? `\x1b[${number};${modifiers}~` : `\x1b[${number}~`;
	if (name === "tab" && shift) return "\x1b[Z";
	const plain = NAMED[name] ?? name;
	const held = ctrl ? controlOf(plain) : plain;
	return alt ? `\x1b${held}` : held;
}

/** Ctrl takes the two high bits of an ASCII character away; of the others only these are sent by terminals. */
function controlOf(character: string): string {
	if (character === " " || character === "@") return "\0";
	if (character === "/") return "\x1f";
	if (/^[a-z[\\\]^_]$/i.test(character))
		return String.fromCharCode(character.toUpperCase().charCodeAt(0) & 0x1f);
	if (character === "\r" || character === "\x7f") return character === "\r" ? "\r" : "\x08";
	throw new Error(`no terminal sends ctrl+${character}`);
}

export function childrenOf(pid: number): number[] {
	try {
		return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
	} catch {
		return [];
	}
}

function isNudge(pid: number): boolean {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "utf8")
			.split("\0")
			.some((word) => word.endsWith("nudge.cjs"));
	} catch {
		return false;
	}
}

/** Neither gone nor waiting for its parent to notice. */
export function isAlive(pid: number): boolean {
	try {
		return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}
