/**
 * How far a scoring is, on standard error: one line that is written anew where that is a terminal, a plain line every half
 * minute elsewhere.
 */

import { duration } from "../data/duration.ts";
import type { OutcomeVerdict } from "../trace/events.ts";
import { visibleLine } from "../trace/visible.ts";
import type { Io } from "./command.ts";

const REDRAW_MS = 250;
const PLAIN_MS = 30_000;

export class ScoreLine {
	readonly #io: Io;
	readonly #total: number;
	readonly #verdicts: () => Readonly<Record<OutcomeVerdict, number>>;
	readonly #now: () => number;
	readonly #begun: number;
	readonly #timer: NodeJS.Timeout;
	#passed = 0;
	#scored = 0;
	#drawn = false;

	constructor(
		io: Io,
		total: number,
		verdicts: () => Readonly<Record<OutcomeVerdict, number>>,
		now: () => number = () => performance.now(),
	) {
		this.#io = io;
		this.#total = total;
		this.#verdicts = verdicts;
		this.#now = now;
		this.#begun = now();
		this.#timer = setInterval(() => this.#tick(), this.#tty ? REDRAW_MS : PLAIN_MS).unref();
	}

	get #tty(): boolean {
		return this.#io.stderr.isTTY === true;
	}

	get seconds(): number {
		return (this.#now() - this.#begun) / 1000;
	}

	passed(): void {
		this.#passed++;
	}

	scored(): void {
		this.#scored++;
	}

	say(words: string): void {
		this.#clear();
		this.#io.stderr.write(`nudge: ${visibleLine(words)}\n`);
	}

	end(): void {
		clearInterval(this.#timer);
		this.#clear();
	}

	line(): string {
		const done = this.#passed + this.#scored;
		const rate = this.#scored / Math.max(0.001, this.seconds);
		const { correct, wrong, unchecked, ...other } = this.#verdicts();
		const rest = Object.values(other).reduce((sum, one) => sum + one, 0);
		return [
			`${done} of ${this.#total} (${((100 * done) / Math.max(1, this.#total)).toFixed(1)} %)`,
			`${rate.toFixed(1)}/s`,
			`${correct} correct, ${wrong} wrong${rest > 0 ? `, ${rest} without an answer` : ""}${unchecked > 0 ? `, ${unchecked} unchecked` : ""}`,
			this.#scored === 0 ? "time left unknown" : `${duration((this.#total - done) / rate)} left`,
		].join(" | ");
	}

	#tick(): void {
		if (!this.#tty) {
			this.#io.stderr.write(`${this.line()}\n`);
			return;
		}
		const { columns } = this.#io.stderr as { readonly columns?: number };
		this.#io.stderr.write(`\r\u001b[K${this.line().slice(0, (columns ?? 80) - 1)}`);
		this.#drawn = true;
	}

	#clear(): void {
		if (this.#drawn) this.#io.stderr.write("\r\u001b[K");
		this.#drawn = false;
	}
}
