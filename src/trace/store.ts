/**
 * Where sessions lie: a folder each below `sessions/` of the data folder, named by the session's id, with its
 * `journal.jsonl` (the truth), `summary.json` (derived) and, while it is open, `lock`.
 *
 * What always holds: an id is never given twice (making the folder is the claim), ids sort by the time they were made,
 * and nothing here changes a journal except through its one writer.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Problem, TraceEvent } from "./events.ts";
import { JOURNAL_VERSION } from "./events.ts";
import { Fold, type SessionState } from "./fold.ts";
import { JOURNAL_FILE, Journal, JournalError, type JournalOptions, type Opened } from "./journal.ts";
import { type BadLine, readJournal } from "./lines.ts";
import { heldBy, SessionLockedError } from "./lock.ts";
import { readSummary, type Summary, summarise, writeSummary } from "./summary.ts";

/** No session, or more than one, goes by what the user named. */
export class SessionNotFoundError extends Error {
	override readonly name = "SessionNotFoundError";
}

/** Digits and letters without those that are read for one another (i, l, o, u): https://www.crockford.com/base32.html */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const DAY_MS = 86_400_000;
const TICKS_PER_DAY = DIGITS.length ** 4;
const ID = /^\d{8}-[0-9a-hjkmnp-tv-z]{4}$/;

const REMOVED = ".removed-";

/** The day (UTC) and, in four digits of base 32, the time of day in steps of 82 ms: "20261122-g7k2". */
function idAt(ms: number): string {
	const day = new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");
	let tick = Math.floor(((ms % DAY_MS) / DAY_MS) * TICKS_PER_DAY);
	let digits = "";
	for (let i = 0; i < 4; i++) {
		digits = DIGITS[tick % DIGITS.length] + digits;
		tick = Math.floor(tick / DIGITS.length);
	}
	return `${day}-${digits}`;
}

/** A session open for writing: the journal and the state that it folds to, always in step. */
export class Session {
	readonly id: string;
	readonly folder: string;
	readonly #journal: Journal;
	readonly #fold: Fold;
	readonly #badLines: number;
	#appended = false;

	constructor(id: string, folder: string, opened: Pick<Opened, "journal" | "events" | "bad">) {
		this.id = id;
		this.folder = folder;
		this.#journal = opened.journal;
		this.#badLines = opened.bad.length;
		this.#fold = new Fold();
		for (const event of opened.events) this.#fold.apply(event);
	}

	/** Always the same object, as it stands now. */
	get state(): SessionState {
		return this.#fold.state;
	}

	/** As Journal.failing. */
	get failing(): JournalError | undefined {
		return this.#journal.failing;
	}

	/** As Journal.append: throws JournalError when the disk refuses, and the event is kept all the same. */
	append(event: TraceEvent): void {
		this.#appended = true;
		this.#fold.apply(event);
		this.#journal.append(event);
	}

	flush(): void {
		this.#journal.flush();
	}

	close(): void {
		try {
			this.#journal.flush();
			this.#keepSummary();
		} finally {
			this.#journal.close();
		}
	}

	/** Away with a session that could not even be begun. */
	abandon(): void {
		try {
			this.#journal.close();
		} catch {
			// What made it fail has been said.
		}
		rmSync(this.folder, { recursive: true, force: true });
	}

	/** Before the journal lets go of the lock, so that nobody else writes meanwhile. */
	#keepSummary(): void {
		if (!this.#appended) return;
		try {
			writeSummary(this.folder, summarise(this.id, this.state, this.#journal.bytes, this.#badLines));
		} catch {
			// Derived: whoever lists next makes it again.
		}
	}
}

export type NewSession = {
	readonly problem: Problem;
	/** Version of this program. */
	readonly nudge: string;
	/** Versions and hardware that figures depend on; never variables of the environment. */
	readonly environment: Record<string, string>;
};

export type OpenedSession = {
	readonly session: Session;
	readonly bad: readonly BadLine[];
	readonly torn?: { readonly bytes: number; readonly text: string };
};

export type ReadSession = {
	readonly id: string;
	readonly events: readonly TraceEvent[];
	readonly state: SessionState;
	readonly bad: readonly BadLine[];
	/** A half-written line at the end: of a crash, or of a writer at work. */
	readonly torn: boolean;
};

export class SessionStore {
	readonly root: string;

	/** `dataFolder` is `homes(env).data`. */
	constructor(dataFolder: string) {
		this.root = join(dataFolder, "sessions");
	}

	folderOf(id: string): string {
		return join(this.root, id);
	}

	create(what: NewSession, options: JournalOptions = {}, nowMs: number = Date.now()): Session {
		const id = this.#claim(nowMs);
		const folder = this.folderOf(id);
		const session = new Session(id, folder, {
			journal: Journal.create(folder, options),
			events: [],
			bad: [],
		});
		try {
			session.append({ type: "session", t: nowMs, version: JOURNAL_VERSION, id, ...what });
			return session;
		} catch (error) {
			session.abandon();
			throw error;
		}
	}

	/** Opens for writing. Throws SessionLockedError when it is open elsewhere. */
	open(id: string, options: JournalOptions = {}): OpenedSession {
		const folder = this.folderOf(id);
		const opened = Journal.open(folder, options);
		const { bad, torn } = opened;
		return { session: new Session(id, folder, opened), bad, ...(torn && { torn }) };
	}

	/** Reads without opening: also while another nudge writes. */
	read(id: string): ReadSession {
		const events: TraceEvent[] = [];
		const fold = new Fold();
		const file = join(this.folderOf(id), JOURNAL_FILE);
		if (!existsSync(file)) {
			throw new SessionNotFoundError(
				`session ${id} holds nothing: its program ended before it wrote a line, or ${file} was removed`,
			);
		}
		const { bad, torn } = readJournal(file, (event) => {
			events.push(event);
			fold.apply(event);
		});
		return { id, events, state: fold.state, bad, torn: torn !== undefined };
	}

	/** Ids of all sessions, oldest first. */
	ids(): string[] {
		try {
			return readdirSync(this.root)
				.filter((name) => ID.test(name))
				.sort();
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
			throw this.#unusable("read", error);
		}
	}

	#unusable(what: string, error: unknown): JournalError {
		const why = (error as Error).message;
		return new JournalError(
			`the sessions in ${this.root} cannot be ${what}: ${why}. Mend that, or set NUDGE_HOME to a folder of your own.`,
			{ cause: error },
		);
	}

	/**
	 * One summary; made from the journal, and kept, where the one that lies there does not match. `known` is what the
	 * caller has of it already: given back, and nothing read, while the journal is as long as it was then.
	 */
	summary(id: string, known?: Summary): Summary | undefined {
		const folder = this.folderOf(id);
		const file = join(folder, JOURNAL_FILE);
		const bytes = statSync(file, { throwIfNoEntry: false })?.size;
		if (bytes === undefined) return undefined;
		if (known?.journalBytes === bytes) return known;
		const kept = readSummary(folder, bytes);
		if (kept) return kept;
		const fold = new Fold();
		const { bad } = readJournal(file, (event) => fold.apply(event));
		const summary = summarise(id, fold.state, bytes, bad.length);
		// A journal that is being written would need a new one at once; one that cannot be kept is made again next time.
		if (!heldBy(folder)) {
			try {
				writeSummary(folder, summary);
			} catch {}
		}
		return summary;
	}

	/** Summaries of all sessions, oldest first. A folder whose journal was never begun is left out. */
	*list(): Generator<Summary, void> {
		for (const id of this.ids()) {
			const summary = this.summary(id);
			if (summary) yield summary;
		}
	}

	/** The id that the user means: in full, a beginning that only one has, or `last`. */
	find(wanted: string): string {
		const ids = this.ids();
		if (wanted === "last") {
			const last = ids.findLast((id) => existsSync(join(this.folderOf(id), JOURNAL_FILE)));
			if (!last) throw new SessionNotFoundError("there are no sessions yet");
			return last;
		}
		if (ids.includes(wanted)) return wanted;
		const fitting = wanted === "" ? [] : ids.filter((id) => id.startsWith(wanted));
		if (fitting.length === 1) return fitting[0]!;
		if (fitting.length > 1) {
			const some = fitting.slice(-3).join(", ");
			throw new SessionNotFoundError(
				`"${wanted}" begins ${fitting.length} sessions (${some}${fitting.length > 3 ? ", ..." : ""}): write more of it`,
			);
		}
		throw new SessionNotFoundError(`no session "${wanted}"; \`nudge sessions list\` shows what there is`);
	}

	/** Removes a session with everything in it. Throws SessionLockedError while a nudge has it open. */
	remove(id: string): void {
		const folder = this.folderOf(id);
		const holder = heldBy(folder);
		if (holder) throw new SessionLockedError(`session ${id} is open in ${holder}. Close it there first.`);
		// Out of the list in one step, then away: an interrupted removal leaves no half session.
		const doomed = join(this.root, `${REMOVED}${id}-${process.pid}`);
		renameSync(folder, doomed);
		for (const name of readdirSync(this.root)) {
			if (name.startsWith(REMOVED)) rmSync(join(this.root, name), { recursive: true, force: true });
		}
	}

	#claim(nowMs: number): string {
		try {
			mkdirSync(this.root, { recursive: true, mode: 0o700 });
		} catch (error) {
			throw this.#unusable("written", error);
		}
		const stepMs = DAY_MS / TICKS_PER_DAY;
		for (let step = 0; ; step++) {
			const id = idAt(nowMs + Math.ceil(step * stepMs));
			try {
				mkdirSync(this.folderOf(id), { mode: 0o700 });
				return id;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST" || step > TICKS_PER_DAY)
					throw this.#unusable("written", error);
			}
		}
	}
}
