/**
 * Writes the events of a trace down while it grows. A disk that refuses for a while does not end the trace: the event
 * waits in memory and is written when there is room again. Both are said, once each.
 */
import type { TraceEvent } from "../trace/events.ts";
import { JournalError } from "../trace/journal.ts";
import type { Session } from "../trace/store.ts";

/** How often a journal that was refused is looked after: it is tried again meanwhile, whether or not anything happens. */
const LOOK_MS = 500;

export class Keeper {
	readonly #session: Session;
	readonly #says: (text: string, level: "info" | "error") => void;
	#refused: string | undefined;
	#looking: NodeJS.Timeout | undefined;

	constructor(session: Session, says: (text: string, level: "info" | "error") => void) {
		this.#session = session;
		this.#says = says;
	}

	/** Why what happened last is not on the disk, while it is not. */
	get unwritten(): string | undefined {
		return this.#session.failing?.message;
	}

	append(event: TraceEvent): void {
		try {
			this.#session.append(event);
		} catch (error) {
			if (!(error instanceof JournalError)) throw error;
			this.refused(error);
			return;
		}
		this.#look();
	}

	/** The disk refused, in an append or between two. */
	refused({ message }: JournalError): void {
		if (message !== this.#refused) this.#says(message, "error");
		this.#refused = message;
		this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref();
	}

	#look(): void {
		if (this.#refused === undefined || this.#session.failing) return;
		this.#refused = undefined;
		this.end();
		this.#says("the journal is written again", "info");
	}

	/** Nothing more is looked after. */
	end(): void {
		clearInterval(this.#looking);
		this.#looking = undefined;
	}
}
