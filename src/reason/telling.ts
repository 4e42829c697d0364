/**
 * Who listens to a session, and what is told. A listener that fails is no reason for the others, or for the trace, to
 * fail: that is told as trouble. Trouble from before anybody listened is told to the first who does.
 */
import type { LiveChange, LiveStatus, Pending } from "./live.ts";

type Shown = { readonly status: LiveStatus; readonly pending: Pending | undefined };

export class Telling {
	readonly #listeners = new Set<(change: LiveChange) => void>();
	readonly #shown: () => Shown;
	#last: Shown | undefined;
	#unsaid: LiveChange[] = [];

	/** `shown` says what listeners may see by now. */
	constructor(shown: () => Shown) {
		this.#shown = shown;
	}

	subscribe(listener: (change: LiveChange) => void): () => void {
		this.#listeners.add(listener);
		for (const change of this.#unsaid.splice(0)) this.tell(change);
		return () => this.#listeners.delete(listener);
	}

	tell(change: LiveChange): void {
		for (const listener of [...this.#listeners]) {
			try {
				listener(change);
			} catch (error) {
				if (change.type !== "trouble") this.trouble("error", `the screen failed: ${wordsOf(error)}`);
			}
		}
	}

	/** Tells that status or proposal are others, if they are. */
	changed(): void {
		const { status, pending } = this.#shown();
		if (this.#last?.status === status && this.#last.pending === pending) return;
		this.#last = { status, pending };
		this.tell({ type: "status" });
	}

	trouble(level: "info" | "warning" | "error", text: string): void {
		const change: LiveChange = { type: "trouble", level, text };
		if (this.#listeners.size === 0) this.#unsaid.push(change);
		else this.tell(change);
	}
}

export function wordsOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
