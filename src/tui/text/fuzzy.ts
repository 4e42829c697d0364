/**
 * Finding an item by a few letters of it: for the palette, the hint library, problems and sessions.
 *
 * What always holds: an item is found when every word of the query is a subsequence of its text, whatever the case and
 * the order of the words; letters in a row and letters that begin a word count more; equal scores keep the order of the
 * items; an empty query finds all of them in their order. The best placing of a word is found exactly, by the recurrence
 * of Smith and Waterman (1981) with affine gaps, as fzf does (https://github.com/junegunn/fzf, src/algo); in texts beyond
 * LONG_UNITS the first placing, drawn together from its end, is taken instead.
 */
import type { Paint, Token } from "../theme/theme.ts";
import { graphemes } from "./cells.ts";
import { shown } from "./clusters.ts";

export type Found<Item> = {
	readonly item: Item;
	readonly score: number;
	/** Which UTF-16 units of the text were matched, in rising order. */
	readonly marks: readonly number[];
};

const MATCH = 16;
const RUN = 12;
const TEXT_START = 12;
const WORD_START = 10;
const HUMP = 8;
const SAME_CASE = 1;
const GAP = 3;
const GAP_UNIT = 1;
const LONG_UNITS = 512;
const NEVER = -1e9;

export function fuzzy<Item>(
	query: string,
	items: readonly Item[],
	textOf: (item: Item) => string,
): Found<Item>[] {
	const words = query.split(/\s+/).filter((word) => word !== "");
	if (words.length === 0) return items.map((item) => ({ item, score: 0, marks: [] }));
	const wanted = words.map((word) => ({ word, folded: fold(word) }));
	const found: Found<Item>[] = [];
	for (const item of items) {
		const text = textOf(item);
		const folded = fold(text);
		if (!wanted.every((word) => holds(folded, word.folded))) continue;
		const marks = new Set<number>();
		let score = 0;
		for (const { word, folded: letters } of wanted) {
			const placed = text.length > LONG_UNITS ? placeFirst : placeBest;
			score += placed(text, folded, word, letters, marks);
		}
		found.push({ item, score, marks: [...marks].sort((a, b) => a - b) });
	}
	return found.sort((a, b) => b.score - a.score);
}

/** Shows a text with its matched units in `token`; what lies between is painted in `base`, or left alone. */
export function markMatches(
	paint: Paint,
	text: string,
	marks: readonly number[],
	token: Token,
	base?: Token,
): string {
	const marked = new Set(marks);
	let row = "";
	let run = "";
	let runIsMarked = false;
	const close = () => {
		if (run === "") return;
		row += runIsMarked ? paint(token, run) : base === undefined ? run : paint(base, run);
		run = "";
	};
	let unit = 0;
	for (const grapheme of graphemes(text)) {
		let isMarked = false;
		for (const end = unit + grapheme.length; unit < end; unit++) isMarked ||= marked.has(unit);
		if (isMarked !== runIsMarked) close();
		runIsMarked = isMarked;
		run += shown(grapheme).text;
	}
	close();
	return row;
}

/** Small letters, unit by unit: a mark in the folded text is the same mark in the text. */
function fold(text: string): string {
	const small = text.toLowerCase();
	if (small.length === text.length) return small;
	let folded = "";
	for (const character of text) {
		const letter = character.toLowerCase();
		folded += letter.length === character.length ? letter : character;
	}
	return folded;
}

function holds(text: string, word: string): boolean {
	let at = -1;
	for (let i = 0; i < word.length; i++) {
		at = text.indexOf(word[i]!, at + 1);
		if (at < 0) return false;
	}
	return true;
}

const LETTER = /[\p{L}\p{N}\p{M}]/u;
const CAPITAL = /\p{Lu}/u;

/** What a place in the text is worth by itself. */
function worth(text: string, at: number): number {
	if (at === 0) return TEXT_START;
	const before = text.charCodeAt(at - 1);
	const here = text.charCodeAt(at);
	if (!isLetter(before)) return isLetter(here) ? WORD_START : 0;
	return isCapital(here) && !isCapital(before) ? HUMP : 0;
}

function isLetter(unit: number): boolean {
	if (unit < 0x80) return unit >= 0x61 ? unit <= 0x7a : (unit >= 0x30 && unit <= 0x39) || isCapital(unit);
	// Half of a surrogate pair counts as a letter: an emoji in a run does not begin a word after its first half.
	return (unit >= 0xd800 && unit <= 0xdfff) || LETTER.test(String.fromCharCode(unit));
}

function isCapital(unit: number): boolean {
	return unit < 0x80 ? unit >= 0x41 && unit <= 0x5a : CAPITAL.test(String.fromCharCode(unit));
}

/** One row for each letter of the word; reused from call to call, since ten thousand items need it at every key. */
let scores = new Int32Array(0);
let origins = new Int32Array(0);

function placeBest(text: string, folded: string, word: string, letters: string, marks: Set<number>): number {
	const width = text.length;
	const size = width * letters.length;
	if (scores.length < size) {
		scores = new Int32Array(size * 2);
		origins = new Int32Array(size * 2);
	}
	// The letters before `first` cannot be used, nor can any placing begin before the first letter.
	let first = folded.indexOf(letters[0]!);
	for (let i = 0; i < letters.length; i++) {
		const letter = letters.charCodeAt(i);
		const row = i * width;
		const above = row - width;
		let reach = NEVER;
		let reachFrom = -1;
		let next = -1;
		for (let j = first; j < width; j++) {
			// `reach`: the best score of the letter before, at k < j - 1, less the gap from there to here.
			if (i > 0 && j >= 2 && j - 2 >= first - 1) {
				const candidate = (scores[above + j - 2] ?? NEVER) - GAP - GAP_UNIT;
				reach -= GAP_UNIT;
				if (candidate > reach) {
					reach = candidate;
					reachFrom = j - 2;
				}
			}
			if (folded.charCodeAt(j) !== letter) {
				scores[row + j] = NEVER;
				continue;
			}
			let best = 0;
			let from = -1;
			if (i > 0) {
				const run = (scores[above + j - 1] ?? NEVER) + RUN;
				best = run >= reach ? run : reach;
				from = run >= reach ? j - 1 : reachFrom;
			}
			if (next < 0 && best > NEVER / 2) next = j;
			const same = text.charCodeAt(j) === word.charCodeAt(i) ? SAME_CASE : 0;
			scores[row + j] = best <= NEVER / 2 ? NEVER : best + MATCH + worth(text, j) + same;
			origins[row + j] = from;
		}
		if (i + 1 < letters.length) {
			// The row below reads this one from one before its own first letter: that place is not written above.
			first = next + 1;
		}
	}
	const last = (letters.length - 1) * width;
	let at = first;
	for (let j = first; j < width; j++) if (scores[last + j]! > scores[last + at]!) at = j;
	const score = scores[last + at]!;
	for (let i = letters.length - 1; i >= 0; i--) {
		marks.add(at);
		at = origins[i * width + at]!;
	}
	return score;
}

function placeFirst(text: string, folded: string, word: string, letters: string, marks: Set<number>): number {
	const places: number[] = [];
	const whole = wholeAt(text, folded, letters);
	if (whole >= 0) {
		for (let i = 0; i < letters.length; i++) places.push(whole + i);
	} else {
		let end = -1;
		for (let i = 0; i < letters.length; i++) end = folded.indexOf(letters[i]!, end + 1);
		for (let i = letters.length - 1, at = end; i >= 0; i--, at--) {
			at = folded.lastIndexOf(letters[i]!, at);
			places[i] = at;
		}
	}
	let score = 0;
	places.forEach((at, i) => {
		const gap = i === 0 ? 0 : at - places[i - 1]! - 1;
		const link = i === 0 ? 0 : gap === 0 ? RUN : -GAP - GAP_UNIT * gap;
		score += MATCH + worth(text, at) + link + (text[at] === word[i] ? SAME_CASE : 0);
		marks.add(at);
	});
	return score;
}

/** Where the letters stand in one piece: at the start of a word if they do so anywhere. */
function wholeAt(text: string, folded: string, letters: string): number {
	const first = folded.indexOf(letters);
	for (let at = first; at >= 0; at = folded.indexOf(letters, at + 1)) if (worth(text, at) > 0) return at;
	return first;
}
