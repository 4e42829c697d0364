/** Rows made of an emulator's cells, read by a second emulator: what a person would see must be the same. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Emulator } from "../../../src/tui/python/emulator.ts";
import { RowCache } from "../../../src/tui/python/serialise.ts";
import { widthOf } from "../../../src/tui/text/cells.ts";
import type { Depth } from "../../../src/tui/theme/colour.ts";
import { cellsOfRow, type Seen, terminal, written } from "./screen.ts";

const COLUMNS = 24;
const ROWS = 5;
const SGR_ONLY = /\x1b\[[\d;]*m/g;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

async function rowsOf(stream: string, depth: Depth = "truecolor"): Promise<readonly string[]> {
	const screen = terminal(COLUMNS, ROWS);
	await written(screen, stream);
	const { active } = screen.buffer;
	return new RowCache().rows(active, active.viewportY, COLUMNS, ROWS, depth);
}

async function seen(stream: string): Promise<Seen[][]> {
	const screen = terminal(COLUMNS, ROWS);
	await written(screen, stream);
	return Array.from({ length: ROWS }, (_, y) => cellsOfRow(screen, y));
}

const colour = fc.oneof(
	fc.constantFrom("30", "31", "37", "39", "40", "47", "49", "90", "97", "100", "107"),
	fc.integer({ min: 0, max: 255 }).map((n) => `38;5;${n}`),
	fc.integer({ min: 0, max: 255 }).map((n) => `48;5;${n}`),
	fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((rgb) => `38;2;${rgb.join(";")}`),
	fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((rgb) => `48;2;${rgb.join(";")}`),
);
const attribute = fc.constantFrom("0", "1", "2", "3", "4", "7", "9", "22", "23", "24", "27", "29");
const sgr = fc
	.array(fc.oneof(colour, attribute), { minLength: 1, maxLength: 4 })
	.map((codes) => `\x1b[${codes.join(";")}m`);
const plain = fc.string({
	unit: fc.integer({ min: 0x20, max: 0x7e }).map((n) => String.fromCharCode(n)),
	maxLength: 30,
});
/** Characters that everybody counts alike. */
const agreed = fc.array(fc.constantFrom("日", "本", "é", "e\u0301", "😀", "→", "─", "한", "x", " "), {
	maxLength: 12,
});
const moves = fc.constantFrom(
	"\r\n",
	"\r",
	"\x1b[A",
	"\x1b[C",
	"\x1b[5D",
	"\x1b[K",
	"\x1b[2J",
	"\x1b[H",
	"\b",
	"\t",
);

test("rows read by a second terminal are the same cells, with the same colours and attributes", async () => {
	const streams = fc.array(
		fc.oneof(
			sgr,
			plain,
			agreed.map((all) => all.join("")),
			moves,
		),
		{ maxLength: 40 },
	);
	await fc.assert(
		fc.asyncProperty(streams, async (parts) => {
			const stream = parts.join("");
			expect(await seen((await rowsOf(stream)).join("\r\n"))).toEqual(await seen(stream));
		}),
		{ numRuns: 300 },
	);
});

test("whatever is printed, rows are exactly as wide as asked and hold no control character but SGR", async () => {
	const wild = fc.array(
		fc.oneof(
			fc.string({ unit: "binary", maxLength: 12 }),
			fc.constantFrom(
				"🇩🇪",
				"👍🏽",
				"👨‍👩‍👧",
				"❤️",
				"1️⃣",
				"का",
				"각",
				"กำ",
				"\u202eabc",
				"\u0301\u0301",
				"\x1b]52;c;aGk=\x07",
				"\x1b]0;title\x07",
				"\x07",
			),
			sgr,
			moves,
		),
		{ maxLength: 30 },
	);
	await fc.assert(
		fc.asyncProperty(wild, fc.constantFrom<Depth>("truecolor", "256", "16", "none"), async (parts, depth) => {
			for (const row of await rowsOf(parts.join(""), depth)) {
				const text = row.replace(SGR_ONLY, "");
				expect(text).not.toMatch(CONTROL);
				expect(widthOf(text)).toBe(COLUMNS);
			}
		}),
		{ numRuns: 300 },
	);
});

test("wide characters take two cells, and what differs in width keeps its place", async () => {
	const [row] = await rowsOf("日 本 語 abc|");
	expect(row).toBe("日 本 語 abc|".padEnd(COLUMNS - 3));
	expect((await rowsOf("👍🏽|"))[0]).toBe(`👍🏽  |${" ".repeat(COLUMNS - 5)}`);
	expect((await rowsOf("🇩🇪|"))[0]).toBe("DE|".padEnd(COLUMNS));
	expect((await rowsOf("👨‍👩‍👧|"))[0]).toBe(`👨👩👧|${" ".repeat(COLUMNS - 7)}`);
});

test("the terminal's 16 colours stay its own, at every depth but none", async () => {
	const stream = "\x1b[31mred\x1b[0m \x1b[1;94;44mx\x1b[0m \x1b[38;5;208my\x1b[0m \x1b[38;2;255;135;0mz";
	const first = async (depth: Depth): Promise<string | undefined> =>
		(await rowsOf(stream, depth))[0]?.trimEnd();
	expect(await first("truecolor")).toContain(
		"\x1b[31mred\x1b[39m \x1b[1;94;44mx\x1b[22;39;49m \x1b[38;5;208my\x1b[39m \x1b[38;2;255;135;0mz",
	);
	expect(await first("256")).toContain("\x1b[38;5;208my\x1b[39m \x1b[38;5;208mz");
	expect(await first("16")).not.toMatch(/38;/);
	expect(await first("none")).toBe("red \x1b[1mx\x1b[22m y z");
});

test("rows that have not changed are the same strings, and the same array when none has", async () => {
	const emulator = new Emulator({
		cols: COLUMNS,
		rows: ROWS,
		now: () => 0,
		onChange: () => {},
		onPressure: () => {},
		onReply: () => {},
	});
	const drawn = async (text: string): Promise<readonly string[]> => {
		emulator.write(Buffer.from(text));
		await new Promise<void>((resolve) => setTimeout(resolve, 20));
		return emulator.pictured(COLUMNS, ROWS, "truecolor");
	};
	const before = await drawn("one\r\ntwo");
	expect(await drawn("\x1b[31m\x1b[0m")).toBe(before);
	const after = await drawn("!");
	expect(after).not.toBe(before);
	expect(after[0]).toBe(before[0]);
	expect(after[1]).toBe("two!".padEnd(COLUMNS));
	expect((await drawn("\x1b[Hn"))[0]).toBe("nne".padEnd(COLUMNS));
	emulator.close();
});
