/**
 * Characters as a person counts them (extended grapheme clusters, https://www.unicode.org/reports/tr29/), and how each of
 * them stands on a screen: as which text, over how many cells.
 *
 * Where a cluster ends depends on what comes before its end and on the one code point after it, nothing else; so a text
 * that grows keeps its clusters but for those at its end. Ours end after MAX_CLUSTER units at the latest: one letter
 * under a million accents is many characters here, and costs what many characters cost.
 */
import stringWidth from "string-width";
import { visible } from "../../trace/visible.ts";

export const MAX_CLUSTER = 64;
/** A tab goes on to the next multiple of this. */
export const TAB_CELLS = 4;

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * What a UTF-16 unit is. Two neighbours that are each NARROW, WIDE or CONTROL never belong to one cluster (but for CR LF);
 * alone, a NARROW takes one cell and a WIDE two. All else is COMPLEX, and the segmenter is asked.
 */
const NARROW = 1;
const WIDE = 2;
const CONTROL = 3;
const COMPLEX = 4;

const classes = new Uint8Array(0x10000).fill(NARROW, 0x20, 0x7f).fill(CONTROL, 0, 0x20);

/** GB4 and GB5 of UAX 29 break on both sides of these; lone surrogates are left to the segmenter. */
const CONTROLS =
	/[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb]/u;
/** What may join a neighbour: marks, joiners, signs put before (U+0D4E among them), Thai and Lao AM, Hangul jamo. */
const JOINERS =
	/[\p{M}\p{Cf}\p{Cs}\p{Grapheme_Extend}\p{Default_Ignorable_Code_Point}\u0d4e\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u;

function classOf(unit: number): number {
	const known = classes[unit]!;
	if (known !== 0) return known;
	const character = String.fromCharCode(unit);
	let found = COMPLEX;
	if (CONTROLS.test(character)) found = CONTROL;
	else if (!JOINERS.test(character)) {
		const width = stringWidth(character);
		if (width === 1) found = NARROW;
		if (width === 2) found = WIDE;
	}
	classes[unit] = found;
	return found;
}

/** Code points beyond the BMP that join nothing by themselves: letters of formulas, most emoji, rarer Han. */
function standsAlone(code: number): boolean {
	return (
		(code >= 0x1d400 && code <= 0x1d7ff) ||
		(code >= 0x1f200 && code <= 0x1faff && !(code >= 0x1f3fb && code <= 0x1f3ff)) ||
		(code >= 0x20000 && code <= 0x3fffd)
	);
}

/** Where the cluster that begins at `at` ends; more than `at` wherever there is text. */
export function clusterEnd(text: string, at: number): number {
	const unit = text.charCodeAt(at);
	const kind = classOf(unit);
	let end = at + 1;
	if (kind !== COMPLEX || standsAlone(text.codePointAt(at)!)) {
		if (kind === COMPLEX) end++;
		if (end >= text.length) return text.length;
		const next = classOf(text.charCodeAt(end));
		if (next !== COMPLEX) return unit === 0x0d && text.charCodeAt(end) === 0x0a ? end + 1 : end;
		if (kind === CONTROL) return end;
		if (standsAlone(text.codePointAt(end)!)) return end;
	}
	const window = text.slice(at, at + MAX_CLUSTER);
	return at + Math.max(1, segmenter.segment(window).containing(0)?.segment.length ?? 1);
}

/** How one cluster is shown: `cells` is what the terminal (and Ink) will take `text` for. */
export type Shown = { readonly text: string; readonly cells: number };

const REMEMBERED = 4096;
const shownBefore = new Map<string, Shown>();
const ASCII: readonly Shown[] = Array.from({ length: 0x7f }, (_, code) => ({
	text: code < 0x20 ? visible(String.fromCharCode(code)) : String.fromCharCode(code),
	cells: 1,
}));
const SPACE: Shown = { text: " ", cells: 1 };
const DOTTED_CIRCLE = "\u25cc";
/** What would become part of the character before it in the row, so that the widths would not add up. */
const JOINS_LEFT = /^[\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u0e33\u0eb3]/u;

/**
 * A cluster made fit for one row. Unsafe characters become visible; newline and tab a space (who wants more of them looks
 * before asking); what takes no cell is shown by number, so that all that was there is seen; a mark without a letter
 * stands on a dotted circle, because Ink and terminals would give it a cell anyway; half a surrogate pair is U+FFFD.
 */
export function shown(cluster: string): Shown {
	const unit = cluster.charCodeAt(0);
	if (cluster.length === 1 && unit < 0x7f) return unit === 0x0a || unit === 0x09 ? SPACE : ASCII[unit]!;
	const before = shownBefore.get(cluster);
	if (before) return before;
	const found = look(cluster);
	if (shownBefore.size >= REMEMBERED) shownBefore.clear();
	shownBefore.set(cluster, found);
	return found;
}

function look(cluster: string): Shown {
	if (cluster === "\r\n") return SPACE;
	const text = visible(cluster).toWellFormed();
	if (/^[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(text)) return escaped(text);
	if (JOINS_LEFT.test(text)) return { text: DOTTED_CIRCLE + text, cells: stringWidth(DOTTED_CIRCLE + text) };
	const cells = stringWidth(text);
	return cells > 0 ? { text, cells } : escaped(text);
}

/** By the number of its first code point: as many as may follow would leave no room for anything else. */
function escaped(text: string): Shown {
	const hex = text.codePointAt(0)!.toString(16);
	const number = hex.length > 2 ? `\\u${hex.padStart(4, "0")}` : `\\x${hex}`;
	return { text: number, cells: number.length };
}

/** The cells of a unit that is a cluster of its own because of what it and the next unit are; 0: ask `clusterEnd`. */
export function soloCells(unit: number, next: number): number {
	const kind = classOf(unit);
	return kind <= WIDE && classOf(next) !== COMPLEX ? kind : 0;
}

/**
 * Clusters of a growing text that end before this place stay as they are. What touches its end may grow, and so may what
 * stands before a half surrogate pair there.
 */
export function settledEnd(text: string): number {
	const last = text.charCodeAt(text.length - 1);
	if (last === 0x0a) return text.length + 1;
	return (last & 0xfc00) === 0xd800 ? text.length - 1 : text.length;
}
