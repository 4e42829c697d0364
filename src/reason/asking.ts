/**
 * The one proposal that waits for a person: what is shown of it, its answer, and the moment that auto leaves for a veto.
 *
 * What always holds: an answer goes to the proposal that is shown and to no other; the clock stands while the trace is
 * paused and once a person has begun to answer; whoever waits here is always told in the end.
 */
import type { Answer, Ask } from "../hints/ask.ts";
import type { Marker } from "../hints/marker.ts";
import type { HintSettings, Pending } from "./live.ts";

type Waiting = {
	readonly resolve: (answer: Answer) => void;
	readonly reject: (error: Error) => void;
};

const SWITCHED_OFF: Answer = { do: "veto", reason: "hints were switched off" };

export class Asking {
	readonly #settings: () => HintSettings;
	readonly #now: () => number;
	readonly #changed: () => void;
	#pending: Pending | undefined;
	#waiting: Waiting | undefined;
	/** The marker that a person has begun to answer. */
	#engaged: Marker | undefined;
	#timer: NodeJS.Timeout | undefined;
	#held = false;
	#before = "";

	constructor(settings: () => HintSettings, now: () => number, changed: () => void) {
		this.#settings = settings;
		this.#now = now;
		this.#changed = changed;
	}

	get pending(): Pending | undefined {
		return this.#pending;
	}

	/** The assistant's text up to the marker that the proposal is for. */
	get before(): string {
		return this.#before;
	}

	readonly ask: Ask = (proposal, marker, context, note) => {
		const { mode, vetoMs } = this.#settings();
		// Switched off between an answer and the next question.
		if (mode === "off") return Promise.resolve(SWITCHED_OFF);
		if (mode === "auto" && vetoMs <= 0 && marker !== this.#engaged) return Promise.resolve({ do: "let" });
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
			this.#before = context.text;
			this.#show({ proposal, marker, ...(note === undefined ? {} : { note }) });
		});
	};

	/** False where nothing waits. */
	answer(answer: Answer): boolean {
		if (!this.#waiting) return false;
		this.#engaged = this.#pending?.marker;
		this.#take().resolve(answer);
		return true;
	}

	/** Nobody will answer any more. */
	withdraw(error: Error): void {
		if (this.#waiting) this.#take().reject(error);
	}

	/** While it is held nothing goes in by itself; let go, the moment for a veto begins anew. */
	hold(held: boolean): void {
		this.#held = held;
		if (this.#pending) this.#show(this.#pending);
	}

	/** The settings are others: what waits is treated as they say. */
	reconsider(): void {
		const { mode, vetoMs } = this.#settings();
		if (!this.#pending) return;
		const engaged = this.#pending.marker === this.#engaged;
		if (mode === "off") this.answer(SWITCHED_OFF);
		else if (mode === "auto" && vetoMs <= 0 && !engaged && !this.#held) this.#let();
		else this.#show(this.#pending);
	}

	#show({ proposal, marker, note }: Pending): void {
		clearTimeout(this.#timer);
		const { mode, vetoMs } = this.#settings();
		const clock = mode === "auto" && !this.#held && marker !== this.#engaged;
		if (clock) this.#timer = setTimeout(() => this.#let(), Math.max(0, vetoMs));
		this.#pending = {
			proposal,
			marker,
			...(note === undefined ? {} : { note }),
			...(clock ? { until: this.#now() + Math.max(0, vetoMs) } : {}),
		};
		this.#changed();
	}

	#let(): void {
		if (this.#waiting) this.#take().resolve({ do: "let" });
	}

	#take(): Waiting {
		const waiting = this.#waiting as Waiting;
		clearTimeout(this.#timer);
		this.#waiting = undefined;
		this.#pending = undefined;
		this.#changed();
		return waiting;
	}
}
