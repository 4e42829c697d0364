import fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../../src/trace/visible.ts";
import { LineIndex, type TextKind } from "../../../src/tui/text/line-index.ts";
import { fold, type Hit, KEPT, type Search } from "../../../src/tui/text/search.ts";
import { nasty } from "./nasty.ts";

const kind = fc.constantFrom<TextKind>("model", "hint", "output");
/** Few letters, so that there are hits; and what is shown otherwise or changes its length in lower case. */
const letters = fc
	.array(
		fc.constantFrom(..."aaabbAB \n", "\r\n", "\x1b", "\x85", "\t", "İ", "ς", "Σ", "中", "👍", "e\u0301"),
		{ maxLength: 40 },
	)
	.map((some) => some.join(""));
const query = fc
	.array(fc.constantFrom(..."aabAB ", "\x1b", "x85", "i", "σ", "中", "👍", "\u0301"), {
		minLength: 1,
		maxLength: 3,
	})
	.map((some) => some.join(""));
const texts = fc.array(fc.record({ kind, text: letters }), { maxLength: 6 });

function hitsOf(search: Search): Hit[] {
	const hits: Hit[] = [];
	for (let n = 0; n < search.kept; n++) hits.push(search.hit(n)!);
	return hits;
}

/** The same, unit by unit. */
function slowly(all: readonly { kind: TextKind; text: string }[], query: string): Hit[] {
	const plain = visible(query.replaceAll("\t", " "));
	const exact = plain.toLowerCase() !== plain;
	const wanted = exact ? plain : fold(plain);
	const hits: Hit[] = [];
	let offset = 0;
	let line: { unit: string; at: number }[] = [];
	const flush = (): void => {
		const shown = line.map((one) => one.unit).join("");
		const text = exact ? shown : fold(shown);
		for (let at = text.indexOf(wanted); at >= 0; ) {
			const from = line[at]!.at;
			const to = line[at + wanted.length - 1]!.at + 1;
			if (from >= (hits.at(-1)?.to ?? 0)) {
				hits.push({ from, to });
				at = text.indexOf(wanted, at + wanted.length);
			} else at = text.indexOf(wanted, at + 1);
		}
		line = [];
	};
	let last: TextKind | undefined;
	for (const { kind, text } of all) {
		if (text === "") continue;
		if (kind !== last) flush();
		last = kind;
		for (let i = 0; i < text.length; i++) {
			const unit = text[i]!;
			const at = offset + i;
			if (unit === "\n") flush();
			else if (unit === "\r" && text[i + 1] === "\n") continue;
			else for (const one of visible(unit.replace("\t", " ")).split("")) line.push({ unit: one, at });
		}
		offset += text.length;
	}
	flush();
	return hits;
}

test("finds what is shown, whatever the pieces, the width and the time", () => {
	fc.assert(
		fc.property(
			texts,
			query,
			fc.integer({ min: 1, max: 20 }),
			fc.integer({ min: 1, max: 7 }),
			(all, query, width, step) => {
				const early = new LineIndex(width);
				const found = early.search(query);
				for (const { kind, text } of all) {
					for (let at = 0; at < text.length; at += step) {
						early.append(kind, text.slice(at, at + step));
						void found.count;
					}
				}
				const late = new LineIndex(width + 1);
				for (const { kind, text } of all) late.append(kind, text);
				const hits = hitsOf(late.search(query));
				// A last carriage return, or half a character, waits for what comes.
				if (!/[\r\ud800-\udbff]$/.test(all.map((one) => one.text).join("")))
					expect(hits).toEqual(slowly(all, query));
				expect(hitsOf(found)).toEqual(hits);
				expect(found.count).toBe(hits.length);
			},
		),
		{ numRuns: 3000 },
	);
});

test("after a cut it is as if that had never been", () => {
	fc.assert(
		fc.property(texts, query, fc.nat(), letters, (all, query, where, more) => {
			const index = new LineIndex(10);
			const search = index.search(query);
			for (const { kind, text } of all) index.append(kind, text);
			void search.count;
			index.cut(where % (index.offset + 1));
			index.append("model", more);
			expect(hitsOf(search)).toEqual(hitsOf(index.search(query)));
		}),
	);
});

test("marks show the hit in each line that it is wrapped over", () => {
	const index = new LineIndex(8);
	index.append("model", "one aaaa\x1bbbbbbbbbbb two");
	index.title("[hint aab]", "hint-title");
	index.append("hint", "aab\tAB");
	const search = index.search("aa␛bbbbbbbb");
	expect(search.count).toBe(1);
	const marked = index
		.lines(0, index.length)
		.map((line) => index.marks(search, line).map((one) => line.text.slice(one.from, one.to)));
	expect(index.lines(0, index.length).map((line) => line.text)).toEqual([
		"one ",
		"aaaa␛bbb",
		"bbbbbbb ",
		"two",
		"[hint...",
		"aab AB",
	]);
	expect(marked).toEqual([[], ["aa␛bbb"], ["bbbbb"], [], [], []]);
	expect(index.textLineAt(search.hit(0)!.from)).toBe(1);
});

test("marks lie within their line and show the hits", () => {
	fc.assert(
		fc.property(texts, query, fc.integer({ min: 4, max: 30 }), (all, query, width) => {
			fc.pre(!/[\u0301 ]/.test(query));
			const index = new LineIndex(width);
			for (const { kind, text } of all) index.append(kind, text);
			const search = index.search(query);
			const parts = new Map<number, string>();
			for (const line of index.lines(0, index.length)) {
				let free = 0;
				for (const { from, to, hit } of index.marks(search, line)) {
					expect(from).toBeGreaterThanOrEqual(free);
					expect(to).toBeLessThanOrEqual(line.text.length);
					free = to;
					parts.set(hit, (parts.get(hit) ?? "") + line.text.slice(from, to));
				}
			}
			expect(parts.size).toBe(search.count);
			// A part of a character is shown by the whole of it.
			for (const part of parts.values()) expect(fold(part)).toContain(fold(visible(query)));
		}),
		{ numRuns: 2000 },
	);
});

test("capitals count if the query has one", () => {
	const index = new LineIndex(40);
	index.append("model", "Wait wait WAIT İstanbul ΟΔΟΣ");
	expect(index.search("wait").count).toBe(3);
	expect(index.search("Wait").count).toBe(1);
	expect(index.search("istanbul").count).toBe(1);
	expect(index.search("οδος").count).toBe(1);
	expect(index.search("").count).toBe(0);
	expect(index.search("").from(0)).toBe(-1);
});

test("goes on to the next and the previous one, round the ends", () => {
	const index = new LineIndex(40);
	index.append("model", "ab ab ab");
	const search = index.search("ab");
	expect([search.from(0), search.from(1), search.from(7)]).toEqual([0, 1, 0]);
	expect([search.before(0), search.before(1), search.before(100)]).toEqual([2, 0, 2]);
	expect(search.hit(3)).toBeUndefined();
	expect(index.search("x").before(3)).toBe(-1);
});

test("counts them all, and keeps as many as can be visited", () => {
	const index = new LineIndex(80);
	const search = index.search("ab");
	for (let i = 0; i < 30; i++) {
		index.append("model", "ab\n".repeat(1000));
		expect(search.count).toBe(1000 * (i + 1));
	}
	expect(search.kept).toBe(KEPT);
	expect(search.hit(KEPT - 1)).toEqual({ from: 3 * (KEPT - 1), to: 3 * (KEPT - 1) + 2 });
	index.cut(300);
	expect(search.count).toBe(100);
});

test("any query over any text ends", () => {
	fc.assert(
		fc.property(nasty, nasty, (text, query) => {
			const index = new LineIndex(7);
			index.append("model", text);
			for (const line of index.lines(0, index.length)) index.marks(index.search(query), line);
		}),
	);
});

test("lower case is as long as what it is of", () => {
	for (let code = 0; code < 0x110000; code++) {
		const character = String.fromCodePoint(code);
		if (fold(character).length !== character.length) expect(character).toBe("");
	}
});
