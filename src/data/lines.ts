/**
 * The lines of a file, one at a time: a problem file may be larger than memory. Only "\n" ends a line (Node's readline
 * also cuts at U+2028, which may stand inside a JSON string).
 */
import { createReadStream } from "node:fs";

export type Line = { readonly text: string; readonly line: number };

export async function* linesOf(file: string, signal?: AbortSignal): AsyncGenerator<Line, void, void> {
	let line = 0;
	// A long line comes in many chunks: they are joined once, when its end is there.
	let begun: string[] = [];
	for await (const chunk of createReadStream(file, {
		encoding: "utf8",
		highWaterMark: 1 << 20,
		...(signal ? { signal } : {}),
	}) as AsyncIterable<string>) {
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
