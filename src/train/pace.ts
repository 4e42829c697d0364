/**
 * Keeps questions to a service apart: whoever follows a job asks again as soon as it may, and services on the network ask to
 * be asked less often than a file. The first question waits for nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";

export class Pace {
	#gapMs: number;
	#next = 0;

	constructor(gapMs: number) {
		this.#gapMs = gapMs;
	}

	async turn(signal?: AbortSignal): Promise<void> {
		const wait = this.#next - performance.now();
		if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {});
		this.#next = performance.now() + this.#gapMs;
	}

	/** Somebody waits for the answer. */
	hurry(): void {
		this.#gapMs = Math.min(this.#gapMs, 1000);
		this.#next = 0;
	}
}
