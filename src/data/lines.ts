/**
 * The text of a file in pieces, and its lines one at a time: a problem file may be larger than memory. A file whose name
 * ends in .gz is unpacked on the way. Only "\n" ends a line (Node's readline also cuts at U+2028, which may stand inside
 * a JSON string).
 */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

export type Line = { readonly text: string; readonly line: number };

const CHUNK_BYTES = 1 << 20;

/** The text in pieces of about a megabyte. Whoever stops reading closes the file. */
export function chunksOf(file: string, signal?: AbortSignal): AsyncIterable<string> {
	const ends = signal ? { signal } : {};
	const packed = /\.gz$/i.test(file);
	const bytes = createReadStream(file, {
		highWaterMark: CHUNK_BYTES,
		...ends,
		...(packed ? {} : { encoding: "utf8" as const }),
	});
	if (!packed) return bytes as AsyncIterable<string>;
	// What goes wrong, in the file or in what is packed there, comes out of the reading; pipeline closes the other end.
	const text = createGunzip({ chunkSize: CHUNK_BYTES });
	pipeline(bytes, text, () => {});
	return text.setEncoding("utf8") as AsyncIterable<string>;
}

export async function* linesOf(file: string, signal?: AbortSignal): AsyncGenerator<Line, void, void> {
	let line = 0;
	// A long line comes in many chunks: they are joined once, when its end is there.
	let begun: string[] = [];
	for await (const chunk of chunksOf(file, signal)) {
		let start = 0;
		for (;;) {
			const end = chunk.indexOf("\n", start);
			if (end < 0) break;
			begun.push(chunk.slice(start, end));
			line++;
			yield { text: withoutBom(begun.join(""), line), line };
			begun = [];
			start = end + 1;
		}
		if (start < chunk.length) begun.push(chunk.slice(start));
	}
	const last = begun.join("");
	if (last !== "") yield { text: withoutBom(last, line + 1), line: line + 1 };
}

function withoutBom(text: string, line: number): string {
	return line === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
}
