/**
 * How far a run is, on standard error: one line that is written anew, at most four times a second, where that is a
 * terminal; a plain line every half minute elsewhere, so that a log of a weekend stays readable.
 */

import { duration } from "../data/duration.ts";
import type { RunSummary } from "../data/run-summary.ts";
import { visibleLine } from "../trace/visible.ts";
import type { Io } from "./command.ts";

const REDRAW_MS = 250;
const PLAIN_MS = 30_000;
/** Rates are those of this long. */
const RATE_MS = 20_000;

export type ProgressFacts = {
	readonly total: number;
	/** Of these, done before this start. */
	readonly before: number;
	readonly verdicts: () => RunSummary["verdicts"];
	readonly level: () => number;
	/** Where there is more to say of the engines than that. */
	readonly engines?: () => string | undefined;
};

export class SampleProgress {
	readonly #io: Io;
	readonly #facts: ProgressFacts;
	readonly #now: () => number;
	readonly #begun: number;
	readonly #timer: NodeJS.Timeout;
	#points: { readonly at: number; readonly tokens: number; readonly calls: number }[] = [];
	#kept = 0;
	#tokens = 0;
	#calls = 0;
	#drawn = false;

	constructor(io: Io, facts: ProgressFacts, now: () => number = () => performance.now()) {
		this.#io = io;
		this.#facts = facts;
		this.#now = now;
		this.#begun = now();
		this.#points.push({ at: this.#begun, tokens: 0, calls: 0 });
		// A terminal or a log that went away ends no run.
		io.stderr.on("error", () => {});
		this.#timer = setInterval(() => this.#tick(), this.#tty ? REDRAW_MS : PLAIN_MS).unref();
	}

	get #tty(): boolean {
		return this.#io.stderr.isTTY === true;
	}

	get seconds(): number {
		return (this.#now() - this.#begun) / 1000;
	}

	get tokens(): number {
		return this.#tokens;
	}

	get calls(): number {
		return this.#calls;
	}

	/** Rollouts that ended since the start. */
	get done(): number {
		return this.#kept;
	}

	readonly kept = (): void => {
		this.#kept++;
	};

	readonly gotTokens = (count: number): void => {
		this.#tokens += count;
	};

	readonly called = (): void => {
		this.#calls++;
	};

	/** A line of its own, above the one that is written anew. */
	say(words: string): void {
		this.#clear();
		this.#io.stderr.write(`nudge: ${visibleLine(words)}\n`);
	}

	end(): void {
		clearInterval(this.#timer);
		this.#clear();
	}

	line(): string {
		const { total, before, verdicts, level, engines } = this.#facts;
		const now = this.#now();
		const from = this.#points[0]!;
		const took = Math.max(0.001, (now - from.at) / 1000);
		const done = before + this.#kept;
		const each = this.#kept === 0 ? undefined : (now - this.#begun) / this.#kept;
		const { correct, wrong, unchecked, ...other } = verdicts();
		const rest = Object.values(other).reduce((sum, count) => sum + count, 0);
		return [
			`${done} of ${total} (${((100 * done) / Math.max(1, total)).toFixed(1)} %)`,
			`${Math.round((this.#tokens - from.tokens) / took)} tokens/s`,
			`${((this.#calls - from.calls) / took).toFixed(1)} calls/s`,
			`${correct} correct, ${wrong} wrong${rest > 0 ? `, ${rest} without an answer` : ""}${unchecked > 0 ? `, ${unchecked} unchecked` : ""}`,
			`${level()} at once`,
			...[engines?.()].filter((says) => says !== undefined),
			each === undefined ? "time left unknown" : `${duration((each * (total - done)) / 1000)} left`,
		].join(" | ");
	}

	#tick(): void {
		const now = this.#now();
		this.#points.push({ at: now, tokens: this.#tokens, calls: this.#calls });
		while (this.#points.length > 2 && now - this.#points[0]!.at > RATE_MS) this.#points.shift();
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
