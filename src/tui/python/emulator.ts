/**
 * The terminal in the pane: Python's bytes become cells here, and nothing that Python prints goes any further. Titles,
 * bells, the clipboard, palettes and links end in the emulator; only its answers (where is the cursor?) go back to
 * Python, and none of those that a block of the model asks for: it has no keyboard.
 *
 * Flow: what waits to be read is bounded, and in each frame only so much is taken, so that endless output costs a share
 * of the processor and never the keyboard. Whoever feeds the emulator heeds `onPressure`.
 */
import xterm from "@xterm/headless";
import type { Depth } from "../theme/colour.ts";
import { cellsOf } from "./cell-text.ts";
import { RowCache } from "./serialise.ts";

const SCROLLBACK_LINES = 5000;
const HIGH_BYTES = 128 * 1024;
const LOW_BYTES = 16 * 1024;
const FRAME_MS = 33;
/** Reading goes at some 10 MB/s: this is about a fifth of a frame. */
const FRAME_BYTES = 64 * 1024;
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
	#frameBytes = 0;
	#stopped = false;
	#frame: NodeJS.Timeout | undefined;
	#hurryUntil = 0;
	#replies = true;
	#cursorShown = true;
	#closed = false;

	constructor(options: EmulatorOptions) {
		this.#options = options;
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
	write(data: Uint8Array | string): void {
		if (this.#closed) return;
		this.#pendingBytes += data.length;
		this.#frameBytes += data.length;
		this.#terminal.write(data, () => {
			this.#pendingBytes -= data.length;
			if (this.#closed) return;
			this.#flow();
			this.#options.onChange();
		});
		this.#frame ??= setTimeout(() => this.#nextFrame(), FRAME_MS).unref();
		this.#flow();
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

	get cols(): number {
		return this.#terminal.cols;
	}

	get lines(): number {
		return this.#terminal.rows;
	}

	resize(cols: number, rows: number): void {
		this.#terminal.resize(cols, rows);
		this.#options.onChange();
	}

	get modes(): { readonly applicationCursor: boolean; readonly bracketedPaste: boolean } {
		const { applicationCursorKeysMode, bracketedPasteMode } = this.#terminal.modes;
		return { applicationCursor: applicationCursorKeysMode, bracketedPaste: bracketedPasteMode };
	}

	/** A program has taken the whole screen, which has no scrollback (a pager). */
	get wholeScreen(): boolean {
		return this.#terminal.buffer.active.type === "alternate";
	}

	/** Lines between the window and the end. */
	get back(): number {
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
	rows(columns: number, height: number, depth: Depth): readonly string[] {
		const { active } = this.#terminal.buffer;
		return this.#cache.rows(active, active.viewportY, columns, height, depth);
	}

	cursor(): { readonly x: number; readonly y: number } | undefined {
		const { cursorX, cursorY } = this.#terminal.buffer.active;
		if (!this.#cursorShown || this.back > 0) return undefined;
		return { x: Math.min(cursorX, this.cols - 1), y: cursorY };
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#frame);
		this.#terminal.dispose();
	}

	#nextFrame(): void {
		this.#frame = undefined;
		this.#frameBytes = 0;
		this.#flow();
	}

	#flow(): void {
		const hurried = this.#options.now() < this.#hurryUntil;
		const full = this.#pendingBytes > HIGH_BYTES || (this.#frameBytes > FRAME_BYTES && !hurried);
		const drained = this.#pendingBytes < LOW_BYTES && (this.#frameBytes <= FRAME_BYTES || hurried);
		if (this.#stopped ? !drained : !full) return;
		this.#stopped = !this.#stopped;
		this.#options.onPressure(this.#stopped);
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
