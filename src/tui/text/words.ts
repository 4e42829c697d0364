/**
 * Where words begin and end in a line of graphemes, by Unicode (https://www.unicode.org/reports/tr29/#Word_Boundaries).
 * A run of signs that are no word and no space ("+=", "\\{") stops a motion as a word does. Only as much of the line is cut
 * into words as the answer needs, so that a megabyte in one line costs no more than a short one.
 */
import type { Line } from "./lines.ts";

const WORDS = new Intl.Segmenter("en", { granularity: "word" });
const WINDOW = 256;

type Piece = { readonly kind: "word" | "signs" | "space"; readonly length: number };

/** Where the word ends that stands at the column or after it; the line's end if none does. */
export function wordEnd(line: Line, column: number): number {
	let start = column;
	while (start < line.length && isSpace(line[start]!)) start++;
	for (let size = WINDOW; ; size *= 2) {
		const window = line.slice(start, start + size);
		const [piece] = pieces(window.join(""));
		if (piece === undefined) return line.length;
		const count = graphemesIn(window, piece.length);
		if (count < window.length || start + size >= line.length) return start + count;
	}
}

/** Where the word begins that stands before the column; 0 if none does. */
export function wordStart(line: Line, column: number): number {
	let end = column;
	while (end > 0 && isSpace(line[end - 1]!)) end--;
	for (let size = WINDOW; ; size *= 2) {
		const from = Math.max(0, end - size);
		const window = line.slice(from, end);
		const text = window.join("");
		const piece = pieces(text).at(-1);
		if (piece === undefined) return 0;
		const count = graphemesIn(window, text.length - piece.length);
		if (count > 0 || from === 0) return from + count;
	}
}

export function isSpace(grapheme: string): boolean {
	return grapheme.trim() === "";
}

function pieces(text: string): Piece[] {
	const found: Piece[] = [];
	for (const { segment, isWordLike } of WORDS.segment(text)) {
		const kind = isWordLike === true ? "word" : isSpace(segment) ? "space" : "signs";
		const before = found.at(-1);
		if (kind === "signs" && before?.kind === "signs") {
			found[found.length - 1] = { kind, length: before.length + segment.length };
		} else found.push({ kind, length: segment.length });
	}
	return found;
}

/** How many graphemes lie before this UTF-16 unit. */
function graphemesIn(line: Line, units: number): number {
	let count = 0;
	for (let length = 0; count < line.length && length < units; count++) length += line[count]!.length;
	return count;
}
