/**
 * A long text that grows at its end in tiny pieces, in chunks of one size: a piece costs what the piece is long, and any
 * stretch is found at once. Chunks may part a surrogate pair; stretches are as they were put in.
 */
export const CHUNK_UNITS = 8192;

export class TextStore {
	readonly #full: string[] = [];
	/**
	 * Where in each full chunk its last newline is, -1 where there is none. Looking for it has V8 make the chunk one text
	 * of what was a tree of its pieces; the tree took eight times the memory (13 MB for a million units).
	 */
	readonly #newlines: number[] = [];
	#open = "";

	get length(): number {
		return this.#full.length * CHUNK_UNITS + this.#open.length;
	}

	push(text: string): void {
		let rest = text;
		while (this.#open.length + rest.length >= CHUNK_UNITS) {
			const room = CHUNK_UNITS - this.#open.length;
			const chunk = this.#open + rest.slice(0, room);
			this.#newlines.push(chunk.lastIndexOf("\n"));
			this.#full.push(chunk);
			this.#open = "";
			rest = rest.slice(room);
		}
		this.#open += rest;
	}

	slice(from: number, to: number): string {
		let text = "";
		for (let at = Math.max(0, from); at < to; ) {
			const chunk = Math.floor(at / CHUNK_UNITS);
			const base = chunk * CHUNK_UNITS;
			const piece = (this.#full[chunk] ?? this.#open).slice(at - base, to - base);
			if (piece === "") break;
			text += piece;
			at += piece.length;
		}
		return text;
	}

	/** Drops everything from the offset on. */
	cut(at: number): void {
		const chunk = Math.floor(at / CHUNK_UNITS);
		if (chunk > this.#full.length) return;
		this.#open = (this.#full[chunk] ?? this.#open).slice(0, at - chunk * CHUNK_UNITS);
		this.#full.length = chunk;
		this.#newlines.length = chunk;
	}

	/** Where the line begins that holds the place before `at`: behind the last newline there. */
	lineStart(at: number): number {
		const last = Math.min(Math.floor(at / CHUNK_UNITS), this.#full.length);
		const inLast = (this.#full[last] ?? this.#open).slice(0, at - last * CHUNK_UNITS).lastIndexOf("\n");
		if (inLast >= 0) return last * CHUNK_UNITS + inLast + 1;
		for (let chunk = last - 1; chunk >= 0; chunk--) {
			if (this.#newlines[chunk]! >= 0) return chunk * CHUNK_UNITS + this.#newlines[chunk]! + 1;
		}
		return 0;
	}
}
