/**
 * What is written to the real terminal besides Ink's picture, by name.
 * Sources: xterm's control sequences (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html); synchronized output
 * (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036).
 */
const ESC = "\x1b";

/** Presses, drags and the wheel, with positions of any size. Where drags are not known, presses are. */
export const MOUSE_ON = `${ESC}[?1000h${ESC}[?1002h${ESC}[?1006h`;
export const MOUSE_OFF = `${ESC}[?1006l${ESC}[?1002l${ESC}[?1000l`;
export const FOCUS_ON = `${ESC}[?1004h`;
export const FOCUS_OFF = `${ESC}[?1004l`;
export const PASTE_ON = `${ESC}[?2004h`;
export const PASTE_OFF = `${ESC}[?2004l`;
/** The terminal keeps its title on a stack; those that have none ignore both. */
export const TITLE_KEEP = `${ESC}[22;2t`;
export const TITLE_BACK = `${ESC}[23;2t`;
export const CURSOR_SHOWN = `${ESC}[?25h`;
/** A row that the terminal takes for wider than we do is cut off at the edge, and moves no other. */
export const WRAP_OFF = `${ESC}[?7l`;
export const WRAP_ON = `${ESC}[?7h`;
export const SYNC_OFF = `${ESC}[?2026l`;

export const titled = (title: string): string => `${ESC}]2;${title}\x07`;

/**
 * Puts any terminal right after a program that ended without a word: pictures are shown as they come, no mouse, focus or
 * paste reports, normal cursor and number keys, lines wrap, ASCII letters, the main screen, no colours, a cursor, the
 * title of before. Stands in bin/nudge.cjs as well, which can import nothing; a test holds the two together.
 */
export const RESET = [
	SYNC_OFF,
	`${ESC}[?1006l${ESC}[?1003l${ESC}[?1002l${ESC}[?1000l`,
	FOCUS_OFF,
	PASTE_OFF,
	`${ESC}[?1l${ESC}>`,
	WRAP_ON,
	`${ESC}(B\x0f`,
	`${ESC}[?1049l`,
	`${ESC}[0m`,
	CURSOR_SHOWN,
	TITLE_BACK,
].join("");
