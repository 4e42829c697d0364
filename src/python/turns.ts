/**
 * Who may run now. Blocks of many traces begin in the order in which they were asked for, a few at a time, so that each
 * has a processor when it begins and short ones are done before more begin; one that goes on for long is taken to be
 * long and holds nobody up any more (the machine shares itself out among those, and their clocks count only their own
 * running: guest/block.py). Where memory is short, none begins until another has ended.
 *
 * What always holds: while anyone waits, somebody runs or the next is let in; who waits is let in in turn; what waits
 * here is on no block's clock.
 */
import { availableParallelism, totalmem } from "node:os";

export type Turn = {
	readonly granted: boolean;
	/** It has run, or no longer wants to. May be said twice. */
	give(): void;
};

export type TurnsOptions = {
	/** Beginners at a time. */
	readonly beginners?: number;
	/** After so long a block counts as long. */
	readonly longMs?: number;
	/** Below this nobody begins beside another. */
	readonly reserveBytes?: number;
	readonly availableBytes?: () => number;
};

const LONG_MS = 100;
const LOOK_AGAIN_MS = 100;

type Place = { granted: boolean; over: boolean; readonly ready: () => void; timer?: NodeJS.Timeout };

export class Turns {
	readonly #beginnersMost: number;
	readonly #longMs: number;
	readonly #reserveBytes: number;
	readonly #availableBytes: () => number;
	readonly #waiting = new Set<Place>();
	#beginners = 0;
	#running = 0;
	#again: NodeJS.Timeout | undefined;

	constructor(options: TurnsOptions = {}) {
		this.#beginnersMost = options.beginners ?? Math.max(32, 8 * availableParallelism());
		this.#longMs = options.longMs ?? LONG_MS;
		this.#reserveBytes = options.reserveBytes ?? Math.min(2 ** 30, totalmem() / 16);
		this.#availableBytes = options.availableBytes ?? availableBytes;
	}

	/** How many run, and how many wait. */
	get counts(): { readonly running: number; readonly waiting: number } {
		return { running: this.#running, waiting: this.#waiting.size };
	}

	/** `ready` is called once it is granted, but not where that is so at once. */
	ask(ready: () => void): Turn {
		const place: Place = { granted: false, over: false, ready };
		if (this.#waiting.size === 0 && this.#free()) this.#grant(place);
		else {
			this.#waiting.add(place);
			this.#lookAgain();
		}
		const give = (): void => this.#give(place);
		return {
			get granted() {
				return place.granted;
			},
			give,
		};
	}

	#free(): boolean {
		if (this.#running === 0) return true;
		return this.#beginners < this.#beginnersMost && this.#availableBytes() >= this.#reserveBytes;
	}

	#grant(place: Place): void {
		place.granted = true;
		this.#running++;
		this.#beginners++;
		place.timer = setTimeout(() => this.#isLong(place), this.#longMs);
		place.timer.unref();
	}

	#isLong(place: Place): void {
		delete place.timer;
		this.#beginners--;
		this.#next();
	}

	#give(place: Place): void {
		if (place.over) return;
		place.over = true;
		this.#waiting.delete(place);
		if (place.granted) {
			this.#running--;
			if (place.timer) {
				clearTimeout(place.timer);
				this.#beginners--;
			}
		}
		this.#next();
	}

	#next(): void {
		for (const place of this.#waiting) {
			if (!this.#free()) break;
			this.#waiting.delete(place);
			this.#grant(place);
			place.ready();
		}
		this.#lookAgain();
	}

	/** Memory comes back without anybody saying so. */
	#lookAgain(): void {
		if (this.#again !== undefined || this.#waiting.size === 0) return;
		this.#again = setTimeout(() => {
			this.#again = undefined;
			this.#next();
		}, LOOK_AGAIN_MS);
		this.#again.unref();
	}
}

const MEMORY_HOLDS_MS = 50;
let memory = { bytes: 0, atMs: Number.NEGATIVE_INFINITY };

/** What this process and its children may still take: of the machine, or of the control group where one limits them. */
function availableBytes(): number {
	const now = performance.now();
	// Asking costs a quarter of what a short block does.
	if (now - memory.atMs > MEMORY_HOLDS_MS) memory = { bytes: process.availableMemory(), atMs: now };
	return memory.bytes;
}

/** At most so many at a time; the others in their order. */
export class Gate {
	readonly #most: number;
	#inside = 0;
	readonly #waiting: (() => void)[] = [];

	constructor(most: number) {
		this.#most = most;
	}

	async through<T>(work: () => Promise<T>): Promise<T> {
		if (this.#inside >= this.#most) await new Promise<void>((enter) => this.#waiting.push(enter));
		else this.#inside++;
		try {
			return await work();
		} finally {
			// Whoever is next takes this place; the count stays.
			const next = this.#waiting.shift();
			if (next) next();
			else this.#inside--;
		}
	}
}
