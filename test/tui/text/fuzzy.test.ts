import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzy, markMatches } from "../../../src/tui/text/fuzzy.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";
import { nasty } from "./nasty.ts";

const self = (text: string): string => text;
const names = (query: string, items: readonly string[]): string[] =>
	fuzzy(query, items, self).map(({ item }) => item);
/** The text with its matched letters in brackets. */
const marked = (query: string, item: string): string | undefined => {
	const [found] = fuzzy(query, [item], self);
	return found && [...item].map((one, i) => (found.marks.includes(i) ? `[${one}]` : one)).join("");
};

test("an empty query finds all, in order", () => {
	for (const query of ["", "  ", "\t"]) expect(names(query, ["b", "a", "c"])).toEqual(["b", "a", "c"]);
	expect(fuzzy("", ["a"], self)[0]).toEqual({ item: "a", score: 0, marks: [] });
});

test("words are found in any order, whatever their case, and all of them must be there", () => {
	expect(names("veto hint", ["Veto the proposed hint", "Undo the last hint"])).toEqual([
		"Veto the proposed hint",
	]);
	expect(names("HINT veto", ["Veto the proposed hint"])).toHaveLength(1);
	expect(names("vth", ["Veto the proposed hint"])).toHaveLength(1);
	expect(names("xq", ["Veto the proposed hint"])).toEqual([]);
	expect(names("zb ş", ["ŞİB zeb"])).toEqual(["ŞİB zeb"]);
});

test("beginnings of words and letters in a row come first", () => {
	expect(names("red", ["Reserved", "Undo the redo", "Redraw"])).toEqual([
		"Redraw",
		"Undo the redo",
		"Reserved",
	]);
	expect(names("np", ["unspoken", "snapshot", "Next problem"])[0]).toBe("Next problem");
	expect(names("sn", ["insane", "SessionName"])[0]).toBe("SessionName");
	expect(marked("net", "a neat net")).toBe("a neat [n][e][t]");
	expect(marked("npr", "Next problem, python")).toBe("[N]ext [p][r]oblem, python");
	expect(marked("b a", "a b")).toBe("[a] [b]");
});

test("equal scores keep the order of the items", () => {
	const items = Array.from({ length: 50 }, (_, i) => ({ i, text: "same" }));
	expect(fuzzy("sm", items, ({ text }) => text).map(({ item }) => item.i)).toEqual(items.map(({ i }) => i));
});

/** The best of all placings of a word, tried one by one. */
function bestByTrying(text: string, word: string): number | undefined {
	let best: number | undefined;
	const letter = /[a-z0-9]/i;
	const worth = (at: number): number => {
		if (at === 0) return 12;
		const [before, here] = [text[at - 1]!, text[at]!];
		if (!letter.test(before)) return letter.test(here) ? 10 : 0;
		return /[A-Z]/.test(here) && !/[A-Z]/.test(before) ? 8 : 0;
	};
	const place = (i: number, from: number, last: number, score: number): void => {
		if (i === word.length) {
			best = best === undefined ? score : Math.max(best, score);
			return;
		}
		for (let at = from; at < text.length; at++) {
			if (text[at]!.toLowerCase() !== word[i]!.toLowerCase()) continue;
			const gap = at - last - 1;
			const link = i === 0 ? 0 : gap === 0 ? 12 : -3 - gap;
			place(i + 1, at + 1, at, score + 16 + worth(at) + link + (text[at] === word[i] ? 1 : 0));
		}
	};
	place(0, 0, -1, 0);
	return best;
}

test("the placing of a word is the best of all placings", () => {
	const letters = fc.constantFrom(..."abAB -");
	const texts = fc.string({ unit: letters, maxLength: 12 });
	const words = fc.string({ unit: fc.constantFrom(..."abAB-"), minLength: 1, maxLength: 4 });
	fc.assert(
		fc.property(fc.array(texts, { maxLength: 5 }), words, (items, word) => {
			const found = new Map(fuzzy(word, items, self).map(({ item, score }) => [item, score]));
			for (const item of items) expect(found.get(item)).toBe(bestByTrying(item, word));
		}),
		{ numRuns: 1000 },
	);
});

test("the marks spell the words, in long texts too", () => {
	const word = fc.string({ unit: fc.constantFrom(..."abcé"), minLength: 1, maxLength: 4 });
	const long = fc.tuple(nasty, fc.nat(600)).map(([text, more]) => text + "abcé x".repeat(more));
	fc.assert(
		fc.property(fc.array(long, { maxLength: 4 }), word, (items, query) => {
			for (const { item, marks } of fuzzy(query, items, self)) {
				expect(marks).toEqual([...marks].sort((a, b) => a - b));
				const letters = marks.map((at) => item[at]!.toLowerCase()).join("");
				expect(letters).toBe(query);
			}
		}),
	);
	expect(marked("net", `${"n e t ".repeat(200)}net`)).toMatch(/ \[n\]\[e\]\[t\]$/);
});

test("marks are painted by whole characters, fit for a row", () => {
	const brackets = Object.assign((token: string, text: string) => `<${token}:${text}>`, {
		theme: BARE,
		over: (_: string, row: string) => row,
	});
	expect(markMatches(brackets, "a b", [0, 2], "match")).toBe("<match:a> <match:b>");
	expect(markMatches(brackets, "abc", [0, 1], "match", "sheet")).toBe("<match:ab><sheet:c>");
	expect(markMatches(brackets, "x😀y", [2], "match")).toBe("x<match:😀>y");
	expect(markMatches(brackets, "abc", [], "match")).toBe("abc");
	expect(markMatches(brackets, "a\x1b[1m", [0], "match")).toBe("<match:a>␛[1m");
	const bare = paintOf(BARE, "none");
	fc.assert(
		fc.property(nasty, fc.array(fc.nat(30)), (text, marks) => {
			expect(markMatches(bare, text, marks, "match")).not.toMatch(/[\p{Cc}]/u);
		}),
	);
});
