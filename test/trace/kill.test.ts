import { join } from "node:path";
import { expect, test } from "vitest";
import { fold } from "../../src/trace/fold.ts";
import { Journal } from "../../src/trace/journal.ts";
import { idsOf, textOf } from "../../src/trace/span.ts";
import { freshFolder } from "./folder.ts";
import { owed, runAndKill } from "./kill.ts";

const KILLS = 104;
const LANES = 2;

test("whatever was shown more than 100 ms before a kill -9 is on disk, once, and the session goes on", async () => {
	let pieces = 0;
	let owing = 0;
	const lane = async (first: number): Promise<void> => {
		const folder = join(freshFolder(), "session");
		for (let kill = first; kill < KILLS; kill += LANES) {
			// From nothing at all to well beyond the pauses of the writer, each instant once.
			const afterMs = (kill * 37) % 230;
			const { shown, endedItself, stderr } = await runAndKill({
				command: process.execPath,
				args: [join(import.meta.dirname, "writer.ts"), folder, String(kill + 1)],
				afterMs,
			});
			expect({ endedItself, stderr: stderr.replace(/.*Warning.*\n?/g, "") }).toEqual({
				endedItself: false,
				stderr: "",
			});
			const { journal, events, bad } = Journal.open(folder);
			journal.close();
			expect(bad).toEqual([]);
			const state = fold(events);
			expect(state.misfits).toEqual([]);
			const spans = state.branches.get("b0")?.spans ?? [];
			const numbers = idsOf(spans) ?? [];
			// In order, without a gap, each once: the text is the naive one.
			expect(textOf(spans)).toBe(numbers.map((_, i) => `${i} `).join(""));
			const debts = owed(shown).flatMap(({ piece }) => (typeof piece === "number" ? [piece] : []));
			expect(numbers.length).toBeGreaterThan(debts.at(-1) ?? -1);
			owing += debts.length;
			pieces = Math.max(pieces, numbers.length);
		}
	};
	await Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)));
	// Otherwise the test would have tested nothing.
	expect(owing).toBeGreaterThan(100);
	expect(pieces).toBeGreaterThan(100);
}, 240_000);
