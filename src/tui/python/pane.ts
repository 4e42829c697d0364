/**
 * The live Python of a session, outside of Ink: the interpreter with its terminal, an emulator that makes rows of what it
 * prints, and what a person does to it. The model's blocks run in it too, so that both are seen in one true sequence.
 *
 * What always holds: one interpreter at a time, made when somebody first needs it; what is typed reaches it in order and
 * is never lost while it is being made; when it ends by itself the screen stays, and the next block or key opens a new one.
 */
import type { BlockResult, Interpreter } from "../../python/interpreter.ts";
import type { PtyInterpreter } from "../../python/pty.ts";
import { visible } from "../../trace/visible.ts";
import type { Key } from "../term/input.ts";
import { pad, wrapText } from "../text/cells.ts";
import type { Depth } from "../theme/colour.ts";
import type { Paint } from "../theme/theme.ts";
import type { Emulator } from "./emulator.ts";
import { pasteFor, rewriteKeys } from "./keys.ts";
import { type Ended, titleRow } from "./title.ts";

export type PaneSize = { readonly cols: number; readonly rows: number };

export type PaneOptions = {
	readonly paint: Paint;
	readonly depth: Depth;
	/** Opens the interpreter; called again only after it failed. */
	readonly open: (size: PaneSize) => Promise<PtyInterpreter>;
	/** Something shown is another: `now` for what a person did, `soon` for data, at most 30 times a second. */
	readonly onChange: (when: "now" | "soon") => void;
	/** How the keymap writes the keys for leaving the pane and for a fresh Python. */
	readonly keys?: () => { readonly leave?: string | undefined; readonly restart?: string | undefined };
	readonly now?: () => number;
};

type Frame = {
	readonly rows: readonly string[];
	readonly cursor: { readonly x: number; readonly y: number } | undefined;
};

const FIRST_SIZE: PaneSize = { cols: 80, rows: 24 };
const SNAPSHOT_MS = 33;
/** What appears this soon after a key is the answer to it and is shown at once. */
const ECHO_MS = 200;
const ECHO_SNAPSHOT_MS = 8;
const TICK_MS = 250;
const TYPED_AHEAD = 64 * 1024;
const CTRL_C = "\x03";

export class PythonPane {
	readonly #options: PaneOptions;
	readonly #now: () => number;
	readonly #proxy: Interpreter;
	#paint: Paint;
	#depth: Depth;
	#size = FIRST_SIZE;
	#pty: PtyInterpreter | undefined;
	#emulator: Emulator | undefined;
	#opening: Promise<PtyInterpreter> | undefined;
	#closed = false;
	#says: string | undefined;
	#failure: string | undefined;
	/** Keys for an interpreter that does not stand yet. */
	#typed = "";
	#reviving = false;

	#runningSince = 0;
	#ticker: NodeJS.Timeout | undefined;
	#waiting = 0;
	#keysWait = false;
	#last: Ended | undefined;

	#frame: Frame | undefined;
	#frameFor = "";
	#frameAt = Number.NEGATIVE_INFINITY;
	#stale = true;
	#toldAt = Number.NEGATIVE_INFINITY;
	#teller: NodeJS.Timeout | undefined;
	#echoUntil = 0;

	constructor(options: PaneOptions) {
		this.#options = options;
		this.#paint = options.paint;
		this.#depth = options.depth;
		this.#now = options.now ?? (() => performance.now());
		this.#proxy = this.#interpreterOfLoop();
	}

	// The interpreter

	/** Begins to make it, where nobody has yet and it has not failed. */
	start(): void {
		if (this.#failure === undefined) this.#open().catch(() => {}); // the pane says why
	}

	/** What the loop runs the model's blocks in: always the same, whatever becomes of the process behind it. */
	async interpreter(): Promise<Interpreter> {
		await this.#open();
		return this.#proxy;
	}

	/** What is being made, in words, as long as the interpreter does not stand. */
	preparing(says: string): void {
		this.#says = says;
		if (!this.#pty) this.#tell("soon");
	}

	/** A fresh namespace; `says` stands above its prompt. Also the way out of a failure to open. */
	async restart(says = "restarted"): Promise<void> {
		const pty = this.#pty;
		if (!pty) {
			await this.#open();
			return;
		}
		this.#touched();
		const connected = pty.connected;
		if (!connected) this.#note(says);
		await pty.restart(`[${says}: earlier variables are gone]`);
		this.#last = undefined;
		this.#tell("now");
	}

	/** As Ctrl+C to whoever runs. False: nothing did. */
	interrupt(): boolean {
		const pty = this.#pty;
		if (!pty || pty.running === null) return false;
		this.#touched();
		this.#emulator?.hurry();
		void pty.interrupt();
		return true;
	}

	/** Whether somebody's code runs. */
	get running(): "model" | "person" | null {
		return this.#pty?.running ?? null;
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		clearInterval(this.#ticker);
		clearTimeout(this.#teller);
		this.#emulator?.close();
		await this.#opening?.then((pty) => pty.close()).catch(() => {});
	}

	// What a person does

	/** A key as it came from the terminal. */
	key(_key: Key, bytes: string): void {
		const { applicationCursor = false } = this.#emulator?.modes ?? {};
		this.#type(rewriteKeys(bytes, { applicationCursor }));
	}

	paste(text: string): void {
		const { bracketedPaste = false } = this.#emulator?.modes ?? {};
		this.#type(pasteFor(text, { bracketed: bracketedPaste }));
	}

	/** The wheel: the scrollback, or in a program that has taken the whole screen its arrow keys. Up is negative. */
	wheel(lines: number): void {
		if (this.#emulator?.wholeScreen) {
			const arrow = rewriteKeys(lines < 0 ? "\x1b[A" : "\x1b[B", this.#emulator.modes);
			this.#type(arrow.repeat(Math.abs(Math.trunc(lines))));
		} else this.scroll(lines);
	}

	/** Up, into the scrollback, is negative. */
	scroll(lines: number): void {
		if (this.#emulator?.scroll(lines)) this.#show();
	}

	/** The emulator and the interpreter's terminal together; the text is wrapped anew and none is lost. */
	resize(cols: number, rows: number): void {
		const size = { cols: Math.max(2, Math.floor(cols)), rows: Math.max(1, Math.floor(rows)) };
		if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
		this.#size = size;
		this.#emulator?.resize(size.cols, size.rows);
		this.#pty?.resize(size.cols, size.rows);
		this.#stale = true;
		this.#frameAt = Number.NEGATIVE_INFINITY;
	}

	/** Another theme, or another number of colours. */
	dress(paint: Paint, depth: Depth): void {
		this.#paint = paint;
		this.#depth = depth;
	}

	// What is seen

	title(columns: number, focused: boolean): string {
		const pty = this.#pty;
		const state = {
			focused,
			leave: this.#options.keys?.().leave,
			running: this.running,
			number: pty?.block ?? 0,
			runningMs: this.#now() - this.#runningSince,
			waiting: this.#waiting,
			keysWait: this.#keysWait,
			last: this.#last,
			trouble: this.#trouble(),
			back: this.#emulator?.back ?? 0,
		};
		return titleRow(state, columns, this.#paint);
	}

	/** Rows of exactly `columns` cells. The same array while nothing has changed. */
	rows(columns: number, height: number): readonly string[] {
		return this.#look(columns, height).rows;
	}

	/** In the rows that were last given. Undefined: scrolled back, or the program hides it. */
	cursor(): { readonly x: number; readonly y: number } | undefined {
		return this.#frame?.cursor;
	}

	#look(columns: number, height: number): Frame {
		const emulator = this.#emulator;
		const wanted = `${columns} ${height} ${this.#depth}`;
		if (!emulator) return this.#message(columns, height);
		if (this.#frame && wanted === this.#frameFor) {
			if (!this.#stale) return this.#frame;
			const wait = this.#frameAt + this.#interval() - this.#now();
			if (wait > 0) {
				this.#tellIn(wait);
				return this.#frame;
			}
		}
		const rows = emulator.rows(columns, height, this.#depth);
		const at = emulator.cursor();
		const cursor = at && at.x < columns && at.y < height ? at : undefined;
		this.#frame = { rows, cursor };
		this.#frameFor = wanted;
		this.#frameAt = this.#now();
		this.#stale = false;
		return this.#frame;
	}

	/** Before there is a Python: what is being made, or why there is none. */
	#message(columns: number, height: number): Frame {
		const restart = this.#options.keys?.().restart;
		const failed = this.#failure !== undefined;
		const text =
			this.#failure !== undefined
				? `Python could not be opened: ${this.#failure}${restart ? `\n\n${restart} tries again.` : ""}`
				: this.#opening
					? `Python is being prepared: ${this.#says ?? "starting"}`
					: (this.#says ?? "Python starts with the model's first block, or with the first key here.");
		const wanted = `${columns} ${height} ${this.#paint.theme.id} ${text}`;
		if (this.#frame && wanted === this.#frameFor) return this.#frame;
		const wrapped = visible(text)
			.split("\n")
			.flatMap((line) => wrapText(line, columns));
		const rows = Array.from({ length: height }, (_, index) => {
			const row = pad(wrapped[index] ?? "", columns);
			return row.trim() === "" ? row : this.#paint(failed ? "error" : "dim", row);
		});
		this.#frameFor = wanted;
		this.#frame = { rows, cursor: undefined };
		return this.#frame;
	}

	#trouble(): string | undefined {
		if (this.#failure !== undefined) return "not there";
		if (this.#reviving) return "starting anew";
		if (this.#pty) return this.#pty.connected ? undefined : "ended: a key or a block starts a new one";
		return this.#opening ? "starting" : undefined;
	}

	// Making it

	#open(): Promise<PtyInterpreter> {
		if (this.#closed) return Promise.reject(new Error("the Python pane is closed"));
		this.#opening ??= this.#make().catch((error: unknown) => {
			this.#opening = undefined;
			this.#typed = "";
			this.#failure = error instanceof Error ? error.message : String(error);
			this.#tell("now");
			throw error;
		});
		return this.#opening;
	}

	async #make(): Promise<PtyInterpreter> {
		this.#failure = undefined;
		this.#tell("soon");
		const size = this.#size;
		// Loading the emulator is not the business of the program's start.
		const [{ Emulator }, pty] = await Promise.all([import("./emulator.ts"), this.#options.open(size)]);
		if (this.#closed) {
			await pty.close();
			throw new Error("the Python pane was closed while Python was opened");
		}
		const emulator = new Emulator({
			...this.#size,
			now: this.#now,
			onChange: () => this.#changed(),
			onPressure: (stop) => (stop ? pty.pause() : pty.resume()),
			onReply: (bytes) => pty.write(bytes),
		});
		this.#emulator = emulator;
		this.#pty = pty;
		this.#frame = undefined;
		pty.resize(this.#size.cols, this.#size.rows);
		pty.onRunning((running) => {
			emulator.answer(running !== "model");
			this.#keysWait = false;
			this.#runningSince = this.#now();
			clearInterval(this.#ticker);
			if (running !== null) this.#ticker = setInterval(() => this.#tell("soon"), TICK_MS).unref();
			this.#tell("soon");
		});
		pty.onBlock((ended) => {
			this.#last = ended;
			this.#tell("soon");
		});
		pty.onLost(() => this.#lost(pty));
		pty.onData((data) => emulator.write(data));
		this.#tell("soon");
		this.#flush();
		return pty;
	}

	#lost(pty: PtyInterpreter): void {
		if (this.#closed) return;
		if (pty.running === "model")
			this.#last = { number: pty.block, verdict: "lost", durationMs: this.#now() - this.#runningSince };
		this.#note("Python ended unexpectedly");
		this.#tell("soon");
	}

	/** A line of nudge's own on the pane's screen, wherever the program has left it. */
	#note(says: string): void {
		this.#emulator?.write(
			`\x18\x1b[?1049h\x1b[?1049l\x1b[!p\r\n\x1b[31m[${visible(says)}: earlier variables are gone]\x1b[0m\r\n`,
		);
	}

	#interpreterOfLoop(): Interpreter {
		const pane = this;
		return {
			get isolation() {
				if (!pane.#pty) throw new Error("the Python pane has not been opened");
				return pane.#pty.isolation;
			},
			run: async (code, options): Promise<BlockResult> => {
				const pty = await pane.#open();
				pane.#waiting++;
				try {
					return await pty.run(code, options);
				} finally {
					pane.#waiting--;
				}
			},
			interrupt: async () => {
				await pane.#pty?.interrupt();
			},
			restart: () => pane.restart(),
			close: () => pane.close(),
		};
	}

	// Keys on their way

	#type(bytes: string): void {
		if (this.#closed || bytes === "") return;
		this.#touched();
		if (this.#emulator?.toEnd()) this.#show();
		if (this.#typed.length < TYPED_AHEAD) this.#typed += bytes;
		const pty = this.#pty;
		if (!pty) this.start();
		else if (!pty.connected) this.#revive(pty);
		else {
			if (pty.running === "model" && !this.#keysWait) {
				this.#keysWait = true;
				this.#tell("now");
			}
			this.#flush();
		}
	}

	#flush(): void {
		const bytes = this.#typed;
		this.#typed = "";
		if (bytes === "" || !this.#pty) return;
		if (bytes.includes(CTRL_C)) {
			this.#emulator?.hurry();
			this.#keysWait = false;
		}
		this.#pty.write(bytes);
	}

	#revive(pty: PtyInterpreter): void {
		if (this.#reviving) return;
		this.#reviving = true;
		this.#tell("now");
		pty
			.restart()
			.then(() => this.#flush())
			.catch((error: Error) => {
				this.#typed = "";
				this.#note(`no new Python could be opened: ${error.message}`);
			})
			.finally(() => {
				this.#reviving = false;
				this.#tell("soon");
			});
	}

	// Telling of changes

	#touched(): void {
		this.#echoUntil = this.#now() + ECHO_MS;
	}

	#interval(): number {
		return this.#now() < this.#echoUntil ? ECHO_SNAPSHOT_MS : SNAPSHOT_MS;
	}

	/** A person moved what is shown. */
	#show(): void {
		this.#stale = true;
		this.#frameAt = Number.NEGATIVE_INFINITY;
		this.#tell("now");
	}

	/** The emulator has read something. */
	#changed(): void {
		this.#stale = true;
		this.#tellIn(this.#toldAt + this.#interval() - this.#now());
	}

	#tellIn(waitMs: number): void {
		if (waitMs <= 0) this.#tell(this.#now() < this.#echoUntil ? "now" : "soon");
		else this.#teller ??= setTimeout(() => this.#tellIn(0), waitMs).unref();
	}

	#tell(when: "now" | "soon"): void {
		if (this.#closed) return;
		clearTimeout(this.#teller);
		this.#teller = undefined;
		this.#toldAt = this.#now();
		this.#options.onChange(when);
	}
}
