import fc from "fast-check";
import { expect, it, test } from "vitest";
import { isText, KEY_NAMES, partsOf, readChord, showChord } from "../../../src/tui/keys/chord.ts";
import { chordOf } from "../../../src/tui/term/input.ts";
import { bytesOf, chordsFrom } from "./terminal.ts";

test.each([
	["ctrl+p", "ctrl+p", "Ctrl+P"],
	["Ctrl+P", "ctrl+p", "Ctrl+P"],
	["shift+tab", "shift+tab", "Shift+Tab"],
	["alt+ctrl+x", "ctrl+alt+x", "Ctrl+Alt+X"],
	["G", "G", "G"],
	["g", "g", "g"],
	["alt+G", "alt+G", "Alt+G"],
	["?", "?", "?"],
	["+", "+", "+"],
	["alt++", "alt++", "Alt++"],
	["ctrl+]", "ctrl+]", "Ctrl+]"],
	["F9", "f9", "F9"],
	["Enter", "enter", "Enter"],
	["Return", "enter", "Enter"],
	["esc", "escape", "Esc"],
	["PgDn", "pagedown", "PgDn"],
	["shift+pageup", "shift+pageup", "Shift+PgUp"],
	["Space", "space", "Space"],
	["ctrl+space", "ctrl+space", "Ctrl+Space"],
	["é", "é", "é"],
	["日", "日", "日"],
	["up", "up", "Up"],
])("%s is read as %s and shown as %s", (written, chord, shown) => {
	expect(readChord(written)).toEqual({ chord });
	expect(showChord(chord)).toBe(shown);
	// What is shown can be written.
	expect(readChord(shown)).toEqual({ chord });
});

test.each<[string, RegExp]>([
	["", /is no key: a key is one character/],
	["gg", /is no key/],
	["none", /is no key/],
	["ctrl+", /is no key/],
	["ctrl+ctrl+p", /is no key/],
	["super+p", /is no key/],
	["ctrl-p", /is no key/],
	["f13", /is no key/],
	[" ", /is no key/],
	["\x1b", /is no key/],
	["shift+a", /write "A" in place of shift\+a/],
	["shift+1", /write the character that Shift makes of it in place of shift\+1/],
	["ctrl+shift+p", /leave shift\+ out/],
	["ctrl+i", /terminals send the same for Tab; write "tab"/],
	["ctrl+m", /terminals send the same for Enter/],
	["ctrl+[", /terminals send the same for Esc/],
	["ctrl+h", /terminals send the same for Backspace/],
	["ctrl+/", /terminals send the same for Ctrl\+_/],
])("%j is none, and it is said why", (written, why) => {
	expect(readChord(written)).toEqual({ wrong: expect.stringMatching(why) });
});

test.each(["ctrl+1", "ctrl+é", "ctrl+tab", "shift+enter", "ctrl+backspace", "shift+space", "alt+escape"])(
	"%s is one that few terminals send, and it is said so",
	(chord) => {
		expect(readChord(chord)).toEqual({
			chord,
			rare: `"${chord}": most terminals send nothing of its own for it`,
		});
	},
);

it("what is read is what chordOf makes of the key that it names", () => {
	const written = fc
		.tuple(
			fc.subarray(["ctrl+", "alt+", "shift+", "Alt+"]),
			fc.oneof(fc.constantFrom(...KEY_NAMES), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })),
		)
		.map(([modifiers, name]) => modifiers.join("") + name);
	fc.assert(
		fc.property(written, (text) => {
			const read = readChord(text);
			if ("wrong" in read) return;
			const { chord } = read;
			expect(chordOf(partsOf(chord))).toBe(chord);
			expect(readChord(chord)).toMatchObject({ chord });
			expect(readChord(showChord(chord))).toMatchObject({ chord });
			// The other way round: what a terminal sends for it is read as that.
			if (!read.rare) expect(chordsFrom(bytesOf(chord))).toEqual([chord]);
		}),
		{ numRuns: 500 },
	);
});

it("text is what a field would write", () => {
	for (const chord of ["a", "G", "?", "+", "space", "é"]) expect(isText(chord), chord).toBe(true);
	for (const chord of ["ctrl+a", "alt+a", "enter", "tab", "f1", "ctrl+space", "shift+tab"])
		expect(isText(chord), chord).toBe(false);
});
