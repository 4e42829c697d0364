import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Replay } from "../../src/reason/replay.ts";
import { fold } from "../../src/trace/fold.ts";
import { plainOf } from "../../src/trace/plain.ts";
import { recorded } from "../tui/session/recorded.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("played to its end a replay has told every event once, in order, and stands where the session stood", () => {
	const events = recorded();
	const replay = new Replay({ id: "r", events });
	const told: unknown[] = [];
	replay.subscribe((change) => {
		if (change.type === "event") told.push(change.event);
	});
	replay.goOn();
	expect(replay.status).toBe("thinking");
	vi.runAllTimers();
	expect(replay.status).toBe("ended");
	expect(plainOf(replay.state)).toEqual(plainOf(fold(events)));
	expect(replay.branch).toBe("b2");
	expect(told).toEqual(
		events.filter(
			(event) => event.type !== "session" && event.type !== "branch" && !isFirstOfBranch(events, event),
		),
	);
});

/** The first event that is told of a branch comes as "branch": everything is made anew then. */
function isFirstOfBranch(
	events: ReturnType<typeof recorded>,
	event: ReturnType<typeof recorded>[number],
): boolean {
	if (!("branch" in event)) return false;
	const at = events.indexOf(event);
	const before = events.slice(0, at).findLast((one) => "branch" in one);
	return before !== undefined && "branch" in before && before.branch !== event.branch;
}

test("forward and back: wherever it is, the state is the fold of what was told", () => {
	const events = recorded();
	const replay = new Replay({ id: "r", events });
	const steps = [1, 1, 1, -1, 1, 1, -1, -1, 1, 1, 1, 1, 1, -1, 1] as const;
	for (const by of steps) {
		replay.skip(by);
		expect(plainOf(replay.state)).toEqual(plainOf(fold(events.slice(0, replay.progress.done))));
	}
	replay.toEnd();
	expect(replay.progress).toEqual({ done: events.length, total: events.length });
});

test("at double speed it takes half the time; nothing of it can be changed", () => {
	const lasts = (speed: number): number => {
		const replay = new Replay({ id: "r", events: recorded(), speed });
		const from = Date.now();
		replay.goOn();
		vi.runAllTimers();
		return Date.now() - from;
	};
	expect(lasts(1) / lasts(2)).toBeCloseTo(2, 0);
	const replay = new Replay({ id: "r", events: recorded() });
	const says: string[] = [];
	replay.subscribe((change) => {
		if (change.type === "trouble") says.push(change.text);
	});
	replay.rewind();
	void replay.inject();
	expect(says).toHaveLength(2);
});
