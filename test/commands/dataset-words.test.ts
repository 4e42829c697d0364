import { expect, test } from "vitest";
import type { Io } from "../../src/commands/command.ts";
import { BytesProgress, size } from "../../src/commands/dataset-progress.ts";
import {
	diffLines,
	statsLines,
	waterfallLines,
	whyLines,
	wrapped,
} from "../../src/commands/dataset-words.ts";
import type { DatasetSheet, Waterfall } from "../../src/data/dataset/dataset.ts";
import { lengthsOf } from "../../src/data/dataset/stats.ts";
import { readRecipe } from "../../src/data/recipe.ts";

const waterfall: Waterfall = {
	rollouts: 1_600_000,
	problems: 100_000,
	steps: [
		{ id: "verdict", says: "the verdict is not one of those to keep", dropped: 1_000_000, problems: 20_000 },
		{ id: "repetition", says: "it says the same again and again ".repeat(5).trim(), dropped: 0, problems: 0 },
		{ id: "not-chosen", says: "another one was chosen\u001b[2J", dropped: 520_000, problems: 0 },
	],
	samples: 80_000,
	kept: 80_000,
};

const sheet: DatasetSheet = {
	format: 1,
	kind: "seed",
	name: "d",
	nudge: "0.1.0",
	created: "2026-01-01T00:00:00.000Z",
	sources: [
		{
			kind: "run",
			role: "plain",
			path: `../${"long/".repeat(12)}plain`,
			hash: "0123456789ab",
			model: "m",
			rollouts: 5,
		},
		{ kind: "run", role: "hinted", path: "../hinted", rollouts: 5, duplicates: 2, strangers: 1, damaged: 3 },
	],
	recipe: readRecipe("start", "."),
	waterfall,
	sha256: "ab",
	trainHints: true,
};

const fits = (lines: readonly string[]): void => {
	for (const line of lines) {
		// A name without a space is not broken.
		if (!/\S{60}/.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
		expect(line).not.toContain("\u001b");
	}
};

test("the waterfall fits 80 columns, names idle steps together, and each line is the one before less what it drops", () => {
	const lines = waterfallLines(waterfall);
	fits(lines);
	expect(lines.slice(0, 5).map((line) => line.trim().split(/\s{2,}/))).toEqual([
		["dropped", "left", "problems", "left"],
		["rollouts", "1600000", "100000"],
		["- verdict", "1000000", "600000", "20000", "80000"],
		["- not-chosen", "520000", "80000", "80000"],
		["samples", "80000", "80000"],
	]);
	expect(lines.at(-1)).toBe("Nothing was dropped by repetition.");
});

test("stats, why and diff fit 80 columns and show nothing that talks to the terminal", () => {
	const stats = {
		sheet,
		samples: 3,
		training: 2,
		problems: 2,
		reviews: { accepted: 1, rejected: 1, edited: 1, misfits: 2 },
		tokens: lengthsOf([100, 300]),
		chars: lengthsOf([400, 1200]),
		trained: { model: { chars: 1200, segments: 4 }, edit: { chars: 1, segments: 1, tokens: 1 } },
		calls: { 0: 1, 2: 1 },
		hints: { "complex-calculation": 2 },
		domains: { math: 2 },
		sources: Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`set-${index}`, 30 - index])),
		verdicts: { correct: 2 },
		models: { "a\u001b[2Jmodel": 2 },
		ends: { eos: 2 },
	};
	const said = statsLines(stats, "d");
	fits(said);
	const whole = said.join("\n");
	for (const part of [
		"2 found twice",
		"3 damaged lines",
		"2 of 2 problems to train on; 1 more were rejected",
		"and 22 more names",
	])
		expect(whole.replace(/\s+/g, " ")).toContain(part);
	expect(whole).toMatch(
		/trained {5}model: tokens not known, 1200 characters, 4 segments\n {12}edit: 1 token,/,
	);
	expect(whole).toMatch(/tokens {6}400 in all; each 100 to 300/);

	const fate = {
		question: "q",
		fate: "dropped" as const,
		step: "verdict",
		why: "wrong: \u001b[2J ".repeat(20),
		chosen: false,
	};
	const rollouts = [
		{ id: "q#h#0", ...fate },
		{
			id: "q#h#1",
			question: "q",
			fate: "passed" as const,
			chosen: true,
			decision: "accepted" as const,
			edits: 1,
		},
	];
	const why = whyLines(
		{ folder: "d", sheet, question: "q", asked: "q#h#0", rollouts, before: [], gone: ["/away"] },
		"d",
	);
	fits(why);
	expect(why[1]).toMatch(/^> q#h#0 {2}dropped by verdict: wrong/);
	expect(why.join("\n")).toContain("  q#h#1  SAMPLE (accepted, 1 edit)");

	const diff = {
		onlyA: Array.from({ length: 12 }, (_, index) => `a${index}`),
		onlyB: [],
		changed: [{ id: "c", question: "c", what: ["text", "review: undecided, now rejected"] }],
		same: 1,
		otherChoice: 2,
		made: [{ what: "recipe.rules.verdict.on", a: "true", b: "false" }],
	};
	fits(diffLines(diff, "a", "b", false));
	expect(diffLines(diff, "a", "b", false)).toContain("  and 2 more (--all)");
	expect(diffLines(diff, "a", "b", true)).toContain("  a11");
});

test("text is wrapped between words; what is set apart by several spaces stays together", () => {
	expect(wrapped("one two three  four five", "  ", 12)).toEqual(["one two", "  three  four", "  five"]);
	expect(wrapped("label   text", "  ", 80)).toEqual(["label   text"]);
});

test("progress says what was read, how fast and how long it takes yet", () => {
	let now = 0;
	const io = { stderr: { write: () => true } } as unknown as Io;
	const progress = new BytesProgress(io, () => now);
	progress.total(4_000_000_000);
	progress.phase("reading hinted");
	expect(progress.line()).toContain("time left unknown");
	now = 5000;
	progress.bytes(1_000_000_000);
	expect(progress.line()).toBe("reading hinted | 1.0 GB of 4.0 GB (25.0 %) | 200 MB/s | 15 s left");
	progress.bytes(3_000_000_000);
	expect(progress.line()).not.toContain("left");
	progress.end();
	expect([0, 999, 1000, 12_345, 4.5e9].map(size)).toEqual(["0 B", "999 B", "1.0 kB", "12 kB", "4.5 GB"]);
});
