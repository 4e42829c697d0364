import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rect } from "../../../../src/tui/views/pane.ts";
import { startLayout } from "../../../../src/tui/views/start/layout.ts";

const isRect = (value: unknown): value is Rect =>
	typeof value === "object" && value !== null && "height" in value;

test("on any screen every rectangle lies on it, no two share a cell, and one types in at least two rows", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 40, max: 300 }),
			fc.integer({ min: 10, max: 100 }),
			fc.record({
				intro: fc.constantFrom(0, 3),
				readiness: fc.integer({ min: 0, max: 9 }),
				tab: fc.constantFrom("set" as const, "sessions" as const),
				problemRows: fc.integer({ min: 1, max: 200 }),
			}),
			(columns, rows, wants) => {
				const { rules, ...named } = startLayout({ columns, rows }, wants);
				const rects = [...Object.values(named), ...rules]
					.filter(isRect)
					.filter(({ width, height }) => width * height > 0);
				for (const [i, a] of rects.entries()) {
					expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= columns && a.y + a.height <= rows).toBe(true);
					for (const b of rects.slice(0, i)) {
						const apart =
							a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
						expect(apart, JSON.stringify([columns, rows, a, b])).toBe(true);
					}
				}
				expect(named.problem.height).toBeGreaterThanOrEqual(2);
				expect((named.set ?? named.sessions)!.height).toBeGreaterThanOrEqual(1);
				expect(named.settings.height).toBe(1);
				expect(named.keys.height).toBe(1);
			},
		),
	);
});
