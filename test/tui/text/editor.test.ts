import fc from "fast-check";
import { expect, test } from "vitest";
import { graphemes } from "../../../src/tui/text/cells.ts";
import { type Editor, edit, editorOf, keyed, placed, textOf } from "../../../src/tui/text/editor.ts";
import type { Action, Verb } from "../../../src/tui/text/editor-keys.ts";
import { nasty } from "./nasty.ts";
import { keysOf, press } from "./typed.ts";

/** The editor after these chords; every one of them must mean something. */
function after(editor: Editor, ...chords: string[]): Editor {
	return chords.reduce((state, chord) => {
		const next = keyed(state, press(chord));
		if (next === undefined) throw new Error(`${chord} means nothing to the editor`);
		return next;
	}, editor);
}

function typed(editor: Editor, text: string): Editor {
	return keysOf(text).reduce((state, key) => keyed(state, key)!, editor);
}

/** The text with a bar where the cursor is. */
function seen(editor: Editor): string {
	const text = textOf(editor);
	const at = offsetOf(editor);
	return `${text.slice(0, at)}|${text.slice(at)}`;
}

function offsetOf({ lines, cursor }: Editor): number {
	const before = lines.slice(0, cursor.line).map((line) => line.join("").length + 1);
	const here = lines[cursor.line]!.slice(0, cursor.column).join("").length;
	return before.reduce((sum, one) => sum + one, here);
}

/** An editor of the text left of the bar and right of it. */
function at(marked: string): Editor {
	const [left = "", right = ""] = marked.split("|");
	const { cursor } = editorOf(left);
	return placed(editorOf(left + right), cursor);
}

const VERBS: readonly Verb[] = [
	"newline",
	"backspace",
	"delete",
	"left",
	"right",
	"up",
	"down",
	"line-start",
	"line-end",
	"text-start",
	"text-end",
	"word-left",
	"word-right",
	"cut-to-line-start",
	"cut-to-line-end",
	"cut-word-before",
	"cut-word-after",
	"yank",
	"yank-earlier",
	"undo",
	"redo",
];
const part = fc.oneof(nasty, fc.constantFrom("a", " ", "word", "\u0301", "\u200d", "🇩", "🏽", "क", "\u0600"));
const action: fc.Arbitrary<Action> = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...VERBS) },
	{ weight: 2, arbitrary: part.map((type) => ({ type })) },
	{ weight: 1, arbitrary: part.map((paste) => ({ paste })) },
);

test("whatever is done, the text is cut where Unicode cuts it, and the cursor stands between two characters", () => {
	fc.assert(
		fc.property(
			nasty,
			fc.array(action, { maxLength: 30 }),
			fc.integer({ min: 1, max: 20 }),
			(text, actions, columns) => {
				let editor = editorOf(text);
				for (const one of actions) {
					editor = edit(editor, one, columns);
					const { lines, cursor } = editor;
					for (const line of lines) expect(line).toEqual(graphemes(line.join("")));
					expect(lines.length).toBeGreaterThan(0);
					expect(lines[cursor.line]).toBeDefined();
					expect(cursor.column).toBeGreaterThanOrEqual(0);
					expect(cursor.column).toBeLessThanOrEqual(lines[cursor.line]!.length);
				}
			},
		),
		{ numRuns: 500 },
	);
});

test("what is typed or pasted stands where the cursor was, and nothing else changes", () => {
	fc.assert(
		fc.property(
			nasty,
			fc.array(action, { maxLength: 8 }),
			part,
			fc.boolean(),
			(text, actions, more, paste) => {
				const before = actions.reduce((state, one) => edit(state, one, 12), editorOf(text));
				const after = edit(before, paste ? { paste: more } : { type: more });
				const offset = offsetOf(before);
				const old = textOf(before);
				const clean = more.replace(/\r\n?/g, "\n").toWellFormed();
				expect(textOf(after)).toBe(old.slice(0, offset) + clean + old.slice(offset));
				// Behind it, or behind the character that it became part of.
				expect(offsetOf(after)).toBeGreaterThanOrEqual(offset + clean.length);
				const line = after.lines[after.cursor.line]!;
				const last = line[after.cursor.column - 1] ?? "";
				if (clean !== "")
					expect(offsetOf(after) - Math.max(1, last.length)).toBeLessThan(offset + clean.length);
			},
		),
		{ numRuns: 500 },
	);
});

test("undo goes back to the beginning, redo to the end, step by step the same texts", () => {
	fc.assert(
		fc.property(nasty, fc.array(action, { maxLength: 30 }), (text, actions) => {
			const first = editorOf(text);
			let editor = first;
			for (const one of actions) editor = edit(editor, one, 12);
			while (editor.undone) editor = edit(editor, "redo");
			const last = textOf(editor);
			const back: string[] = [last];
			while (editor.done) {
				editor = edit(editor, "undo");
				back.push(textOf(editor));
			}
			expect(textOf(editor)).toBe(textOf(first));
			const forth: string[] = [textOf(editor)];
			while (editor.undone) {
				editor = edit(editor, "redo");
				forth.push(textOf(editor));
			}
			expect(forth.reverse()).toEqual(back);
		}),
		{ numRuns: 500 },
	);
});

test("typed words are undone one by one, and so is a row of erased characters", () => {
	let editor = typed(editorOf(""), "one two");
	editor = after(editor, "ctrl+_");
	expect(textOf(editor)).toBe("one ");
	editor = after(editor, "ctrl+_");
	expect(textOf(editor)).toBe("");
	expect(seen(after(editor, "alt+/", "alt+/"))).toBe("one two|");
	const erased = after(editorOf("one two"), "backspace", "backspace", "backspace");
	expect(seen(erased)).toBe("one |");
	expect(seen(after(erased, "ctrl+/"))).toBe("one two|");
	// A motion between them makes two steps of them.
	expect(seen(after(typed(after(typed(editorOf(""), "ab"), "left", "right"), "c"), "ctrl+_"))).toBe("ab|");
	// Typing ends what could be redone.
	expect(textOf(after(typed(after(typed(editorOf(""), "a b"), "ctrl+_"), "c"), "ctrl+Z"))).toBe("a c");
});

test("keys in one chunk are all applied", () => {
	expect(seen(after(typed(editorOf(""), "abcdef"), "backspace", "backspace", "backspace"))).toBe("abc|");
	expect(seen(after(editorOf("ab\ncd"), "up", "home", "delete", "alt+enter", "down", "end"))).toBe(
		"\nb\ncd|",
	);
});

test("a character of several code points goes at once, forwards and backwards", () => {
	for (const one of ["😀", "👨‍👩‍👧", "e\u0301", "🇩🇪", "नी", "👍🏽"]) {
		expect(seen(after(at(`a${one}|b`), "backspace"))).toBe("a|b");
		expect(seen(after(at(`a|${one}b`), "delete"))).toBe("a|b");
		expect(seen(after(at(`a${one}|b`), "left"))).toBe(`a|${one}b`);
	}
	// An accent that comes after its letter joins it.
	expect(seen(after(typed(typed(editorOf(""), "ae"), "\u0301"), "backspace"))).toBe("a|");
	// What is brought together grows together.
	expect(after(at("👨\u200d|x👩"), "delete").lines).toEqual([["👨‍👩"]]);
});

test("delete takes what is after the cursor, backspace what is before it, line ends too", () => {
	expect(seen(after(at("a|b"), "delete"))).toBe("a|");
	expect(seen(after(at("a|b"), "backspace"))).toBe("|b");
	expect(seen(after(at("a|\nb"), "delete"))).toBe("a|b");
	expect(seen(after(at("a\n|b"), "backspace"))).toBe("a|b");
	expect(seen(after(at("|"), "backspace", "delete"))).toBe("|");
});

test("motions: lines, text, words", () => {
	expect(seen(after(at("ab\nc|d"), "ctrl+a"))).toBe("ab\n|cd");
	expect(seen(after(at("ab\n|cd\ne"), "ctrl+e"))).toBe("ab\ncd|\ne");
	expect(seen(after(at("ab\nc|d"), "ctrl+home"))).toBe("|ab\ncd");
	expect(seen(after(at("a|b\ncd"), "ctrl+end"))).toBe("ab\ncd|");
	expect(seen(after(at("one two  |three"), "alt+b"))).toBe("one |two  three");
	expect(seen(after(at("one| two three"), "alt+f"))).toBe("one two| three");
	expect(seen(after(at("one\n|two"), "ctrl+left"))).toBe("one|\ntwo");
	expect(seen(after(at("one|\ntwo"), "ctrl+right"))).toBe("one\n|two");
	expect(seen(after(at("a|b"), "shift+left"))).toBe("|ab");
});

test("words are those of Unicode, and signs are passed by themselves", () => {
	expect(seen(after(at("can't 3.14|"), "alt+b"))).toBe("can't |3.14");
	expect(seen(after(at("can't|"), "alt+b"))).toBe("|can't");
	expect(seen(after(at("x += \\frac|"), "ctrl+w", "ctrl+w"))).toBe("x += |");
	expect(seen(after(at("naïve κόσμε|"), "alt+backspace"))).toBe("naïve |");
	expect(seen(after(at("|我们 go"), "alt+d"))).toBe("| go");
	// A word longer than what is looked at first.
	const long = "x".repeat(3000);
	expect(seen(after(at(`a ${long}|`), "alt+b"))).toBe(`a |${long}`);
	expect(seen(after(at(`|${long} b`), "alt+f"))).toBe(`${long}| b`);
});

test("up and down keep the cell, across short lines, wide characters and wrapped rows", () => {
	expect(seen(after(at("abcdef\nx\nabcde|f"), "up"))).toBe("abcdef\nx|\nabcdef");
	expect(seen(after(at("abcdef\nx\nabcde|f"), "up", "up"))).toBe("abcde|f\nx\nabcdef");
	expect(seen(after(at("日本語\nabcd|e"), "up"))).toBe("日本|語\nabcde");
	const down = (marked: string) => seen(keyed(at(marked), press("down"), 6)!);
	// Rows of at most five cells: "aaa ", "bbb ", "ccc".
	expect(down("a|aa bbb ccc")).toBe("aaa b|bb ccc");
	expect(down("aaa b|bb ccc")).toBe("aaa bbb c|cc");
	expect(keyed(at("|a"), press("up"))).toEqual(at("|a"));
});

test("what is cut can be put back; cuts in a row are one piece", () => {
	expect(seen(after(at("one two| three"), "ctrl+u"))).toBe("| three");
	expect(seen(after(at("one two| three"), "ctrl+u", "end", "ctrl+y"))).toBe(" threeone two|");
	expect(seen(after(at("one two| three"), "ctrl+k"))).toBe("one two|");
	expect(seen(after(at("one two three|"), "ctrl+w", "ctrl+w", "ctrl+y"))).toBe("one two three|");
	expect(seen(after(at("|one two three"), "alt+d", "alt+d", "end", "ctrl+y"))).toBe(" threeone two|");
	expect(seen(after(at("a\n|b"), "ctrl+u"))).toBe("a|b");
	expect(seen(after(at("a|\nb"), "ctrl+k"))).toBe("a|b");
	const two = after(at("one two|"), "ctrl+w", "left", "right", "ctrl+w");
	expect(seen(after(two, "ctrl+y"))).toBe("one |");
	expect(seen(after(two, "ctrl+y", "alt+y"))).toBe("two|");
	expect(seen(after(two, "ctrl+y", "alt+y", "alt+y"))).toBe("one |");
	expect(seen(after(at("a|b"), "ctrl+y", "alt+y"))).toBe("a|b");
});

test("keys that mean nothing to a text are left to others", () => {
	for (const chord of [
		"escape",
		"tab",
		"shift+tab",
		"f1",
		"ctrl+p",
		"alt+x",
		"pageup",
		"insert",
		"ctrl+space",
	]) {
		expect(keyed(editorOf("a"), press(chord))).toBeUndefined();
	}
});

test("a megabyte in one line, or in many, is edited key by key", () => {
	for (const big of ["x".repeat(1_000_000), "日本 é\n".repeat(200_000), "\n".repeat(1_000_000)]) {
		let editor = edit(editorOf("a"), { paste: big });
		editor = typed(after(editor, "ctrl+home", "right"), "some words here");
		editor = after(editor, "alt+b", "ctrl+k", "ctrl+y", "up", "down", "backspace");
		expect(textOf(editor).length).toBeGreaterThan(1_000_000);
		while (editor.done) editor = edit(editor, "undo");
		expect(textOf(editor)).toBe("a");
	}
	// A line of flags, in which one more letter changes every pair after it.
	const flags = editorOf("🇩🇪".repeat(20_000));
	const shifted = edit(placed(flags, { line: 0, column: 0 }), { type: "🇫" });
	expect(shifted.lines[0]!.slice(0, 2)).toEqual(["🇫🇩", "🇪🇩"]);
	expect(edit(shifted, "undo").lines).toEqual(flags.lines);
});
