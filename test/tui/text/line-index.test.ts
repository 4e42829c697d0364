import fc from "fast-check";
import { expect, test } from "vitest";
import { fenceRules } from "../../../src/hints/fences.ts";
import { graphemes, widthOf } from "../../../src/tui/text/cells.ts";
import { shown } from "../../../src/tui/text/clusters.ts";
import { type Line, LineIndex, type TextKind } from "../../../src/tui/text/line-index.ts";
import type { Token } from "../../../src/tui/theme/theme.ts";
import { nasty, nastyPart } from "./nasty.ts";

type Step =
	| { readonly kind: TextKind; readonly text: string }
	| { readonly title: string; readonly token: Token };

const kind = fc.constantFrom<TextKind>("model", "model", "model", "hint", "output", "failure", "edit");
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind, text: nasty }) },
	{ weight: 1, arbitrary: fc.record({ title: nasty, token: fc.constant<Token>("hint-title") }) },
);
const steps = fc.array(step, { maxLength: 8 });
const columns = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 60 }));

function put(index: LineIndex, step: Step): void {
	if ("title" in step) index.title(step.title, step.token);
	else index.append(step.kind, step.text);
}

function built(width: number, all: readonly Step[]): LineIndex {
	const index = new LineIndex(width);
	for (const step of all) put(index, step);
	return index;
}

const allLines = (index: LineIndex): Line[] => index.lines(0, index.length);
const textOf = (all: readonly Step[]): string => all.map((one) => ("text" in one ? one.text : "")).join("");

/** What was put in before the offset. */
function before(all: readonly Step[], at: number): Step[] {
	const kept: Step[] = [];
	let offset = 0;
	for (const one of all) {
		if ("title" in one) {
			if (offset < at) kept.push(one);
			continue;
		}
		const text = one.text.slice(0, Math.max(0, at - offset));
		if (text !== "") kept.push({ kind: one.kind, text });
		offset += one.text.length;
	}
	return kept;
}

test("pieces, however small, give the lines of the whole", () => {
	fc.assert(
		fc.property(
			steps,
			columns,
			fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
			(all, width, cuts) => {
				const piecewise = new LineIndex(width);
				let turn = 0;
				for (const one of all) {
					if ("title" in one) {
						put(piecewise, one);
						continue;
					}
					for (let at = 0; at < one.text.length; ) {
						const end = at + cuts[turn++ % cuts.length]!;
						piecewise.append(one.kind, one.text.slice(at, end));
						at = end;
					}
				}
				expect(allLines(piecewise)).toEqual(allLines(built(width, all)));
			},
		),
		{ numRuns: 3000 },
	);
});

test("resized is as built at that width", () => {
	fc.assert(
		fc.property(steps, columns, columns, step, (all, width, other, more) => {
			const index = built(width, all);
			index.resize(other);
			expect(allLines(index)).toEqual(allLines(built(other, all)));
			put(index, more);
			expect(allLines(index)).toEqual(allLines(built(other, [...all, more])));
		}),
		{ numRuns: 2000 },
	);
});

test("cut, then written on, is as built so", () => {
	fc.assert(
		fc.property(steps, columns, fc.nat(), steps, (all, width, where, more) => {
			const index = built(width, all);
			const at = where % (textOf(all).length + 1);
			index.cut(at);
			const kept = before(all, at);
			expect(index.offset).toBe(textOf(kept).length);
			expect(allLines(index)).toEqual(allLines(built(width, kept)));
			for (const one of more) put(index, one);
			expect(allLines(index)).toEqual(allLines(built(width, [...kept, ...more])));
		}),
		{ numRuns: 3000 },
	);
});

test("lines tile the text, fit the width, and hold nothing that a terminal obeys", () => {
	fc.assert(
		fc.property(steps, columns, (all, width) => {
			const index = built(width, all);
			let offset = 0;
			for (const line of allLines(index)) {
				expect(line.from).toBe(offset);
				expect(line.to > line.from).toBe(line.kind !== "title");
				offset = line.to;
				expect(widthOf(line.text)).toBeLessThanOrEqual(width);
				expect(line.text).not.toMatch(
					/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u,
				);
			}
			expect(offset).toBe(index.offset);
			expect(offset).toBe(textOf(all).length);
		}),
		{ numRuns: 2000 },
	);
});

test("lines give back all that is shown", () => {
	const blank = (text: string): string => text.replaceAll(/\s/g, "");
	fc.assert(
		fc.property(kind, nasty, fc.integer({ min: 8, max: 60 }), (kind, text, width) => {
			const index = built(width, [{ kind, text }]);
			const whole = text
				.split(/\r?\n/)
				.flatMap((line) => graphemes(line).map((one) => shown(one).text))
				.join("");
			fc.pre(graphemes(text).every((one) => shown(one).cells <= width));
			const lines = allLines(index).map((line) => line.text);
			expect(blank(lines.join(""))).toBe(blank(whole));
			if (kind === "output" && !text.includes("\t")) expect(lines.join("")).toBe(whole);
		}),
		{ numRuns: 2000 },
	);
});

test("an offset finds the line that holds it", () => {
	fc.assert(
		fc.property(steps, columns, (all, width) => {
			const index = built(width, all);
			const lines = allLines(index);
			for (const line of lines) {
				const first = lines.find((one) => one.from === line.from)!;
				expect(index.lineAt(line.from)).toBe(first.n);
				for (let at = line.from + 1; at < line.to; at++) expect(index.lineAt(at)).toBe(line.n);
			}
			const last = lines.find((one) => one.from === index.offset) ?? lines.at(-1);
			expect(index.lineAt(index.offset)).toBe(last?.n ?? 0);
			expect(index.lineAt(index.offset + 5)).toBe(Math.max(0, lines.length - 1));
		}),
	);
});

const shownLines = (index: LineIndex): string[] => allLines(index).map((line) => line.text.trimEnd());
const kindsOf = (index: LineIndex): string[] => allLines(index).map((line) => line.kind);

test("prose breaks at spaces, and long words where they can be read on", () => {
	expect(shownLines(built(10, [{ kind: "model", text: "Let me check this again.\n\n  So: yes" }]))).toEqual([
		"Let me",
		"check this",
		"again.",
		"",
		"  So: yes",
	]);
	expect(
		shownLines(built(20, [{ kind: "model", text: "See https://example.org/reports/2024?id=7 now" }])),
	).toEqual(["See", "https://example.org/", "reports/2024?id=7", "now"]);
	expect(
		shownLines(built(20, [{ kind: "model", text: "so \\frac{a+b}{c}=\\sqrt{x^2+y^2}\\cdot\\pi holds" }])),
	).toEqual(["so", "\\frac{a+b}{c}=", "\\sqrt{x^2+y^2}\\cdot", "\\pi holds"]);
	expect(shownLines(built(8, [{ kind: "model", text: "答えは「四十二」です。" }]))).toEqual([
		"答えは",
		"「四十",
		"二」で",
		"す。",
	]);
	expect(shownLines(built(1, [{ kind: "model", text: "中a\x85" }]))).toEqual(["?", "a", "?"]);
});

test("code and output break at the edge", () => {
	const text = "```python\n    x = [1, 2, 3]\n\ty\n```\nDone now";
	const index = built(10, [{ kind: "model", text }]);
	expect(shownLines(index)).toEqual(["```python", "    x = [1", ", 2, 3]", "    y", "```", "Done now"]);
	expect(kindsOf(index)).toEqual(["code", "code", "code", "code", "code", "model"]);
	expect(allLines(index).map((line) => line.continued)).toEqual([false, false, true, false, false, false]);
	expect(shownLines(built(5, [{ kind: "output", text: "ab cd ef" }]))).toEqual(["ab cd", " ef"]);
});

test("a line that only looked like a fence is prose again", () => {
	const index = new LineIndex(12);
	index.append("model", "``` is what I");
	expect(kindsOf(index)).toEqual(["code", "code"]);
	index.append("model", " call `ticks`");
	expect(kindsOf(index)).toEqual(["model", "model", "model"]);
	index.append("model", "\nword");
	expect(kindsOf(index).at(-1)).toBe("model");
});

test("hints and outputs keep their kind, begin on a line of their own, and open and close blocks", () => {
	const index = new LineIndex(40);
	index.append("model", "Let me see.");
	index.title("[hint after Wait]", "hint-title");
	index.append("hint", " Wait, I can run it.\n```python\n");
	index.append("model", "print(6 * 7)\n```");
	index.append("output", "\n```output\n42\n```\n");
	index.append("failure", "Error");
	index.append("model", "So **42**");
	expect(allLines(index).map((line) => [line.kind, line.text])).toEqual([
		["model", "Let me see."],
		["title", "[hint after Wait]"],
		["hint", " Wait, I can run it."],
		["hint", "```python"],
		["code", "print(6 * 7)"],
		["code", "```"],
		["output", ""],
		["output", "```output"],
		["output", "42"],
		["output", "```"],
		["failure", "Error"],
		["model", "So **42**"],
	]);
	expect(index.line(1)).toMatchObject({ from: 11, to: 11, token: "hint-title" });
	expect(index.lineAt(11)).toBe(1);
	expect(() => index.line(12)).toThrow("there is no line 12: there are 12");
});

test("a dialect says what else a block of code is", () => {
	const rules = fenceRules({
		id: "tags",
		codeOpen: "<code>",
		codeClose: "</code>",
		languages: ["python"],
		outputOpen: "<interpreter>\n",
		outputClose: "</interpreter>\n",
		callsUsedUp: "",
	});
	const index = new LineIndex(40, rules);
	for (const unit of "I run:\n<code>\nprint(1)\n</code>\nIt is <code>, I say\n") index.append("model", unit);
	expect(kindsOf(index)).toEqual(["model", "code", "code", "code", "model"]);
	index.append("model", "<code>\nx</code>");
	index.append("output", "<interpreter>\n1\n</interpreter>\n");
	index.append("model", "So");
	expect(kindsOf(index).slice(5)).toEqual(["code", "code", "output", "output", "output", "model"]);
});

test("hostile text costs what text costs", () => {
	const size = 200_000;
	for (const unit of ["a", " ", "\t", "\u0301", "中", "👍", "\x1b", "\u200b", "\r", "`", "\u{1f1e9}"]) {
		const index = new LineIndex(100);
		const text = unit.repeat(Math.ceil(size / unit.length));
		for (let at = 0; at < text.length; at += 1000) index.append("model", text.slice(at, at + 1000));
		const longest = Math.max(...allLines(index).map((line) => line.to - line.from));
		expect(longest).toBeLessThan(10_000);
		expect(index.offset).toBe(text.length);
	}
});

test("any part of a character may come alone", () => {
	fc.assert(
		fc.property(fc.array(nastyPart, { maxLength: 6 }), columns, (parts, width) => {
			const text = parts.join("");
			const index = new LineIndex(width);
			for (let at = 0; at < text.length; at++) index.append("model", text[at]!);
			expect(allLines(index)).toEqual(allLines(built(width, [{ kind: "model", text }])));
		}),
		{ numRuns: 2000 },
	);
});
