/**
 * Text of a model, of Python or of a file, made fit for a terminal.
 *
 * What always holds of `visible(text)`: no character of it moves the cursor (but for newline and tab), changes colours,
 * talks to the terminal or turns the order of what is read around. What was there is shown instead: ESC as ␛, the
 * C1 controls and the bidirectional ones (https://www.unicode.org/reports/tr9/, the "Trojan Source" characters) by number.
 * It works piece by piece: visible(a) + visible(b) is visible(a + b).
 */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Unicode shows each of the controls below U+0020 as its picture above U+2400. */
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = "\u2421";

export function visible(text: string): string {
	return text.replace(UNSAFE, (character) => {
		const code = character.charCodeAt(0);
		if (code < 0x20) return String.fromCharCode(PICTURES + code);
		if (code === 0x7f) return PICTURE_OF_DELETE;
		return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16).padStart(4, "0")}`;
	});
}

/** The same in one line, for a table or a title: every run of white space is one space. */
export function visibleLine(text: string): string {
	return visible(text.replace(/\s+/g, " ").trim());
}
