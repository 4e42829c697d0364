import { expect, test } from "vitest";
import { ago, instant } from "../../../src/tui/views/ago.ts";

const NOW = new Date(2026, 10, 22, 14, 5).getTime();

test("how long ago is said in its own unit, in at most eight cells", () => {
	const said = [-5, 0, 90, 3_600 * 3, 86_400 * 2, 86_400 * 8, 86_400 * 400].map((s) =>
		ago(NOW - s * 1000, NOW),
	);
	expect(said).toEqual(["now", "now", "1 min", "3 h", "2 d", "14 Nov", "Oct 2025"]);
	for (const text of said) expect(text.length).toBeLessThanOrEqual(8);
	expect(ago(undefined, NOW)).toBe("?");
});

test("an instant is said in the person's own time", () => {
	expect(instant(NOW)).toBe("22 Nov 2026 14:05");
	expect(instant(undefined)).toBe("at an unknown time");
});
