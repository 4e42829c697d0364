/**
 * What is being made ready behind the session, as sentences: that something is ready or has failed at once, how far the
 * rest is only now and then, and nothing of what takes no time.
 */
import type { Readiness } from "../views/start/readiness.ts";
import { sentence, trouble, type Voice } from "./voice.ts";

const FIRST_MS = 1_500;
const BETWEEN_MS = 5_000;

export type ProgressOptions = {
	readonly voice: Voice;
	readonly readiness: () => readonly Readiness[];
	readonly firstMs?: number;
	readonly betweenMs?: number;
};

export class Progress {
	readonly #options: ProgressOptions;
	/** What was last said of each. */
	readonly #said = new Map<Readiness["what"], string>();
	#timer: NodeJS.Timeout | undefined;
	#begun = false;

	constructor(options: ProgressOptions) {
		this.#options = options;
	}

	/** Something may be otherwise. */
	changed(): void {
		const { readiness, voice } = this.#options;
		for (const one of readiness()) {
			if (one.state === "working") continue;
			const says = one.state === "failed" ? trouble("error", one.says) : sentence(one.says);
			if (this.#said.get(one.what) === says) continue;
			this.#said.set(one.what, says);
			voice.say(says);
		}
		this.#schedule();
	}

	close(): void {
		clearTimeout(this.#timer);
	}

	#schedule(): void {
		const { firstMs = FIRST_MS, betweenMs = BETWEEN_MS } = this.#options;
		const working = this.#options.readiness().some(({ state }) => state === "working");
		if (!working) {
			clearTimeout(this.#timer);
			this.#timer = undefined;
			this.#begun = false;
		} else {
			this.#timer ??= setTimeout(() => this.#tell(), this.#begun ? betweenMs : firstMs).unref();
			this.#begun = true;
		}
	}

	#tell(): void {
		this.#timer = undefined;
		const news = this.#options
			.readiness()
			.filter(({ what, state, says }) => state === "working" && this.#said.get(what) !== sentence(says));
		for (const { what, says } of news) {
			this.#said.set(what, sentence(says));
			this.#options.voice.say(sentence(says));
		}
		this.#schedule();
	}
}
