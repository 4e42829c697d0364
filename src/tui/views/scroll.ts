/** Where a window stands over more rows than it shows. Held inside whenever it is asked. */
export class Scroll {
	#top = 0;
	#rows = 1;
	#all = 0;

	/** The first row of the window, now that it shows `rows` of `all`. */
	fit(all: number, rows: number): number {
		this.#all = all;
		this.#rows = Math.max(1, rows);
		this.#top = Math.max(0, Math.min(this.#top, all - this.#rows));
		return this.#top;
	}

	/** The same, moved so that the rows from `first` up to `last` are in it. */
	around(all: number, rows: number, first: number, last = first): number {
		this.#top = Math.min(this.#top, first);
		this.#top = Math.max(this.#top, Math.min(first, last - Math.max(1, rows) + 1));
		return this.fit(all, rows);
	}

	get page(): number {
		return Math.max(1, this.#rows - 1);
	}

	/** How many rows lie below the window. */
	get below(): number {
		return Math.max(0, this.#all - this.#top - this.#rows);
	}

	get isAll(): boolean {
		return this.#all <= this.#rows;
	}

	/** False where there was nowhere to go. */
	by(rows: number): boolean {
		return this.to(this.#top + rows);
	}

	to(row: number): boolean {
		const before = this.#top;
		this.#top = Math.max(0, Math.min(row, this.#all - this.#rows));
		return this.#top !== before;
	}
}
