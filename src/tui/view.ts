/**
 * How the screen is made: a stack of views, the topmost of which has the keys. A view says what it shows as rectangles of
 * finished rows; Ink lays them on the screen and writes what changed. Views know nothing of Ink, and nothing of each other.
 *
 * What always holds of a row: it is as wide as its area or narrower, holds no control character but SGR, and ends with
 * its styles taken back.
 */
import type { CommandId, KeyContext } from "./keys/command-table.ts";
import type { Keymap } from "./keys/keymap.ts";
import type { Key, Mouse } from "./term/input.ts";
import type { Paint, Theme } from "./theme/theme.ts";

export type Size = { readonly columns: number; readonly rows: number };

/** A rectangle; later areas cover earlier ones. `rows` that are the same array object are not drawn anew. */
export type Area = {
	readonly key: string;
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly rows: readonly string[];
};

export type Drawing = {
	readonly areas: readonly Area[];
	/** The terminal's cursor; hidden where absent. */
	readonly cursor?: { readonly x: number; readonly y: number };
};

export interface View {
	/** Where keys are looked up, innermost first; "global" comes after them by itself. */
	readonly contexts: readonly KeyContext[];
	/** True while a text field has the keys: a binding without ctrl, alt or a name is then text, not a command. */
	readonly typing: boolean;
	/** A sheet leaves what is below it visible; a page covers it. */
	readonly sheet: boolean;
	draw(size: Size): Drawing;
	/** Does a command of its contexts; false where it means nothing now. */
	run(command: CommandId): boolean;
	/** Whether a command would do something now: what help and palette show. Absent: all of its contexts would. */
	can?(command: CommandId): boolean;
	/** A key that no binding took. `bytes` is how it came. */
	key?(key: Key, bytes: string): boolean;
	paste?(text: string): void;
	mouse?(mouse: Mouse): boolean;
	/** True: every key but those bound in its first context goes to `key` as it came (a program that reads keys itself). */
	readonly raw?: boolean;
	/** It is taken off the stack. */
	close?(): void;
}

export type Level = "info" | "warning" | "error";

/** What a view may ask of the program around it. */
export interface Desk {
	readonly paint: Paint;
	readonly keymap: Keymap;
	readonly size: Size;
	/** Puts a view on top. */
	open(view: View): void;
	/** Takes a view away, wherever it is in the stack. */
	close(view: View): void;
	/** Something that is shown has changed. Data waits for the next commit; `now` is for what a person did. */
	changed(when?: "now" | "soon"): void;
	/** A message for the person, shown on the message line until it is read (the next key after two seconds). */
	say(text: string, level?: Level): void;
	/** Does a command as if its key had been pressed. */
	run(command: CommandId): void;
	/** Opens a text in the person's editor, over the screen. Undefined: it was left unchanged or could not be opened (and that was said). */
	edit(text: string, extension: string): Promise<string | undefined>;
	/** To the terminal's clipboard (OSC 52), and to a file where that may not arrive; says what it did. */
	copy(text: string): void;
	/** Leaves the screen and prints text below the shell's prompt, so that the terminal's own selection and scrollback work; comes back with Enter. */
	print(text: string): Promise<void>;
	readonly themes: readonly Theme[];
	setTheme(id: string): void;
}
