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
const LONG_UNITS = 128;

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
		const place = text.length > LONG_UNITS ? placeFirst : placeBest;
		let total = 0;
		for (const { word, folded: letters } of wanted) total += place(text, folded, word, letters, marks);
		found.push({ item, score: total, marks: [...marks].sort((a, b) => a - b) });
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

/** A letter of the word at a place of the text: the best score up to there, and where the letter before it then stands. */
const at = new Int32Array(LONG_UNITS * LONG_UNITS);
const score = new Int32Array(LONG_UNITS * LONG_UNITS);
const from = new Int32Array(LONG_UNITS * LONG_UNITS);

/** Fills the tables above, letter after letter; they are reused, since ten thousand items need them at every key. */
function placeBest(text: string, folded: string, word: string, letters: string, marks: Set<number>): number {
	let begin = 0;
	let end = 0;
	for (let i = 0; i < letters.length; i++) {
		const letter = letters[i]!;
		const above = begin;
		begin = end;
		let seen = above;
		/** Of the letters before that leave a gap to here, the best one; the gap grows with every place passed. */
		let best = -1;
		const first = i === 0 ? 0 : at[above]! + 1;
		for (let j = folded.indexOf(letter, first); j >= 0; j = folded.indexOf(letter, j + 1)) {
			let here = MATCH + worth(text, j) + (text.charCodeAt(j) === word.charCodeAt(i) ? SAME_CASE : 0);
			let origin = -1;
			if (i > 0) {
				for (; seen < begin && at[seen]! <= j - 2; seen++) {
					if (best < 0 || score[seen]! + at[seen]! > score[best]! + at[best]!) best = seen;
				}
				const run = seen < begin && at[seen] === j - 1 ? score[seen]! + RUN : Number.NEGATIVE_INFINITY;
				const gap = best < 0 ? Number.NEGATIVE_INFINITY : score[best]! - GAP - GAP_UNIT * (j - 1 - at[best]!);
				origin = run >= gap ? seen : best;
				here += Math.max(run, gap);
			}
			at[end] = j;
			score[end] = here;
			from[end] = origin;
			end++;
		}
	}
	let last = begin;
	for (let entry = begin; entry < end; entry++) if (score[entry]! > score[last]!) last = entry;
	for (let entry = last; entry >= 0; entry = from[entry]!) marks.add(at[entry]!);
	return score[last]!;
}

function placeFirst(text: string, folded: string, word: string, letters: string, marks: Set<number>): number {
	const places: number[] = [];
	const whole = wholeAt(text, folded, letters);
	if (whole >= 0) {
		for (let i = 0; i < letters.length; i++) places.push(whole + i);
	} else {
		let end = -1;
		for (let i = 0; i < letters.length; i++) end = folded.indexOf(letters[i]!, end + 1);
		for (let i = letters.length - 1; i >= 0; i--, end--) {
			end = folded.lastIndexOf(letters[i]!, end);
			places[i] = end;
		}
	}
	let total = 0;
	places.forEach((place, i) => {
		const gap = i === 0 ? 0 : place - places[i - 1]! - 1;
		const link = i === 0 ? 0 : gap === 0 ? RUN : -GAP - GAP_UNIT * gap;
		total += MATCH + worth(text, place) + link + (text[place] === word[i] ? SAME_CASE : 0);
		marks.add(place);
	});
	return total;
}

/** Where the letters stand in one piece: at the start of a word if they do so anywhere. */
function wholeAt(text: string, folded: string, letters: string): number {
	const first = folded.indexOf(letters);
	for (let place = first; place >= 0; place = folded.indexOf(letters, place + 1)) {
		if (worth(text, place) > 0) return place;
	}
	return first;
}
