/**
 * How many rollouts run at once. A fixed number, or as many as the engine bears: it grows while more of them bring more
 * tokens a second (doubling until the first time that they do not, then one at a time), goes back to the last good level
 * where they do not or where the engine refuses the step, and is halved where the engine refuses a level that it bore
 * before (additive increase, multiplicative decrease: Chiu and Jain, Computer Networks and ISDN Systems 17, 1989).
 * Pure: time comes in.
 *
 * What always holds: least <= level <= most.
 */
import type { Engine } from "../engine/engine.ts";

/** What sampling is paced by: one engine's pace, or several together (paces.ts). */
export interface Pacing {
	/** How many rollouts may run now. */
	readonly level: number;
	/** What an engine brought, and how many were running. */
	brought(tokens: number, running: number, nowMs: number, engine: Engine): void;
	/** An engine was asked for too much, or failed. */
	refused(running: number, nowMs: number, engine: Engine): void;
	/** Whether a rollout of this problem could begin where its prefix is, or will be. Without: it is the same everywhere. */
	prefers?(problem: string): boolean;
	/** Called when there may be more room than before. */
	onMore?: () => void;
}

export type PaceOptions = {
	readonly start: number;
	readonly least?: number;
	readonly most: number;
	/** How long one level is measured. */
	readonly windowMs?: number;
};

const WINDOW_MS = 4_000;
/** More tokens a second than before, or it was not worth it. */
const WORTH = 1.03;
/** Windows to stay at a level that was found, before more is tried again. */
const REST_WINDOWS = 8;

export class Pace implements Pacing {
	readonly #least: number;
	readonly #most: number;
	readonly #windowMs: number;
	#level: number;
	#doubling = true;
	/** The level before this one, with what it brought. */
	#before: { readonly level: number; readonly rate: number } | undefined;
	#rest = 0;
	#tokens = 0;
	#since: number | undefined;
	#refusedAt: number | undefined;
	/** The level was not filled for the whole window: what was measured says nothing of it. */
	#unfilled = true;

	constructor({ start, least = 1, most, windowMs = WINDOW_MS }: PaceOptions) {
		this.#least = least;
		this.#most = Math.max(least, most);
		this.#level = Math.min(this.#most, Math.max(least, start));
		this.#windowMs = windowMs;
	}

	static fixed(level: number): Pace {
		return new Pace({ start: level, least: level, most: level });
	}

	get level(): number {
		return this.#level;
	}

	brought(tokens: number, running: number, nowMs: number): void {
		if (this.#since === undefined) this.#begin(nowMs);
		this.#tokens += tokens;
		if (running < this.#level) this.#unfilled = true;
		const took = nowMs - this.#since!;
		if (took < this.#windowMs) return;
		const rate = this.#tokens / took;
		const measured = !this.#unfilled;
		this.#begin(nowMs);
		if (measured) this.#judge(rate);
	}

	/**
	 * The engine was asked for too much, or failed. All that is in flight then says so at once: that counts as one; and
	 * what is above a level that was just lowered says nothing of the new one.
	 */
	refused(running: number, nowMs: number): void {
		if (running > this.#level) return;
		if (this.#refusedAt !== undefined && nowMs - this.#refusedAt < this.#windowMs) return;
		this.#refusedAt = nowMs;
		const step = this.#before && this.#before.level < this.#level ? this.#before.level : undefined;
		this.#to(step ?? Math.floor(this.#level / 2));
		this.#before = undefined;
		this.#doubling = false;
		this.#rest = REST_WINDOWS;
		this.#begin(nowMs);
		this.#unfilled = true;
	}

	#judge(rate: number): void {
		if (this.#rest > 0) {
			this.#rest--;
			return;
		}
		const before = this.#before;
		if (before && before.level < this.#level && rate < before.rate * WORTH) {
			this.#to(before.level);
			this.#before = undefined;
			this.#doubling = false;
			this.#rest = REST_WINDOWS;
			return;
		}
		if (this.#level === this.#most) return;
		this.#before = { level: this.#level, rate };
		this.#to(this.#doubling ? this.#level * 2 : this.#level + 1);
	}

	#to(level: number): void {
		this.#level = Math.min(this.#most, Math.max(this.#least, level));
	}

	#begin(nowMs: number): void {
		this.#since = nowMs;
		this.#tokens = 0;
		this.#unfilled = false;
	}
}
