import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fenceRules } from "../../../src/hints/fences.ts";
import { loadDialects } from "../../../src/hints/library.ts";
import type { SpanKind } from "../../../src/trace/span.ts";
import { firstSentence, LONGEST } from "../../../src/tui/lines/sentences.ts";
import { type Unit, Units } from "../../../src/tui/lines/units.ts";

const dialects = loadDialects();
const rulesOf = (id: string) => fenceRules(dialects.get(id)!);
type Piece = readonly [kind: SpanKind, text: string];

function unitsOf(pieces: readonly Piece[], dialect = "qwen"): readonly Unit[] {
	const units = new Units(rulesOf(dialect));
	for (const [kind, text] of pieces) units.push(kind, text);
	return units.open ? [...units.all, units.open] : units.all;
}
const texts = (pieces: readonly Piece[], dialect?: string): string[] =>
	unitsOf(pieces, dialect).map(({ kind, text }) => `${kind}: ${text}`);

describe("what is read of a trace", () => {
	test("sentences of a line are read one by one, a list's numbers and decimals with what follows", () => {
		const text = 'So 3.5 is it. Is "that" so? Yes!\n1. First. 2) Then e.g. Python.\nNo end';
		expect(texts([["model", text]])).toEqual([
			"prose: So 3.5 is it.",
			'prose: Is "that" so?',
			"prose: Yes!",
			"prose: 1. First.",
			"prose: 2) Then e.g. Python.",
			"prose: No end",
		]);
	});

	test("code is read by lines with the number of its block, its fences are not", () => {
		const units = unitsOf([["model", "Let me.\n```python\nx = 1\n\n  print(x)\n```\n"]]);
		expect(units.map(({ kind, text, block }) => [kind, text, block])).toEqual([
			["prose", "Let me.", undefined],
			["code", "x = 1", 1],
			["code", "  print(x)", 1],
		]);
	});

	test("a block that does not run has no number, and the one after it has the next", () => {
		const units = unitsOf([["model", "```text\na\n```\n```python\nb\n```\n"]]);
		expect(units.map(({ text, block, fence }) => [text, block, fence])).toEqual([
			["a", 0, 1],
			["b", 1, 2],
		]);
	});

	test("a hint that opens code is one unit, and what the model writes behind it is code", () => {
		const pieces: Piece[] = [
			["model", "Wait"],
			["hint", ", let me.\n```python\n"],
			["model", "print(6)\n```"],
			["output", "\n```output\n6\n```\n"],
			["model", "It is 6.\n"],
		];
		expect(texts(pieces)).toEqual([
			"prose: Wait",
			"hint: , let me.\n```python",
			"code: print(6)",
			"output: ```output\n6\n```",
			"prose: It is 6.",
		]);
	});

	test("a closing tag ends code in its own line", () => {
		expect(texts([["model", "<code>\nprint(1)</code>\nDone.\n"]], "retool")).toEqual([
			"code: print(1)",
			"prose: Done.",
		]);
	});

	test("what may yet be a fence is not read", () => {
		expect(unitsOf([["model", "a\n``"]]).map(({ text }) => text)).toEqual(["a"]);
	});

	test("units lie in the order of the text, and each is what stands there", () => {
		const pieces: Piece[] = [
			["model", "One. Two.\n\n```python\nx\n```\n"],
			["output", "```output\n1\n```\n"],
			["model", "Three"],
		];
		const whole = pieces.map(([, text]) => text).join("");
		let end = 0;
		for (const [index, { from, to, text, number }] of unitsOf(pieces).entries()) {
			expect(number).toBe(index + 1);
			expect(from).toBeGreaterThanOrEqual(end);
			expect(whole.slice(from, to)).toContain(text);
			end = to;
		}
	});
});

const bits = fc.constantFrom(
	"a",
	"B",
	" ",
	" So",
	". ",
	".",
	"\n",
	"```",
	"```python\n",
	"`",
	"~~~",
	"<code>\n",
	"</code>",
	"</code>\n",
	"1.",
	"e.g. ",
	"?",
	"!)",
	"\ud83d\ude00",
	"word ".repeat(70),
	"x".repeat(300),
	"\u3002",
	"\u4e2d",
);
const spans = fc.array(
	fc.tuple(
		fc.constantFrom<SpanKind>("model", "model", "model", "hint", "output", "edit"),
		fc.array(bits, { minLength: 1, maxLength: 12 }).map((some) => some.join("")),
	),
	{ maxLength: 6 },
);

test("units are the same however the model's text comes", () => {
	fc.assert(
		fc.property(
			spans,
			fc.array(fc.nat(9), { minLength: 1 }),
			fc.constantFrom("qwen", "retool"),
			(some, cuts, dialect) => {
				// Neighbouring text of the model is one span.
				const whole = some.reduce<Piece[]>((joined, [kind, text]) => {
					const last = joined.at(-1);
					if (kind === "model" && last?.[0] === "model") joined[joined.length - 1] = [kind, last[1] + text];
					else joined.push([kind, text]);
					return joined;
				}, []);
				let cut = 0;
				const pieces = whole.flatMap(([kind, text]): Piece[] => {
					if (kind !== "model") return [[kind, text]];
					const parts: Piece[] = [];
					for (let at = 0; at < text.length; ) {
						const length = 1 + cuts[cut++ % cuts.length]!;
						parts.push([kind, text.slice(at, at + length)]);
						at += length;
					}
					return parts;
				});
				expect(unitsOf(pieces, dialect)).toEqual(unitsOf(whole, dialect));
			},
		),
		{ numRuns: 500 },
	);
});

test("no sentence is longer than can be read, and no character is cut in two", () => {
	for (const text of [
		"x".repeat(5_000),
		"word ".repeat(1_000),
		"\ud83d\ude00".repeat(2_000),
		` ${"\ud83d\ude00".repeat(900)}`,
	]) {
		const units = unitsOf([["model", text]]);
		expect(units.length).toBeGreaterThan(4);
		for (const unit of units) {
			expect(unit.to - unit.from).toBeLessThanOrEqual(LONGEST);
			expect(unit.text.isWellFormed()).toBe(true);
		}
		expect(units.map((unit) => text.slice(unit.from, unit.to)).join("")).toBe(text);
	}
});

test("a megabyte without an end is read as it comes", () => {
	const units = new Units(rulesOf("qwen"));
	for (let i = 0; i < 10_000; i++) units.push("model", "x".repeat(100));
	expect(units.all.length).toBeGreaterThan(2_000);
});

test.each([
	["It is so. Then", 9],
	["It is so.", 0],
	["It is so. then", 0],
	["see e.g. Python", 0],
	["1. First", 0],
	["x = 3. 5", 6],
	["\u4e2d\u6587\u3002\u4e2d", 3],
	['He said "no." Then', 13],
])("%j: the first sentence is %i units", (text, units) => {
	expect(firstSentence(text)).toBe(units);
});
