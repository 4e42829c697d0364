/**
 * The rollout that is looked at: read from its file when it has ended, put together from what its process tells while it is
 * made, and changed from the one to the other when it ends. One at a time is in memory.
 */

import type { Rollout } from "../../data/rollout.ts";
import { eventsOfRollout, Growing } from "../../data/rollout-events.ts";
import { rolloutAt } from "../../data/run-reader.ts";
import type { RunWatch } from "../../data/run-watch.ts";
import { Still } from "../../reason/still.ts";
import type { RunRow } from "./run-rows.ts";

/** A row stays selected for so long before its file is read: whoever hurries by reads nothing. */
const REST_MS = 60;

export class Reading {
	readonly live = new Still("", []);
	readonly #watch: RunWatch;
	readonly #changed: () => void;
	#row: RunRow | undefined;
	#rollout: Rollout | undefined;
	#growing: Growing | undefined;
	#trouble: string | undefined;
	#timer: NodeJS.Timeout | undefined;
	#loading = false;

	constructor(watch: RunWatch, changed: () => void) {
		this.#watch = watch;
		this.#changed = changed;
	}

	get row(): RunRow | undefined {
		return this.#row;
	}
	/** Of one that has ended, when it is read. */
	get rollout(): Rollout | undefined {
		return this.#rollout;
	}
	get trouble(): string | undefined {
		return this.#trouble;
	}
	get loading(): boolean {
		return this.#loading;
	}
	/** Units at its beginning that are not shown while it is made. */
	get missing(): number {
		return this.#growing?.missing ?? 0;
	}

	/** Shows a row; the same again brings what is new of it. */
	show(row: RunRow | undefined, restMs: number = REST_MS): void {
		const before = this.#row;
		this.#row = row;
		if (!row) {
			this.#forget();
			if (before) this.live.show("", []);
			return;
		}
		if (row.is === "in flight") {
			const { sheet } = this.#watch;
			if (!sheet) return;
			if (before?.key !== row.key || before.is !== "in flight") {
				this.#forget();
				this.#growing = new Growing(sheet);
			}
			const { anew, events } = this.#growing!.take(row.live);
			if (anew) this.live.show(row.key, events, true);
			else if (events.length > 0) this.live.add(events);
			return;
		}
		if (before?.key === row.key && before.is === "ended") return;
		// What was shown while it was made stands until the whole is read.
		const sameTrace = before?.key === row.key;
		this.#forget();
		this.#loading = true;
		if (!sameTrace) this.live.show(row.key, []);
		this.#timer = setTimeout(() => void this.#load(row), sameTrace ? 0 : restMs);
	}

	close(): void {
		this.#forget();
		this.#row = undefined;
	}

	#forget(): void {
		clearTimeout(this.#timer);
		this.#rollout = undefined;
		this.#growing = undefined;
		this.#trouble = undefined;
		this.#loading = false;
	}

	async #load(row: Extract<RunRow, { is: "ended" }>): Promise<void> {
		const rollout = await rolloutAt(row.entry.place);
		if (this.#row?.key !== row.key || this.#row.is !== "ended") return;
		this.#loading = false;
		try {
			this.#show(row, rollout);
		} catch (error) {
			// A line that another program made, or a later version.
			this.#trouble = error instanceof Error ? error.message : String(error);
		}
		this.#changed();
	}

	#show({ key, entry }: Extract<RunRow, { is: "ended" }>, rollout: Rollout | string): void {
		const { sheet } = this.#watch;
		if (typeof rollout === "string" || !sheet) {
			this.#trouble = String(rollout);
			return;
		}
		const { verdict, answer } = entry;
		// Where it was scored anew, that counts.
		const scored =
			verdict === rollout.verdict
				? rollout
				: { ...rollout, verdict, ...(answer === undefined ? {} : { answer }) };
		const events = [...eventsOfRollout(scored, key, sheet)];
		this.#rollout = scored;
		this.live.show(fileName(key), events);
	}
}

/** A key as a part of a file's name. */
export function fileName(key: string): string {
	return key.replace(/[^\w.#-]+/g, "_").replaceAll("#", "-");
}
