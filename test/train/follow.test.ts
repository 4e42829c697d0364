import fc from "fast-check";
import { expect, test } from "vitest";
import { type Followed, follow } from "../../src/train/follow.ts";
import type { Handle, Launcher, Offsets, Piece } from "../../src/train/launcher.ts";
import type { JobState } from "../../src/train/run-folder.ts";

const handle: Handle = {
	kind: "toy",
	target: "toy",
	job: "j",
	folder: "/",
	id: "1",
	attempt: 1,
	submitted: "",
};

/** A job that writes its log in pieces: each look shows one more of them, and the last one is over. */
function toy(pieces: readonly Buffer[], fails: readonly number[] = []): Pick<Launcher, "poll" | "read"> {
	let looks = -1;
	const there = (): Buffer => Buffer.concat(pieces.slice(0, looks + 1));
	return {
		async poll() {
			looks++;
			if (fails.includes(looks)) throw new Error("the network is gone");
			const state: JobState = looks >= pieces.length - 1 ? { state: "done" } : { state: "running" };
			return new Map([["j", state]]);
		},
		async read(_handle: Handle, { log }: Offsets): Promise<Piece> {
			return { log: there().subarray(log), metrics: new Uint8Array() };
		},
	};
}

async function all(launcher: Pick<Launcher, "poll" | "read">, from?: Offsets): Promise<Followed[]> {
	const found: Followed[] = [];
	for await (const event of follow(launcher, handle, { everyMs: 0, ...(from && { from }) }))
		found.push(event);
	return found;
}

const linesOf = (events: readonly Followed[]): string[] =>
	events.flatMap((event) => (event.kind === "line" ? [event.text] : []));

test("every line comes once and whole, however its bytes come", async () => {
	const text = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "𝒳", "\t") }), {
		minLength: 1,
		maxLength: 6,
	});
	await fc.assert(
		fc.asyncProperty(text, fc.array(fc.nat(40), { maxLength: 6 }), async (lines, cuts) => {
			const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
			const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
			const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
			expect(linesOf(await all(toy(pieces)))).toEqual(lines);
		}),
		{ numRuns: 60 },
	);
});

test("the last line needs no newline, and the state of the end comes after it", async () => {
	const events = await all(toy([Buffer.from("one\ntw"), Buffer.from("o")]));
	expect(linesOf(events)).toEqual(["one", "two"]);
	expect(events.at(-1)).toEqual({ kind: "state", state: { state: "done" } });
});

test("taken up at its offsets it repeats nothing", async () => {
	const pieces = [Buffer.from("one\ntwo\n"), Buffer.from("three\n")];
	const first = (await all(toy(pieces))).find((event) => event.kind === "offsets");
	expect(linesOf(await all(toy(pieces), first?.kind === "offsets" ? first.offsets : undefined))).toEqual([
		"three",
	]);
});

test("a moment without the target is told and passes", async () => {
	const events = await all(toy([Buffer.from("one\n"), Buffer.from(""), Buffer.from("two\n")], [1]));
	expect(linesOf(events)).toEqual(["one", "two"]);
	expect(events).toContainEqual({ kind: "state", state: { state: "unknown", says: "the network is gone" } });
});
