/**
 * Keys and pastes as a program in a terminal of ours expects them, which has set its terminal's modes for itself. A key
 * goes to it as it came, but for what its modes say otherwise.
 */
import type { Key } from "./input.ts";

/** Cursor keys without modifiers are the only ones that "application cursor keys" (DECCKM) is about. */
const CURSOR_KEY = /^(\x1b?)\x1b[[O]([ABCDHF])$/;
/** Forms that a program gets only if it asked for them: kitty's CSI u, and xterm's CSI 27 ~. */
const ASKED_FOR = /^\x1b\[(?:[\d:;]+u|27;\d+;\d+~)$/;

/** The bytes of a key for the program. `key` is what they were read as; it helps with keys in forms the program never asked for. */
export function rewriteKeys(
	bytes: string,
	modes: { readonly applicationCursor: boolean },
	key?: Key,
): string {
	if (key !== undefined && ASKED_FOR.test(bytes)) return rewriteKeys(plainly(key), modes);
	return bytes.replace(CURSOR_KEY, (_, alt: string, letter: string) =>
		alt === "" ? `\x1b${modes.applicationCursor ? "O" : "["}${letter}` : `\x1b\x1b[${letter}`,
	);
}

/**
 * A paste for the program. What is pasted can never end its own brackets, or begin new ones, and so never be taken for
 * keys; without brackets a line end is the Enter key, as terminals have it.
 */
export function pasteFor(text: string, modes: { readonly bracketed: boolean }): string {
	// Taking one out can bring the parts of another one together: of such, ESC is taken out.
	const clean = text.replace(/\x1b\[20[01]~/g, "").replace(/\x1b+(?=\[20[01]~)/g, "");
	return modes.bracketed ? `\x1b[200~${clean}\x1b[201~` : clean.replace(/\r?\n/g, "\r");
}

const NAMED: Readonly<Record<string, string>> = {
	enter: "\r",
	escape: "\x1b",
	tab: "\t",
	backspace: "\x7f",
	space: " ",
	up: "\x1b[A",
	down: "\x1b[B",
	right: "\x1b[C",
	left: "\x1b[D",
	home: "\x1b[H",
	end: "\x1b[F",
	insert: "\x1b[2~",
	delete: "\x1b[3~",
	pageup: "\x1b[5~",
	pagedown: "\x1b[6~",
};

/** As a terminal without any such protocol would have sent the key, as far as it could. */
function plainly({ name, ctrl, alt, shift, text }: Key): string {
	if (text !== undefined) return text;
	const lead = alt ? "\x1b" : "";
	if (name === "tab" && shift) return `${lead}\x1b[Z`;
	const code = name === "space" ? 0x20 : name.toUpperCase().charCodeAt(0);
	const isChord =
		ctrl && (name === "space" || name === "?" || (name.length === 1 && code >= 0x40 && code < 0x60));
	if (isChord) return lead + (name === "?" ? "\x7f" : String.fromCharCode(code & 0x1f));
	// The only one of those keys below the capitals that has a control character on every keyboard.
	if (ctrl && name === "/") return `${lead}\x1f`;
	return lead + (NAMED[name] ?? name);
}
