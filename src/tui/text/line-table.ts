/** Where each line on the screen begins and what it is: five bytes a line, and room to grow. */
export class LineTable {
	#starts = new Uint32Array(256);
	#what = new Uint8Array(256);
	#length = 0;

	get length(): number {
		return this.#length;
	}

	push(start: number, what: number): void {
		if (this.#length === this.#starts.length) {
			const starts = new Uint32Array(2 * this.#length);
			starts.set(this.#starts);
			this.#starts = starts;
			const whats = new Uint8Array(2 * this.#length);
			whats.set(this.#what);
			this.#what = whats;
		}
		this.#starts[this.#length] = start;
		this.#what[this.#length] = what;
		this.#length++;
	}

	/** Keeps the first `length` lines. */
	cut(length: number): void {
		this.#length = Math.min(this.#length, length);
	}

	start(line: number): number {
		return this.#starts[line]!;
	}

	what(line: number): number {
		return this.#what[line]!;
	}

	/** The first line that begins at the offset or behind it; as many as there are where none does. */
	firstFrom(offset: number): number {
		let low = 0;
		let high = this.#length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#starts[middle]! < offset) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
