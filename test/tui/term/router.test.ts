import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chordOf, type Input } from "../../../src/tui/term/input.ts";
import { InputRouter } from "../../../src/tui/term/router.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A router over a terminal that types what it is told, and what it handed on. */
function setUp(onKey: (chord: string, router: InputRouter) => void = () => {}) {
	const told: string[] = [];
	const listeners = new Set<(bytes: Uint8Array | string) => void>();
	const router: InputRouter = new InputRouter({
		source: (listener) => {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		onInput: (input: Input) => {
			const one = input.type === "key" ? chordOf(input.key) : input.type;
			told.push(one);
			onKey(one, router);
		},
	});
	router.start();
	return { router, told, type: (bytes: string) => listeners.forEach((listener) => void listener(bytes)) };
}

test("inputs come in order, at once", () => {
	const { told, type } = setUp();
	type("ab\x1b[A\x1b[200~x\x1b[201~");
	type("\x1b[I\x1b[<0;1;1M\x1b[?1u");
	expect(told).toEqual(["a", "b", "up", "paste", "focus", "mouse", "reply"]);
});

test("a lone ESC is a key after a while; what follows it sooner belongs to it", () => {
	const { told, type } = setUp();
	type("\x1b");
	vi.advanceTimersByTime(30);
	expect(told).toEqual([]);
	type("[A");
	expect(told).toEqual(["up"]);
	vi.runAllTimers();
	expect(told).toEqual(["up"]);
	type("\x1b");
	vi.advanceTimersByTime(41);
	expect(told).toEqual(["up", "escape"]);
	expect(vi.getTimerCount()).toBe(0);
});

test("what lies ready when the time is up is read before ESC is taken for a key", async () => {
	vi.useRealTimers();
	const { told, type, router } = setUp();
	type("\x1b");
	// As after a long drawing: both are due in the same turn, the time for ESC first.
	const typed = new Promise<void>((resolve) => {
		setTimeout(() => {
			type("[A");
			setImmediate(resolve);
		}, 45);
	});
	for (const until = performance.now() + 60; performance.now() < until; );
	await typed;
	expect(told).toEqual(["up"]);
	router.stop();
});

test("a sequence over a slow line is waited for, and not for ever", () => {
	const { told, type } = setUp();
	type("\x1b[<0;1");
	vi.advanceTimersByTime(500);
	type(";1M");
	expect(told).toEqual(["mouse"]);
	type("\x1b[<0;1");
	vi.advanceTimersByTime(1_100);
	type("x");
	expect(told).toEqual(["mouse", "x"]);
	expect(vi.getTimerCount()).toBe(0);
});

test("stopped by a key, it keeps the rest of the chunk for the next start", () => {
	const { router, told, type } = setUp((chord, one) => {
		if (chord === "ctrl+g") one.stop();
	});
	type("a\x07bc");
	expect(told).toEqual(["a", "ctrl+g"]);
	type("lost: somebody else reads now");
	expect(told).toEqual(["a", "ctrl+g"]);
	router.start();
	expect(told).toEqual(["a", "ctrl+g"]);
	type("d");
	vi.runAllTimers();
	expect(told).toEqual(["a", "ctrl+g", "b", "c", "d"]);
});

test("what was begun before a stop is not finished after it, and nothing is left to wait", () => {
	const { router, told, type } = setUp();
	type("\x1b[1;");
	router.stop();
	expect(vi.getTimerCount()).toBe(0);
	router.start();
	router.start();
	type("x");
	type("\x1b");
	router.stop();
	router.stop();
	vi.runAllTimers();
	expect(told).toEqual(["x"]);
	expect(router.running).toBe(false);
});

test("an input that throws is not handed on again, and those after it are not lost", () => {
	const { told, type } = setUp((chord) => {
		if (chord === "a") throw new Error("a");
	});
	expect(() => type("abc")).toThrow("a");
	type("d");
	expect(told).toEqual(["a", "b", "c", "d"]);
});

test("what types while it is being handed on comes after it", () => {
	const { told, type } = setUp((chord) => {
		if (chord === "a") type("x");
	});
	type("ab");
	expect(told).toEqual(["a", "b", "x"]);
});
