import { expect, it, test } from "vitest";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";
import { sampleRows } from "../../../src/tui/theme/sample.ts";
import { TOKENS } from "../../../src/tui/theme/theme.ts";
import { cellsOf } from "./sgr.ts";

it("a sample names every token", () => {
	const names = sampleRows(paintOf(BARE, "none"), 60).join(" ").split(/ +/);
	for (const token of TOKENS) expect(names).toContain(token);
});

it("a sample shows every token in use, not by its name alone", () => {
	const used = new Set<string>();
	const paint = Object.assign(
		(token: string, text: string) => {
			if (text.trim() !== token) used.add(token);
			return text;
		},
		{
			theme: BARE,
			over: (token: string, row: string) => {
				used.add(token);
				return row;
			},
		},
	);
	sampleRows(paint, 80);
	// The rest show themselves by a word that is their name.
	expect(TOKENS.filter((token) => !used.has(token))).toEqual(["correct", "wrong"]);
});

test.each([120, 60, 30, 12, 1])("its rows are %d columns wide in every theme", (columns) => {
	for (const theme of builtInThemes()) {
		for (const row of sampleRows(paintOf(theme, "truecolor"), columns))
			expect(cellsOf(row)).toHaveLength(columns);
	}
});
