/**
 * `reviews.jsonl` while somebody reviews: what they decide goes to its end, what others decide is read as it appears.
 *
 * What always holds:
 * - An event that `append` returned from was given to the system: it survives `kill -9`. (Power loss: what was there at the
 *   last `close`.) Where the disk refuses, it waits in memory, in its order, and is tried again every second, before each
 *   next one and at the end; `unwritten` says so.
 * - The file is whole lines and, after a crash, at most one torn one at its end, which the next writer cuts off.
 * - One writer a dataset (trace/lock.ts): whoever comes second reads, and is told who writes.
 */
import {
	closeSync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	openSync,
	readSync,
	statSync,
	writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { heldBy, Lock } from "../../trace/lock.ts";
import { REVIEWS_FILE } from "./dataset.ts";
import { parseReview, type ReviewEvent } from "./review.ts";

export const REVIEW_LOCK = "reviews.lock";
const RETRY_MS = 1_000;
const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

const WORDS: Readonly<Record<string, string>> = {
	ENOSPC: "the disk is full",
	EDQUOT: "your disk quota is used up",
	EFBIG: "the file may not grow any further (a limit of this system)",
	EIO: "the disk reported an error",
	EROFS: "the disk is read-only",
	EACCES: "this folder may not be written to",
};

/** What it asks of the system; a test hands in a disk that fails. */
export type ReviewDisk = {
	readonly write: (descriptor: number, bytes: Uint8Array, from: number) => number;
};

const SYSTEM: ReviewDisk = { write: (descriptor, bytes, from) => writeSync(descriptor, bytes, from) };

export type ReviewLogOptions = {
	/** Something was read that others decided, or what could not be written now is. */
	readonly onNews?: () => void;
	readonly disk?: ReviewDisk;
};

export class ReviewLog {
	readonly file: string;
	readonly #folder: string;
	readonly #disk: ReviewDisk;
	readonly #onNews: () => void;
	readonly #events = new Map<string, ReviewEvent[]>();
	readonly #bad: { readonly line: number; readonly why: string }[] = [];
	/** Bytes of whole lines that were read, and how many lines. */
	#read = 0;
	#lines = 0;
	/** What stood at the end without a newline: torn, or the beginning of a line that somebody writes. */
	#rest = 0;
	#lock: Lock | undefined;
	#descriptor: number | undefined;
	#waiting: ReviewEvent[] = [];
	#unwritten: string | undefined;
	#retry: NodeJS.Timeout | undefined;

	constructor(folder: string, { onNews = () => {}, disk = SYSTEM }: ReviewLogOptions = {}) {
		this.#folder = folder;
		this.file = join(folder, REVIEWS_FILE);
		this.#disk = disk;
		this.#onNews = onNews;
		this.look();
	}

	/** By sample, those that wait for the disk too. */
	of(sample: string): readonly ReviewEvent[] {
		return this.#events.get(sample) ?? [];
	}
	/** Samples that somebody decided something about. */
	get samples(): Iterable<string> {
		return this.#events.keys();
	}
	/** Lines that are no event: they are left out, and stay in the file. */
	get bad(): readonly { readonly line: number; readonly why: string }[] {
		return this.#bad;
	}
	/** Why what was decided last is not on the disk, in words. */
	get unwritten(): string | undefined {
		return this.#unwritten;
	}
	/** Whether this is the writer. */
	get writes(): boolean {
		return this.#lock !== undefined;
	}
	/** Who else writes now. */
	get writer(): string | undefined {
		return this.#lock ? undefined : heldBy(this.#folder, REVIEW_LOCK);
	}

	/** Becomes the writer; SessionLockedError names the other one where there is one. */
	take(): void {
		if (this.#lock) return;
		let lock: Lock;
		try {
			lock = Lock.take(this.#folder, REVIEW_LOCK, `the review of ${basename(this.#folder)}`);
		} catch (error) {
			const words = WORDS[(error as NodeJS.ErrnoException).code ?? ""];
			if (words === undefined) throw error;
			throw new Error(`${this.#folder} cannot be reviewed: ${words}`);
		}
		this.#lock = lock;
		try {
			this.look();
			this.#descriptor = openSync(this.file, "a+");
			this.#repair(this.#descriptor);
		} catch (error) {
			this.#release();
			throw error;
		}
	}

	/** Decides. Throws where somebody else is the writer; where the disk refuses, `unwritten` says so. */
	append(event: ReviewEvent): void {
		this.take();
		// What somebody wrote without a lock (another machine, a hand) comes first.
		this.look();
		this.#keep(event);
		this.#waiting.push(event);
		this.#write();
	}

	/** Reads what others have added since the last look. True where there was something. */
	look(): boolean {
		const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
		if (size < this.#read) this.#anew();
		if (size === this.#read + this.#rest) return false;
		const before = this.#lines;
		const descriptor = openSync(this.file, "r");
		try {
			this.#readFrom(descriptor);
		} finally {
			closeSync(descriptor);
		}
		const news = this.#lines > before;
		if (news) this.#onNews();
		return news;
	}

	#readFrom(descriptor: number): void {
		const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
		let begun: Buffer[] = [];
		let at = this.#read;
		for (;;) {
			const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, at);
			if (length === 0) break;
			at += length;
			let from = 0;
			for (
				let end = chunk.subarray(0, length).indexOf(NEWLINE);
				end >= 0;
				end = chunk.subarray(0, length).indexOf(NEWLINE, from)
			) {
				const line = Buffer.concat([...begun, chunk.subarray(from, end)]);
				begun = [];
				this.#lines++;
				this.#read += line.length + 1;
				const event = line.length === 0 ? "an empty line" : parseReview(line.toString("utf8"));
				if (typeof event === "string") this.#bad.push({ line: this.#lines, why: event });
				else this.#keep(event);
				from = end + 1;
			}
			if (from < length) begun.push(Buffer.from(chunk.subarray(from, length)));
		}
		this.#rest = begun.reduce((sum, { length }) => sum + length, 0);
	}

	#keep(event: ReviewEvent): void {
		const own = this.#events.get(event.sample);
		if (own) own.push(event);
		else this.#events.set(event.sample, [event]);
	}

	/** The file became shorter: everything is read again, what waits stays. */
	#anew(): void {
		this.#events.clear();
		this.#bad.length = 0;
		this.#read = 0;
		this.#rest = 0;
		this.#lines = 0;
		for (const event of this.#waiting) this.#keep(event);
	}

	/** What a crash left half written goes; a whole line that lacks its newline gets it. */
	#repair(descriptor: number): void {
		const { size } = fstatSync(descriptor);
		if (size === this.#read) return;
		const rest = Buffer.alloc(size - this.#read);
		readSync(descriptor, rest, 0, rest.length, this.#read);
		const event = parseReview(rest.toString("utf8"));
		if (typeof event === "string") ftruncateSync(descriptor, this.#read);
		else {
			writeSync(descriptor, "\n");
			this.#keep(event);
			this.#lines++;
			this.#read += rest.length + 1;
		}
		this.#rest = 0;
	}

	#write(): void {
		clearTimeout(this.#retry);
		this.#retry = undefined;
		const descriptor = this.#descriptor;
		if (descriptor === undefined || this.#waiting.length === 0) return;
		const bytes = Buffer.from(this.#waiting.map((event) => `${JSON.stringify(event)}\n`).join(""));
		const begin = this.#read;
		try {
			if (fstatSync(descriptor).nlink === 0) throw new Error("the file was deleted");
			// An earlier failure may have left a part that could not be taken back then.
			if (this.#unwritten !== undefined) ftruncateSync(descriptor, begin);
			for (let from = 0; from < bytes.length; ) {
				const written = this.#disk.write(descriptor, bytes, from);
				if (written === 0) throw new Error("the system wrote nothing");
				from += written;
			}
		} catch (error) {
			const { code, message } = error as NodeJS.ErrnoException;
			this.#unwritten = `${this.file} could not be written: ${WORDS[code ?? ""] ?? message}`;
			try {
				ftruncateSync(descriptor, begin);
			} catch {
				// The next try begins with it.
			}
			this.#retry = setTimeout(() => this.#again(), RETRY_MS).unref();
			return;
		}
		this.#lines += this.#waiting.length;
		this.#read += bytes.length;
		this.#waiting = [];
		this.#unwritten = undefined;
		// Somebody without the lock wrote at the same moment: which lines stand where is read from the file.
		if (fstatSync(descriptor).size !== this.#read) {
			this.#anew();
			this.look();
		}
	}

	#again(): void {
		this.#write();
		if (this.#unwritten === undefined) this.#onNews();
	}

	/** Tries once more what the disk refused, and lets the dataset go. What is lost then is said. */
	close(): string | undefined {
		this.#write();
		clearTimeout(this.#retry);
		const lost = this.#waiting.length;
		const why = this.#unwritten;
		if (this.#descriptor !== undefined && lost === 0) {
			try {
				fsyncSync(this.#descriptor);
			} catch {
				// It was given to the system; more cannot be done.
			}
		}
		this.#release();
		if (lost === 0) return undefined;
		return `${lost} ${lost === 1 ? "decision is" : "decisions are"} lost: ${why}`;
	}

	#release(): void {
		if (this.#descriptor !== undefined) closeSync(this.#descriptor);
		this.#descriptor = undefined;
		this.#lock?.release();
		this.#lock = undefined;
	}
}
