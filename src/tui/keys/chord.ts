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
const SAME: Readonly<Record<string, string>> = { i: "tab", m: "enter", "[": "escape", "@": "ctrl+space" };

export type Chord = {
	readonly ctrl: boolean;
	readonly alt: boolean;
	readonly shift: boolean;
	/** A name of KEY_NAMES, or one character. */
	readonly name: string;
};

export const HOW_CHORDS_ARE_WRITTEN =
	'a key is one character ("g", "G", "?"), or a name (enter, escape, tab, space, backspace, delete, insert, up, down, left, right, home, end, pageup, pagedown, f1 to f12), with ctrl+, alt+ or shift+ before it: "ctrl+p", "alt+enter", "shift+tab"';

/** Reads a chord; what is wrong with it where it is none, or none that a terminal sends. */
export function readChord(written: string): { readonly chord: string } | { readonly wrong: string } {
	const found = /^((?:(?:ctrl|alt|shift)\+)*)(.+)$/isu.exec(written);
	const modifiers = (found?.[1] ?? "").toLowerCase().split("+").slice(0, -1);
	const key = found?.[2] ?? "";
	const lower = key.toLowerCase();
	const named = ALSO[lower] ?? ((KEY_NAMES as readonly string[]).includes(lower) ? lower : undefined);
	const character = [...new Intl.Segmenter().segment(key)].length === 1 && !/[\p{C}\p{Z}]/u.test(key);
	const unreadable = `"${written}" is no key: ${HOW_CHORDS_ARE_WRITTEN}`;
	if ((!named && !character) || new Set(modifiers).size < modifiers.length) return { wrong: unreadable };

	const [ctrl, alt, shift] = ["ctrl", "alt", "shift"].map((one) => modifiers.includes(one)) as [
		boolean,
		boolean,
		boolean,
	];
	if (named) {
		const none = noCode(named, ctrl, shift);
		return none ? { wrong: `"${written}": ${none}` } : { chord: write({ ctrl, alt, shift, name: named }) };
	}
	if (shift) {
		const capital =
			key.toUpperCase() === key.toLowerCase()
				? "the character that Shift makes of it"
				: `"${key.toUpperCase()}"`;
		return ctrl
			? { wrong: `"${written}": terminals do not tell Shift with Ctrl and a character; leave shift+ out` }
			: { wrong: `"${written}": write ${capital} in place of shift+${key}` };
	}
	if (!ctrl) return { chord: write({ ctrl, alt, shift, name: key }) };
	const same = SAME[lower];
	if (same) return { wrong: `"${written}": terminals send the same for ${showChord(same)}; write "${same}"` };
	if (!/^[a-z\\\]^_]$/.test(lower)) {
		return {
			wrong: `"${written}": terminals send nothing of its own for it; Ctrl goes with letters, \\ ] ^ _ and with names`,
		};
	}
	return { chord: write({ ctrl, alt, shift, name: lower }) };
}

/** Why a terminal has no code for a named key with these modifiers. */
function noCode(name: string, ctrl: boolean, shift: boolean): string | undefined {
	const but = (allowed: string): string => `terminals send nothing of its own for it; ${allowed}`;
	if (name === "tab") return ctrl ? but("tab goes with shift and alt") : undefined;
	if (name === "enter" || name === "backspace" || name === "escape") {
		return shift || ctrl ? but(`${name} goes with alt`) : undefined;
	}
	if (name === "space") return shift ? but("space goes with ctrl and alt") : undefined;
	return undefined;
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
		: ctrl
			? name.toUpperCase()
			: name;
	return `${ctrl ? "Ctrl+" : ""}${alt ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}

const write = ({ ctrl, alt, shift, name }: Chord): string =>
	`${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
