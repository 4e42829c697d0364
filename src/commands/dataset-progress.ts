/**
 * How far the reading of large files is, on standard error: one line that is written anew where that is a terminal, a
 * plain line every half minute elsewhere.
 */

import { duration } from "../data/duration.ts";
import { visibleLine } from "../trace/visible.ts";
import type { Io } from "./command.ts";

const REDRAW_MS = 250;
const PLAIN_MS = 30_000;

export class BytesProgress {
	readonly #io: Io;
	readonly #now: () => number;
	readonly #begun: number;
	readonly #timer: NodeJS.Timeout;
	#total = 0;
	#done = 0;
	#phase = "";
	#readMs = 0;
	#drawn = false;

	constructor(io: Io, now: () => number = () => performance.now()) {
		this.#io = io;
		this.#now = now;
		this.#begun = now();
		this.#timer = setInterval(() => this.#tick(), io.stderr.isTTY ? REDRAW_MS : PLAIN_MS).unref();
	}

	readonly total = (bytes: number): void => {
		this.#total += bytes;
	};

	readonly bytes = (bytes: number): void => {
		this.#done += bytes;
		this.#readMs = this.#now() - this.#begun;
	};

	readonly phase = (says: string): void => {
		this.#phase = says;
	};

	/** A line of its own. */
	say(words: string): void {
		this.#clear();
		this.#io.stderr.write(`nudge: ${visibleLine(words)}\n`);
	}

	end(): void {
		clearInterval(this.#timer);
		this.#clear();
	}

	/** What was read, and how fast. */
	get rate(): string {
		const seconds = (this.#now() - this.#begun) / 1000;
		return `${size(this.#done)} in ${seconds.toFixed(1)} s`;
	}

	line(): string {
		const seconds = Math.max(0.001, this.#readMs / 1000);
		const each = this.#done === 0 ? undefined : seconds / this.#done;
		const over = this.#done >= this.#total;
		const left = over
			? ""
			: each === undefined
				? " | time left unknown"
				: ` | ${duration(each * (this.#total - this.#done))} left`;
		const share = this.#total === 0 ? "" : ` (${((100 * this.#done) / this.#total).toFixed(1)} %)`;
		return `${this.#phase} | ${size(this.#done)} of ${size(this.#total)}${share} | ${size(this.#done / seconds)}/s${left}`;
	}

	#tick(): void {
		if (!this.#io.stderr.isTTY) {
			this.#io.stderr.write(`${this.line()}\n`);
			return;
		}
		const { columns } = this.#io.stderr as { readonly columns?: number };
		this.#io.stderr.write(`\r\u001b[K${visibleLine(this.line()).slice(0, (columns ?? 80) - 1)}`);
		this.#drawn = true;
	}

	#clear(): void {
		if (this.#drawn) this.#io.stderr.write("\r\u001b[K");
		this.#drawn = false;
	}
}

export function size(bytes: number): string {
	if (bytes < 1000) return `${Math.round(bytes)} B`;
	const units = ["kB", "MB", "GB", "TB"];
	let value = bytes / 1000;
	let unit = 0;
	for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
	return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
