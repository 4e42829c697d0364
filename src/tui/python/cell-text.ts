/**
 * What an emulator's cell holds, made fit for a row. Emulators count code point by code point, as C programs do (wcwidth);
 * Ink counts clusters. Where the two differ the cell's width wins, since the program that drew it relies on it.
 */
import stringWidth from "string-width";
import { graphemes, widthOf } from "../text/cells.ts";

/** What has no form of its own: joiners, variation selectors, the bidirectional controls; and what is no character. */
const FORMLESS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu;
/** Two make a flag that is no wider than one; in cells of one each they are letters. */
const FLAG_LETTERS = /[\u{1f1e6}-\u{1f1ff}]/gu;
const letterOf = (sign: string): string => String.fromCharCode(0x41 + sign.codePointAt(0)! - 0x1f1e6);

const REMEMBERED = 4096;
const known = new Map<string, string>();

/** A cell's characters in exactly `width` cells. */
export function cellText(characters: string, width: number): string {
	if (characters === "") return " ".repeat(width);
	const key = `${width}${characters}`;
	const before = known.get(key);
	if (before !== undefined) return before;
	const found = look(characters, width);
	if (known.size >= REMEMBERED) known.clear();
	known.set(key, found);
	return found;
}

function look(characters: string, width: number): string {
	const text = characters.replace(FORMLESS, "").replace(FLAG_LETTERS, letterOf);
	if (widthOf(text) === width && graphemes(text).length === 1) return text;
	const first = String.fromCodePoint(text.codePointAt(0) ?? 0x3f);
	return widthOf(first) === width ? first : "?".padEnd(width);
}

/**
 * Cells that would be counted as one character when they stand side by side (a flag of two letters, a vowel sign after its
 * consonant): they become one, and what it is narrower is filled up with spaces. `starts` are the cells' columns and, last,
 * the end of the row.
 */
export function joined(texts: string[], starts: readonly number[]): void {
	let head = 0;
	for (let index = 1; index < texts.length; index++) {
		const one = texts[head]! + texts[index]!;
		if (graphemes(one).length > 1) {
			head = index;
			continue;
		}
		const columns = starts[index + 1]! - starts[head]!;
		const narrower = columns - widthOf(one);
		if (narrower < 0) {
			texts[index] = "?".padEnd(starts[index + 1]! - starts[index]!);
			head = index;
		} else {
			texts[head] = one;
			texts[index] = "";
			fill(texts, head, index, narrower);
		}
	}
}

/** Spaces go where the last cell of the cluster was; the cluster itself stays without them, so that more may join it. */
function fill(texts: string[], head: number, index: number, spaces: number): void {
	for (let at = head + 1; at < index; at++) texts[at] = "";
	texts[index] = " ".repeat(spaces);
}

/** How many cells the emulator gives a code point: as wcwidth does, with today's emoji. */
export function cellsOf(code: number): 0 | 1 | 2 {
	if (code < 0x300) return code >= 0x20 && code < 0x7f ? 1 : code < 0xa0 ? 0 : 1;
	const kept = widths.get(code);
	if (kept !== undefined) return kept;
	const found = measure(code);
	widths.set(code, found);
	return found;
}

const widths = new Map<number, 0 | 1 | 2>();

function measure(code: number): 0 | 1 | 2 {
	if (code >= 0x1160 && code <= 0x11ff) return 0; // vowels and finals of Hangul, which join what is before
	if (code >= 0x1f1e6 && code <= 0x1f1ff) return 1;
	const cells = stringWidth(String.fromCodePoint(code));
	return cells > 1 ? 2 : cells === 1 ? 1 : 0;
}
