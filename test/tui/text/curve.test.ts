import fc from "fast-check";
import { expect, test } from "vitest";
import { curve } from "../../../src/tui/text/curve.ts";

test("a curve is as wide and high as asked, whatever its points", () => {
	fc.assert(
		fc.property(
			fc.array(fc.record({ x: fc.nat(), y: fc.double() }), { maxLength: 200 }),
			fc.integer({ min: 30, max: 120 }),
			fc.integer({ min: 3, max: 20 }),
			fc.boolean(),
			(points, columns, rows, unicode) => {
				const sorted = points.toSorted((a, b) => a.x - b.x);
				const lines = curve(sorted, { columns, rows, unicode });
				const finite = points.filter(({ y }) => Number.isFinite(y));
				expect(lines).toHaveLength(finite.length === 0 ? 0 : rows + 1);
				for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns + 12);
			},
		),
	);
});

test("it falls where the values fall, and a spike is seen", () => {
	const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: x === 700 ? 2 : 1 - x / 1000 }));
	expect(curve(points, { columns: 40, rows: 6, unicode: false })).toMatchInlineSnapshot(`
		[
		  "2.000 |                      *",
		  "      |                      *",
		  "      |                      *",
		  "1.000 |**************        *",
		  "      |             **************",
		  "0.001 |                          *******",
		  "      0                             999",
		]
	`);
});
