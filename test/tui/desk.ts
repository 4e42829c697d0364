/**
 * A Desk for tests: keys go to the topmost view as the program routes them, what a view asks for is written down, and
 * what it draws is laid into rows of plain text. Laying refuses what a row may never be: wider than its area, outside
 * the screen, or with a control sequence other than SGR.
 */

import { commandAt, keymapOf } from "../../src/tui/keys/bindings.ts";
import { COMMANDS, type CommandId } from "../../src/tui/keys/command-table.ts";
import type { Keymap } from "../../src/tui/keys/keymap.ts";
import type { Key, Mouse } from "../../src/tui/term/input.ts";
import { graphemes, widthOf } from "../../src/tui/text/cells.ts";
import { BARE, paintOf } from "../../src/tui/theme/paint.ts";
import type { Paint, Theme } from "../../src/tui/theme/theme.ts";
import type { Desk, Drawing, Size, View } from "../../src/tui/view.ts";

export const SIZES: readonly Size[] = [
	{ columns: 80, rows: 24 },
	{ columns: 120, rows: 40 },
	{ columns: 200, rows: 50 },
	{ columns: 40, rows: 10 },
];

export class FakeDesk implements Desk {
	paint: Paint = paintOf(BARE, "none");
	keymap: Keymap = keymapOf(COMMANDS);
	size: Size;
	readonly views: View[] = [];
	/** What was asked of the program, in order: "say info: ...", "run quit", "copy ...". */
	readonly asked: string[] = [];
	readonly themes: readonly Theme[] = [BARE];
	drawings = 0;
	/** What the person's editor gives back. */
	edited: string | undefined;

	constructor(size: Size = SIZES[0]!) {
		this.size = size;
	}

	open(view: View): void {
		this.views.push(view);
	}
	close(view: View): void {
		const at = this.views.lastIndexOf(view);
		if (at < 0) return;
		this.views.splice(at, 1);
		view.close?.();
	}
	changed(): void {
		this.drawings++;
	}
	say(text: string, level = "info"): void {
		this.asked.push(`say ${level}: ${text}`);
	}
	run(command: CommandId): void {
		if (!this.top?.run(command)) this.asked.push(`run ${command}`);
	}
	edit(text: string, extension: string): Promise<string | undefined> {
		this.asked.push(`edit ${extension}: ${text}`);
		return Promise.resolve(this.edited);
	}
	copy(text: string): void {
		this.asked.push(`copy ${text}`);
	}
	print(text: string): Promise<void> {
		this.asked.push(`print ${text}`);
		return Promise.resolve();
	}
	setTheme(id: string): void {
		this.asked.push(`theme ${id}`);
	}

	get top(): View | undefined {
		return this.views.at(-1);
	}

	/** Chords in a row ("down", "ctrl+p"); anything else of one grapheme is typed. */
	press(...chords: string[]): void {
		for (const chord of chords) this.key(keyOf(chord));
	}

	type(text: string): void {
		for (const one of graphemes(text)) this.key(keyOf(one));
	}

	key(key: Key): void {
		const view = this.top;
		if (!view) return;
		const command = commandAt(this.keymap, key, view);
		if (command && view.run(command)) return;
		if (view.key?.(key, "")) return;
		if (command) this.asked.push(`run ${command}`);
	}

	paste(text: string): void {
		this.top?.paste?.(text);
	}

	click(x: number, y: number): void {
		this.mouse("press", x, y);
	}

	mouse(action: Mouse["action"], x: number, y: number): void {
		const button = action === "press" || action === "release" ? "left" : "none";
		this.top?.mouse?.({ action, button, x, y, ctrl: false, alt: false, shift: false });
	}

	/** The screen as it would be, without the spaces at the ends of rows; an empty cell of the panes is ".". */
	screen(): string[] {
		return compose(
			this.views.map((view) => view.draw(this.size)),
			this.size,
		);
	}

	/** The sheets alone, without the screen around them. */
	sheet(): string[] {
		const rows = this.screen().filter((row) => /[^.]/.test(row));
		const left = Math.min(...rows.map((row) => row.search(/[^.]/)));
		return rows.map((row) => row.slice(left).replace(/\.+$/, ""));
	}

	/** Where a text stands on the screen, in cells. */
	find(text: string): { readonly x: number; readonly y: number } {
		const rows = this.screen();
		const y = rows.findIndex((row) => row.includes(text));
		if (y < 0) throw new Error(`"${text}" is not on the screen:\n${rows.join("\n")}`);
		return { x: widthOf(rows[y]!.slice(0, rows[y]!.indexOf(text))), y };
	}
}

export function compose(drawings: readonly Drawing[], size: Size): string[] {
	const cells = Array.from({ length: size.rows }, () => Array.from({ length: size.columns }, () => "."));
	for (const { areas, cursor } of drawings) {
		for (const { key, x, y, width, rows } of areas) {
			const where = `area ${key} at ${x},${y} of ${width}x${rows.length}`;
			if (x < 0 || y < 0 || x + width > size.columns || y + rows.length > size.rows) {
				throw new Error(`${where} lies outside the screen of ${size.columns}x${size.rows}`);
			}
			for (const [index, row] of rows.entries()) {
				const plain = row.replace(/\x1b\[[\d;]*m/g, "");
				if (/[\u0000-\u001f\u007f-\u009f]/.test(plain)) {
					throw new Error(`${where}: a control character in row ${index}: ${JSON.stringify(plain)}`);
				}
				if (widthOf(plain) !== width) {
					throw new Error(`${where}: row ${index} has ${widthOf(plain)} cells: ${JSON.stringify(plain)}`);
				}
				let at = x;
				for (const one of graphemes(plain)) {
					const wide = widthOf(one);
					if (wide === 0) continue;
					cells[y + index]![at] = one;
					for (let i = 1; i < wide; i++) cells[y + index]![at + i] = "";
					at += wide;
				}
			}
		}
		if (cursor && (cursor.x < 0 || cursor.y < 0 || cursor.x >= size.columns || cursor.y >= size.rows)) {
			throw new Error(`the cursor stands outside the screen: ${JSON.stringify(cursor)}`);
		}
	}
	return cells.map((row) => row.join(""));
}

export function keyOf(chord: string): Key {
	const parts = /^((?:ctrl\+|alt\+|shift\+)*)(.+)$/s.exec(chord)!;
	const name = parts[2]!;
	const held = parts[1]!;
	const one = graphemes(name).length === 1;
	const plain = held === "";
	const typed = name === " " ? "space" : name;
	return {
		name: typed,
		ctrl: held.includes("ctrl+"),
		alt: held.includes("alt+"),
		shift: held.includes("shift+"),
		...(plain && (one || name === "space") ? { text: name === "space" ? " " : name } : {}),
	};
}
