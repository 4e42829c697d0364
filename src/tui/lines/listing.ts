/** A list that is read ten entries at a time, and of which one can be taken by its number. */
import type { Voice } from "./voice.ts";

export type Listed = {
	readonly number: number;
	readonly says: string;
	readonly take: () => void | Promise<void>;
};

const AT_A_TIME = 10;

export class Listing {
	readonly #voice: Voice;
	#entries: readonly Listed[] = [];
	#read = 0;

	constructor(voice: Voice) {
		this.#voice = voice;
	}

	/** `head` says what it is a list of, `takes` what a number does. */
	show(head: string, entries: readonly Listed[], takes: string): void {
		this.#entries = entries;
		this.#read = 0;
		this.#voice.say(head);
		this.more();
		if (entries.length > 0) this.#voice.say(takes);
	}

	/** Reads on. */
	more(): void {
		const some = this.#entries.slice(this.#read, this.#read + AT_A_TIME);
		this.#read += some.length;
		for (const { number, says } of some) this.#voice.say(`${number}: ${says}`);
		const left = this.#entries.length - this.#read;
		if (left > 0) this.#voice.say(`${left} more; say more.`);
		else if (some.length === 0) this.#voice.say("There is no more of it.");
	}

	/** The entry with this number, whether it has been read or not. */
	entry(number: number): Listed | undefined {
		return this.#entries.find((one) => one.number === number);
	}

	forget(): void {
		this.#entries = [];
		this.#read = 0;
	}
}
