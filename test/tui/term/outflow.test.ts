import { expect, test } from "vitest";
import { Outflow } from "../../../src/tui/term/outflow.ts";

/** A terminal that takes what it is given when the test says so. */
class Slow {
	readonly modes: boolean[] = [];
	readonly _handle = { setBlocking: (on: boolean) => this.modes.push(on) };
	readonly #waiting: { readonly text: string; readonly written: (() => void) | undefined }[] = [];

	get writableLength(): number {
		return this.#waiting.reduce((sum, { text }) => sum + text.length, 0);
	}

	write(text: string, written?: () => void): void {
		this.#waiting.push({ text, written });
	}

	take(): void {
		for (const { written } of this.#waiting.splice(0)) written?.();
	}
}

test("what was written is through once the terminal has taken it, and it is behind until then", async () => {
	const slow = new Slow();
	const outflow = new Outflow(slow);
	expect(outflow.behind).toBe(false);
	slow.write("a picture");
	expect(outflow.behind).toBe(true);
	let through = false;
	const done = outflow.through().then(() => {
		through = true;
	});
	await Promise.resolve();
	expect(through).toBe(false);
	slow.take();
	await done;
	expect(outflow.behind).toBe(false);
});

test("patience has its end, and nothing is waited for where nothing is behind", async () => {
	const slow = new Slow();
	slow.write("never taken");
	await new Outflow(slow).through(1);
	expect(new Outflow(slow).behind).toBe(true);
});

test("it waits for nothing while the screen is up, and is again as Node has it when all is out", () => {
	const slow = new Slow();
	const outflow = new Outflow(slow, () => false);
	outflow.free();
	slow.write("not out yet");
	outflow.hold();
	expect(slow.modes).toEqual([false]);
	slow.take();
	outflow.hold();
	expect(slow.modes).toEqual([false, true]);
});

test("a terminal that the shell would see changed is left as it is; an output without the handle does as it does", () => {
	const slow = new Slow();
	new Outflow(slow, () => true).free();
	expect(slow.modes).toEqual([false, true]);
	const plain = { writableLength: 0, write: () => true };
	expect(() => new Outflow(plain, () => false).free()).not.toThrow();
});
