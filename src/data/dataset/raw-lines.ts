/**
 * The lines of a large file as bytes, with where they stand, so that whoever reads decides how much of each to look at,
 * and can come back to one without reading the others.
 *
 * What always holds: every line is handed over once, in order; one that `take` refuses is counted and the first ones are
 * named; the bytes belong to the reader and are good until `take` returns. Memory: two pieces of the file and one line.
 * The next piece is read while the lines of this one are looked at.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

export type RawReading = {
	readonly lines: number;
	/** Lines that were refused, the torn end not counted. */
	readonly damaged: number;
	/** The first of them. */
	readonly bad: readonly { readonly line: number; readonly why: string }[];
	/** The last line has no newline, and is no whole line. */
	readonly torn: boolean;
};

export type RawOptions = {
	readonly signal?: AbortSignal | undefined;
	/** Told of every piece that was read. */
	readonly onBytes?: ((bytes: number) => void) | undefined;
	readonly chunkBytes?: number;
};

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;
/** Of damaged lines so many are named. */
const NAMED = 20;

/** What is wrong with the line, or nothing. `at` is its first byte in the file, `line` counts from 1. */
export type TakeLine = (bytes: Buffer, at: number, line: number) => string | undefined;

export async function eachRawLine(
	file: string,
	take: TakeLine,
	{ signal, onBytes, chunkBytes = CHUNK_BYTES }: RawOptions = {},
): Promise<RawReading> {
	const handle = await open(file, "r");
	const bad: { line: number; why: string }[] = [];
	let damaged = 0;
	let line = 0;
	let at = 0;
	const taken = (bytes: Buffer): void => {
		line++;
		const why = bytes.length === 0 ? "an empty line" : take(bytes, at, line);
		if (why !== undefined && damaged++ < NAMED) bad.push({ line, why });
		at += bytes.length + 1;
	};
	let begun: Buffer[] = [];
	let ahead: Promise<number> | undefined;
	try {
		let [chunk, other] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
		ahead = fill(handle, chunk);
		for (;;) {
			const length = await ahead;
			ahead = undefined;
			signal?.throwIfAborted();
			if (length === 0) break;
			ahead = fill(handle, other);
			const piece = chunk.subarray(0, length);
			let from = 0;
			for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
				const tail = piece.subarray(from, end);
				if (begun.length === 0) taken(tail);
				else {
					begun.push(tail);
					taken(Buffer.concat(begun));
					begun = [];
				}
				from = end + 1;
			}
			if (from < length) begun.push(Buffer.from(piece.subarray(from)));
			onBytes?.(length);
			[chunk, other] = [other, chunk];
		}
		const rest = Buffer.concat(begun);
		const torn = rest.length > 0 && take(rest, at, line + 1) !== undefined;
		return { lines: line + (rest.length > 0 && !torn ? 1 : 0), damaged, bad, torn };
	} finally {
		await ahead?.catch(() => {});
		await handle.close();
	}
}

async function fill(handle: FileHandle, into: Buffer): Promise<number> {
	return (await handle.read(into, 0, into.length, null)).bytesRead;
}

/** So many lines are read before others have their turn. */
const IN_A_ROW = 64;

/**
 * Lines that were seen before, wherever they stand. Keeps the files open that it was asked for; the bytes are good until
 * the next call. (A read in the thread pool costs several times what it takes to read a line that was read a while ago.)
 */
export class LinesAgain {
	readonly #open = new Map<string, number>();
	#bytes = Buffer.allocUnsafe(CHUNK_BYTES);
	#count = 0;

	async line(file: string, at: number, length: number, signal?: AbortSignal): Promise<Buffer> {
		if (++this.#count % IN_A_ROW === 0) await new Promise(setImmediate);
		signal?.throwIfAborted();
		let descriptor = this.#open.get(file);
		if (descriptor === undefined) {
			descriptor = openSync(file, "r");
			this.#open.set(file, descriptor);
		}
		if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(2 * length);
		let got = 0;
		while (got < length) {
			const more = readSync(descriptor, this.#bytes, got, length - got, at + got);
			if (more === 0) break;
			got += more;
		}
		return this.#bytes.subarray(0, got);
	}

	close(): void {
		for (const descriptor of this.#open.values()) closeSync(descriptor);
		this.#open.clear();
	}
}
