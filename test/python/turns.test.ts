import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Gate, type Turn, Turns } from "../../src/python/turns.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const roomy = { availableBytes: () => 2 ** 40, reserveBytes: 2 ** 30 };

describe("turns", () => {
	test("so many begin at a time; one that goes on for long holds nobody up; the others come in their order", () => {
		const turns = new Turns({ ...roomy, beginners: 2, longMs: 100 });
		const came: number[] = [];
		const all = [0, 1, 2, 3, 4].map((name) => turns.ask(() => came.push(name)));
		expect(all.map(({ granted }) => granted)).toEqual([true, true, false, false, false]);
		all[0]!.give();
		expect(came).toEqual([2]);
		vi.advanceTimersByTime(100);
		expect(came).toEqual([2, 3, 4]);
		expect(turns.counts).toEqual({ running: 4, waiting: 0 });
		for (const one of all) one.give();
		for (const one of all) one.give();
		expect(turns.counts).toEqual({ running: 0, waiting: 0 });
	});

	test("where memory is short one runs at a time, and more when it is back", () => {
		let bytes = 0;
		const turns = new Turns({ beginners: 8, reserveBytes: 100, availableBytes: () => bytes });
		const came: number[] = [];
		const [first] = [0, 1, 2, 3].map((name) => turns.ask(() => came.push(name)));
		expect(turns.counts).toEqual({ running: 1, waiting: 3 });
		first!.give();
		expect(came).toEqual([1]);
		bytes = 200;
		vi.advanceTimersByTime(1000);
		expect(came).toEqual([1, 2, 3]);
	});

	test("whatever is asked, given back and withdrawn, and however memory comes and goes, nobody is passed over or forgotten", () => {
		const step = fc.oneof(
			fc.constant({ do: "ask" } as const),
			fc.record({ do: fc.constant("give" as const), which: fc.nat(50) }),
			fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 150 }) }),
			fc.record({ do: fc.constant("memory" as const), bytes: fc.constantFrom(0, 200) }),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
				let bytes = 200;
				const turns = new Turns({
					beginners: 2,
					longMs: 100,
					reserveBytes: 100,
					availableBytes: () => bytes,
				});
				const asked: { turn: Turn; given: boolean; told: boolean }[] = [];
				const order: number[] = [];
				for (const one of steps) {
					if (one.do === "ask") {
						const at = asked.length;
						const turn = turns.ask(() => {
							asked[at]!.told = true;
							order.push(at);
						});
						asked.push({ turn, given: false, told: turn.granted });
					} else if (one.do === "give" && asked.length > 0) {
						const which = asked[one.which % asked.length]!;
						which.given = true;
						which.turn.give();
					} else if (one.do === "wait") vi.advanceTimersByTime(one.ms);
					else if (one.do === "memory") bytes = one.bytes;
					const waiting = asked.filter(({ turn, given }) => !turn.granted && !given).length;
					const running = asked.filter(({ turn, given }) => turn.granted && !given).length;
					expect(turns.counts).toEqual({ running, waiting });
					if (waiting > 0) expect(running).toBeGreaterThan(0);
					expect(asked.every(({ turn, told }) => turn.granted === told)).toBe(true);
				}
				expect(order).toEqual([...order].sort((a, b) => a - b));
				for (const one of asked) one.turn.give();
				expect(turns.counts).toEqual({ running: 0, waiting: 0 });
			}),
			{ numRuns: 200 },
		);
	});
});

test("a gate lets so many through at a time, also after one has failed", async () => {
	vi.useRealTimers();
	const gate = new Gate(2);
	let inside = 0;
	let most = 0;
	const results = await Promise.allSettled(
		[0, 1, 2, 3, 4, 5, 6].map((name) =>
			gate.through(async () => {
				most = Math.max(most, ++inside);
				await new Promise((resolve) => setImmediate(resolve));
				inside--;
				if (name % 3 === 0) throw new Error("no");
				return name;
			}),
		),
	);
	expect(most).toBe(2);
	expect(results.map(({ status }) => status === "fulfilled")).toEqual([
		false,
		true,
		true,
		false,
		true,
		true,
		false,
	]);
});
