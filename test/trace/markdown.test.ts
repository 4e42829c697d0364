import { expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { fold } from "../../src/trace/fold.ts";
import { markdownOf } from "../../src/trace/markdown.ts";
import { PROBLEM, SETTINGS, USAGE } from "./tree.ts";

const on = { branch: "b0", t: 0 } as const;

function pageOf(events: TraceEvent[]): string {
	return markdownOf(
		fold([
			{
				type: "session",
				t: 0,
				version: 1,
				id: "20261122-g000",
				problem: PROBLEM,
				nudge: "0.1.0",
				environment: {},
			},
			{ type: "branch", ...on, settings: SETTINGS, by: "person" },
			...events,
		]),
	);
}

function hint(at: number, text: string): TraceEvent {
	const how = {
		hint: "calc",
		kind: "complex-calculation",
		wording: "1",
		marker: "after-word",
		by: "policy",
	} as const;
	return { type: "hint", ...on, at, text, ...how };
}

test("a page sets hints, code and outputs apart, also code that a hint opened", () => {
	const page = pageOf([
		{ type: "tokens", ...on, text: "Is 6 < 7?\nWait", segment: 0 },
		hint(14, ", Python.\n\n```python\n"),
		{ type: "tokens", ...on, text: "print(6*7)\n```\n", segment: 1 },
		{ type: "call", ...on, block: 1, code: "print(6*7)" },
		{
			type: "output",
			...on,
			block: 1,
			text: "```output\n42\n```\n",
			output: "42\n",
			verdict: "ok",
			durationMs: 3.4,
		},
		{ type: "tokens", ...on, text: "So $42$.", segment: 2 },
		{ type: "outcome", ...on, verdict: "correct", answer: "42", usage: USAGE, session: "s" },
		{ type: "note", t: 0, text: "good" },
	]);
	expect(page).toBe(`# 20261122-g000

- Session: 20261122-g000, 1970-01-01 00:00
- Domain: math
- Verdict: correct
- Answer: 42
- Checked against: 42
- Model: toy-1 (toy)
- Policy: auto
- Hints: 1
- Calls: 1
- Branch: b0 of 1

## Problem

What is 6 x 7?

## Trace

Is 6 &lt; 7?
Wait

**Hint: complex-calculation**

> , Python.

\`\`\`python
print(6*7)
\`\`\`

**Output 1** (ok, 3 ms)

\`\`\`text
42
\`\`\`

So $42$.

## Notes

- 1970-01-01 00:00: good
`);
});

test("hostile text stays in its place", () => {
	const page = pageOf([
		{
			type: "tokens",
			...on,
			text: "<script>x</script> ![a](http://tracker) \x1b[2J\n```python\nnever closed",
			segment: 0,
		},
		{ type: "call", ...on, block: 1, code: "" },
		{
			type: "output",
			...on,
			block: 1,
			text: "x",
			output: "````\n# not a title\x07",
			verdict: "error",
			durationMs: 1,
		},
		{ type: "tokens", ...on, text: "After.", segment: 1 },
	]);
	expect(page).toContain("&lt;script>x&lt;/script> !\\[a](http://tracker) ␛[2J");
	expect(page).toContain("`````text\n````\n# not a title␇\n`````\n\nAfter.");
	expect(page).toContain("```python\nnever closed\n```");
});
