/**
 * Looks for texts in all samples of a dataset, as they stand, in the background: what is found is there at once, and how far
 * it is can be asked. The samples are read one at a time and let go.
 */
import type { ReviewBook } from "./review-book.ts";
import { textOfSample } from "./review-edits.ts";
import type { SampleEntry } from "./review-index.ts";

const TELL_MS = 300;
/** So long is read before others have their turn. */
const TURN_MS = 12;

export class SampleScan {
	readonly #book: ReviewBook;
	readonly #texts: readonly string[];
	readonly #changed: () => void;
	readonly #verdicts = new Map<string, boolean>();
	#queue: readonly SampleEntry[] = [];
	#looked = 0;
	#running = false;
	#closed = false;

	/** `texts` in small letters; `changed` is told now and then. */
	constructor(book: ReviewBook, texts: readonly string[], changed: () => void) {
		this.#book = book;
		this.#texts = texts;
		this.#changed = changed;
	}

	get looked(): number {
		return this.#looked;
	}
	get of(): number {
		return this.#queue.length;
	}
	get running(): boolean {
		return this.#running;
	}

	/** Whether all of the texts stand in it; false as long as nobody has looked. */
	has({ id }: SampleEntry): boolean {
		return this.#verdicts.get(id) === true;
	}

	/** The same again with more at its end, or others. */
	add(entries: readonly SampleEntry[]): void {
		this.#queue = this.#queue.concat(entries);
		if (!this.#running) void this.#run();
	}

	close(): void {
		this.#closed = true;
	}

	async #run(): Promise<void> {
		this.#running = true;
		let told = performance.now();
		let turn = told;
		while (this.#looked < this.#queue.length && !this.#closed) {
			const entry = this.#queue[this.#looked++]!;
			this.#verdicts.set(entry.id, this.#fits(entry));
			const now = performance.now();
			if (now - turn < TURN_MS) continue;
			if (now - told > TELL_MS) {
				told = now;
				this.#changed();
			}
			await new Promise(setImmediate);
			turn = performance.now();
		}
		this.#running = false;
		if (!this.#closed) this.#changed();
	}

	#fits(entry: SampleEntry): boolean {
		const found = this.#book.look(entry);
		if (typeof found === "string") return false;
		const small =
			`${found.sample.problem}\n${textOfSample(found.sample)}\n${found.notes.join("\n")}`.toLowerCase();
		return this.#texts.every((one) => small.includes(one));
	}
}
