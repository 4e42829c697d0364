/** The emulator's flow: what comes faster than it is read waits at its source, and Ctrl+C need not wait for it. */
import { afterEach, expect, test } from "vitest";
import { Emulator } from "../../../src/tui/python/emulator.ts";

let emulator: Emulator | undefined;
afterEach(() => emulator?.close());

function make(clock: { ms: number }): { pressure: boolean[]; emulator: Emulator } {
	const pressure: boolean[] = [];
	emulator = new Emulator({
		cols: 80,
		rows: 24,
		now: () => clock.ms,
		onChange: () => {},
		onPressure: (stop) => pressure.push(stop),
		onReply: () => {},
	});
	return { pressure, emulator };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
const text = (kilobytes: number): Buffer => Buffer.alloc(kilobytes * 1024, "x");

test("a source is held back above 128 kB unread, and goes on when they are read", async () => {
	const { pressure, emulator } = make({ ms: 0 });
	emulator.write(text(100));
	expect(pressure).toEqual([]);
	emulator.write(text(100));
	expect(pressure).toEqual([true]);
	await expect.poll(() => pressure).toEqual([true, false]);
});

test("after a burst only so much is read a second, except for what Ctrl+C waits for", async () => {
	const clock = { ms: 0 };
	const { pressure, emulator } = make(clock);
	for (let count = 0; count < 6; count++) {
		emulator.write(text(100));
		await settle();
	}
	expect(pressure.at(-1)).toBe(true);
	const held = pressure.length;
	await settle();
	expect(pressure).toHaveLength(held);
	clock.ms += 1000;
	await expect.poll(() => pressure.at(-1)).toBe(false);
	for (let count = 0; count < 12 && pressure.at(-1) !== true; count++) {
		emulator.write(text(100));
		await settle();
	}
	await settle();
	expect(pressure.at(-1)).toBe(true);
	emulator.hurry();
	expect(pressure.at(-1)).toBe(false);
});
