/**
 * All sessions of a store as a screen lists them, newest first, read behind whatever is shown.
 *
 * What always holds: the event loop is taken for a few milliseconds at a time (one summary that must be made from a long
 * journal can take longer); a session once listed stays listed, as it was last read, until a later reading finds it
 * gone; a folder that cannot be read is listed with what is wrong, never left out; one whose journal was never begun is
 * no session. What has not changed is not read again.
 */
import type { SessionStore } from "./store.ts";
import type { Summary } from "./summary.ts";

export type Shelved = {
	readonly id: string;
	readonly summary?: Summary;
	/** Why there is no summary. */
	readonly trouble?: string;
};

const SLICE_MS = 6;

export class Shelf {
	readonly #store: SessionStore;
	readonly #sliceMs: number;
	readonly #listeners = new Set<() => void>();
	#entries = new Map<string, Shelved>();
	#list: readonly Shelved[] = [];
	/** Ids that a reading has still to look at, the next one last. */
	#ahead: string[] = [];
	#total = 0;
	#due: NodeJS.Immediate | undefined;
	#again = false;
	#trouble: string | undefined;

	constructor(store: SessionStore, sliceMs: number = SLICE_MS) {
		this.#store = store;
		this.#sliceMs = sliceMs;
	}

	/** Newest first; another array whenever something changed. */
	get list(): readonly Shelved[] {
		return this.#list;
	}

	/** How many sessions there are, read or not. */
	get total(): number {
		return Math.max(this.#total, this.#list.length);
	}

	get loading(): boolean {
		return this.#due !== undefined;
	}

	/** Why the folder of sessions itself cannot be read. */
	get trouble(): string | undefined {
		return this.#trouble;
	}

	/** Told when more was read, and at the end of a reading. Returns what ends it. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Looks at the store again: the newest ones before this returns, the others behind. */
	refresh(): void {
		if (this.#due) {
			this.#again = true;
			return;
		}
		let ids: string[] = [];
		this.#trouble = undefined;
		try {
			ids = this.#store.ids();
		} catch (error) {
			this.#trouble = (error as Error).message;
		}
		const there = new Set(ids);
		for (const id of this.#entries.keys()) if (!there.has(id)) this.#entries.delete(id);
		this.#ahead = ids;
		this.#total = ids.length;
		this.#slice();
	}

	/** Takes one away at once that was removed. */
	drop(id: string): void {
		if (this.#entries.delete(id)) this.#total--;
		this.#ahead = this.#ahead.filter((other) => other !== id);
		this.#arrange();
		this.#tell();
	}

	#slice(): void {
		this.#due = undefined;
		const end = performance.now() + this.#sliceMs;
		while (this.#ahead.length > 0) {
			this.#look(this.#ahead.pop()!);
			if (performance.now() >= end) break;
		}
		this.#arrange();
		if (this.#ahead.length > 0) this.#due = setImmediate(() => this.#slice());
		else this.#total = this.#list.length;
		this.#tell();
		if (!this.#due && this.#again) {
			this.#again = false;
			this.refresh();
		}
	}

	#look(id: string): void {
		const known = this.#entries.get(id)?.summary;
		try {
			const summary = this.#store.summary(id, known);
			if (!summary) this.#entries.delete(id);
			else if (summary !== known) this.#entries.set(id, { id, summary });
		} catch (error) {
			this.#entries.set(id, { id, trouble: (error as Error).message });
		}
	}

	#arrange(): void {
		this.#list = [...this.#entries.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}

const shelves = new WeakMap<SessionStore, Shelf>();

/** The one shelf of a store: pages that come and go share what was read. */
export function shelfOf(store: SessionStore): Shelf {
	let shelf = shelves.get(store);
	if (!shelf) {
		shelf = new Shelf(store);
		shelves.set(store, shelf);
	}
	return shelf;
}
