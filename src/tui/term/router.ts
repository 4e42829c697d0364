/**
 * From the terminal's bytes to the program, in order. It reads them through the parser and keeps the time for what only
 * time can tell: whether ESC was a key. Where an input goes (a view, Python as it came, whoever asked the terminal
 * something) is for `onInput` to say.
 *
 * What always holds: every input is handed on exactly once, one after the other, and none while it is stopped; what came
 * in one chunk with the key that stopped it waits for the next start. What was begun and not finished by then is dropped:
 * the terminal was somebody else's in between.
 */
import type { Input } from "./input.ts";
import { InputParser } from "./parser.ts";

export type RouterOptions = {
	/** Where the bytes come from (`Terminal.onInput`). Gives back what ends it. */
	readonly source: (listener: (bytes: Uint8Array | string) => void) => () => void;
	readonly onInput: (input: Input) => void;
	/** How long after ESC the rest of a sequence may come, in milliseconds. */
	readonly escapeMs?: number;
	/** How long after that the rest of a sequence may come that no key begins, as over a slow line. */
	readonly restMs?: number;
};

const ESCAPE_MS = 40;
const REST_MS = 1_000;

export class InputRouter {
	readonly #options: RouterOptions;
	readonly #escapeMs: number;
	readonly #restMs: number;
	#parser = new InputParser();
	#end: (() => void) | undefined;
	#timer: NodeJS.Timeout | undefined;
	#turn: NodeJS.Immediate | undefined;
	/** What is still to be handed on, and how much of it has been. */
	#queue: Input[] = [];
	#handed = 0;
	#handing = false;

	constructor(options: RouterOptions) {
		this.#options = options;
		this.#escapeMs = options.escapeMs ?? ESCAPE_MS;
		this.#restMs = options.restMs ?? REST_MS;
	}

	get running(): boolean {
		return this.#end !== undefined;
	}

	start(): void {
		if (this.running) return;
		this.#parser = new InputParser();
		this.#end = this.#options.source((bytes) => this.#take(bytes));
		// Whoever starts it may have something to do first with what came of the stop.
		if (this.#queue.length > 0) this.#turn = setImmediate(() => this.#hand());
	}

	stop(): void {
		this.#end?.();
		this.#end = undefined;
		this.#wait(undefined);
	}

	#take(bytes: Uint8Array | string): void {
		this.#wait(undefined);
		this.#queueUp(this.#parser.push(bytes));
		this.#hand();
		if (this.running && this.#parser.pending) this.#wait(this.#escapeMs);
	}

	/** Nothing came for a while. But what came while the program was busy is read first, in the turn before this one ends. */
	#wait(forMs: number | undefined): void {
		clearTimeout(this.#timer);
		clearImmediate(this.#turn);
		if (forMs === undefined) return;
		this.#timer = setTimeout(() => {
			this.#turn = setImmediate(() => {
				this.#queueUp(this.#parser.flush());
				this.#hand();
				if (this.running && this.#parser.pending) this.#wait(this.#restMs);
			});
		}, forMs);
	}

	#queueUp(inputs: readonly Input[]): void {
		for (const input of inputs) this.#queue.push(input);
	}

	#hand(): void {
		if (this.#handing) return;
		this.#handing = true;
		try {
			while (this.running && this.#handed < this.#queue.length) {
				this.#options.onInput(this.#queue[this.#handed++]!);
			}
		} finally {
			this.#handing = false;
			this.#queue = this.#queue.slice(this.#handed);
			this.#handed = 0;
		}
	}
}
