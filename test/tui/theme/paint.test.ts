import fc from "fast-check";
import { expect, it } from "vitest";
import { nearest16, nearest256, type Rgb, rgbOf, rgbOf256, sgrOf } from "../../../src/tui/theme/colour.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";
import { type Style, type Theme, TOKENS, type Token } from "../../../src/tui/theme/theme.ts";
import { type Cell, cellsOf } from "./sgr.ts";

const theme = (styles: Theme["styles"]): Theme => ({ id: "t", name: "T", kind: "any", styles });

it("a piece takes back exactly what it set", () => {
	const paint = paintOf(
		theme({
			hint: { fg: "#ff8000", bold: true },
			code: { fg: "cyan" },
			status: { bg: "bright-black", inverse: true },
			vetoed: { dim: true, strike: true, italic: true, underline: true },
			text: {},
			output: { fg: "default" },
		}),
		"truecolor",
	);
	expect(paint("hint", "x")).toBe("\x1b[1;38;2;255;128;0mx\x1b[22;39m");
	expect(paint("code", "x")).toBe("\x1b[36mx\x1b[39m");
	expect(paint("status", "x")).toBe("\x1b[7;100mx\x1b[27;49m");
	expect(paint("vetoed", "x")).toBe("\x1b[2;3;4;9mx\x1b[22;23;24;29m");
	expect(paint("text", "x")).toBe("x");
	expect(paint("output", "x")).toBe("x");
	expect(paint("rule", "x")).toBe("x");
	expect(paint("hint", "")).toBe("");
	expect(paint.over("hint", "")).toBe("");
});

it("a colour is written as deep as the terminal goes", () => {
	expect(sgrOf("#ff8700", "fg", "truecolor")).toBe("38;2;255;135;0");
	expect(sgrOf("#ff8700", "bg", "256")).toBe("48;5;208");
	expect(sgrOf("#fe0101", "fg", "16")).toBe("91");
	expect(sgrOf("#000000", "bg", "16")).toBe("40");
	expect(sgrOf("#ff8700", "fg", "none")).toBeUndefined();
	expect(sgrOf("bright-white", "bg", "256")).toBe("107");
	expect(sgrOf("yellow", "fg", "truecolor")).toBe("33");
	expect(sgrOf("default", "fg", "truecolor")).toBeUndefined();
	expect(rgbOf("#0A0b0C")).toEqual([10, 11, 12]);
	expect(rgbOf("cyan")).toBeUndefined();
});

it("without colours the other attributes stay", () => {
	const paint = paintOf(
		theme({ hint: { fg: "#ff8000", bg: "blue", bold: true }, code: { fg: "red" } }),
		"none",
	);
	expect(paint("hint", "x")).toBe("\x1b[1mx\x1b[22m");
	expect(paint("code", "x")).toBe("x");
});

it("in 16 colours a ground of its own colour is drawn by exchanging", () => {
	const styles = {
		selected: { bg: "#102030" },
		sheet: { fg: "#ffffff", bg: "#102030" },
		match: { bg: "blue" },
	};
	const paint = paintOf(theme(styles), "16");
	expect(paint.over("selected", `a${paint("sheet", "b")}`)).toBe("\x1b[7ma\x1b[97;40mb\x1b[39;49m\x1b[27m");
	expect(paint("match", "x")).toBe("\x1b[44mx\x1b[49m");
});

it("a bare theme sets nothing", () => {
	const paint = paintOf(BARE, "truecolor");
	for (const token of TOKENS) expect(paint.over(token, paint(token, "x"))).toBe("x");
});

it("every colour of a palette is its own nearest", () => {
	for (let index = 16; index < 256; index++) {
		// Some colours stand there twice: the ramp has greys of the cube.
		expect(rgbOf256(nearest256(rgbOf256(index)))).toEqual(rgbOf256(index));
	}
	for (let index = 0; index < 16; index++) expect(nearest16(rgbOf256(index))).toBe(index);
});

it("no colour of the palette of 256 is much farther in any channel than half a step", () => {
	fc.assert(
		fc.property(fc.tuple(byte, byte, byte), (rgb) => {
			const found = rgbOf256(nearest256(rgb as Rgb));
			for (const [index, part] of found.entries())
				expect(Math.abs(part - rgb[index]!)).toBeLessThanOrEqual(96);
		}),
	);
});
const byte = fc.integer({ min: 0, max: 255 });

const colour = fc.constantFrom("#102030", "#fedcba", "red", "bright-cyan", "default");
const style: fc.Arbitrary<Style> = fc.record(
	{
		fg: colour,
		bg: colour,
		bold: fc.boolean(),
		dim: fc.boolean(),
		italic: fc.boolean(),
		underline: fc.boolean(),
		inverse: fc.boolean(),
		strike: fc.boolean(),
	},
	{ requiredKeys: [] },
);
const styles = fc.tuple(style, style, style, style);
const pieces = fc.array(
	fc.tuple(fc.constantFrom<Token>("text", "code", "hint"), fc.constantFrom("a", "bc", "")),
);

it("a row over a ground looks like its pieces, and like the ground where they say nothing", () => {
	fc.assert(
		fc.property(styles, pieces, fc.constantFrom("truecolor", "256", "16", "none"), (four, parts, depth) => {
			const [text, code, hint, selected] = four;
			const paint = paintOf(theme({ text, code, hint, selected }), depth);
			const row = parts.map(([token, words]) => paint(token, words)).join("");
			const ground = cellsOf(paint("selected", "x"))[0] as Cell;
			const alone = cellsOf(row);
			const laid = cellsOf(paint.over("selected", row));
			expect(laid.map((cell) => cell.char)).toEqual(alone.map((cell) => cell.char));
			for (const [index, cell] of laid.entries()) {
				const piece = alone[index] as Cell;
				expect(cell).toEqual({
					char: piece.char,
					fg: piece.fg ?? ground.fg,
					bg: piece.bg ?? ground.bg,
					on: [...new Set([...piece.on, ...ground.on])].sort(),
				});
			}
			// Nothing is left on behind the row.
			expect(cellsOf(`${paint.over("selected", row)}.`).at(-1)).toEqual({ char: ".", on: [] });
			expect(cellsOf(`${row}.`).at(-1)).toEqual({ char: ".", on: [] });
		}),
	);
});

it("rows can be laid over one another", () => {
	const paint = paintOf(
		theme({ sheet: { bg: "#111111", dim: true }, selected: { bg: "#222222", bold: true } }),
		"truecolor",
	);
	const row = paint.over("sheet", `a${paint.over("selected", "b")}c`);
	const [a, b, c] = cellsOf(row);
	expect([a?.bg, b?.bg, c?.bg]).toEqual(["48;2;17;17;17", "48;2;34;34;34", "48;2;17;17;17"]);
	expect([a?.on, b?.on, c?.on]).toEqual([["2"], ["1", "2"], ["2"]]);
});

it("so many sequences that they cannot all be remembered make no difference", () => {
	const paint = paintOf(theme({ selected: { fg: "red", bg: "blue" } }), "16");
	for (let red = 0; red < 256; red++) {
		for (const ground of ["38", "48"]) {
			const [a, b] = cellsOf(paint.over("selected", `\x1b[${ground};2;${red};0;0ma\x1b[0mb`));
			expect(ground === "38" ? a?.fg : a?.bg).toBe(`${ground};2;${red};0;0`);
			expect([b?.fg, b?.bg]).toEqual(["31", "44"]);
		}
	}
});

it("a program's own sequences are laid over a ground too", () => {
	const paint = paintOf(theme({ selected: { fg: "red", bg: "blue", bold: true } }), "16");
	const cells = cellsOf(paint.over("selected", "a\x1b[0;38;5;2mb\x1b[mc\x1b[48;2;39;49;0md\x1b[0me"));
	expect(cells.map(({ fg, bg, on }) => [fg, bg, on.join()])).toEqual([
		["31", "44", "1"],
		["38;5;2", "44", "1"],
		["31", "44", "1"],
		["31", "48;2;39;49;0", "1"],
		["31", "44", "1"],
	]);
});
