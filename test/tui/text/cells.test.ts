import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { fit as cut, expandTabs, graphemes, pad, widthOf, wrapText } from "../../../src/tui/text/cells.ts";
import { clusterEnd, MAX_CLUSTER } from "../../../src/tui/text/clusters.ts";
import { nasty } from "./nasty.ts";

const columns = fc.integer({ min: 0, max: 30 });
/** Nothing that has no place in a row. */
const UNFIT = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u;

test("characters are those of the segmenter", () => {
	const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
	fc.assert(
		fc.property(nasty, (text) => {
			const theirs = [...segmenter.segment(text)].map((one) => one.segment);
			if (theirs.some((one) => one.length >= MAX_CLUSTER)) return;
			expect(graphemes(text)).toEqual(theirs);
		}),
		{ numRuns: 2000 },
	);
	// Every unit before and after every kind of neighbour: what the table of classes says is what the segmenter says.
	const neighbours = ["a", "가", "\u0301", "क"];
	for (let unit = 0; unit < 0x10000; unit++) {
		const one = String.fromCharCode(unit);
		for (const other of neighbours) {
			for (const pair of [one + other, other + one]) {
				const theirs = segmenter.segment(pair).containing(0)!.segment.length;
				if (clusterEnd(pair, 0) !== theirs) expect([pair, clusterEnd(pair, 0)]).toEqual([pair, theirs]);
			}
		}
	}
});

test("a letter under endless accents is cut into characters, and costs no more", () => {
	const endless = `a${"\u0301".repeat(100_000)}`;
	const parts = graphemes(endless);
	expect(parts.join("")).toBe(endless);
	expect(Math.max(...parts.map((one) => one.length))).toBe(MAX_CLUSTER);
});

test("widths are those by which Ink lays out", () => {
	const known = { a: 1, é: 1, "e\u0301": 1, 中: 2, "👍🏽": 2, "👨‍👩‍👧": 2, "🇩🇪": 2, "❤️": 2, "∑": 1, 𝒳: 1 };
	for (const [text, width] of Object.entries(known)) expect([text, widthOf(text)]).toEqual([text, width]);
	fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => widthOf(text) === stringWidth(text)));
});

test("a row is never wider than was asked, holds nothing unfit, and says where it was cut", () => {
	fc.assert(
		fc.property(nasty, columns, (text, room) => {
			const row = cut(text, room);
			expect(widthOf(row)).toBeLessThanOrEqual(room);
			expect(row).not.toMatch(UNFIT);
			const whole = cut(text, 10_000);
			if (widthOf(whole) <= room) expect(row).toBe(whole);
			else if (room > 0) expect(row).toMatch(room >= 8 ? /\.\.\.$/ : /~$/);
			if (widthOf(whole) > room && room > 0) expect(widthOf(row)).toBe(room);
		}),
		{ numRuns: 2000 },
	);
	expect(cut("hello world", 8)).toBe("hello...");
	expect(cut("hello", 4)).toBe("hel~");
	expect(cut("中中中", 4)).toBe("中 ~");
	expect(cut("中", 1)).toBe("~");
	expect(cut("\x1b[31mred\nline\ttwo", 40)).toBe("␛[31mred line two");
});

test("a padded row has exactly the width", () => {
	fc.assert(
		fc.property(nasty, columns, (text, room) => {
			const row = pad(text, room);
			expect(widthOf(row)).toBe(room);
			expect(row).not.toMatch(UNFIT);
		}),
		{ numRuns: 2000 },
	);
	expect(pad("中a", 5)).toBe("中a  ");
});

test("a wrapped text loses nothing but spaces where it broke", () => {
	fc.assert(
		fc.property(nasty, fc.integer({ min: 7, max: 30 }), (text, room) => {
			const rows = wrapText(text, room);
			for (const row of rows) {
				expect(widthOf(row)).toBeLessThanOrEqual(room);
				expect(row).not.toMatch(UNFIT);
			}
			const all = wrapText(text, 10_000).join("").replaceAll(/\s/g, "");
			expect(rows.join("").replaceAll(/\s/g, "")).toBe(all);
		}),
		{ numRuns: 2000 },
	);
	fc.assert(
		fc.property(nasty, fc.integer({ min: -1, max: 3 }), (text, room) => {
			for (const row of wrapText(text, room)) expect(widthOf(row)).toBeLessThanOrEqual(Math.max(1, room));
		}),
	);
	expect(wrapText("hello big world of\nlines averyveryverylongword", 9)).toEqual([
		"hello big",
		"world of",
		"lines",
		"averyvery",
		"verylongw",
		"ord",
	]);
	expect(wrapText("", 9)).toEqual([""]);
	expect(wrapText("a\n\n  b\n", 9)).toEqual(["a", "", "  b", ""]);
});

test("tabs go to the next multiple of four cells of their line", () => {
	expect(expandTabs("a\tb\n\tc\n中\td\n1234\te")).toBe("a   b\n    c\n中  d\n1234    e");
});
