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

type FieldType = "string" | "number" | "object" | "boolean";

/** What the fold needs of each known event, besides `type` and `t`. */
const NEEDS: Readonly<Record<TraceEvent["type"], Readonly<Record<string, FieldType>>>> = {
	session: { version: "number", id: "string", problem: "object" },
	branch: { branch: "string", settings: "object" },
	header: { branch: "string", text: "string" },
	tokens: { branch: "string", text: "string", segment: "number" },
	marker: { branch: "string", marker: "string", at: "number" },
	proposal: { branch: "string", at: "number", hint: "string", text: "string" },
	decision: { branch: "string", at: "number", decision: "string", by: "string" },
	hint: { branch: "string", at: "number", text: "string", hint: "string", kind: "string" },
	call: { branch: "string", block: "number", code: "string" },
	output: { branch: "string", block: "number", text: "string", verdict: "string" },
	limit: { branch: "string", block: "number", text: "string" },
	edit: { branch: "string", at: "number", text: "string" },
	notice: { branch: "string", text: "string" },
	end: { branch: "string", reason: "string" },
	outcome: { branch: "string", verdict: "string" },
	name: { name: "string" },
	tag: { tag: "string", on: "boolean" },
	note: { text: "string" },
	mark: { branch: "string", mark: "string" },
};

/** An event, or the reason why the text is none. */
export function parseEvent(text: string): TraceEvent | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return "not JSON";
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) return "not a JSON object";
	const event = value as Record<string, unknown>;
	if (typeof event.type !== "string") return 'no field "type"';
	if (typeof event.t !== "number") return `${event.type}: no time "t"`;
	const needs = Object.hasOwn(NEEDS, event.type) ? NEEDS[event.type as TraceEvent["type"]] : {};
	for (const name in needs) {
		const field = event[name];
		if (typeof field !== needs[name] || field === null)
			return `${event.type}: "${name}" is not a ${needs[name]}`;
	}
	return value as TraceEvent;
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** Hands over every event of a journal file in order, with its line number, and says what else was found. */
export function readJournal(file: string, onEvent: (event: TraceEvent, line: number) => void): Reading {
	const descriptor = openSync(file, "r");
	const bad: BadLine[] = [];
	const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
	let begun: Buffer[] = [];
	let line = 0;
	let bytes = 0;

	const take = (raw: Buffer): string | undefined => {
		const event = isUtf8(raw) ? parseEvent(raw.toString("utf8")) : "not UTF-8";
		if (typeof event === "string") return event;
		onEvent(event, line);
		return undefined;
	};
	const endLine = (tail: Buffer): void => {
		const raw = begun.length > 0 ? Buffer.concat([...begun, tail]) : tail;
		begun = [];
		line++;
		bytes += raw.length + 1;
		const why = raw.length === 0 ? "an empty line" : take(raw);
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
		}
	} finally {
		closeSync(descriptor);
	}
	const rest = Buffer.concat(begun);
	if (rest.length === 0) return { bad, bytes, unended: false };
	line++;
	if (take(rest) === undefined) return { bad, bytes: bytes + rest.length, unended: true };
	return { bad, bytes, unended: false, torn: { bytes: rest.length, text: rest.toString("utf8") } };
}
