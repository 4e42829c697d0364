/**
 * The real terminal, as nudge sets it up around Ink's picture: raw keys, mouse, focus and paste reports, the title. Ink
 * has the alternate screen and the cursor.
 *
 * What always holds: what was set is undone exactly, once, and at once (so that it also works while the process ends);
 * whoever else gets the terminal (an editor, the shell after Ctrl+Z) gets it as it was before nudge. Nothing waits for a
 * terminal that is gone.
 */
import { tellLauncher } from "./launcher.ts";
import type { Outflow } from "./outflow.ts";
import {
	CURSOR_SHOWN,
	FOCUS_OFF,
	FOCUS_ON,
	MOUSE_OFF,
	MOUSE_ON,
	PASTE_OFF,
	PASTE_ON,
	RESET,
	SYNC_OFF,
	TITLE_BACK,
	TITLE_KEEP,
	titled,
	WRAP_OFF,
	WRAP_ON,
} from "./sequences.ts";
import { stopWithShell } from "./stop.ts";
import { writeNow } from "./write-now.ts";

export { RESET };

/** What is drawn on the terminal. All of it works at once. */
export interface Picture {
	/** Off the terminal, the alternate screen too; nothing is drawn until `show`. */
	hide(): void;
	/** Back, and drawn in full. */
	show(): void;
	/** Off the terminal for good. Called while the process ends. */
	end(): void;
}

/** What is used of a terminal's output; process.stdout is one. */
export interface Screen {
	write(text: string): unknown;
}

/** What is used of a terminal's input; process.stdin is one. */
export interface Keys {
	setRawMode(on: boolean): unknown;
	on(event: "data", listener: (bytes: Buffer) => void): unknown;
	on(event: "end" | "close", listener: () => void): unknown;
	on(event: "error", listener: (error: Error) => void): unknown;
	resume(): unknown;
	pause(): unknown;
}

export type TerminalOptions = {
	readonly stdin: Keys;
	readonly stdout: Screen;
	readonly env: NodeJS.ProcessEnv;
	/** The last that is written, at once or not at all; throws when the terminal is gone. */
	readonly writeNow?: (text: string) => void;
	/** Whether the terminal takes what it is given; absent: it always does. */
	readonly outflow?: Pick<Outflow, "behind" | "through">;
	readonly mouse?: boolean;
	readonly title?: string;
	/**
	 * Stops this program and what belongs to it until the shell continues it; false where nobody could continue it. It is
	 * handed what makes SIGTSTP stop this process.
	 */
	readonly stop?: (obey: () => void) => Promise<boolean>;
};

type State = /** Set up. */ "in" /** As before nudge: not yet, or lent to somebody. */ | "out" | "over";

export class Terminal {
	readonly #stdin: Keys;
	readonly #stdout: Screen;
	readonly #writeNow: (text: string) => void;
	readonly #outflow: Pick<Outflow, "behind" | "through"> | undefined;
	readonly #stop: (obey: () => void) => Promise<boolean>;
	/** A terminal that knows no sequences gets none. */
	readonly #plain: boolean;
	readonly #titles: boolean;
	#picture: Picture | undefined;
	#state: State = "out";
	#lent = 0;
	#mouse: boolean;
	#title: string;
	#gone = false;
	#reading = false;
	#listening = false;
	#stopping: Promise<boolean> | undefined;
	#asking: ((bytes: Buffer) => void) | undefined;
	readonly #inputs = new Set<(bytes: Buffer) => void>();
	readonly #ends = new Set<() => void>();

	constructor(options: TerminalOptions) {
		this.#stdin = options.stdin;
		this.#stdout = options.stdout;
		this.#writeNow = options.writeNow ?? ((text) => writeNow(1, text));
		this.#outflow = options.outflow;
		this.#stop = options.stop ?? stopWithShell;
		this.#plain = options.env.TERM === "dumb";
		// The console of Linux would show the letters.
		this.#titles = options.env.TERM !== "linux";
		this.#mouse = options.mouse ?? true;
		this.#title = options.title ?? "nudge";
	}

	/** Somebody else has it: an editor, the plain text of `printPlain`, the shell. */
	get lent(): boolean {
		return this.#lent > 0;
	}

	/** Whether it is set up for nudge now. */
	get entered(): boolean {
		return this.#state === "in";
	}

	/** It hung up or was closed: nothing can be written any more. */
	get gone(): boolean {
		return this.#gone;
	}

	/** The picture to take off and bring back when somebody else gets the terminal. */
	attach(picture: Picture): void {
		this.#picture = picture;
	}

	/** Every byte that is typed while the terminal is nudge's. Returns what ends it. */
	onInput(listener: (bytes: Buffer) => void): () => void {
		this.#inputs.add(listener);
		return () => this.#inputs.delete(listener);
	}

	/** The terminal hung up: nobody will see or type anything any more. */
	onGone(listener: () => void): () => void {
		this.#ends.add(listener);
		return () => this.#ends.delete(listener);
	}

	/** Sets the terminal up. Called before the picture is drawn. */
	enter(): void {
		if (this.#state !== "out") return;
		this.#listen();
		// First: from the background this stops the program, before anything is written over the shell.
		if (!this.#raw(true)) return;
		this.#state = "in";
		tellLauncher("e");
		this.#send(this.#plain ? "" : `${this.#titles ? TITLE_KEEP : ""}${this.#setUp()}`);
		this.#reading = true;
		this.#stdin.resume();
	}

	/** Undoes what `enter` did, at once. The picture is not taken off: see `away` and `end`. */
	leave(): void {
		if (this.#state !== "in") return;
		this.#state = "out";
		this.#send(this.#plain ? "" : this.#undo());
		this.#restore();
	}

	/** The end: the picture and everything else is undone, at once. After that nothing enters any more. */
	end(): void {
		if (this.#state === "over") return;
		const entered = this.#state === "in";
		const clean = this.#endPicture();
		this.#state = "over";
		if (entered) {
			// A picture that could not end itself, half of one, or none: the terminal is put right from the ground.
			const behind = this.#outflow?.behind === true;
			const undo = this.#plain ? "" : clean && !behind ? this.#undo() : RESET;
			this.#sendNow(undo);
			// What still waits goes out behind that, if anybody is left to see it: then it has to be undone once more.
			if (behind) this.#send(undo);
			this.#restore();
		}
		if (!this.#listening) return;
		this.#listening = false;
		process.off("exit", this.#onExit);
		process.off("SIGCONT", this.#onContinue);
		process.off("SIGTSTP", this.#onStop);
		tellLauncher("b");
	}

	mouse(on: boolean): void {
		this.#mouse = on;
		if (this.entered && !this.#plain) this.#send(on ? MOUSE_ON : MOUSE_OFF);
	}

	title(title: string): void {
		this.#title = title;
		if (this.entered && !this.#plain && this.#titles) this.#send(titled(oneLine(title)));
	}

	/** Writes a sequence that shows nothing (a question, the clipboard). */
	send(sequence: string): void {
		if (this.entered && !this.#plain) this.#send(sequence);
	}

	/** Lends the terminal, as it was before nudge, for as long as the work lasts. */
	async away<Value>(work: () => Value | Promise<Value>): Promise<Value> {
		this.#lent++;
		try {
			if (this.#lent === 1 && this.entered) {
				this.#picture?.hide();
				this.leave();
				await this.#outflow?.through();
				// Node stops reading on its next turn: until then a key would be ours and not the other's.
				await new Promise((resolve) => setImmediate(resolve));
			}
			return await work();
		} finally {
			this.#lent--;
			if (this.#lent === 0 && this.#state === "out") {
				this.enter();
				this.#show();
			}
		}
	}

	/** Ctrl+Z: back to the shell until it continues us. False where there is no shell to go back to. */
	suspend(): Promise<boolean> {
		return this.#stopOnce(() => this.away(() => this.#stopped()));
	}

	/**
	 * While it is lent: waits until one of these keys comes; nobody else gets any. Not by lines: Ctrl+D at one would close
	 * the input for good.
	 */
	async untilKey(keys: RegExp): Promise<void> {
		if (this.#state !== "out" || !this.#raw(true)) return;
		let unsubscribe = (): void => {};
		await new Promise<void>((resolve) => {
			this.#asking = (bytes) => {
				if (keys.test(bytes.toString())) resolve();
			};
			unsubscribe = this.onGone(resolve);
			this.#reading = true;
			this.#stdin.resume();
		});
		unsubscribe();
		this.#asking = undefined;
		this.#reading = false;
		this.#stdin.pause();
		this.#raw(false);
	}

	/** The signal may come from several sides: from the shell, and from the launcher that got it too. */
	#stopOnce(stop: () => Promise<boolean>): Promise<boolean> {
		this.#stopping ??= stop().finally(() => {
			this.#stopping = undefined;
		});
		return this.#stopping;
	}

	async #stopped(): Promise<boolean> {
		try {
			return await this.#stop(() => process.off("SIGTSTP", this.#onStop));
		} finally {
			process.off("SIGTSTP", this.#onStop);
			if (this.#listening) process.on("SIGTSTP", this.#onStop);
		}
	}

	/** `kill -TSTP` from outside, or Ctrl+Z at an editor that has the terminal: the whole job is to stop. */
	readonly #onStop = (): void => {
		if (this.#state === "in") void this.suspend();
		else void this.#stopOnce(() => this.#stopped());
	};

	readonly #onExit = (): void => this.end();

	/** After a SIGSTOP, of which nothing was heard, the shell had the terminal: everything is set up anew. */
	readonly #onContinue = (): void => {
		if (this.#state !== "in" || this.#lent > 0) return;
		// libuv does nothing where the mode is what it thinks it is: it must think otherwise first.
		if (!this.#raw(false) || !this.#raw(true)) return;
		this.#picture?.hide();
		if (!this.#plain) this.#send(this.#setUp());
		this.#show();
	};

	#setUp(): string {
		const title = this.#titles ? titled(oneLine(this.#title)) : "";
		return `${title}${this.#mouse ? MOUSE_ON : ""}${FOCUS_ON}${PASTE_ON}${WRAP_OFF}`;
	}

	#undo(): string {
		return `${SYNC_OFF}${WRAP_ON}${MOUSE_OFF}${FOCUS_OFF}${PASTE_OFF}${CURSOR_SHOWN}${this.#titles ? TITLE_BACK : ""}`;
	}

	#restore(): void {
		this.#reading = false;
		this.#stdin.pause();
		this.#raw(false);
		tellLauncher("l");
	}

	/** Whether there was a picture and it went. */
	#endPicture(): boolean {
		const picture = this.#picture;
		this.#picture = undefined;
		if (!picture) return false;
		try {
			picture.end();
			return true;
		} catch {
			return false;
		}
	}

	#listen(): void {
		if (this.#listening) return;
		this.#listening = true;
		this.#stdin.on("data", (bytes) => {
			if (!this.#reading) return;
			for (const listener of this.#asking ? [this.#asking] : [...this.#inputs]) listener(bytes);
		});
		this.#stdin.on("end", () => this.hungUp());
		this.#stdin.on("close", () => this.hungUp());
		this.#stdin.on("error", () => this.hungUp());
		process.on("SIGCONT", this.#onContinue);
		process.on("SIGTSTP", this.#onStop);
		// However the program ends, but for a kill: then the launcher does it.
		process.on("exit", this.#onExit);
	}

	/** It is gone: somebody found out who wrote to it. */
	hungUp(): void {
		if (this.#gone || this.#state === "over") return;
		this.#gone = true;
		for (const listener of [...this.#ends]) listener();
	}

	#send(text: string): void {
		if (text === "" || this.#gone) return;
		try {
			this.#stdout.write(text);
		} catch {
			this.hungUp();
		}
	}

	/** The last word is tried in any case: a terminal that we may not read from may still be somebody's. */
	#sendNow(text: string): void {
		if (text === "") return;
		try {
			this.#writeNow(text);
		} catch {
			this.hungUp();
		}
	}

	#raw(on: boolean): boolean {
		if (this.#gone) return false;
		try {
			this.#stdin.setRawMode(on);
			return true;
		} catch {
			this.hungUp();
			return false;
		}
	}

	#show(): void {
		if (!this.entered) return;
		// Changes of the window's size are told to the program that has the terminal: we may have missed one.
		process.emit("SIGWINCH", "SIGWINCH");
		this.#picture?.show();
	}
}

/** A title is shown by the window's manager: one line, nothing that ends the sequence. */
function oneLine(title: string): string {
	return title.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").slice(0, 200);
}
