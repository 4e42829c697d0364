/** A set of 64-bit hashes, and what each belongs to: 12 bytes for each place of an open table that is at most 3/4 full. */
const SMALLEST = 1 << 10;

export class SeenHashes {
	#low = new Uint32Array(SMALLEST);
	#high = new Uint32Array(SMALLEST);
	#owners: Uint32Array | undefined;
	#size = 0;

	/** With owners `add` keeps whose a hash is, for `ownerOf`. */
	constructor(owned = false) {
		if (owned) this.#owners = new Uint32Array(SMALLEST);
	}

	get size(): number {
		return this.#size;
	}

	/** False where it was there: its owner stays who it was. */
	add(low: number, high: number, owner = 0): boolean {
		const at = this.#find(low, high);
		if (at < 0) return false;
		this.#put(at, low, high, owner);
		this.#size++;
		if (this.#size * 4 > this.#low.length * 3) this.#grow();
		return true;
	}

	/** Whose it is; undefined where it was never added. */
	ownerOf(low: number, high: number): number | undefined {
		const at = this.#find(low, high);
		return at < 0 ? (this.#owners?.[~at] ?? 0) : undefined;
	}

	/** The free place for a hash, or, where it is there, the complement of its place. An all-zero hash counts as 0, 1. */
	#find(low: number, high: number): number {
		const upper = low === 0 && high === 0 ? 1 : high;
		const mask = this.#low.length - 1;
		let at = (low ^ (upper >>> 7)) & mask;
		for (;;) {
			const l = this.#low[at] as number;
			const h = this.#high[at] as number;
			if (l === low && h === upper) return ~at;
			if (l === 0 && h === 0) return at;
			at = (at + 1) & mask;
		}
	}

	#put(at: number, low: number, high: number, owner: number): void {
		this.#low[at] = low;
		this.#high[at] = low === 0 && high === 0 ? 1 : high;
		if (this.#owners) this.#owners[at] = owner;
	}

	#grow(): void {
		const [low, high, owners] = [this.#low, this.#high, this.#owners];
		this.#low = new Uint32Array(low.length * 2);
		this.#high = new Uint32Array(low.length * 2);
		if (owners) this.#owners = new Uint32Array(low.length * 2);
		for (let i = 0; i < low.length; i++) {
			const [l, h] = [low[i] as number, high[i] as number];
			if (l !== 0 || h !== 0) this.#put(this.#find(l, h), l, h, owners?.[i] ?? 0);
		}
	}
}
