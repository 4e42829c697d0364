/**
 * The terminal in the pane: Python's bytes become cells here, and nothing that Python prints goes any further. Titles,
 * bells, the clipboard, palettes and links end in the emulator; only its answers (where is the cursor?) go back to
 * Python, and none of those that a block of the model asks for: it has no keyboard.
 *
 * Flow: what waits to be read is bounded, and after a first burst only so much is taken a second, so that endless output
 * costs a small share of the processor and never the keyboard. Whoever feeds the emulator heeds `onPressure`.
 */
import xterm from "@xterm/headless";
import type { Depth } from "../theme/colour.ts";
import { cellsOf } from "./cell-text.ts";
import { RowCache } from "./serialise.ts";

const SCROLLBACK_LINES = 5000;
const HIGH_BYTES = 128 * 1024;
const LOW_BYTES = 16 * 1024;
/** Reading goes at some 10 MB/s; what is printed in one go comes at that, and what never ends at a tenth of it. */
const BURST_BYTES = 512 * 1024;
const BYTES_PER_MS = 1024;
/** A new line moves all that is on the screen. */
const LINE_COSTS_BYTES = 8;
/** What the emulator reads in one go, so that nothing else waits long for it. */
const PIECE_BYTES = 8 * 1024;
const NEWLINE = 10;
/** Ends what a program left half done: a sequence, the whole screen, its modes (see RESET in src/python/guest/terminal.py). */
const PROGRAM_GONE = "\x18\x1b[?1049h\x1b[?1049l\x1b[!p";
/** Going on a little later and with more at once is cheaper. */
const REST_MS = 33;
/** After Ctrl+C what is still under way is read as fast as it goes. */
const HURRY_MS = 500;

export type EmulatorOptions = {
	readonly cols: number;
	readonly rows: number;
	readonly now: () => number;
	/** There is something new to see. */
	readonly onChange: () => void;
	/** True: send no more until false. */
	readonly onPressure: (stop: boolean) => void;
	readonly onReply: (bytes: string) => void;
};

export class Emulator {
	readonly #terminal: xterm.Terminal;
	readonly #options: EmulatorOptions;
	readonly #cache = new RowCache();
	#pendingBytes = 0;
	#creditBytes = BURST_BYTES;
	#creditAt: number;
	#stopped = false;
	#rest: NodeJS.Timeout | undefined;
	#hurryUntil = Number.NEGATIVE_INFINITY;
	#replies = true;
	#cursorShown = true;
	#closed = false;

	constructor(options: EmulatorOptions) {
		this.#options = options;
		this.#creditAt = options.now();
		const terminal = new xterm.Terminal({
			cols: options.cols,
			rows: options.rows,
			scrollback: SCROLLBACK_LINES,
			allowProposedApi: true,
			logLevel: "off",
		});
		this.#terminal = terminal;
		terminal.unicode.register(WIDTHS);
		terminal.unicode.activeVersion = WIDTHS.version;
		terminal.onData((bytes) => {
			if (this.#replies) options.onReply(bytes);
		});
		this.#watchCursor();
	}

	/** Python's output. */
	write(data: Uint8Array): void {
		for (let from = 0; from < data.length; from += PIECE_BYTES)
			this.#read(data.subarray(from, from + PIECE_BYTES));
		this.#flow();
	}

	/** A line of nudge's own, wherever the program has left the screen; `says` holds no control character. */
	note(says: string): void {
		this.#read(Buffer.from(`${PROGRAM_GONE}\r\n\x1b[31m[${says}]\x1b[0m\r\n`));
	}

	#read(piece: Uint8Array): void {
		if (this.#closed) return;
		this.#pendingBytes += piece.length;
		this.#creditBytes -= costOf(piece);
		this.#terminal.write(piece, () => {
			this.#pendingBytes -= piece.length;
			if (this.#closed) return;
			this.#flow();
			this.#options.onChange();
		});
	}

	/** Whether what is written from here on may ask the terminal something. */
	answer(replies: boolean): void {
		this.#terminal.write("", () => {
			this.#replies = replies;
		});
	}

	hurry(): void {
		this.#hurryUntil = this.#options.now() + HURRY_MS;
		this.#flow();
	}

	resize(cols: number, rows: number): void {
		this.#terminal.resize(cols, rows);
	}

	get applicationCursor(): boolean {
		return this.#terminal.modes.applicationCursorKeysMode;
	}

	get bracketedPaste(): boolean {
		return this.#terminal.modes.bracketedPasteMode;
	}

	/** A program has taken the whole screen, which has no scrollback (a pager). */
	get wholeScreen(): boolean {
		return this.#terminal.buffer.active.type === "alternate";
	}

	/** Lines between the window and the end. */
	get back(): number {
		if (this.#closed) return 0;
		const { baseY, viewportY } = this.#terminal.buffer.active;
		return baseY - viewportY;
	}

	/** Up is negative. True where the window moved. */
	scroll(lines: number): boolean {
		const before = this.back;
		this.#terminal.scrollLines(Math.trunc(lines));
		return before !== this.back;
	}

	toEnd(): boolean {
		const before = this.back;
		this.#terminal.scrollToBottom();
		return before !== 0;
	}

	/** The same array while nothing has changed. */
	pictured(columns: number, height: number, depth: Depth): readonly string[] {
		const { active } = this.#terminal.buffer;
		return this.#cache.rows(active, active.viewportY, columns, height, depth);
	}

	cursor(): { readonly x: number; readonly y: number } | undefined {
		const { cursorX, cursorY } = this.#terminal.buffer.active;
		if (!this.#cursorShown || this.back > 0) return undefined;
		return { x: Math.min(cursorX, this.#terminal.cols - 1), y: cursorY };
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#rest);
		this.#terminal.dispose();
	}

	#flow(): void {
		const now = this.#options.now();
		const earned = Math.max(0, now - this.#creditAt) * BYTES_PER_MS;
		this.#creditBytes = Math.min(BURST_BYTES, this.#creditBytes + earned);
		this.#creditAt = now;
		const hurried = now < this.#hurryUntil;
		if (!this.#stopped) {
			if (this.#pendingBytes > HIGH_BYTES || (this.#creditBytes < 0 && !hurried)) this.#press(true);
		} else if (this.#pendingBytes < LOW_BYTES && (this.#creditBytes >= REST_MS * BYTES_PER_MS || hurried)) {
			this.#press(false);
		}
		if (this.#stopped) {
			this.#rest ??= setTimeout(() => {
				this.#rest = undefined;
				this.#flow();
			}, REST_MS);
		}
	}

	#press(stop: boolean): void {
		this.#stopped = stop;
		this.#options.onPressure(stop);
	}

	/** Whether there is a cursor is the one mode that the emulator does not tell. */
	#watchCursor(): void {
		const { parser } = this.#terminal;
		const on = (shown: boolean) => (params: (number | number[])[]) => {
			if (params.includes(25)) this.#cursorShown = shown;
			return false; // and the emulator does what else it would
		};
		const reset = (): boolean => {
			this.#cursorShown = true;
			return false;
		};
		parser.registerCsiHandler({ prefix: "?", final: "h" }, on(true));
		parser.registerCsiHandler({ prefix: "?", final: "l" }, on(false));
		parser.registerCsiHandler({ intermediates: "!", final: "p" }, reset);
		parser.registerEscHandler({ final: "c" }, reset);
	}
}

function costOf(piece: Uint8Array): number {
	let cost = piece.length;
	for (const byte of piece) if (byte === NEWLINE) cost += LINE_COSTS_BYTES;
	return cost;
}

/** One width for the emulator, the rows made of it, and Python's own line editing. */
const WIDTHS: xterm.IUnicodeVersionProvider = {
	version: "nudge",
	wcwidth: cellsOf,
	// As the emulator's own tables pack it: the width in bits 1 and 2, in bit 0 whether it joins what is before.
	charProperties: (code, before) => {
		const width = cellsOf(code);
		const widthBefore = (before >> 1) & 3;
		const joins = width === 0 && before !== 0 && widthBefore !== 0;
		return ((joins ? widthBefore : width) << 1) | (joins ? 1 : 0);
	},
};
