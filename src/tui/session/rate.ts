/** Tokens per second over the last two seconds of streaming. */
const WINDOW_MS = 2_000;
/** One bucket of the window. */
const STEP_MS = 100;

export class Rate {
	readonly #now: () => number;
	readonly #buckets: { readonly at: number; count: number }[] = [];

	constructor(now: () => number) {
		this.#now = now;
	}

	add(count: number): void {
		const at = Math.floor(this.#now() / STEP_MS) * STEP_MS;
		const last = this.#buckets.at(-1);
		if (last?.at === at) last.count += count;
		else this.#buckets.push({ at, count });
		this.#trim();
	}

	/** Undefined when nothing came for the whole window. */
	get perSecond(): number | undefined {
		this.#trim();
		const first = this.#buckets[0];
		if (!first) return undefined;
		const spanMs = Math.max(STEP_MS * 2, this.#now() - first.at);
		return (this.#buckets.reduce((sum, { count }) => sum + count, 0) * 1_000) / spanMs;
	}

	#trim(): void {
		const oldest = this.#now() - WINDOW_MS;
		while (this.#buckets[0] && this.#buckets[0].at < oldest) this.#buckets.shift();
	}
}
