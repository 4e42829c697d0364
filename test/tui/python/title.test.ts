/** The pane's title: always as wide as its row, and the key that leaves is the last thing to go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type TitleState, titleRow, tookOf } from "../../../src/tui/python/title.ts";
import { widthOf } from "../../../src/tui/text/cells.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";

const bare = paintOf(BARE, "none");
const idle: TitleState = {
	focused: true,
	leave: "Ctrl+]",
	running: null,
	number: 0,
	runningMs: 0,
	modelWaits: false,
	keysWait: false,
	last: undefined,
	trouble: undefined,
	back: 0,
};
const row = (state: Partial<TitleState>, columns: number): string =>
	titleRow({ ...idle, ...state }, columns, bare);

test("a title says who runs, for how long, and how to leave", () => {
	expect(row({}, 30)).toBe("Python --------- Ctrl+] leaves");
	expect(row({ running: "model", number: 2, runningMs: 340, keysWait: true }, 70)).toBe(
		"Python  > model runs block 2, 0.3 s  your keys wait ---- Ctrl+] leaves",
	);
	expect(row({ running: "person", runningMs: 61_250, modelWaits: true, focused: false }, 60).trimEnd()).toBe(
		`Python  * you run, 61.3 s  the model waits ${"-".repeat(17)}`,
	);
	expect(row({ last: { number: 3, verdict: "timeout", durationMs: 10_004 }, back: 120 }, 60)).toBe(
		"Python  block 3 timeout 10.0 s --- -120 lines  Ctrl+] leaves",
	);
	expect([0.4, 12.4, 999.4, 999.6].map(tookOf)).toEqual(["<1 ms", "12 ms", "999 ms", "1.0 s"]);
});

test("in less room it says it shorter, and the way out goes last", () => {
	const state = { running: "model", number: 2, runningMs: 340, keysWait: true } as const;
	expect(row(state, 46)).toBe("Python  > block 2, 0.3 s  keys wait --- Ctrl+]");
	expect(row(state, 36)).toBe("Python  > block 2, 0.3 s ---- Ctrl+]");
	expect(row(state, 20)).toBe("Python ------ Ctrl+]");
});

test("a title is exactly as wide as its row", () => {
	const state = fc.record({
		focused: fc.boolean(),
		leave: fc.constantFrom(undefined, "Ctrl+]", "F12"),
		running: fc.constantFrom("model" as const, "person" as const, null),
		number: fc.nat(1000),
		runningMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
		modelWaits: fc.boolean(),
		keysWait: fc.boolean(),
		last: fc.constantFrom(undefined, { number: 12, verdict: "memory" as const, durationMs: 812 }),
		trouble: fc.constantFrom(undefined, "ended: a key starts a new one"),
		back: fc.nat(5000),
	});
	fc.assert(
		fc.property(state, fc.integer({ min: 1, max: 120 }), (one, columns) => {
			expect(widthOf(titleRow(one, columns, bare))).toBe(columns);
		}),
	);
});
