import fc from "fast-check";
import { expect, test } from "vitest";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { paintOf } from "../../../src/tui/theme/paint.ts";
import type { Desk } from "../../../src/tui/view.ts";
import { askLine } from "../../../src/tui/views/ask-line.ts";
import { choose } from "../../../src/tui/views/choose.ts";
import { confirm } from "../../../src/tui/views/confirm.ts";
import { help } from "../../../src/tui/views/help.ts";
import { hintEditor } from "../../../src/tui/views/hint-editor.ts";
import { hintPicker } from "../../../src/tui/views/hint-picker.ts";
import { plainLine } from "../../../src/tui/views/line.ts";
import { palette } from "../../../src/tui/views/palette.ts";
import { runSettings } from "../../../src/tui/views/run-settings.ts";
import { boxIn, keyLine, roomIn } from "../../../src/tui/views/sheet.ts";
import { textSheet } from "../../../src/tui/views/text-sheet.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { fakeLive } from "./fake-live.ts";

const sizes = fc.record({ columns: fc.integer({ min: 1, max: 250 }), rows: fc.integer({ min: 1, max: 80 }) });

test("a sheet lies inside the screen, its body inside its frame, and is never wider than can be read", () => {
	fc.assert(
		fc.property(
			sizes,
			fc.integer({ min: -5, max: 300 }),
			fc.integer({ min: -5, max: 300 }),
			(size, columns, rows) => {
				const { outer, inner } = boxIn(size, { columns, rows });
				expect(outer.x).toBeGreaterThanOrEqual(0);
				expect(outer.y).toBeGreaterThanOrEqual(0);
				expect(outer.x + outer.columns).toBeLessThanOrEqual(size.columns);
				expect(outer.y + outer.rows).toBeLessThanOrEqual(size.rows);
				expect(outer.columns).toBeLessThanOrEqual(110);
				if (size.columns < 8 || size.rows < 5) return;
				expect(inner.x).toBe(outer.x + 2);
				expect(inner.columns).toBe(outer.columns - 4);
				expect(inner.y + inner.rows + 2).toBe(outer.y + outer.rows);
			},
		),
	);
});

test("it takes nearly all of a small screen, and stands in the middle of a large one", () => {
	expect(boxIn({ columns: 80, rows: 24 }, { rows: 99 }).outer).toEqual({ x: 2, y: 1, columns: 76, rows: 22 });
	expect(boxIn({ columns: 40, rows: 10 }, { rows: 99 }).outer).toEqual({ x: 0, y: 0, columns: 40, rows: 10 });
	expect(boxIn({ columns: 200, rows: 50 }, { rows: 99 }).outer).toEqual({
		x: 45,
		y: 1,
		columns: 110,
		rows: 48,
	});
	expect(roomIn({ columns: 80, rows: 24 })).toEqual({ columns: 72, rows: 19 });
});

test("keys that do not fit are left out, but never the first and the one that closes", () => {
	const { keymap } = new FakeDesk();
	const hints = [
		["list.choose"],
		[["list.up", "list.down"], "move"],
		["library.edit"],
		["dialog.close"],
	] as const;
	const at = (columns: number): string => plainLine(keyLine(keymap, hints, columns));
	expect(at(80)).toBe("Enter choose  Up/Down move  Ctrl+E edit, then insert  Esc close");
	expect(at(40)).toBe("Enter choose  Up/Down move  Esc close");
	expect(at(25)).toBe("Enter choose  Esc close");
	expect(plainLine(keyLine({ ...keymap, keysOf: () => [] }, hints, 80))).toBe("");
});

const SHEETS: Readonly<Record<string, (desk: Desk) => void>> = {
	palette: (desk) => palette({ desk, contexts: ["session"] }),
	help: (desk) => help({ desk, contexts: ["session"] }),
	confirm: (desk) => confirm({ desk, title: "Delete it?", says: "It is gone then.", done: () => {} }),
	choose: (desk) =>
		choose({ desk, title: "c", choices: [{ value: 1, label: "日本", says: "x", not: "y" }], done: () => {} }),
	askLine: (desk) => askLine({ desk, title: "Name", label: "name", text: "日本", done: () => {} }),
	hintPicker: (desk) => hintPicker({ desk, live: fakeLive("Wait"), done: () => {} }),
	hintEditor: (desk) => hintEditor({ desk, title: "Write", text: "a\nb\n", done: () => {} }),
	textSheet: (desk) => textSheet({ desk, title: "t", text: "a\n".repeat(99) }),
	runSettings: (desk) =>
		runSettings({
			desk,
			values: { seed: 0, temperature: 0, topP: 1, maxTokens: 1, maxCalls: 1, rounds: 1, words: 1, vetoMs: 0 },
			done: () => {},
		}),
};

/** What of a terminal's style is still set at the end of a row. */
function leftOpen(row: string): number[] {
	const set = new Set<number>();
	for (const [, codes] of row.matchAll(/\x1b\[([\d;]*)m/g)) {
		const numbers = codes!.split(";").map(Number);
		for (let i = 0; i < numbers.length; i++) {
			const code = numbers[i]!;
			if (code === 38 || code === 48) {
				set.add(code);
				i += numbers[i + 1] === 5 ? 2 : 4;
			} else if (code === 39) set.delete(38);
			else if (code === 49) set.delete(48);
			else if (code === 22) {
				set.delete(1);
				set.delete(2);
			} else if (code >= 23 && code <= 29) set.delete(code - 20);
			else if (code < 10) set.add(code);
			else if (code < 50 || code >= 90) set.add(code % 60 < 40 && code % 10 < 8 ? 38 : 48);
		}
	}
	return [...set];
}

test("a style that is left open is seen", () => {
	expect(leftOpen("\x1b[1;38;5;3mx\x1b[22m")).toEqual([38]);
	expect(leftOpen("\x1b[7;48;2;1;2;3mx\x1b[27;49m")).toEqual([]);
	expect(leftOpen("\x1b[94;44mx\x1b[39m")).toEqual([48]);
});

test.each(Object.keys(SHEETS))("%s reads the same in every theme, and no row leaves a style open", (name) => {
	for (const size of SIZES) {
		const desk = new FakeDesk(size);
		SHEETS[name]!(desk);
		const plain = desk.screen();
		for (const theme of builtInThemes()) {
			for (const depth of ["truecolor", "256", "16"] as const) {
				desk.paint = paintOf(theme, depth);
				expect(desk.screen()).toEqual(plain);
				for (const area of desk.top!.draw(size).areas) {
					for (const row of area.rows) expect(leftOpen(row)).toEqual([]);
				}
			}
		}
	}
});

test.each(Object.keys(SHEETS))("%s is drawn anew only when something of it changes", (name) => {
	const desk = new FakeDesk(SIZES[0]);
	SHEETS[name]!(desk);
	const first = desk.top!.draw(desk.size);
	expect(desk.top!.draw({ ...desk.size })).toBe(first);
	desk.paint = paintOf(builtInThemes()[0]!, "256");
	expect(desk.top!.draw(desk.size)).not.toBe(first);
});
