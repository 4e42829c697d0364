/** Opens the journal of a session, new or kept, for somebody who is told what was wrong with it. */
import type { Problem } from "../trace/events.ts";
import type { JournalError } from "../trace/journal.ts";
import type { NewSession, Session, SessionStore } from "../trace/store.ts";

export type WhichSession = {
	readonly store: SessionStore;
	readonly session: { readonly new: NewSession } | { readonly id: string };
	/** Milliseconds since the epoch. */
	readonly now?: () => number;
};

type Told = {
	readonly trouble: (level: "info" | "warning", text: string) => void;
	/** The disk refused between two events. */
	readonly refused: (error: JournalError) => void;
};

export function openSession({ store, session, now = Date.now }: WhichSession, told: Told): Session {
	const journal = { onError: told.refused };
	if ("new" in session) return store.create(session.new, journal, now());
	const { session: opened, bad, torn } = store.open(session.id, journal);
	const damaged = bad.length + opened.state.misfits.length;
	if (damaged > 0) {
		const lines = damaged === 1 ? "1 line of the journal holds" : `${damaged} lines of the journal hold`;
		told.trouble("warning", `${lines} nothing that fits this session: left out`);
	}
	if (torn) {
		const why = "the program was ended while it wrote";
		told.trouble("info", `${why}: half a line was taken off the end of the journal`);
	}
	return opened;
}

/** Without it nothing can be gone on with: the session is closed again. */
export function problemOf(session: Session): Problem {
	const { problem } = session.state;
	if (problem) return problem;
	session.close();
	const lost = `session ${session.id} has lost its first line, which says the problem`;
	throw new Error(`${lost}: it can be looked at (nudge sessions show), but not gone on with`);
}
