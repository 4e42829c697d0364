import fc from "fast-check";
import { expect, test } from "vitest";
import { graphemes, widthOf } from "../../../src/tui/text/cells.ts";
import { Field, type FieldOptions } from "../../../src/tui/text/field.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";
import { nasty } from "./nasty.ts";
import { keysOf, press } from "./typed.ts";

const paint = paintOf(BARE, "none");

function field(multiline: boolean, text = "", more: Partial<FieldOptions> = {}): Field {
	const made = new Field({ paint, multiline, ...more });
	made.text = text;
	return made;
}

function type(to: Field, ...chords: string[]): Field {
	for (const chord of chords) to.key(press(chord));
	return to;
}

/** The rows with a bar before the cell of the cursor. */
function drawn(of: Field, columns: number, rows = 1): string[] {
	const { rows: lines, cursor } = of.draw(columns, rows);
	return lines.map((row, y) => {
		if (y !== cursor.y) return row.trimEnd();
		let [before, cells] = ["", 0];
		const rest = graphemes(row);
		while (cells < cursor.x) {
			const one = rest.shift()!;
			before += one;
			cells += widthOf(one);
		}
		return `${before}|${rest.join("")}`.trimEnd();
	});
}

test("three backspaces in one chunk take three characters", () => {
	const one = field(false, "abcdef");
	for (const key of [press("backspace"), press("backspace"), press("backspace")])
		expect(one.key(key)).toBe(true);
	expect(one.text).toBe("abc");
});

test("Ctrl+A goes to the beginning, and a letter after it is typed there", () => {
	expect(type(field(false, "abc"), "ctrl+a", "Z").text).toBe("Zabc");
});

test("Ctrl+U, Ctrl+W and Alt+B do what shells do and never type their letter", () => {
	expect(type(field(false, "one two"), "ctrl+u").text).toBe("");
	expect(type(field(false, "one two"), "ctrl+w").text).toBe("one ");
	expect(type(field(false, "one two"), "alt+b", "x").text).toBe("one xtwo");
	for (const chord of ["ctrl+x", "alt+x", "ctrl+p", "escape", "tab", "f1"]) {
		const one = field(false, "one");
		expect([chord, one.key(press(chord)), one.text]).toEqual([chord, false, "one"]);
	}
});

test("no half of a surrogate pair is left or made", () => {
	expect(type(field(false, "a😀b"), "left", "backspace").text).toBe("ab");
	expect(type(field(false, "a😀b"), "left", "left", "x").text).toBe("ax😀b");
	const one = field(false);
	one.paste("\ud83d");
	one.paste("x\udc4d");
	expect(one.text).toBe("\ufffdx\ufffd");
});

test("Delete takes what is after the cursor", () => {
	expect(type(field(false, "abc"), "home", "delete").text).toBe("bc");
	expect(type(field(false, "abc"), "delete").text).toBe("abc");
});

test("Home and End move", () => {
	expect(type(field(false, "abc"), "home", "x", "end", "y").text).toBe("xabcy");
});

test("a paste of two lines is all there: with a space in one line, as two lines in several", () => {
	for (const text of ["one\ntwo", "one\r\ntwo", "one\rtwo"]) {
		const line = field(false);
		line.paste(text);
		expect(line.text).toBe("one two");
		expect(drawn(line, 20)).toEqual(["one two|"]);
		const lines = field(true);
		lines.paste(text);
		expect(lines.text).toBe("one\ntwo");
		expect(drawn(lines, 20, 3)).toEqual(["one", "two|", ""]);
	}
	expect(field(false, "one\ntwo").text).toBe("one two");
});

test("the cursor stands where the next character goes, after wide ones too, so that an input method opens there", () => {
	expect(field(false, "日本").draw(20, 1).cursor).toEqual({ x: 4, y: 0 });
	expect(type(field(false, "日本x"), "left", "left").draw(20, 1).cursor).toEqual({ x: 2, y: 0 });
	expect(field(true, "a\n日本\nb").draw(20, 5).cursor).toEqual({ x: 1, y: 2 });
	expect(type(field(true, "a\n日本\nb"), "up", "end").draw(20, 5).cursor).toEqual({ x: 4, y: 1 });
});

test("one line: what is cut off on a side is said there, and the view moves no more than it must", () => {
	const one = field(false, "0123456789abcdef");
	expect(drawn(one, 10)).toEqual(["<89abcdef|"]);
	expect(drawn(type(one, "left"), 10)).toEqual(["<89abcde|f"]);
	expect(drawn(type(one, "home"), 10)).toEqual(["|012345678>"]);
	expect(drawn(type(one, "right", "right"), 10)).toEqual(["01|2345678>"]);
	expect(drawn(type(one, ..."xyz".split("")), 30)).toEqual(["01xyz|23456789abcdef"]);
	const wide = field(false, "日本語日本語");
	expect(drawn(wide, 8)).toEqual(["<日本語|"]);
	expect(drawn(type(wide, "home"), 8)).toEqual(["|日本語 >"]);
	expect(drawn(field(false, "fits"), 5)).toEqual(["fits|"]);
	expect(drawn(field(false, "fitsx"), 6)).toEqual(["fitsx|"]);
});

test("several lines: words are wrapped, and the cursor is always in view", () => {
	const prose = field(true, "one two three four");
	expect(drawn(prose, 10, 3)).toEqual(["one two", "three", "four|"]);
	expect(drawn(prose, 10, 2)).toEqual(["three", "four|"]);
	expect(drawn(type(prose, "ctrl+home"), 10, 2)).toEqual(["|one two", "three"]);
	expect(drawn(type(prose, "down", "down"), 10, 2)).toEqual(["three", "|four"]);
	// With less text the view goes up again.
	expect(drawn(type(prose, "ctrl+k"), 10, 2)).toEqual(["one two", "three |"]);
	expect(drawn(type(prose, "ctrl+u"), 10, 2)).toEqual(["|", ""]);
	expect(prose.height(10)).toBe(1);
	prose.text = "one two three four";
	expect([prose.height(10), prose.height(10, 2), prose.height(80)]).toEqual([3, 2, 1]);
});

test("several lines: pages, and rows wrapped as they are seen", () => {
	const many = field(true, Array.from({ length: 30 }, (_, i) => `line ${i}`).join("\n"));
	many.draw(20, 5);
	expect(drawn(type(many, "pageup"), 20, 5)).toEqual([
		"line 25|",
		"line 26",
		"line 27",
		"line 28",
		"line 29",
	]);
	expect(drawn(type(many, "pageup"), 20, 5)[0]).toBe("line 21|");
	expect(drawn(type(many, "pagedown", "pagedown"), 20, 5)[4]).toBe("line 29|");
	const wrapped = field(true, "one two three");
	wrapped.draw(6, 5);
	expect(drawn(type(wrapped, "up"), 6, 3)).toEqual(["one", "two|", "three"]);
});

test("the history comes back with up and down, and what was being written waits", () => {
	const history = ["first", "second"];
	const one = field(false, "dra", { history });
	expect(type(one, "up").text).toBe("second");
	expect(type(one, "up").text).toBe("first");
	expect(one.key(press("up"))).toBe(false);
	expect(type(one, "x").text).toBe("firstx");
	expect(type(one, "down").text).toBe("second");
	expect(type(one, "down").text).toBe("dra");
	expect(one.key(press("down"))).toBe(false);
	// Entries that were changed keep that until a new text is begun.
	expect(type(one, "up", "up").text).toBe("firstx");
	one.text = "";
	history.push("third");
	expect(type(one, "up").text).toBe("third");
	expect(type(one, "up", "up").text).toBe("first");
	const several = field(true, "a\nb", { history });
	expect(type(several, "up").text).toBe("a\nb");
	expect(type(several, "up").text).toBe("third");
	expect(type(several, "down").text).toBe("a\nb");
});

test("keys that another may want are left to it: Enter in one line, up and down at the ends", () => {
	for (const chord of ["enter", "alt+enter", "ctrl+j", "up", "down", "pageup"]) {
		expect([chord, field(false, "a").key(press(chord))]).toEqual([chord, false]);
	}
	expect(field(true, "a").key(press("up"))).toBe(false);
	expect(field(true, "a").key(press("enter"))).toBe(true);
	expect(field(true, "a\nb").key(press("up"))).toBe(true);
});

test("a placeholder stands there until there is text", () => {
	const one = field(false, "", { placeholder: "search" });
	expect(drawn(one, 10)).toEqual(["|search"]);
	expect(drawn(one, 4)).toEqual(["|sea~"]);
	expect(drawn(type(one, "x"), 10)).toEqual(["x|"]);
});

test("a press of the mouse puts the cursor there", () => {
	const lines = field(true, "one two three\n日本");
	lines.draw(10, 4);
	lines.click(2, 1);
	expect(drawn(lines, 10, 4)[1]).toBe("th|ree");
	lines.click(3, 2);
	expect(drawn(lines, 10, 4)[2]).toBe("日|本");
	lines.click(9, 0);
	expect(drawn(lines, 10, 4)[0]).toBe("one two|");
	lines.click(1, 9);
	expect(drawn(lines, 10, 4)[2]).toBe("|日本");
	const line = field(false, "0123456789abcdef");
	line.draw(10, 1);
	line.click(1, 0);
	expect(drawn(line, 10)).toEqual(["<7|89abcdef"]);
});

test("a tab, a control and what has no width are shown, and are in the text as they came", () => {
	const one = field(false);
	one.paste("a\tb\x1b[2J\u200b\u202e");
	expect(drawn(one, 40)).toEqual(["a    b␛[2J\\u200b\\u202e|"]);
	expect(one.text).toBe("a\tb\x1b[2J\u200b\u202e");
});

const chords = [
	"left",
	"right",
	"up",
	"down",
	"home",
	"end",
	"ctrl+home",
	"ctrl+end",
	"pageup",
	"pagedown",
	"ctrl+left",
	"backspace",
	"ctrl+w",
	"ctrl+y",
	"enter",
	"ctrl+_",
	"x",
	"space",
];
const step = fc.oneof(
	fc.constantFrom(...chords).map((chord) => (of: Field) => void of.key(press(chord))),
	nasty.map((text) => (of: Field) => of.paste(text)),
	fc.tuple(fc.nat(30), fc.nat(6)).map(
		([x, y]) =>
			(of: Field) =>
				of.click(x, y),
	),
);

test("whatever is in a field, its rows are as wide as was asked, fit for a terminal, and hold the cursor", () => {
	const sizes = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 5 }));
	fc.assert(
		fc.property(fc.boolean(), fc.array(fc.tuple(step, sizes), { maxLength: 12 }), (multiline, steps) => {
			const one = field(multiline, "", { placeholder: "日本 something\tto write", history: ["a", "b\nc"] });
			for (const [act, [columns, rows]] of steps) {
				act(one);
				const drawing = one.draw(columns, rows);
				expect(drawing.rows.length).toBe(multiline ? rows : 1);
				for (const row of drawing.rows) {
					expect(row).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
					expect(widthOf(row)).toBe(columns);
				}
				expect(drawing.cursor.x).toBeGreaterThanOrEqual(0);
				expect(drawing.cursor.x).toBeLessThan(columns);
				expect(drawing.cursor.y).toBeGreaterThanOrEqual(0);
				expect(drawing.cursor.y).toBeLessThan(drawing.rows.length);
				if (!multiline) expect(one.text).not.toMatch(/[\n\r]/);
			}
		}),
		{ numRuns: 1000 },
	);
});

test("a one-line field shows what is under the cursor, wherever that goes", () => {
	const text = fc.string({ unit: fc.constantFrom(..."abc日本é"), maxLength: 40 });
	const keys = fc.array(fc.constantFrom("left", "right", "home", "end", "x", "backspace"), { maxLength: 40 });
	fc.assert(
		fc.property(text, keys, (start, pressed) => {
			const one = field(false, start);
			for (const chord of pressed) {
				const { rows, cursor } = type(one, chord).draw(10, 1);
				let cells = 0;
				const under = graphemes(rows[0]!).find((shown) => {
					cells += widthOf(shown);
					return cells > cursor.x;
				});
				// What Delete takes is what stands there; at the end, nothing does.
				const before = one.text;
				type(one, "delete");
				const after = one.text;
				if (after === before) expect(under).toBe(" ");
				else expect(before).toBe(type(one, under!).text);
				type(one, "ctrl+_", "ctrl+_");
			}
		}),
	);
});

test("a megabyte is drawn, in one line and in many", () => {
	for (const [multiline, text] of [
		[false, "word ".repeat(200_000)],
		[true, "word ".repeat(200_000)],
		[true, "日本 word\n".repeat(100_000)],
	] as const) {
		const one = field(multiline);
		one.paste(text);
		for (const key of keysOf("typed")) one.key(key);
		expect(drawn(one, 40, 3).join("")).toContain("typed|");
		type(one, "ctrl+home");
		expect(drawn(one, 40, 3)[0]).toMatch(/^\|/);
	}
});
