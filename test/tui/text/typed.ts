/** Keys as the parser makes them, by how bindings write them; and texts typed key by key. */
import type { Key } from "../../../src/tui/term/input.ts";
import { graphemes } from "../../../src/tui/text/cells.ts";

/** "ctrl+a", "alt+enter", "up", "x", "space", "+": whatever `chordOf` writes. */
export function press(chord: string): Key {
	const parts = /^((?:ctrl\+)?(?:alt\+)?(?:shift\+)?)(.+)$/su.exec(chord)!;
	const [, held = "", name = ""] = parts;
	const ctrl = held.includes("ctrl+");
	const alt = held.includes("alt+");
	const text = name === "space" ? " " : graphemes(name).length === 1 ? name : undefined;
	const writes = !ctrl && !alt && text !== undefined;
	return { name, ctrl, alt, shift: held.includes("shift+"), ...(writes ? { text } : {}) };
}

export function keysOf(text: string): Key[] {
	return graphemes(text).map((one) => press(one === " " ? "space" : one));
}
