/**
 * Looks for texts in the traces of a run, the newest first, in the background: what is found is there at once, and how far
 * it is can be asked. The traces are read one at a time and let go.
 */
import type { Entry } from "./run-index.ts";
import { OpenFiles } from "./run-reader.ts";

const TELL_MS = 300;

export class TextScan {
	readonly #texts: readonly string[];
	readonly #changed: () => void;
	readonly #stop = new AbortController();
	readonly #verdicts = new Map<string, boolean>();
	#queue: Entry[] = [];
	#of = 0;
	#running = false;

	/** In small letters; `changed` is told now and then. */
	constructor(texts: readonly string[], changed: () => void) {
		this.#texts = texts;
		this.#changed = changed;
	}

	get looked(): number {
		return this.#of - this.#queue.length;
	}
	get of(): number {
		return this.#of;
	}
	get running(): boolean {
		return this.#running;
	}

	/** Whether all of the texts stand in it; false as long as nobody has looked. */
	has(entry: Entry): boolean {
		return this.#verdicts.get(entry.key) === true;
	}

	/** Entries to look at, in the order in which they ended: the last is looked at first. */
	add(entries: readonly Entry[]): void {
		const fresh = entries.filter(({ key }) => !this.#verdicts.has(key));
		if (fresh.length === 0) return;
		this.#queue = this.#queue.concat(fresh);
		this.#of += fresh.length;
		if (!this.#running) void this.#run();
	}

	close(): void {
		this.#stop.abort();
		this.#queue = [];
	}

	async #run(): Promise<void> {
		this.#running = true;
		const files = new OpenFiles();
		try {
			await this.#look(files);
		} finally {
			await files.close();
			this.#running = false;
		}
		if (!this.#stop.signal.aborted) this.#changed();
	}

	async #look(files: OpenFiles): Promise<void> {
		let told = performance.now();
		for (let entry = this.#queue.pop(); entry && !this.#stop.signal.aborted; entry = this.#queue.pop()) {
			const rollout = await files.rolloutAt(entry.place);
			const text = typeof rollout === "string" ? "" : rollout.spans.map((span) => span.text).join("");
			const small = text.toLowerCase();
			this.#verdicts.set(
				entry.key,
				this.#texts.every((one) => small.includes(one)),
			);
			if (performance.now() - told > TELL_MS) {
				told = performance.now();
				this.#changed();
			}
		}
	}
}
