/** What a terminal in its usual state sends for a key (xterm's "PC-Style Function Keys"), and what nudge reads of it. */
import { partsOf } from "../../../src/tui/keys/chord.ts";
import { chordOf } from "../../../src/tui/term/input.ts";
import { InputParser } from "../../../src/tui/term/parser.ts";

const CHARACTERS: Readonly<Record<string, string>> = {
	enter: "\r",
	escape: "\x1b",
	tab: "\t",
	backspace: "\x7f",
	space: " ",
};
const LETTERS: Readonly<Record<string, string>> = {
	up: "A",
	down: "B",
	right: "C",
	left: "D",
	end: "F",
	home: "H",
	f1: "P",
	f2: "Q",
	f3: "R",
	f4: "S",
};
const NUMBERS: Readonly<Record<string, number>> = {
	insert: 2,
	delete: 3,
	pageup: 5,
	pagedown: 6,
	f5: 15,
	f6: 17,
	f7: 18,
	f8: 19,
	f9: 20,
	f10: 21,
	f11: 23,
	f12: 24,
};

export function bytesOf(chord: string): string {
	const { ctrl, alt, shift, name } = partsOf(chord);
	const modifiers = 1 + (shift ? 1 : 0) + (alt ? 2 : 0) + (ctrl ? 4 : 0);
	const before = alt ? "\x1b" : "";
	const letter = LETTERS[name];
	if (letter !== undefined)
		return modifiers > 1 ? `\x1b[1;${modifiers}${letter}` : `\x1b${/^f/.test(name) ? "O" : "["}${letter}`;
	const number = NUMBERS[name];
	if (number !== undefined) return modifiers > 1 ? `\x1b[${number};${modifiers}~` : `\x1b[${number}~`;
	if (name === "tab" && shift) return `${before}\x1b[Z`;
	const character = CHARACTERS[name] ?? name;
	return before + (ctrl ? String.fromCharCode(character.charCodeAt(0) & 0x1f) : character);
}

export function chordsFrom(bytes: string): string[] {
	const parser = new InputParser();
	return [...parser.push(bytes), ...parser.flush()].map((input) =>
		input.type === "key" ? chordOf(input.key) : input.type,
	);
}
