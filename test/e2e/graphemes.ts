/**
 * Widths as terminals of today have them (https://www.unicode.org/reports/tr29/, https://www.unicode.org/reports/tr51/):
 * an emoji takes two cells, and what belongs to one character takes the room of one. The emulator by itself is older.
 */
import stringWidth from "string-width";
import type { Screen } from "./screen.ts";

const JOINER = 0x200d;
const EMOJI_STYLE = 0xfe0f;
const isFlagLetter = (code: number): boolean => code >= 0x1f1e6 && code <= 0x1f1ff;
const isSkin = (code: number): boolean => code >= 0x1f3fb && code <= 0x1f3ff;

/** What is known of the character before, beside its width. */
const JOINS_NEXT = 1;
const HALF_FLAG = 2;

/** For a screen on which nothing stands yet. */
export function withGraphemes(screen: Screen): Screen {
	const { unicode } = screen.terminal;
	const widthOf = (code: number): 0 | 1 | 2 =>
		code < 0x20 || (code >= 0x7f && code < 0xa0)
			? 0
			: (Math.min(2, stringWidth(String.fromCodePoint(code))) as 0);
	unicode.register({
		version: "graphemes",
		wcwidth: widthOf,
		// As the emulator packs it: bit 0, whether it joins what is before; bits 1 and 2, the width; then a state of ours.
		charProperties: (code, before) => {
			const widthBefore = (before >> 1) & 3;
			const state = before >> 3;
			const own = widthOf(code);
			const joins =
				before !== 0 &&
				widthBefore !== 0 &&
				((own === 0 && code >= 0x300) ||
					(state & JOINS_NEXT) !== 0 ||
					isSkin(code) ||
					(isFlagLetter(code) && (state & HALF_FLAG) !== 0));
			const next = (code === JOINER ? JOINS_NEXT : 0) | (isFlagLetter(code) && !joins ? HALF_FLAG : 0);
			const joined = code === EMOJI_STYLE || isFlagLetter(code) ? 2 : Math.max(widthBefore, 1);
			return (next << 3) | ((joins ? joined : own) << 1) | (joins ? 1 : 0);
		},
	});
	unicode.activeVersion = "graphemes";
	return screen;
}
