/**
 * A person's hand on THE loop: at any time it may wait, go on, or have a hint put in where the trace stands.
 *
 * What always holds: what was said to stand stands. Whatever else a request had handed over when it was ended is let go,
 * and the next request continues header + spans, so the loop meets every word and every fence exactly once.
 */
import type { HandHint } from "./live.ts";

export class Steering {
	/** Hints before the end of thinking that a person allows by now, in place of the budget that the trace began with. */
	rounds: number | undefined;
	#paused = false;
	#hints: HandHint[] = [];
	#interrupt = new AbortController();
	#wake: (() => void) | undefined;

	get paused(): boolean {
		return this.#paused;
	}

	/** The loop waits as soon as it can; a block that runs is let run to its end. */
	pause(): void {
		this.#paused = true;
		this.#interrupt.abort();
	}

	goOn(): void {
		this.#paused = false;
		this.#wake?.();
	}

	/** Put in at the end of what stands; a loop that waits goes on waiting behind it. */
	inject(hint: HandHint): void {
		this.#hints.push(hint);
		this.#interrupt.abort();
		this.#wake?.();
	}

	/** Asks the engine anew from where the trace stands: what it is asked for has changed. */
	renew(): void {
		this.#interrupt.abort();
	}

	/** For the loop, before each request: aborts when this request is to be left. */
	watch(): AbortSignal {
		if (this.#interrupt.signal.aborted) this.#interrupt = new AbortController();
		if (this.#paused || this.#hints.length > 0) this.#interrupt.abort();
		return this.#interrupt.signal;
	}

	/** For the loop: a hint waits to be put in. */
	get injects(): boolean {
		return this.#hints.length > 0;
	}

	/** For the loop: the next hint that is to go in. */
	take(): HandHint | undefined {
		return this.#hints.shift();
	}

	/** For the loop: resolves when there is something to do again, or when `signal` ends the trace. */
	async moved(signal?: AbortSignal): Promise<void> {
		if (!this.#paused || this.#hints.length > 0 || signal?.aborted) return;
		await new Promise<void>((resolve) => {
			const done = (): void => {
				signal?.removeEventListener("abort", done);
				this.#wake = undefined;
				resolve();
			};
			this.#wake = done;
			signal?.addEventListener("abort", done, { once: true });
		});
	}
}
