/**
 * What one complete sequence of a terminal means. Sources: xterm (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html,
 * "PC-Style Function Keys", "Alt and Meta Keys", "Extended coordinates"), kitty's keyboard protocol
 * (https://sw.kovidgoyal.net/kitty/keyboard-protocol/), rxvt's reference and the Linux console's console_codes(4).
 *
 * What always holds: undefined is a sequence that means nothing to us, and it is dropped as a whole; a key that was let go
 * or that was held with Super or Hyper is nothing to us either.
 */
import type { Input, Key, Mouse } from "./input.ts";

type Held = { readonly ctrl: boolean; readonly alt: boolean; readonly shift: boolean };

const NOTHING_HELD: Held = { ctrl: false, alt: false, shift: false };
const CTRL: Held = { ...NOTHING_HELD, ctrl: true };
const SHIFT: Held = { ...NOTHING_HELD, shift: true };

/** A key with a name of its own. */
export function namedKey(name: string, held: Held = NOTHING_HELD): Key {
	const { ctrl, alt, shift } = held;
	const writes = name === "space" && !ctrl && !alt;
	return { name, ctrl, alt, shift, ...(writes ? { text: " " } : {}) };
}

/** A key that writes a character; shift is in the character. */
export function characterKey(character: string, held: Held = NOTHING_HELD, text = character): Key {
	if (character === " ") return namedKey("space", held);
	const { ctrl, alt } = held;
	return { name: character, ctrl, alt, shift: false, ...(ctrl || alt ? {} : { text }) };
}

/** The control characters, as the keys that send them: what has a key of its own is that key. */
export const CONTROL_KEYS: ReadonlyMap<number, Key> = new Map([
	...Array.from({ length: 0x20 }, (_, byte): [number, Key] => [
		byte,
		characterKey(String.fromCharCode(byte | 0x40).toLowerCase(), CTRL),
	]),
	[0x00, namedKey("space", CTRL)],
	[0x08, namedKey("backspace")],
	[0x09, namedKey("tab")],
	[0x0d, namedKey("enter")],
	[0x1b, namedKey("escape")],
	[0x7f, namedKey("backspace")],
]);

const LETTERS: Readonly<Record<string, string>> = {
	A: "up",
	B: "down",
	C: "right",
	D: "left",
	F: "end",
	H: "home",
	P: "f1",
	Q: "f2",
	R: "f3",
	S: "f4",
};

/** rxvt writes arrows with a small letter: with shift after CSI, with ctrl after SS3. */
const RXVT_ARROWS: Readonly<Record<string, string>> = { a: "up", b: "down", c: "right", d: "left" };

const NUMBERS: Readonly<Record<number, string>> = {
	1: "home",
	2: "insert",
	3: "delete",
	4: "end",
	5: "pageup",
	6: "pagedown",
	7: "home",
	8: "end",
	11: "f1",
	12: "f2",
	13: "f3",
	14: "f4",
	15: "f5",
	17: "f6",
	18: "f7",
	19: "f8",
	20: "f9",
	21: "f10",
	23: "f11",
	24: "f12",
};

/** Characters that are keys with names, and kitty's numbers for the number pad. */
const CODES: Readonly<Record<number, string>> = {
	8: "backspace",
	9: "tab",
	13: "enter",
	27: "escape",
	32: "space",
	127: "backspace",
	57414: "enter",
	57417: "left",
	57418: "right",
	57419: "up",
	57420: "down",
	57421: "pageup",
	57422: "pagedown",
	57423: "home",
	57424: "end",
	57425: "insert",
	57426: "delete",
};
const PAD = "0123456789./*-+";
const FIRST_OF_PAD = 57399;
const PAD_EQUALS = 57415;
const PAD_SEPARATOR = 57416;
/** Kitty's keys without a character are in this area of Unicode. */
const isPrivate = (code: number): boolean => code >= 0xe000 && code <= 0xf8ff;

/** The number pad in application mode, after SS3, from "j" on. */
const SS3_PAD = "*+,-./0123456789";

const SHIFT_BIT = 1;
const ALT_BIT = 2;
const CTRL_BIT = 4;
const SUPER_BITS = 8 | 16;
const META_BIT = 32;
const CAPS_BIT = 64;
/** xterm's bit for Meta is kitty's for Super; where xterm's forms are used, it is taken for Alt. */
const XTERM_META_BIT = 8;

const RELEASED = 3;
const F3_MODIFIERS = 8;

type Parameters = readonly (readonly (number | undefined)[])[];

/** A sequence from ESC [ to its last character. */
export function readCsi(sequence: string): Input | undefined {
	const parts = /^([<=>?]?)([\d:;]*)([ -/]*)$/.exec(sequence.slice(2, -1));
	if (parts === null) return undefined;
	const [, mark = "", body = "", between = ""] = parts;
	const final = sequence.at(-1)!;
	if (mark === "<") {
		const mouse = final === "M" || final === "m" ? mouseOf(body, final === "m") : undefined;
		return mouse && { type: "mouse", mouse };
	}
	const reply: Input = { type: "reply", text: sequence };
	if (mark !== "" || (between === "$" && final === "y")) return reply;
	if (between !== "") return undefined;
	const parameters = body.split(";").map((one) => one.split(":").map(numberOf));
	switch (final) {
		case "I":
		case "O":
			return body === "" ? { type: "focus", on: final === "I" } : undefined;
		case "c":
			// rxvt's shift+right is this without parameters; an answer has some.
			if (body !== "") return reply;
			break;
		case "n":
		case "t":
		case "x":
			return reply;
		case "R":
			// F3 with keys held, or the cursor in the first line: nobody asks for the cursor while it is there.
			if (body !== "" && !isModified(parameters)) return reply;
	}
	const key = keyOf(final, parameters);
	return key && { type: "key", key, bytes: sequence };
}

function isModified([first, second]: Parameters): boolean {
	const modifiers = second?.[0] ?? 0;
	return first?.[0] === 1 && modifiers > 1 && modifiers <= F3_MODIFIERS;
}

/** A sequence from ESC O to its last character. */
export function readSs3(sequence: string): Input | undefined {
	const final = sequence.at(-1)!;
	const numbers = sequence.slice(2, -1).split(";").map(numberOf);
	const held = heldIn(numbers.at(-1));
	const key = ss3Key(final, held);
	return key && { type: "key", key, bytes: sequence };
}

function ss3Key(final: string, held: Held): Key | undefined {
	const name = LETTERS[final];
	if (name !== undefined) return namedKey(name, held);
	const arrow = RXVT_ARROWS[final];
	if (arrow !== undefined) return namedKey(arrow, { ...held, ctrl: true });
	if (final === "M") return namedKey("enter", held);
	if (final === "I") return namedKey("tab", held);
	if (final === " ") return namedKey("space", held);
	if (final === "X") return characterKey("=", held);
	const pad = SS3_PAD[final.charCodeAt(0) - "j".charCodeAt(0)];
	return pad === undefined ? undefined : characterKey(pad, held);
}

function keyOf(final: string, parameters: Parameters): Key | undefined {
	const [first = [], second = [], third = []] = parameters;
	if (final === "u") return coded(first, second, third);
	if (second[1] === RELEASED) return undefined;
	const held = heldIn(second[0]);
	if (final === "~" || final === "^" || final === "@") {
		if (first[0] === 27) return coded(third, [withMeta(second[0])], []);
		const name = NUMBERS[first[0] ?? 0];
		if (name === undefined) return undefined;
		if (final === "~") return namedKey(name, held);
		return namedKey(name, { ...CTRL, shift: final === "@" });
	}
	if (final === "Z") return namedKey("tab", { ...held, shift: true });
	const name = LETTERS[final];
	if (name !== undefined) return namedKey(name, held);
	const arrow = RXVT_ARROWS[final];
	return arrow === undefined ? undefined : namedKey(arrow, SHIFT);
}

/** A key by the number of its character: kitty's CSI u, and xterm's CSI 27 ~. */
function coded(
	[code, shifted, base]: Parameters[number],
	[modifiers = 1, event]: Parameters[number],
	written: Parameters[number],
): Key | undefined {
	const bits = Math.max(0, modifiers - 1);
	if (code === undefined || event === RELEASED || (bits & SUPER_BITS) !== 0) return undefined;
	const held = heldBy(bits);
	const name = CODES[code];
	if (name !== undefined) return namedKey(name, held);
	const pad = code === PAD_EQUALS ? "=" : code === PAD_SEPARATOR ? "," : PAD[code - FIRST_OF_PAD];
	if (pad !== undefined) return characterKey(pad, held);
	if (isPrivate(code)) return undefined;
	let character = characterOf(code);
	if (character === undefined) return undefined;
	// On another alphabet's layout a chord is the key in that place of the usual one.
	const usual = base === undefined ? undefined : characterOf(base);
	if ((held.ctrl || held.alt) && code > 0x7f && usual !== undefined) {
		character = held.shift ? capital(usual) : usual;
	} else if (held.shift) {
		character = (shifted === undefined ? undefined : characterOf(shifted)) ?? capital(character);
	}
	if ((bits & CAPS_BIT) !== 0 && !held.ctrl && !held.alt) {
		character = held.shift ? character.toLowerCase() : capital(character);
	}
	const text = written.map((one) => (one === undefined ? "" : (characterOf(one) ?? ""))).join("");
	return characterKey(character, held, text === "" ? character : text);
}

function mouseOf(body: string, released: boolean): Mouse | undefined {
	const [bits, column, row] = body.split(";").map(numberOf);
	if (bits === undefined || column === undefined || row === undefined) return undefined;
	if (column < 1 || row < 1 || bits >= 128) return undefined;
	const held = { shift: (bits & 4) !== 0, alt: (bits & 8) !== 0, ctrl: (bits & 16) !== 0 };
	const at = { x: column - 1, y: row - 1, ...held };
	const which = bits & 3;
	if ((bits & 64) !== 0) {
		// 2 and 3 are wheels to the sides.
		if (which > 1 || released) return undefined;
		return { action: which === 0 ? "wheel-up" : "wheel-down", button: "none", ...at };
	}
	const button = (["left", "middle", "right", "none"] as const)[which]!;
	if (released) return { action: "release", button, ...at };
	// Moved with nothing pressed; or pressed without a button, which old terminals send when one is let go.
	if (button === "none") return (bits & 32) !== 0 ? undefined : { action: "release", button, ...at };
	return { action: (bits & 32) !== 0 ? "drag" : "press", button, ...at };
}

function heldIn(modifiers: number | undefined): Held {
	return heldBy(Math.max(0, withMeta(modifiers) - 1));
}

function withMeta(modifiers = 1): number {
	const bits = Math.max(0, modifiers - 1);
	return 1 + ((bits & XTERM_META_BIT) !== 0 ? (bits & ~XTERM_META_BIT) | ALT_BIT : bits);
}

function heldBy(bits: number): Held {
	return {
		ctrl: (bits & CTRL_BIT) !== 0,
		alt: (bits & (ALT_BIT | META_BIT)) !== 0,
		shift: (bits & SHIFT_BIT) !== 0,
	};
}

function numberOf(digits: string): number | undefined {
	return /^\d{1,7}$/.test(digits) ? Number(digits) : undefined;
}

function characterOf(code: number): string | undefined {
	const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
	if (isControl || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
	return String.fromCodePoint(code);
}

/** The capital of a letter; some have one of two letters, which is no key. */
function capital(character: string): string {
	const upper = character.toUpperCase();
	return [...upper].length === 1 ? upper : character;
}
