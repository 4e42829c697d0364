/**
 * How people and files write a key: "ctrl+p", "Alt+Enter", "shift+tab", "G", "?", "space". Read here, it becomes what
 * `chordOf` makes of the key when it is pressed, so that the two can be compared as texts.
 */

export const KEY_NAMES = [
	"enter",
	"escape",
	"tab",
	"backspace",
	"delete",
	"insert",
	"up",
	"down",
	"left",
	"right",
	"home",
	"end",
	"pageup",
	"pagedown",
	"space",
	...Array.from({ length: 12 }, (_, index) => `f${index + 1}`),
] as const;

/** Other ways to write a name. */
const ALSO: Readonly<Record<string, string>> = {
	esc: "escape",
	return: "enter",
	del: "delete",
	ins: "insert",
	pgup: "pageup",
	pgdn: "pagedown",
};

/** How names are shown, where that is not the name with a capital. */
const SHOWN: Readonly<Record<string, string>> = { escape: "Esc", pageup: "PgUp", pagedown: "PgDn" };

/** What a terminal sends for these with Ctrl is what it sends for another key. */
const SAME: Readonly<Record<string, string>> = {
	h: "backspace",
	i: "tab",
	m: "enter",
	"[": "escape",
	"@": "ctrl+space",
	"/": "ctrl+_",
};

export type Chord = {
	readonly ctrl: boolean;
	readonly alt: boolean;
	readonly shift: boolean;
	/** A name of KEY_NAMES, or one character. */
	readonly name: string;
};

export const HOW_CHORDS_ARE_WRITTEN =
	'a key is one character ("g", "G", "?"), or a name (enter, escape, tab, space, backspace, delete, insert, up, down, left, right, home, end, pageup, pagedown, f1 to f12), with ctrl+, alt+ or shift+ before it: "ctrl+p", "alt+enter", "shift+tab"';

export type ReadChord =
	| {
			readonly chord: string;
			/** Why the key will often do nothing. */
			readonly rare?: string;
	  }
	| { readonly wrong: string };

/** Reads a chord; what is wrong with it where it is none, or never comes from a terminal under this name. */
export function readChord(written: string): ReadChord {
	const found = /^((?:(?:ctrl|alt|shift)\+)*)(.+)$/isu.exec(written);
	const modifiers = (found?.[1] ?? "").toLowerCase().split("+").slice(0, -1);
	const key = (found?.[2] ?? "").normalize("NFC");
	const named = nameOf(key);
	const held = new Set(modifiers);
	if ((named === undefined && !isCharacter(key)) || held.size < modifiers.length)
		return { wrong: `"${written}" is no key: ${HOW_CHORDS_ARE_WRITTEN}` };

	const [ctrl, alt, shift] = [held.has("ctrl"), held.has("alt"), held.has("shift")];
	// Terminals do not tell small letters from capitals with Ctrl.
	const name = named ?? (ctrl && /^[A-Z]$/.test(key) ? key.toLowerCase() : key);
	const wrong = named === undefined ? neverComes(key, ctrl, shift) : undefined;
	if (wrong !== undefined) return { wrong: `"${written}": ${wrong}` };
	const chord = { ctrl, alt, shift, name };
	return isUsual(chord)
		? { chord: write(chord) }
		: { chord: write(chord), rare: `"${written}": most terminals send nothing of its own for it` };
}

function nameOf(key: string): string | undefined {
	const lower = key.toLowerCase();
	return ALSO[lower] ?? ((KEY_NAMES as readonly string[]).includes(lower) ? lower : undefined);
}

function isCharacter(key: string): boolean {
	return [...key].length === 1 && !/[\p{C}\p{Z}\p{M}]/u.test(key);
}

/** Why a character with these held comes from no terminal, or from it as another key. */
function neverComes(key: string, ctrl: boolean, shift: boolean): string | undefined {
	if (shift && ctrl) return "terminals do not tell Shift with Ctrl and a character; leave shift+ out";
	if (shift) {
		const capital = key.toUpperCase();
		return `write ${capital === key.toLowerCase() ? "the character that Shift makes of it" : `"${capital}"`} in place of shift+${key}`;
	}
	const same = ctrl ? SAME[key.toLowerCase()] : undefined;
	return same && `terminals send the same for ${showChord(same)}; write "${same}"`;
}

/** Whether terminals send it without having been set up for more keys than usual. */
function isUsual({ ctrl, alt, shift, name }: Chord): boolean {
	switch (name) {
		case "enter":
		case "backspace":
			return !ctrl && !shift;
		case "escape":
			return !ctrl && !alt && !shift;
		case "tab":
			return !ctrl;
		case "space":
			return !shift;
		default:
			return !ctrl || (KEY_NAMES as readonly string[]).includes(name) || /^[a-z\\\]^_]$/.test(name);
	}
}

export function partsOf(chord: string): Chord {
	const found = /^(ctrl\+)?(alt\+)?(shift\+)?(.+)$/su.exec(chord);
	return { ctrl: !!found?.[1], alt: !!found?.[2], shift: !!found?.[3], name: found?.[4] ?? chord };
}

/** Whether a text field would write it. */
export function isText(chord: string): boolean {
	const { ctrl, alt, name } = partsOf(chord);
	return !ctrl && !alt && (name === "space" || !(KEY_NAMES as readonly string[]).includes(name));
}

/** As people are shown it: "Ctrl+P", "Shift+Tab", "Space", "G", "PgUp". */
export function showChord(chord: string): string {
	const { ctrl, alt, shift, name } = partsOf(chord);
	const named = (KEY_NAMES as readonly string[]).includes(name);
	// Ctrl makes no difference between small and capital letters; Alt does.
	const key = named
		? (SHOWN[name] ?? name[0]?.toUpperCase() + name.slice(1))
		: ctrl && /^[a-z]$/.test(name)
			? name.toUpperCase()
			: name;
	return `${ctrl ? "Ctrl+" : ""}${alt ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}

const write = ({ ctrl, alt, shift, name }: Chord): string =>
	`${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
