/**
 * A session that was kept, told again as it was made: the events of its journal in their order and with their pauses, at
 * any speed, forward and back. It looks like a live one to a screen, and nothing in it can be changed.
 */
import type { TraceEvent } from "../trace/events.ts";
import { Fold, type SessionState } from "../trace/fold.ts";
import { Fixed, hintsOf } from "./fixed.ts";
import type { HintSettings, LiveStatus } from "./live.ts";

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
/** Nobody wants to watch a person think for longer, at any speed. */
const LONGEST_PAUSE_MS = 2_000;
/** Several events that are due within one are told at once. */
const STEP_MS = 16;

export type ReplayOptions = {
	readonly id: string;
	readonly events: readonly TraceEvent[];
	readonly speed?: number;
};

const STOPS: ReadonlySet<TraceEvent["type"]> = new Set([
	"hint",
	"output",
	"limit",
	"edit",
	"branch",
	"outcome",
]);

export class Replay extends Fixed {
	readonly id: string;
	readonly hints: HintSettings;
	readonly #events: readonly TraceEvent[];
	#fold = new Fold();
	#next = 0;
	#branch = "main";
	#playing = false;
	#timer: NodeJS.Timeout | undefined;
	#speed: number;

	constructor({ id, events, speed = 1 }: ReplayOptions) {
		super("a replay cannot be changed: leave it first");
		this.id = id;
		this.#events = events;
		this.#speed = speed;
		this.hints = hintsOf(events.find((event) => event.type === "branch")?.settings);
		this.#tellUntil(1);
	}

	get state(): SessionState {
		return this.#fold.state;
	}

	get branch(): string {
		return this.#branch;
	}

	get status(): LiveStatus {
		if (this.#next >= this.#events.length) return "ended";
		return this.#playing ? "thinking" : "paused";
	}

	get speed(): number {
		return this.#speed;
	}

	/** How many of the events have been told, and how many there are. */
	get progress(): { readonly done: number; readonly total: number } {
		return { done: this.#next, total: this.#events.length };
	}

	override goOn(): void {
		if (this.#next >= this.#events.length) this.#anew(1);
		this.#playing = true;
		this.tell({ type: "status" });
		this.#schedule();
	}

	override pause(): void {
		this.#playing = false;
		clearTimeout(this.#timer);
		this.tell({ type: "status" });
	}

	override async stop(): Promise<void> {
		this.pause();
	}

	/** Twice or half as fast. */
	faster(by: 1 | -1): number {
		const at = SPEEDS.findIndex((speed) => speed >= this.#speed);
		this.#speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))] ?? 1;
		if (this.#playing) this.#schedule();
		this.tell({ type: "status" });
		return this.#speed;
	}

	/** To behind the next hint, output, branch or verdict; or back to behind the one before. */
	skip(by: 1 | -1): void {
		if (by > 0) {
			const stop = this.#events.findIndex((event, index) => index > this.#next && STOPS.has(event.type));
			this.#tellUntil(stop < 0 ? this.#events.length : stop + 1);
		} else {
			const stop = this.#events.findLastIndex(
				(event, index) => index < this.#next - 1 && STOPS.has(event.type),
			);
			this.#anew(Math.max(1, stop + 1));
		}
		if (this.#playing) this.#schedule();
		this.tell({ type: "status" });
	}

	toEnd(): void {
		this.#tellUntil(this.#events.length);
		this.#playing = false;
		clearTimeout(this.#timer);
		this.tell({ type: "status" });
	}

	#schedule(): void {
		clearTimeout(this.#timer);
		const event = this.#events[this.#next];
		if (!event || !this.#playing) return;
		const before = this.#events[this.#next - 1];
		const gap = Math.min(LONGEST_PAUSE_MS, Math.max(0, event.t - (before?.t ?? event.t))) / this.#speed;
		this.#timer = setTimeout(() => this.#step(), Math.max(gap, STEP_MS));
	}

	#step(): void {
		const from = this.#next;
		let due = 0;
		let until = from + 1;
		// What is due within the same step is told with it.
		while (until < this.#events.length && due < STEP_MS) {
			const gap = (this.#events[until]?.t ?? 0) - (this.#events[until - 1]?.t ?? 0);
			due += Math.max(0, gap) / this.#speed;
			if (due >= STEP_MS) break;
			until++;
		}
		this.#tellUntil(until);
		if (this.#next >= this.#events.length) {
			this.#playing = false;
			this.tell({ type: "status" });
		} else this.#schedule();
	}

	#tellUntil(end: number): void {
		while (this.#next < Math.min(end, this.#events.length)) {
			const event = this.#events[this.#next++] as TraceEvent;
			this.#fold.apply(event);
			if ("branch" in event && event.type !== "mark" && event.branch !== this.#branch) {
				this.#branch = event.branch;
				this.tell({ type: "branch" });
			} else if (event.type === "branch") this.tell({ type: "branch" });
			else this.tell({ type: "event", event });
		}
	}

	/** Back to the beginning and forward again: a state is only ever the fold of what came before it. */
	#anew(until: number): void {
		this.#fold = new Fold();
		this.#next = 0;
		this.#branch = "main";
		const listeners = [...this.listeners];
		this.listeners.clear();
		this.#tellUntil(until);
		for (const listener of listeners) this.listeners.add(listener);
		this.tell({ type: "branch" });
	}

	override async close(): Promise<void> {
		clearTimeout(this.#timer);
		await super.close();
	}
}
