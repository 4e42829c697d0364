/**
 * The append-only file of a session's events, one JSON object a line.
 *
 * What always holds:
 * - What was appended more than 100 ms ago has been given to the system, so it survives `kill -9` of this process.
 *   (Power loss: what was there at the last `close`.)
 * - The file is whole lines and, only after a crash, one torn line at its end. A write that fails is taken back.
 * - Nothing is lost by a failed write: what could not be written waits in memory, in order, and goes first next time.
 * - One writer per folder (lock.ts).
 *
 * Writes are synchronous on purpose: a write given to Node's thread pool can wait behind sampling for longer than the
 * 100 ms. Model text is gathered for up to 40 ms, so that a fast stream makes few and long lines.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { EventOf, TraceEvent } from "./events.ts";
import { type BadLine, type Reading, readJournal } from "./lines.ts";
import { Lock, SessionLockedError } from "./lock.ts";

/** The disk refused. What was appended is kept in memory and tried again with the next append, flush or close. */
export class JournalError extends Error {
	override readonly name = "JournalError";
}

/** What a journal asks of the system; a test hands in a disk that fails. */
export type JournalDisk = {
	/** Returns how many bytes were written, which may be fewer than given. */
	readonly write: (descriptor: number, bytes: Uint8Array, from: number) => number;
	readonly truncate: (descriptor: number, length: number) => void;
	/** How many names the file still has: none once it was deleted. */
	readonly links: (descriptor: number) => number;
	readonly sync: (descriptor: number) => void;
};

const SYSTEM: JournalDisk = {
	write: (descriptor, bytes, from) => writeSync(descriptor, bytes, from),
	truncate: ftruncateSync,
	links: (descriptor) => fstatSync(descriptor).nlink,
	sync: fsyncSync,
};

export type JournalOptions = {
	/** How long model text may wait for more of it. */
	readonly gatherMs?: number;
	/** Called when a write fails while nobody is in `append`, `flush` or `close`: once until writing works again. */
	readonly onError?: (error: JournalError) => void;
	readonly disk?: Partial<JournalDisk>;
};

export type Opened = {
	readonly journal: Journal;
	readonly events: TraceEvent[];
	/** Lines that held no event and were skipped: to be told to the user. */
	readonly bad: readonly BadLine[];
	/** What a crash left half written; it has been cut off. */
	readonly torn?: { readonly bytes: number; readonly text: string };
};

export const JOURNAL_FILE = "journal.jsonl";

const GATHER_MS = 40;
const RETRY_MS = 1_000;
/** Gathered text above this is written at once: a line stays far below what a reader holds. */
const GATHER_UNITS = 1 << 16;

const WORDS: Readonly<Record<string, string>> = {
	ENOSPC: "the disk is full",
	EDQUOT: "your disk quota is used up",
	EFBIG: "the file may not grow any further (a limit of this system)",
	EIO: "the disk reported an error",
	EROFS: "the disk is read-only",
	ESTALE: "the network folder is gone",
};

type Tokens = EventOf<"tokens">;
type Gathered = {
	readonly first: Tokens;
	readonly since: number;
	text: string;
	readonly ids: number[] | undefined;
	readonly lens: number[] | undefined;
};

export class Journal {
	readonly file: string;
	readonly #descriptor: number;
	readonly #lock: Lock;
	readonly #gatherMs: number;
	readonly #onError: ((error: JournalError) => void) | undefined;
	readonly #disk: JournalDisk;
	/** Where the last whole line ends. */
	#bytes: number;
	/** Lines not yet on disk. */
	#waiting: Buffer[] = [];
	#gathered: Gathered | undefined;
	#timer: NodeJS.Timeout | undefined;
	#failing: JournalError | undefined;
	#closed = false;

	private constructor(file: string, descriptor: number, lock: Lock, bytes: number, options: JournalOptions) {
		this.file = file;
		this.#descriptor = descriptor;
		this.#lock = lock;
		this.#bytes = bytes;
		this.#gatherMs = options.gatherMs ?? GATHER_MS;
		this.#onError = options.onError;
		this.#disk = { ...SYSTEM, ...options.disk };
	}

	/** A new journal; the folder is made if it is not there. Refuses where a journal is already. */
	static create(folder: string, options: JournalOptions = {}): Journal {
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		const lock = Lock.take(folder);
		const file = join(folder, JOURNAL_FILE);
		try {
			return new Journal(file, openSync(file, "ax", 0o600), lock, 0, options);
		} catch (error) {
			lock.release();
			throw asJournalError(error, file);
		}
	}

	/** An existing journal with its events. A torn last line is cut off, and said. */
	static open(folder: string, options: JournalOptions = {}): Opened {
		const file = join(folder, JOURNAL_FILE);
		let lock: Lock | undefined;
		let descriptor: number | undefined;
		try {
			lock = Lock.take(folder);
			const events: TraceEvent[] = [];
			const reading = readJournal(file, (event) => events.push(event));
			descriptor = openSync(file, "a", 0o600);
			const bytes = repair(descriptor, reading);
			const journal = new Journal(file, descriptor, lock, bytes, options);
			return { journal, events, bad: reading.bad, ...(reading.torn && { torn: reading.torn }) };
		} catch (error) {
			if (descriptor !== undefined) closeSync(descriptor);
			lock?.release();
			throw asJournalError(error, file);
		}
	}

	/** Length of the file in bytes, as far as it is whole lines. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Why what was appended last is not on the disk; undefined where it is, or is only being gathered. */
	get failing(): JournalError | undefined {
		return this.#failing;
	}

	/**
	 * Takes an event. Throws JournalError when the disk refuses: the event is then kept and must not be appended again;
	 * stop what makes events, tell the user, and `flush` or go on appending once there is room.
	 */
	append(event: TraceEvent): void {
		if (this.#closed) throw new JournalError(`${this.file} is closed`);
		if (event.type === "tokens") {
			this.#gather(event);
			const { since, text } = this.#gathered!;
			const late = performance.now() - since >= this.#gatherMs;
			if (!late && text.length < GATHER_UNITS && !this.#failing) {
				this.#timer ??= setTimeout(() => this.#tick(), this.#gatherMs);
				return;
			}
		} else {
			this.#ungather();
			this.#waiting.push(lineOf(event));
		}
		this.#write();
	}

	/** Gives everything appended to the system. Throws JournalError when the disk refuses. */
	flush(): void {
		this.#write();
	}

	/** Writes what waits, makes sure of it against power loss, and lets the session go. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		try {
			this.#write();
			this.#disk.sync(this.#descriptor);
		} catch (error) {
			throw asJournalError(error, this.file);
		} finally {
			clearTimeout(this.#timer);
			this.#timer = undefined;
			closeSync(this.#descriptor);
			this.#lock.release();
		}
	}

	#gather(event: Tokens): void {
		const held = this.#gathered;
		const joins =
			held &&
			held.first.branch === event.branch &&
			held.first.segment === event.segment &&
			(held.ids === undefined) === (event.ids === undefined) &&
			(held.lens === undefined) === (event.lens === undefined);
		if (!joins) {
			this.#ungather();
			this.#gathered = {
				first: event,
				since: performance.now(),
				text: event.text,
				ids: event.ids && [...event.ids],
				lens: event.lens && [...event.lens],
			};
			return;
		}
		held.text += event.text;
		for (const id of event.ids ?? []) held.ids!.push(id);
		for (const len of event.lens ?? []) held.lens!.push(len);
	}

	#ungather(): void {
		const held = this.#gathered;
		if (!held) return;
		this.#gathered = undefined;
		const event: Tokens = {
			...held.first,
			text: held.text,
			...(held.ids && { ids: held.ids }),
			...(held.lens && { lens: held.lens }),
		};
		this.#waiting.push(lineOf(event));
	}

	#tick(): void {
		this.#timer = undefined;
		const wasFailing = this.#failing !== undefined;
		try {
			this.#write();
		} catch (error) {
			if (!wasFailing) this.#onError?.(error as JournalError);
		}
	}

	#write(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#ungather();
		if (this.#waiting.length === 0) return;
		const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
		try {
			if (this.#disk.links(this.#descriptor) === 0) throw new Error("the file was deleted");
			// An earlier failure may have left a part that could not be taken back then.
			if (this.#failing) this.#disk.truncate(this.#descriptor, this.#bytes);
			let from = 0;
			while (from < bytes.length) {
				const written = this.#disk.write(this.#descriptor, bytes, from);
				if (written === 0) throw new Error("the system wrote nothing");
				from += written;
			}
		} catch (error) {
			const failing = new JournalError(
				`${refusal(this.file, error)} What is not written yet is kept in memory.`,
				{
					cause: error,
				},
			);
			this.#failing = failing;
			try {
				this.#disk.truncate(this.#descriptor, this.#bytes);
			} catch {
				// Tried again before the next write; a reader meanwhile sees a torn last line, which it allows for.
			}
			this.#waiting = [bytes];
			// Not a reason for the program to stay: `close` tries once more.
			if (!this.#closed) this.#timer = setTimeout(() => this.#tick(), RETRY_MS).unref();
			throw failing;
		}
		this.#bytes += bytes.length;
		this.#waiting = [];
		this.#failing = undefined;
	}
}

function lineOf(event: TraceEvent): Buffer {
	return Buffer.from(`${JSON.stringify(event)}\n`);
}

/** Cuts a torn end off, or ends the last line. Returns the length of the file then. */
function repair(descriptor: number, reading: Reading): number {
	if (reading.torn) ftruncateSync(descriptor, reading.bytes);
	if (!reading.unended) return reading.bytes;
	writeSync(descriptor, "\n");
	return reading.bytes + 1;
}

function refusal(file: string, error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return `cannot write ${file}: ${(code && WORDS[code]) || message}.`;
}

function asJournalError(error: unknown, file: string): unknown {
	if (error instanceof JournalError || error instanceof SessionLockedError) return error;
	const { code } = error as NodeJS.ErrnoException;
	if (code === "ENOENT") return new JournalError(`there is no journal ${file}`, { cause: error });
	if (code === "EEXIST") return new JournalError(`there is a journal already: ${file}`, { cause: error });
	return new JournalError(refusal(file, error), { cause: error });
}
