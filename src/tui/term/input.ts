/** What a person does at the terminal, once its bytes are read. Positions are cells from 0, from the top left. */

export type Key = {
	/** One grapheme as typed ("a", "A", "?", "é"), or a name: enter, escape, tab, backspace, delete, insert, up, down, left, right, home, end, pageup, pagedown, space, f1 to f12. */
	readonly name: string;
	readonly ctrl: boolean;
	readonly alt: boolean;
	/** Only for named keys: a capital letter is its own name. */
	readonly shift: boolean;
	/** What a text field writes; absent for keys that write nothing. */
	readonly text?: string;
};

export type Mouse = {
	readonly action: "press" | "release" | "drag" | "wheel-up" | "wheel-down";
	readonly button: "left" | "middle" | "right" | "none";
	readonly x: number;
	readonly y: number;
	readonly ctrl: boolean;
	readonly alt: boolean;
	readonly shift: boolean;
};

export type Input =
	| {
			readonly type: "key";
			readonly key: Key /** As it came, for a program that reads keys itself. */;
			readonly bytes: string;
	  }
	| { readonly type: "paste"; readonly text: string }
	| { readonly type: "mouse"; readonly mouse: Mouse }
	/** The terminal's window got or lost the focus. */
	| { readonly type: "focus"; readonly on: boolean }
	/** The terminal's answer to a question of ours (OSC 11, DA1, ...). */
	| { readonly type: "reply"; readonly text: string };

/** How bindings write a key: "ctrl+p", "alt+enter", "shift+tab", "G", "?", "space". The order is ctrl, alt, shift. */
export function chordOf({ name, ctrl, alt, shift }: Key): string {
	return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}
