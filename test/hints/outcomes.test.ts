import fc from "fast-check";
import { expect, it } from "vitest";
import { type HintOutcome, hintStatistics, wilson } from "../../src/hints/outcomes.ts";

it("the interval is Wilson's", () => {
	// Worked out by hand from the formula of 1927: 8 of 10, z = 1.96.
	expect(wilson(8, 10).low).toBeCloseTo(0.4902, 4);
	expect(wilson(8, 10).high).toBeCloseTo(0.9433, 4);
	expect(wilson(0, 10)).toEqual({ low: 0, high: expect.closeTo(0.2775, 4) });
	expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
});

it("the interval holds the rate, lies within 0 and 1, and is the mirror image for what did not happen", () => {
	fc.assert(
		fc.property(fc.nat(500), fc.nat(500), (count, more) => {
			const of = count + more;
			const { low, high } = wilson(count, of);
			if (of > 0) {
				expect(low).toBeLessThanOrEqual(count / of);
				expect(high).toBeGreaterThanOrEqual(count / of);
			}
			expect(low).toBeGreaterThanOrEqual(0);
			expect(high).toBeLessThanOrEqual(1);
			expect(wilson(more, of).low).toBeCloseTo(1 - high, 10);
		}),
	);
});

const row = (over: Partial<HintOutcome>): HintOutcome => ({ hint: "a", kind: "k", wording: "w", ...over });

it("counts what hints led to, and leaves what is unknown out of the rates", () => {
	const [a, b] = hintStatistics([
		row({ ranCode: true, before: "wrong", after: "correct" }),
		row({ ranCode: true, before: "correct", after: "wrong" }),
		row({ ranCode: false, before: "no answer", after: "no answer", wording: "v" }),
		row({ after: "unparseable" }),
		row({ before: "correct", after: "unchecked" }),
		row({ hint: "b", after: "correct" }),
	]);
	expect(a).toMatchObject({
		hint: "a",
		inserted: 5,
		ranCode: { count: 2, of: 3, rate: 2 / 3 },
		correct: { count: 1, of: 3 },
		unparseable: 1,
		mended: { count: 1, of: 2, rate: 0.5 },
		broken: { count: 1, of: 1, rate: 1 },
		wordings: [
			{ wording: "w", inserted: 4, ranCode: { count: 2, of: 2 } },
			{ wording: "v", inserted: 1, ranCode: { count: 0, of: 1 } },
		],
	});
	expect(b).toMatchObject({
		hint: "b",
		inserted: 1,
		ranCode: { count: 0, of: 0 },
		correct: { count: 1, of: 1 },
	});
	expect(b?.ranCode.rate).toBeUndefined();
	expect(hintStatistics([])).toEqual([]);
});
