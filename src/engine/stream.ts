/**
 * Reads the body of a stream: lines, server-sent events, and the object of each. Linear in the length of the body however
 * it is cut, and bounded in the length of a line.
 */
import { EngineError } from "./engine.ts";
import { wordsOf } from "./refusal.ts";
import { redact, type Server } from "./server.ts";

/** A line longer than this is no event of a token stream. */
const LONGEST_LINE = 64 * 1024 * 1024;
/** Kept of an error for its message. */
const ERROR_BODY = 1000;

/** Cuts a body into lines without their ends, whatever pieces it comes in. */
class Lines {
	readonly #where: string;
	/** The beginning of a line whose end has not come. */
	#parts: Uint8Array[] = [];
	#held = 0;

	constructor(where: string) {
		this.#where = where;
	}

	/** The lines that a piece completes. */
	push(piece: Uint8Array): string[] {
		const last = piece.lastIndexOf(10);
		if (last < 0) {
			this.#parts.push(piece);
			this.#held += piece.length;
			if (this.#held > LONGEST_LINE)
				throw new EngineError(
					"protocol",
					`${this.#where} sent a line of more than ${LONGEST_LINE} bytes; that is no token stream.`,
				);
			return [];
		}
		const whole = piece.subarray(0, last);
		// All lines of a piece are decoded at once: a line feed is never part of another character.
		const text = utf8(this.#parts.length === 0 ? whole : Buffer.concat([...this.#parts, whole]));
		const rest = piece.subarray(last + 1);
		this.#parts = rest.length > 0 ? [rest] : [];
		this.#held = rest.length;
		const lines = text.split("\n");
		for (let i = 0; i < lines.length; i++) {
			const line = lines[i]!;
			if (line.charCodeAt(line.length - 1) === CARRIAGE_RETURN) lines[i] = line.slice(0, -1);
		}
		return lines;
	}

	/** What stands behind the last line feed. */
	rest(): string {
		return utf8(Buffer.concat(this.#parts));
	}
}

const CARRIAGE_RETURN = 13;

function utf8(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** Lines of a body, without their ends. */
export async function* lines(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	const found = new Lines(where);
	for await (const piece of body) for (const line of found.push(piece)) yield line;
	const rest = found.rest();
	if (rest !== "") yield rest;
}

/** The data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); ends at "[DONE]" or the end of the body. Comments and other fields are left out. */
export async function* events(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	const found = new Lines(where);
	let data: string | undefined;
	for await (const piece of body) {
		for (const line of found.push(piece)) {
			if (line === "") {
				if (data === undefined) continue;
				if (data === "[DONE]") return;
				yield data;
				data = undefined;
			} else if (line.startsWith("data:")) {
				const field = line.slice(line.charCodeAt(5) === SPACE ? 6 : 5);
				data = data === undefined ? field : `${data}\n${field}`;
			}
		}
	}
	// An event without its empty line was cut; who reads misses the finish reason and says so.
}

const SPACE = 32;

/** An object out of one event of a stream, or EngineError: garbage, or the error that the server put into the stream. */
export function eventObject(server: Server, where: string, event: string): Record<string, unknown> {
	let data: unknown;
	try {
		data = JSON.parse(event);
	} catch (error) {
		throw new EngineError(
			"protocol",
			redact(`${where} sent an event that is not JSON: ${event.slice(0, 200)}`, server.secrets),
			{ cause: error },
		);
	}
	if (typeof data !== "object" || data === null || Array.isArray(data))
		throw new EngineError(
			"protocol",
			redact(`${where} sent an event that is no object: ${event.slice(0, 200)}`, server.secrets),
		);
	const fields = data as Record<string, unknown>;
	if (fields.error !== undefined && fields.error !== null) {
		const said = redact(wordsOf(event).slice(0, ERROR_BODY), server.secrets);
		throw new EngineError(
			"cut",
			`${where} broke the stream off with an error: ${said} What arrived is kept; going on from there is right.`,
		);
	}
	return fields;
}
