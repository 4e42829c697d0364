/**
 * A long text that grows at its end in tiny pieces, in chunks of one size: a piece costs what the piece is long, and any
 * stretch is found at once. Chunks may part a surrogate pair; stretches are as they were put in.
 */
export const CHUNK_UNITS = 8192;

export class TextStore {
	readonly #full: string[] = [];
	#open = "";

	get length(): number {
		return this.#full.length * CHUNK_UNITS + this.#open.length;
	}

	push(text: string): void {
		let rest = text;
		while (this.#open.length + rest.length >= CHUNK_UNITS) {
			const room = CHUNK_UNITS - this.#open.length;
			this.#full.push(this.#open + rest.slice(0, room));
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
		const open = this.#full[chunk] ?? (chunk === this.#full.length ? this.#open : undefined);
		if (open === undefined) return;
		this.#open = open.slice(0, at - chunk * CHUNK_UNITS);
		this.#full.length = chunk;
	}

	/** Where the line begins that holds the place before `at`: behind the last newline there. */
	lineStart(at: number): number {
		for (let chunk = Math.floor(at / CHUNK_UNITS); chunk >= 0; chunk--) {
			const base = chunk * CHUNK_UNITS;
			const piece = (this.#full[chunk] ?? this.#open).slice(0, Math.max(0, at - base));
			const found = piece.lastIndexOf("\n");
			if (found >= 0) return base + found + 1;
		}
		return 0;
	}
}
