import fc from "fast-check";
import { expect, test } from "vitest";
import { visible, visibleLine } from "../../src/trace/visible.ts";

test("nothing that a terminal would obey gets through, and nothing else changes", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			const shown = visible(text);
			for (const character of shown) {
				const code = character.codePointAt(0)!;
				const obeyed = code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e);
				expect(obeyed && character !== "\n" && character !== "\t").toBe(false);
			}
			expect(visible(shown)).toBe(shown);
		}),
	);
	for (const harmless of ["a\tb\n", "é中😀", "$x^2$ ```python\n"]) expect(visible(harmless)).toBe(harmless);
});

test("what was there can be seen", () => {
	expect(visible("\x1b[31mred\x07\r\x7f")).toBe("␛[31mred␇␍␡");
	expect(visible("\x9b2J")).toBe("\\x9b2J");
	expect(visible("a\u202eb\u2066")).toBe("a\\u202eb\\u2066");
});

test("a text in pieces is shown as in one", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
			expect(visible(a) + visible(b)).toBe(visible(a + b));
		}),
	);
});

test("a line is one line", () => {
	expect(visibleLine("  What is\n\n6 x 7?\x1b ")).toBe("What is 6 x 7?␛");
});
