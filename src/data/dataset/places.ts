/** Where lines are that are read again later, in typed arrays: 48 bytes each, so that a million of them is nothing. */
import type { Place } from "./run-input.ts";

const FIELDS = 6;

export type Placed<Of> = {
	readonly of: Of;
	readonly input: number;
	readonly file: number;
	readonly at: number;
	readonly bytes: number;
};

export class Places<Of extends object> {
	#numbers = new Float64Array(FIELDS * 256);
	readonly #owners: Of[] = [];
	readonly #ownerIndex = new Map<Of, number>();
	#count = 0;

	get count(): number {
		return this.#count;
	}

	add(
		of: Of,
		input: number,
		file: number,
		{ at, bytes }: Pick<Place, "at" | "bytes">,
		settings: number,
		sample: number,
	): void {
		let owner = this.#ownerIndex.get(of);
		if (owner === undefined) {
			owner = this.#owners.push(of) - 1;
			this.#ownerIndex.set(of, owner);
		}
		const from = this.#count++ * FIELDS;
		if (from >= this.#numbers.length) {
			const more = new Float64Array(2 * this.#numbers.length);
			more.set(this.#numbers);
			this.#numbers = more;
		}
		// Two small numbers share a field: no run has 65,536 inputs.
		this.#numbers.set([owner, settings * 0x1_0000 + input, file, at, bytes, sample], from);
	}

	/** By owner, then by settings, then by sample: an order that no file decides. */
	*sorted(compare: (a: Of, b: Of) => number): Generator<Placed<Of>, void, void> {
		const numbers = this.#numbers;
		const ranks = new Uint32Array(this.#owners.length);
		const byRank = this.#owners
			.map((_, index) => index)
			.sort((a, b) => compare(this.#owners[a]!, this.#owners[b]!));
		for (const [rank, owner] of byRank.entries()) ranks[owner] = rank;
		const settings = (row: number): number => Math.floor(numbers[row * FIELDS + 1]! / 0x1_0000);
		const order = new Uint32Array(this.#count).map((_, index) => index);
		order.sort(
			(a, b) =>
				ranks[numbers[a * FIELDS]!]! - ranks[numbers[b * FIELDS]!]! ||
				settings(a) - settings(b) ||
				numbers[a * FIELDS + 5]! - numbers[b * FIELDS + 5]!,
		);
		for (const row of order) {
			const [owner, shared, file, at, bytes] = numbers.subarray(row * FIELDS, row * FIELDS + FIELDS);
			yield { of: this.#owners[owner!]!, input: shared! % 0x1_0000, file: file!, at: at!, bytes: bytes! };
		}
	}
}
