/** What a scripted server says to one request, piece by piece, and the faults that it puts into it. */
import type { ServerResponse } from "node:http";
import { type Continuation, partsOf, type ScriptedTokenizer } from "./scripted-model.ts";

/** `after`: that many pieces of the stream come first. */
export type Fault =
	/** The body ends in good order, but without a finish reason. */
	| { readonly type: "cut"; readonly after: number }
	/** The connection breaks. */
	| { readonly type: "reset"; readonly after: number }
	/** An error as an event of the stream. */
	| { readonly type: "error-event"; readonly after: number }
	| { readonly type: "garbage"; readonly after: number }
	/** An event of 10 MB. */
	| { readonly type: "huge-line"; readonly after: number }
	/** The stop string stays in the text though it was not asked for. */
	| { readonly type: "stop-included" }
	/** Ids go on behind the stop string, beyond the text. */
	| { readonly type: "overshoot" }
	/** What was held back as the beginning of a stop string never comes when the length ends the request. */
	| { readonly type: "lost-tail" }
	| { readonly type: "status"; readonly status: number; readonly retryAfter?: string; readonly says?: string }
	| { readonly type: "drip"; readonly everyMs: number }
	/** The server puts a BOS in front of ids, too. */
	| { readonly type: "double-bos" }
	/** Chat: the prefix is said again before it goes on. */
	| { readonly type: "echo" }
	| { readonly type: "none" };

export type Piece = { readonly text: string; readonly ids: readonly number[] };
export type Ended = { readonly reason: "eos" | "stop" | "length"; readonly matched?: string };

export type World = {
	readonly tokenizer: ScriptedTokenizer;
	readonly model: Continuation;
	readonly perChunk: number;
};

/** All that one request will say: pieces as a server would stream them, and how it ends. */
export function sample(
	world: World,
	ids: readonly number[],
	maxTokens: number,
	stops: readonly string[],
	fault: Fault,
	keepStop: boolean,
): { pieces: Piece[]; ended: Ended } {
	const { tokenizer, model, perChunk } = world;
	const { header, turn } = partsOf(tokenizer.decode(ids));
	const all = tokenizer.encode(model(turn, header));
	const taken: number[] = [];
	const pieces: Piece[] = [];
	let said = 0;
	let ended: Ended = { reason: "eos" };
	const lag = stops.length > 0 && !keepStop ? Math.max(...stops.map((stop) => stop.length)) - 1 : 0;
	let waiting: number[] = [];
	const put = (text: string, force = false): void => {
		if (!force && waiting.length < perChunk) return;
		if (text.length < said) return;
		pieces.push({ text: text.slice(said), ids: waiting });
		said = text.length;
		waiting = [];
	};
	for (const id of all) {
		taken.push(id);
		waiting.push(id);
		const text = whole(tokenizer.bytes(taken));
		const hit = stops
			.map((stop) => ({ stop, at: text.indexOf(stop) }))
			.filter(({ at }) => at >= 0)
			.sort((a, b) => a.at - b.at)[0];
		if (hit !== undefined) {
			const end = keepStop || fault.type === "stop-included" ? hit.at + hit.stop.length : hit.at;
			if (fault.type === "overshoot") waiting.push(...all.slice(taken.length, taken.length + 2));
			put(text.slice(0, Math.max(end, said)), true);
			ended = { reason: "stop", matched: hit.stop };
			return { pieces, ended };
		}
		put(text.slice(0, Math.max(said, text.length - lag)));
		if (taken.length >= maxTokens) {
			ended = { reason: "length" };
			break;
		}
	}
	const text = whole(tokenizer.bytes(taken));
	const lost = fault.type === "lost-tail" && ended.reason === "length";
	if (said < text.length && !lost) put(text, true);
	else if (waiting.length > 0) put(text.slice(0, said), true);
	return { pieces, ended };
}

/** Waited for before each piece: a test holds a stream with it, or lets it run at a speed of its own. */
export type Pace = (piece: Piece) => Promise<void> | void;

/** Writes the pieces, with the fault at its place. False: the stream is over already. */
export async function writeStream(
	lines: "events" | "json-lines",
	response: ServerResponse,
	fault: Fault,
	pieces: readonly Piece[],
	line: (piece: Piece, i: number) => string,
	pace?: Pace,
): Promise<boolean> {
	const frame = (data: string): string => (lines === "json-lines" ? `${data}\n` : `data: ${data}\n\n`);
	for (let i = 0; i <= pieces.length; i++) {
		if (response.destroyed) return false;
		if ("after" in fault && fault.after === i) {
			if (fault.type === "cut") {
				response.end();
				return false;
			}
			if (fault.type === "reset") {
				// What was written is on its way before the connection breaks.
				await new Promise((resolve) => setTimeout(resolve, 20));
				response.socket?.resetAndDestroy();
				return false;
			}
			if (fault.type === "error-event") {
				response.end(frame(JSON.stringify({ error: { message: "the scripted server broke" } })));
				return false;
			}
			if (fault.type === "garbage") response.write(frame("{this is no json"));
			if (fault.type === "huge-line")
				response.write(
					lines === "json-lines"
						? frame(JSON.stringify({ response: "", padding: "x".repeat(10_000_000) }))
						: `: ${"x".repeat(5_000_000)}\n${frame(JSON.stringify({ choices: [], padding: "x".repeat(10_000_000) }))}`,
				);
		}
		const piece = pieces[i];
		if (piece === undefined) break;
		await pace?.(piece);
		if (response.destroyed) return false;
		response.write(frame(line(piece, i)));
		await new Promise((resolve) =>
			fault.type === "drip" ? setTimeout(resolve, fault.everyMs) : setImmediate(resolve),
		);
	}
	return true;
}

/** The text without the beginning of a character at its end. */
function whole(bytes: Buffer): string {
	const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
	return text;
}
