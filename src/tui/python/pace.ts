/**
 * How often the screen is told that the pane has changed, and how old what it sees may be: 30 times a second for what
 * Python prints, at once for the answer to a key.
 */

const SNAPSHOT_MS = 33;
/** What appears this soon after a key is the answer to it. */
const ECHO_MS = 200;
const ECHO_SNAPSHOT_MS = 8;

export type When = "now" | "soon";

export class Pace {
	readonly #onChange: (when: When) => void;
	readonly #now: () => number;
	#stale = true;
	#takenAt = Number.NEGATIVE_INFINITY;
	#toldAt = Number.NEGATIVE_INFINITY;
	#echoUntil = Number.NEGATIVE_INFINITY;
	#teller: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(onChange: (when: When) => void, now: () => number) {
		this.#onChange = onChange;
		this.#now = now;
	}

	/** A person did something: what changes now is for them. */
	touched(): void {
		this.#echoUntil = this.#now() + ECHO_MS;
	}

	/** What is shown is no longer what there is. */
	changed(): void {
		this.#stale = true;
		this.#tellIn(this.#toldAt + this.#interval() - this.#now());
	}

	/** The same, and nobody waits for it: a person moved it, or it has another size. */
	moved(): void {
		this.#stale = true;
		this.#takenAt = Number.NEGATIVE_INFINITY;
	}

	/** Whether a new picture is to be taken. Where it is too early for that, the screen is told in time. */
	due(): boolean {
		if (!this.#stale) return false;
		const wait = this.#takenAt + this.#interval() - this.#now();
		if (wait <= 0) return true;
		this.#tellIn(wait);
		return false;
	}

	taken(): void {
		this.#stale = false;
		this.#takenAt = this.#now();
	}

	tell(when: When): void {
		if (this.#closed) return;
		clearTimeout(this.#teller);
		this.#teller = undefined;
		this.#toldAt = this.#now();
		this.#onChange(when);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#teller);
	}

	#tellIn(waitMs: number): void {
		if (waitMs <= 0) this.tell(this.#now() < this.#echoUntil ? "now" : "soon");
		else this.#teller ??= setTimeout(() => this.#tellIn(0), waitMs).unref();
	}

	#interval(): number {
		return this.#now() < this.#echoUntil ? ECHO_SNAPSHOT_MS : SNAPSHOT_MS;
	}
}
