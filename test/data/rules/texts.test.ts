/** What the rules make of whole texts: long thinking as people publish it, and texts that nobody would write. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRollout, type Rollout } from "../../../src/data/rollout.ts";
import { blocksOf, shapeOf } from "../../../src/data/rules/blocks.ts";
import { compile, type Sieve } from "../../../src/data/rules/compile.ts";
import { exampleRollout, model, output } from "../../../src/data/rules/examples.ts";
import { Reading } from "../../../src/data/rules/reading.ts";
import { RULES } from "../../../src/data/rules/registry.ts";
import { alone, exampleContext as context } from "../../../src/data/rules/run-example.ts";
import { loadDialects } from "../../../src/hints/library.ts";
import { Scanner } from "../../../src/hints/scanner.ts";
import type { Span } from "../../../src/trace/span.ts";

const THINKING = `Okay, so I need to find the number of ordered pairs (a, b) of positive integers with a + b = 1000 and neither a nor b has a zero digit.

Let me think. The total number of pairs is 999, since a goes from 1 to 999. I need to take away those in which a or b has a zero digit.

Wait, it might be easier to count directly. Let me write a as three digits. Hmm, but a can have one, two or three digits.

Case 1: b has one digit. Then a = 1000 - b is between 991 and 999, and has no zero digit. That gives 9 pairs.

Case 2: b has two digits. Then a is between 901 and 990. Hmm, a = 9xy with x and y the digits. Wait, if b = 10x + y then a = 1000 - 10x - y. The units digit of a is 10 - y, the tens digit is 9 - x. So y is from 1 to 9 and 9 - x must not be zero, so x is from 1 to 8. That gives 72 pairs.

Wait, let me check that again. For b = 95 we get a = 905, which has a zero. Right. For b = 85 we get a = 915. Fine. So x from 1 to 8 and y from 1 to 9, that is 8 * 9 = 72.

Alternatively, I could count the numbers with a zero digit. Let me hold that thought.

Case 3: both have three digits. a = 100p + 10q + r, b = 100s + 10t + u with r + u = 10, q + t = 9, p + s = 9. So r from 1 to 9 gives 9, q from 1 to 8 gives 8, p from 1 to 8 gives 8. That gives 9 * 8 * 8 = 576.

Wait, by symmetry the cases 1 and 2 come twice. So 2 * 9 + 2 * 72 + 576 = 18 + 144 + 576 = 738.

Hmm, let me double-check. Alternatively, I can use Python to count them all.

`;

const CODE = "```python\nprint(sum('0' not in f'{a}{1000 - a}' for a in range(1, 1000)))\n```\n";

function thought(rest: string): Partial<Rollout> {
	return {
		problem: {
			id: "pairs",
			domain: "math",
			problem:
				"Find the number of ordered pairs of positive integers (a, b) such that a + b = 1000 and neither a nor b has a zero digit.",
			answer: "738",
		},
		answer: "738",
		spans: [model(THINKING + CODE), output("738"), model(`${rest}\n</think>\n\nThe answer is \\boxed{738}.`)],
	};
}

/** Many thousand words of doubt: the same turns of phrase all over, about other numbers. */
function longThought(words: number): string {
	const parts: string[] = [];
	let count = 0;
	for (let i = 1; count < words; i++) {
		const [a, b] = [(i * 7919) % 997, (i * 104_729) % 991];
		const part = [
			`Wait, let me check that again.`,
			`With n = ${i} we have ${a} + ${b} = ${a + b}, and ${a} * ${b} = ${a * b}.`,
			i % 2 === 0
				? `Alternatively, I could look at it modulo ${(i % 11) + 2}, where ${a} leaves ${a % ((i % 11) + 2)}.`
				: `Hmm, ${a - b} is not what I expected here, since ${b} is larger than ${i}.`,
			i % 5 === 0
				? `But wait, is ${a * 2} even? Yes, of course it is; the half of it is ${a}, as above for n = ${i}.`
				: `So the sum so far is ${a * i}.`,
		].join(i % 3 === 0 ? "\n" : " ");
		parts.push(part);
		count += part.split(" ").length;
	}
	return parts.join("\n\n");
}

async function everything(): Promise<Sieve> {
	const on = Object.fromEntries(
		RULES.filter(({ id }) => id !== "tool" && id !== "answer-first").map(({ id }) => [id, { on: true }]),
	);
	return compile({ ...on, tool: { on: false }, "answer-first": { on: false } }, context());
}

describe("long thinking", () => {
	it("with its doubts and second looks is kept by every rule", async () => {
		const sieve = await everything();
		expect(sieve.fate(exampleRollout(thought("The output is 738, the same as mine.")))).toEqual([]);
	});

	it("of twenty thousand words in the same turns of phrase is kept", async () => {
		const sieve = await compile(alone("repetition"), context());
		expect(sieve.fate(exampleRollout(thought(longThought(20_000))))).toEqual([]);
	});

	it("that begins to go in circles is dropped, and the loop is named", async () => {
		const sieve = await compile(alone("repetition"), context());
		const loop =
			"But if I take the other branch I get the same value again, so I have to go back to the start.\n";
		const [dropped] = sieve.fate(exampleRollout(thought(`${longThought(3000)}\n${loop.repeat(12)}`)));
		expect(dropped?.why).toBe(
			'a line occurs 12 times: "But if I take the other branch I get the same value again, so I have t…"',
		);
	});
});

describe("texts that nobody would write", () => {
	const mega = 1 << 20;
	const texts: Readonly<Record<string, string>> = {
		"a line of ten million characters": "x".repeat(10 * mega),
		"ten million characters in words": "ab cd ".repeat((10 * mega) / 6),
		"a million empty lines": "\n".repeat(mega),
		"a million opened fences": "```\n".repeat(mega / 4),
		"fences of growing length": Array.from({ length: 1200 }, (_, i) => "`".repeat(i + 3)).join("\n"),
		"a million braces": "\\boxed{".repeat(mega / 7),
		"boxes in boxes": `${"\\boxed{".repeat(100_000)}1${"}".repeat(100_000)}`,
		"many different answers": `</think>${Array.from({ length: 100_000 }, (_, i) => `\\boxed{${i}}`).join(" ")}`,
		"the end of thinking without end": "</think>".repeat(mega / 8),
		"letters of another script": "ы".repeat(mega),
		"characters outside the plane": "𝑥😀".repeat(mega / 4),
		"halves of characters": "\ud800".repeat(mega),
		"a million tags": "<interpreter>\n".repeat(mega / 14),
	};

	it.each(Object.entries(texts))("%s are judged", async (_, text) => {
		const sieve = await compile(
			Object.fromEntries(
				RULES.map(({ id }) => [id, { on: true, ...(id === "answer-first" ? { mention: true } : {}) }]),
			),
			context({}),
		);
		for (const dialect of ["qwen", "retool"]) {
			const whole = exampleRollout({ spans: [model(text)], header: { text: "" } });
			const fate = sieve.fate({ ...whole, settings: { ...whole.settings, dialect }, answer: "x" });
			for (const { why } of fate) expect(why.length).toBeLessThan(700);
		}
	});
});

const piece = fc.constantFrom(
	"```",
	"```python",
	"```output",
	"~~~",
	"````",
	"\n",
	"\n",
	"\n",
	" ",
	"    ",
	"<think>",
	"</think>",
	"\\boxed{",
	"}",
	"{",
	"Wait, ",
	"x = 1",
	"42",
	"é",
	"中文",
	"\ud83d",
	"<llm-code>",
	"</llm-code>",
	"<interpreter>",
	"</interpreter>",
);
const soup = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(""));
const span: fc.Arbitrary<Span> = fc.record({
	kind: fc.constantFrom("model" as const, "hint" as const, "output" as const, "edit" as const),
	text: soup,
});

it("no rule throws for what a rollout holds", async () => {
	const sieve = await compile(
		Object.fromEntries(
			RULES.map(({ id }) => [id, { on: true, ...(id === "answer-first" ? { mention: true } : {}) }]),
		),
		context(),
	);
	fc.assert(
		fc.property(
			fc.array(span, { maxLength: 8 }),
			fc.constantFrom("qwen", "nemotron", "retool", "unknown"),
			soup,
			(spans, dialect, header) => {
				const base = exampleRollout({ spans, header: { text: header } });
				for (const { why } of sieve.fate({ ...base, settings: { ...base.settings, dialect } })) {
					expect(why).not.toMatch(/\n|undefined|NaN/);
					expect(why.isWellFormed()).toBe(true);
				}
			},
		),
		{ numRuns: 300 },
	);
});

it("a text without outputs has the blocks that it had while it streamed", () => {
	const dialects = loadDialects();
	fc.assert(
		fc.property(soup, fc.constantFrom("qwen", "tora", "openmath", "nemotron", "any-fence"), (text, id) => {
			const dialect = dialects.get(id)!;
			const whole = `${text}\n`;
			const scanner = new Scanner({ words: [], dialect });
			const events = [...scanner.push(whole), ...scanner.flush()];
			const streamed: object[] = [];
			for (const event of events) {
				if (event.type === "fence-open")
					streamed.push({
						start: event.start,
						lang: event.lang,
						runnable: event.runnable,
						end: whole.length,
					});
				if (event.type === "fence-close") Object.assign(streamed.at(-1)!, { end: event.at });
			}
			const blocks = blocksOf(whole, [], shapeOf(dialect));
			expect(blocks.map(({ start, end, lang, runnable }) => ({ start, lang, runnable, end }))).toEqual(
				streamed,
			);
			expect(blocks.at(-1)?.closed ?? true).toBe(scanner.open === undefined);
		}),
		{ numRuns: 500 },
	);
});

it("prose and blocks are the whole text, in order", () => {
	fc.assert(
		fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
			const reading = new Reading(exampleRollout({ spans }), context());
			const parts = [
				...reading.prose.map(({ from, to }) => ({ from, to })),
				...reading.blocks.map(({ start, end }) => ({ from: start, to: end })),
			].sort((a, b) => a.from - b.from || a.to - b.to);
			let at = 0;
			for (const { from, to } of parts) {
				expect(from).toBe(at);
				at = to;
			}
			expect(at).toBe(reading.text.length);
			expect(reading.text).toBe(
				spans
					.filter(({ kind }) => kind !== "output")
					.map(({ text }) => text)
					.join(""),
			);
		}),
	);
});

it("what lacks something that a rule looks at is no rollout", () => {
	const whole = exampleRollout({ sample: 0 });
	expect(parseRollout(JSON.stringify(whole))).toEqual(whole);
	const broken: readonly object[] = [
		{ problem: { id: "q", domain: "math" } },
		{ settings: undefined },
		{ end: {} },
		{ spans: [{ kind: "model" }] },
		{ spans: [null] },
		{ calls: [null] },
	];
	for (const part of broken)
		expect(parseRollout(JSON.stringify({ ...whole, ...part }))).toMatch(/^no rollout/);
});
