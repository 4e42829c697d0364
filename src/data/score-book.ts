/**
 * The writer of a run's `scores.jsonl` (scores.ts).
 *
 * What always holds: one writer a run; a verdict that `append` returned from survives `kill -9`; a torn end is cut off when
 * the book is opened; where the disk refuses, the file is as it was and the error says so.
 */
import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Lock } from "../trace/lock.ts";
import { RunError } from "./run-sheet.ts";
import { readScores, SCORES_FILE, type Score, type ScoringStart } from "./scores.ts";

const SYNC_EVERY_MS = 5_000;

export type BookOpened = { readonly book: ScoreBook; readonly damaged: number };

export class ScoreBook {
	readonly file: string;
	readonly #descriptor: number;
	readonly #lock: Lock;
	#bytes: number;
	#synced = performance.now();

	private constructor(file: string, descriptor: number, lock: Lock, bytes: number) {
		this.file = file;
		this.#descriptor = descriptor;
		this.#lock = lock;
		this.#bytes = bytes;
	}

	/** `onScore` is told of every verdict that is there, in the order of the file. */
	static async open(
		folder: string,
		onScore: (score: Score) => void,
		signal?: AbortSignal,
	): Promise<BookOpened> {
		const lock = Lock.take(folder, "lock-scores", `the scores of ${folder}`);
		const file = join(folder, SCORES_FILE);
		let descriptor: number | undefined;
		try {
			const reading = await readScores(folder, { onScore }, signal);
			descriptor = openSync(file, "a");
			if (reading?.torn) ftruncateSync(descriptor, reading.bytes);
			else if (reading?.unended) writeSync(descriptor, "\n");
			const book = new ScoreBook(file, descriptor, lock, fstatSync(descriptor).size);
			return { book, damaged: (reading?.bad.length ?? 0) + (reading?.torn ? 1 : 0) };
		} catch (error) {
			if (descriptor !== undefined) closeSync(descriptor);
			lock.release();
			throw error;
		}
	}

	append(line: Score | ScoringStart): void {
		const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
		try {
			for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
		} catch (error) {
			try {
				ftruncateSync(this.#descriptor, this.#bytes);
			} catch {
				// A torn last line then: cut off when the book is next opened.
			}
			throw new RunError(
				`cannot write ${this.file}: ${(error as Error).message}. What is on disk stays; make room and start the same command again.`,
			);
		}
		this.#bytes += bytes.length;
		const now = performance.now();
		if (now - this.#synced < SYNC_EVERY_MS) return;
		this.#synced = now;
		fdatasync(this.#descriptor, () => {});
	}

	close(): void {
		try {
			fsyncSync(this.#descriptor);
		} finally {
			closeSync(this.#descriptor);
			this.#lock.release();
		}
	}
}
