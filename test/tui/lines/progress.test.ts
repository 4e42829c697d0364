import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress } from "../../../src/tui/lines/progress.ts";
import type { Readiness } from "../../../src/tui/views/start/readiness.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function telling(): {
	readonly said: string[];
	is(...readiness: Readiness[]): void;
	readonly progress: Progress;
} {
	const said: string[] = [];
	let now: readonly Readiness[] = [];
	const progress = new Progress({
		voice: { say: (text) => said.push(text) },
		readiness: () => now,
		firstMs: 1_000,
		betweenMs: 5_000,
	});
	return {
		said,
		progress,
		is: (...readiness) => {
			now = readiness;
			progress.changed();
		},
	};
}

describe("what is being made ready", () => {
	test("is not told where it takes no time", () => {
		const { said, is } = telling();
		is({ what: "engine", state: "working", says: "tiny is loading" });
		is({ what: "engine", state: "ready", says: "tiny is ready" });
		vi.advanceTimersByTime(20_000);
		expect(said).toEqual(["tiny is ready."]);
	});

	test("is told now and then where it does, and no more often, whatever changes", () => {
		const { said, is } = telling();
		for (let step = 1; step <= 200; step++) {
			is({ what: "python", state: "working", says: `numpy is installed (${step} of 200)` });
			vi.advanceTimersByTime(100);
		}
		is({ what: "python", state: "ready", says: "Python is ready" });
		expect(said).toEqual([
			"numpy is installed (10 of 200).",
			"numpy is installed (60 of 200).",
			"numpy is installed (110 of 200).",
			"numpy is installed (160 of 200).",
			"Python is ready.",
		]);
	});

	test("a failure is an error, said once; the same is not told again", () => {
		const { said, is } = telling();
		is({ what: "engine", state: "working", says: "tiny is loading" });
		vi.advanceTimersByTime(30_000);
		is({ what: "engine", state: "failed", says: "no such file" });
		is({ what: "engine", state: "failed", says: "no such file" });
		expect(said).toEqual(["tiny is loading.", "Error: no such file."]);
	});
});
