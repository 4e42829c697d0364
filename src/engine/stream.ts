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

/** Lines of a body, without their ends. Linear in the length of the body however it is cut. */
export async function* lines(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	let parts: Uint8Array[] = [];
	let held = 0;
	for await (const piece of body) {
		let from = 0;
		for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
			parts.push(piece.subarray(from, at));
			const line = Buffer.concat(parts).toString("utf8");
			parts = [];
			held = 0;
			from = at + 1;
			yield line.endsWith("\r") ? line.slice(0, -1) : line;
		}
		if (from < piece.length) {
			parts.push(piece.subarray(from));
			held += piece.length - from;
		}
		if (held > LONGEST_LINE)
			throw new EngineError(
				"protocol",
				`${where} sent a line of more than ${LONGEST_LINE} bytes; that is no token stream.`,
			);
	}
	if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}

/** The data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); ends at "[DONE]" or the end of the body. Comments and other fields are left out. */
export async function* events(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
	let data: string[] = [];
	for await (const line of lines(body, where)) {
		if (line === "") {
			if (data.length > 0) {
				const event = data.join("\n");
				if (event === "[DONE]") return;
				yield event;
			}
			data = [];
		} else if (line.startsWith("data:")) data.push(line.startsWith("data: ") ? line.slice(6) : line.slice(5));
	}
	// An event without its empty line was cut; who reads misses the finish reason and says so.
}

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
