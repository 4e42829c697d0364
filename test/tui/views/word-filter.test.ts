import { expect, test } from "vitest";
import { rankOf, wordsOf } from "../../../src/tui/views/word-filter.ts";

const hay = { name: "product-6", text: "product-6 math a hall has 394 rows of 795 seats." };

test("a word fits in the name, in the text, or as letters of the name, in this order of merit", () => {
	expect(rankOf(wordsOf("PRODUCT"), hay)).toBe(0);
	expect(rankOf(wordsOf("hall product"), hay)).toBe(1);
	expect(rankOf(wordsOf("hall p6"), hay)).toBe(2);
	expect(rankOf(wordsOf("p6 hall"), hay)).toBe(2);
});

test("letters that stand anywhere in the text are no word of it", () => {
	expect(rankOf(wordsOf("hst"), hay)).toBeUndefined();
	expect(rankOf(wordsOf("hall theatre"), hay)).toBeUndefined();
});

test("no words fit everything", () => {
	expect(rankOf(wordsOf("   "), hay)).toBe(0);
});
