/**
 * How often numbers occur: an open table that is used again for every rollout. Its memory follows the numbers that
 * differ, not those that come, and what a very large rollout needed is given back.
 */
const SMALLEST = 1 << 10;
const KEPT = 1 << 20;

export class Tally {
	#keys = new Uint32Array(SMALLEST);
	#counts = new Uint32Array(SMALLEST);
	#mask = SMALLEST - 1;
	#size = 0;

	/** Numbers that differ. */
	get size(): number {
		return this.#size;
	}

	/** Empties it, with room for about so many numbers before it has to grow. */
	clear(expected = 0): void {
		let room = SMALLEST;
		while (room < expected * 2 && room < KEPT) room *= 2;
		if (this.#keys.length > KEPT || this.#keys.length < room) {
			this.#keys = new Uint32Array(room);
			this.#counts = new Uint32Array(room);
		} else {
			// What lies behind was emptied, or is emptied when the table grows.
			this.#keys.fill(0, 0, room);
		}
		this.#mask = room - 1;
		this.#size = 0;
	}

	/** Adds one; returns how often the number was there, this time included. All 32 bits of it should differ at random. */
	add(number: number): number {
		const key = number === 0 ? 1 : number;
		let at = key & this.#mask;
		for (;;) {
			const there = this.#keys[at];
			if (there === key) {
				this.#counts[at] = (this.#counts[at] as number) + 1;
				return this.#counts[at] as number;
			}
			if (there === 0) break;
			at = (at + 1) & this.#mask;
		}
		this.#keys[at] = key;
		this.#counts[at] = 1;
		this.#size++;
		if (this.#size * 2 > this.#mask) this.#grow();
		return 1;
	}

	#grow(): void {
		const length = this.#mask + 1;
		const keys = this.#keys.slice(0, length);
		const counts = this.#counts.slice(0, length);
		const room = length * 4;
		if (this.#keys.length < room) {
			this.#keys = new Uint32Array(room);
			this.#counts = new Uint32Array(room);
		} else this.#keys.fill(0, 0, room);
		this.#mask = room - 1;
		for (let i = 0; i < length; i++) {
			const key = keys[i] as number;
			if (key === 0) continue;
			let at = key & this.#mask;
			while (this.#keys[at] !== 0) at = (at + 1) & this.#mask;
			this.#keys[at] = key;
			this.#counts[at] = counts[i] as number;
		}
	}
}
