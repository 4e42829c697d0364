/**
 * Reading a journal: JSON Lines in, events out.
 *
 * What always holds: nothing is dropped in silence. A line that is no event is reported with its number and why; a last
 * line without its newline is whole when it parses (a proper prefix of a JSON object never does), and torn otherwise.
 * Event types and fields that this version does not know pass through. Memory: one line at a time.
 */
import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import type { TraceEvent } from "./events.ts";
import { parseEvent } from "./shape.ts";

export type BadLine = { readonly line: number; readonly why: string };

export type Reading = {
	/** Lines that hold no event, skipped. */
	readonly bad: readonly BadLine[];
	/** What was left of a write that was cut off, at the end of the file. */
	readonly torn?: { readonly bytes: number; readonly text: string };
	/** The length of the file without the torn end. */
	readonly bytes: number;
	/** The last line is whole and lacks its newline. */
	readonly unended: boolean;
};

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** Hands over every event of a journal file in order, with its line number, and says what else was found. */
export function readJournal(file: string, onEvent: (event: TraceEvent, line: number) => void): Reading {
	const reading = readLines(file, (text, line) => {
		const event = parseEvent(text);
		if (typeof event === "string") return event;
		onEvent(event, line);
		return undefined;
	});
	for (;;) {
		const step = reading.next();
		if (step.done) return step.value;
	}
}

/**
 * Hands over every line of a file in order; `take` says what is wrong with one that is none. It comes to a stop after
 * each piece of the file, so that whoever reads a large one can let others have their turn, or leave.
 */
export function* readLines(
	file: string,
	take: (text: string, line: number) => string | undefined,
): Generator<void, Reading, void> {
	const descriptor = openSync(file, "r");
	const bad: BadLine[] = [];
	const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
	let begun: Buffer[] = [];
	let line = 0;
	let bytes = 0;

	const taken = (raw: Buffer): string | undefined =>
		isUtf8(raw) ? take(raw.toString("utf8"), line) : "not UTF-8";
	const endLine = (tail: Buffer): void => {
		const raw = begun.length > 0 ? Buffer.concat([...begun, tail]) : tail;
		begun = [];
		line++;
		bytes += raw.length + 1;
		const why = raw.length === 0 ? "an empty line" : taken(raw);
		if (why !== undefined) bad.push({ line, why });
	};

	try {
		for (;;) {
			const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
			if (length === 0) break;
			let start = 0;
			for (;;) {
				const end = chunk.subarray(0, length).indexOf(NEWLINE, start);
				if (end < 0) break;
				endLine(chunk.subarray(start, end));
				start = end + 1;
			}
			if (start < length) begun.push(Buffer.from(chunk.subarray(start, length)));
			yield;
		}
	} finally {
		closeSync(descriptor);
	}
	const rest = Buffer.concat(begun);
	if (rest.length === 0) return { bad, bytes, unended: false };
	line++;
	if (taken(rest) === undefined) return { bad, bytes: bytes + rest.length, unended: true };
	return { bad, bytes, unended: false, torn: { bytes: rest.length, text: rest.toString("utf8") } };
}
