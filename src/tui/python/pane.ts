/**
 * The live Python of a session, outside of Ink: the interpreter with its terminal, an emulator that makes rows of what it
 * prints, and what a person does to it. The model's blocks run in it too, so that both are seen in one true sequence.
 *
 * What always holds: one interpreter at a time, made when somebody first needs it; what is typed reaches it in order and
 * is not lost while it is being made; when it ends by itself the screen stays, and the next block or key opens a new one.
 */
import type { Interpreter } from "../../python/interpreter.ts";
import type { PtyInterpreter, Runner } from "../../python/pty.ts";
import { visible } from "../../trace/visible.ts";
import { pasteFor, rewriteKeys } from "../term/child-keys.ts";
import type { Key } from "../term/input.ts";
import type { Depth } from "../theme/colour.ts";
import type { Paint } from "../theme/theme.ts";
import type { Emulator } from "./emulator.ts";
import { interpreterOfLoop } from "./for-loop.ts";
import { Pace, type When } from "./pace.ts";
import { standingRows, standingText } from "./standing.ts";
import { type Ended, titleRow } from "./title.ts";

export type PaneSize = { readonly cols: number; readonly rows: number };

export type PaneOptions = {
	readonly paint: Paint;
	readonly depth: Depth;
	/** Opens the interpreter; called again only after it failed. */
	readonly open: (size: PaneSize) => Promise<PtyInterpreter>;
	/** Something shown is another: `now` for what a person did, `soon` for data, at most 30 times a second. */
	readonly onChange: (when: When) => void;
	/** How the keymap writes the keys for leaving the pane and for a fresh Python. */
	readonly keys?: () => { readonly leave?: string | undefined; readonly restart?: string | undefined };
	readonly now?: () => number;
};

type Position = { readonly x: number; readonly y: number };
type Picture = {
	readonly of: string;
	readonly rows: readonly string[];
	readonly cursor: Position | undefined;
};

const FIRST_SIZE: PaneSize = { cols: 80, rows: 24 };
const TICK_MS = 250;
const TYPED_AHEAD = 64 * 1024;
const CTRL_C = "\x03";

export class PythonPane {
	readonly #options: PaneOptions;
	readonly #now: () => number;
	readonly #pace: Pace;
	readonly #proxy: Interpreter;
	#paint: Paint;
	#depth: Depth;
	#size = FIRST_SIZE;
	#picture: Picture | undefined;

	#pty: PtyInterpreter | undefined;
	#emulator: Emulator | undefined;
	/** Kept once it has succeeded. */
	#opening: Promise<PtyInterpreter> | undefined;
	#renewing: Promise<void> | undefined;
	#closed = false;
	#says: string | undefined;
	#failure: string | undefined;
	/** Keys for an interpreter that does not stand yet. */
	#typed = "";

	#runningSince = 0;
	#ticker: NodeJS.Timeout | undefined;
	/** Blocks of the loop that have not ended. */
	#blocks = 0;
	#keysWait = false;
	#last: Ended | undefined;

	constructor(options: PaneOptions) {
		this.#options = options;
		this.#paint = options.paint;
		this.#depth = options.depth;
		this.#now = options.now ?? (() => performance.now());
		this.#pace = new Pace(options.onChange, this.#now);
		this.#proxy = interpreterOfLoop({
			open: () => this.#open(),
			there: () => this.#pty,
			restart: (says) => this.#restart(says),
			close: () => this.close(),
			count: (by) => {
				this.#blocks += by;
				this.#pace.tell("soon");
			},
		});
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
		if (!this.#pty) this.#pace.tell("soon");
	}

	/** A fresh namespace; `says` stands above its prompt. Also the way out of a failure to open. Where it fails, the pane says why. */
	async restart(says = "restarted"): Promise<void> {
		await this.#restart(says).catch(() => {});
	}

	/** As Ctrl+C to whoever runs. False: nobody does. */
	interrupt(): boolean {
		const pty = this.#pty;
		if (!pty || pty.running === null) return false;
		this.#pace.touched();
		this.#emulator?.hurry();
		void pty.interrupt();
		return true;
	}

	/** There is no Python, and keys are of no use to it. */
	get failed(): boolean {
		return this.#failure !== undefined;
	}

	get running(): Runner {
		return this.#pty?.running ?? null;
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		clearInterval(this.#ticker);
		this.#pace.close();
		this.#emulator?.close();
		await this.#opening?.then((pty) => pty.close()).catch(() => {});
	}

	// What a person does

	/** A key as it came from the terminal. */
	key(key: Key, bytes: string): void {
		this.#type(rewriteKeys(bytes, { applicationCursor: this.#emulator?.applicationCursor ?? false }, key));
	}

	paste(text: string): void {
		this.#type(
			pasteFor(text.replace(/\r\n?/g, "\n"), { bracketed: this.#emulator?.bracketedPaste ?? false }),
		);
	}

	/** The wheel: the scrollback, or in a program that has taken the whole screen its arrow keys. Up is negative. */
	wheel(lines: number): void {
		if (this.#emulator?.wholeScreen) {
			const arrow = rewriteKeys(lines < 0 ? "\x1b[A" : "\x1b[B", this.#emulator);
			this.#type(arrow.repeat(Math.abs(Math.trunc(lines))));
		} else this.scroll(lines);
	}

	/** Up, into the scrollback, is negative. */
	scroll(lines: number): void {
		if (this.#emulator?.scroll(lines)) this.#moved();
	}

	/** The emulator and the interpreter's terminal together; the text is wrapped anew. */
	resize(cols: number, rows: number): void {
		const size = { cols: Math.max(2, Math.floor(cols)), rows: Math.max(1, Math.floor(rows)) };
		if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
		this.#size = size;
		this.#emulator?.resize(size.cols, size.rows);
		this.#pty?.resize(size.cols, size.rows);
		this.#pace.moved();
	}

	/** Another theme, or another number of colours. */
	dress(paint: Paint, depth: Depth): void {
		this.#paint = paint;
		this.#depth = depth;
	}

	// What is seen

	/** One row, of exactly that many cells. */
	title(columns: number, focused: boolean): string {
		const { running } = this;
		const state = {
			focused,
			leave: this.#options.keys?.().leave,
			running,
			number: this.#pty?.block ?? 0,
			runningMs: this.#now() - this.#runningSince,
			modelWaits: running === "person" && this.#blocks > 0,
			keysWait: this.#keysWait,
			last: this.#last,
			trouble: this.#trouble(),
			back: this.#emulator?.back ?? 0,
		};
		return titleRow(state, columns, this.#paint);
	}

	/** Rows of exactly `columns` cells. The same array while nothing has changed. */
	rows(columns: number, height: number): readonly string[] {
		const emulator = this.#emulator;
		if (!emulator) return this.#message(columns, height);
		const of = `${columns} ${height} ${this.#depth}`;
		const before = this.#picture;
		if (this.#closed && before) return before.rows;
		if (before?.of === of && !this.#pace.due()) return before.rows;
		const at = emulator.cursor();
		const cursor = at && at.x < columns && at.y < height ? at : undefined;
		const rows = emulator.pictured(columns, height, this.#depth);
		this.#picture = { of, rows, cursor };
		this.#pace.taken();
		return rows;
	}

	/** In the rows that were last given. Undefined: scrolled back, or the program hides it. */
	cursor(): Position | undefined {
		return this.#picture?.cursor;
	}

	#message(columns: number, height: number): readonly string[] {
		const failure = this.#failure;
		const text = standingText({
			opening: this.#opening !== undefined,
			says: this.#says,
			failure,
			restart: this.#options.keys?.().restart,
		});
		const of = `${columns} ${height} ${this.#paint.theme.id} ${text}`;
		if (this.#picture?.of === of) return this.#picture.rows;
		const token = failure === undefined ? "dim" : "error";
		const rows = standingRows(text, columns, height, (row) => this.#paint(token, row));
		this.#picture = { of, rows, cursor: undefined };
		return rows;
	}

	#trouble(): string | undefined {
		if (this.#failure !== undefined) return "not there";
		if (this.#renewing) return "starting anew";
		if (this.#pty) return this.#pty.connected ? undefined : "ended: a key starts a new one";
		return this.#opening ? "starting" : undefined;
	}

	#moved(): void {
		this.#pace.moved();
		this.#pace.tell("now");
	}

	// Making it

	#open(): Promise<PtyInterpreter> {
		// Once closed, one that stood answers for itself that it is closed.
		if (this.#closed && !this.#opening) return Promise.reject(new Error("the Python pane is closed"));
		this.#opening ??= this.#make().catch((error: unknown) => {
			this.#opening = undefined;
			this.#typed = "";
			this.#failure = wordsOf(error);
			this.#pace.tell("now");
			throw error;
		});
		return this.#opening;
	}

	async #make(): Promise<PtyInterpreter> {
		this.#failure = undefined;
		this.#pace.tell("soon");
		// Loading the emulator is not the business of the program's start.
		const [{ Emulator }, pty] = await Promise.all([import("./emulator.ts"), this.#options.open(this.#size)]);
		if (this.#closed) {
			await pty.close();
			throw new Error("the Python pane was closed while Python was opened");
		}
		const emulator = new Emulator({
			...this.#size,
			now: this.#now,
			onChange: () => this.#pace.changed(),
			onPressure: (stop) => (stop ? pty.pause() : pty.resume()),
			onReply: (bytes) => pty.write(bytes),
		});
		this.#emulator = emulator;
		this.#pty = pty;
		this.#picture = undefined;
		pty.resize(this.#size.cols, this.#size.rows);
		pty.onRunning((running) => this.#runs(running));
		pty.onBlock((ended) => {
			this.#last = ended;
			this.#pace.tell("soon");
		});
		pty.onLost(() => this.#lost(pty));
		pty.onData((data) => emulator.write(data));
		this.#pace.tell("soon");
		this.#flush();
		return pty;
	}

	#runs(running: Runner): void {
		// A block has no keyboard, so it gets no answers of the terminal either.
		this.#emulator?.answer(running !== "model");
		this.#keysWait = false;
		this.#runningSince = this.#now();
		clearInterval(this.#ticker);
		if (running !== null) this.#ticker = setInterval(() => this.#pace.tell("soon"), TICK_MS).unref();
		this.#pace.tell("soon");
	}

	#lost(pty: PtyInterpreter): void {
		if (this.#closed) return;
		if (pty.running === "model")
			this.#last = { number: pty.block, verdict: "lost", durationMs: this.#now() - this.#runningSince };
		this.#emulator?.note("Python ended unexpectedly: earlier variables are gone");
		this.#pace.tell("soon");
	}

	async #restart(says: string): Promise<void> {
		this.#pace.touched();
		if (this.#pty) await this.#renew(this.#pty, says);
		else await this.#open();
	}

	/** One at a time; whoever asks meanwhile gets the same fresh one. */
	#renew(pty: PtyInterpreter, says: string): Promise<void> {
		this.#renewing ??= this.#renewed(pty, says).finally(() => {
			this.#renewing = undefined;
			this.#flush();
			this.#pace.tell("soon");
		});
		this.#pace.tell("now");
		return this.#renewing;
	}

	async #renewed(pty: PtyInterpreter, says: string): Promise<void> {
		try {
			await pty.restart(says === "" ? "" : `[${visible(says)}: earlier variables are gone]`);
			this.#last = undefined;
		} catch (error) {
			this.#typed = "";
			this.#emulator?.note(`no new Python could be opened: ${visible(wordsOf(error))}`);
			throw error;
		}
	}

	// Keys on their way

	#type(bytes: string): void {
		if (this.#closed || this.failed || bytes === "") return;
		this.#pace.touched();
		if (this.#emulator?.toEnd()) this.#moved();
		if (this.#typed.length < TYPED_AHEAD) this.#typed += bytes;
		const pty = this.#pty;
		if (!pty) this.start();
		else if (!pty.connected) this.#renew(pty, "").catch(() => {});
		else this.#flush();
	}

	#flush(): void {
		const pty = this.#pty;
		if (!pty?.connected || this.#renewing || this.#typed === "") return;
		const bytes = this.#typed;
		this.#typed = "";
		if (bytes.includes(CTRL_C)) {
			this.#emulator?.hurry();
			this.#keysWait = false;
		} else if (pty.running === "model" && !this.#keysWait) {
			this.#keysWait = true;
			this.#pace.tell("now");
		}
		pty.write(bytes);
	}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
