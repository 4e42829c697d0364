/**
 * Writes the events of a trace down while it grows. A disk that refuses for a while does not end the trace: the event
 * waits in memory and is written when there is room again. Both are said, once each.
 */
import type { TraceEvent } from "../trace/events.ts";
import { JournalError } from "../trace/journal.ts";
import type { Session } from "../trace/store.ts";

export class Keeper {
	readonly #session: Session;
	readonly #says: (text: string, level: "info" | "error") => void;
	#refused: string | undefined;

	constructor(session: Session, says: (text: string, level: "info" | "error") => void) {
		this.#session = session;
		this.#says = says;
	}

	append(event: TraceEvent): void {
		try {
			this.#session.append(event);
		} catch (error) {
			if (!(error instanceof JournalError)) throw error;
			this.refused(error);
			return;
		}
		if (this.#refused !== undefined) this.#says("the journal is written again", "info");
		this.#refused = undefined;
	}

	/** The disk refused, in an append or between two. */
	refused({ message }: JournalError): void {
		if (message !== this.#refused) this.#says(message, "error");
		this.#refused = message;
	}
}
