import { appendFileSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { keyOf, type Rollout } from "../../src/data/rollout.ts";
import { ShardWriter, WHOLE } from "../../src/data/run-folder.ts";
import { surveyed } from "../../src/data/run-sheet.ts";
import { ScoreBook } from "../../src/data/score-book.ts";
import { readScores, rescored, SCORES_FILE, type Score } from "../../src/data/scores.ts";
import {
	countRollouts,
	Judged,
	type ScoringEnd,
	type ScoringOptions,
	scoreRun,
} from "../../src/data/scoring.ts";
import { TestShelf } from "../../src/data/test-shelf.ts";
import { ScoreError } from "../../src/score/mathverify.ts";
import type { Outcome, ScorePlugin } from "../../src/score/plugin.ts";
import { Registry, stampOf } from "../../src/score/registry.ts";
import { freshFolder } from "../trace/folder.ts";
import { HASH, problemOf, rolloutOf, sheetFor } from "./rollouts.ts";

/** Judges by a function, and remembers what it was asked. */
class Toy implements ScorePlugin {
	readonly id: string;
	readonly version: string;
	readonly says = "a toy";
	readonly asked: string[] = [];
	readonly #judge: (id: string) => Promise<Outcome> | Outcome;

	constructor(judge: (id: string) => Promise<Outcome> | Outcome, id = "toy", version = "1") {
		this.#judge = judge;
		this.id = id;
		this.version = version;
	}

	applies(): boolean {
		return true;
	}

	async score({ id }: { readonly id: string }): Promise<Outcome> {
		this.asked.push(id);
		return this.#judge(id);
	}
}

async function runOf(rollouts: readonly Rollout[]): Promise<string> {
	const folder = freshFolder();
	const { writer } = await ShardWriter.open(folder, WHOLE);
	for (const one of rollouts) writer.append(one);
	writer.close();
	return folder;
}

const IDS = ["a", "b", "c", "d", "e", "f"];
const run = (): Promise<string> => runOf(IDS.map((id) => rolloutOf(id, 0, "wrong")));

type Scored = { readonly end: ScoringEnd; readonly judged: Judged; readonly passed: readonly string[] };

async function scored(
	folder: string,
	plugins: readonly ScorePlugin[],
	options: Partial<ScoringOptions> = {},
): Promise<Scored> {
	const stamps = plugins.map(stampOf);
	const judged = new Judged(stamps);
	const { book } = await ScoreBook.open(folder, judged.take);
	const passed: string[] = [];
	try {
		book.append({ start: "2026-01-01T00:00:00.000Z", by: stamps, nudge: "0" });
		const end = await scoreRun(
			folder,
			{
				registry: new Registry(plugins),
				context: {},
				book,
				judged,
				again: false,
				atOnce: 3,
				tests: async () => undefined,
				signal: new AbortController().signal,
				...options,
			},
			{ onScored: () => {}, onPassed: (why) => passed.push(why), onTrouble: () => {} },
		);
		return { end, judged, passed };
	} finally {
		book.close();
	}
}

async function verdictsOf(folder: string): Promise<[string, string][]> {
	return [...(await rescored(folder))]
		.map(([key, { verdict }]): [string, string] => [key[0]!, verdict])
		.sort();
}

describe("scoring a run", () => {
	test("judges every rollout once, leaves the rollouts as they are, and says what changed", async () => {
		const folder = await run();
		const file = join(folder, "rollouts-1of1.jsonl");
		const before = readFileSync(file, "utf8");
		const toy = new Toy((id) => ({ verdict: id < "c" ? "correct" : "wrong", answer: id }));
		const { judged } = await scored(folder, [toy]);
		expect(toy.asked.sort()).toEqual(IDS);
		expect(readFileSync(file, "utf8")).toBe(before);
		expect(await verdictsOf(folder)).toEqual([
			["a", "correct"],
			["b", "correct"],
		]);
		expect(judged.changes.changed).toMatchObject([{ from: "wrong", to: "correct", count: 2 }]);
		expect(judged.changes.verdicts).toMatchObject({ correct: 2, wrong: 4 });
		const again = await scored(folder, [new Toy(() => ({ verdict: "unparseable" }))]);
		expect(again.passed).toEqual(IDS.map(() => "cached"));
		// What was judged before counts as well: the table is that of the run.
		expect(again.judged.changes.verdicts).toMatchObject({ correct: 2, wrong: 4 });
	});

	test("judges anew for another version, and where that is asked for", async () => {
		const folder = await run();
		await scored(folder, [new Toy(() => ({ verdict: "correct" }))]);
		const newer = new Toy(() => ({ verdict: "unparseable" }), "toy", "2");
		await scored(folder, [newer]);
		expect(newer.asked).toHaveLength(IDS.length);
		expect((await verdictsOf(folder)).map(([, verdict]) => verdict)).toEqual(IDS.map(() => "unparseable"));
		const all = new Toy(() => ({ verdict: "wrong" }), "toy", "2");
		const { judged } = await scored(folder, [all], { again: true });
		expect(all.asked).toHaveLength(IDS.length);
		expect(judged.changes.verdicts).toMatchObject({ wrong: IDS.length, unparseable: 0 });
		expect(await verdictsOf(folder)).toEqual([]);
	});

	test("broken off anywhere, it does what is owed and no more", async () => {
		const folder = await run();
		const stop = new AbortController();
		let count = 0;
		const first = new Toy(() => {
			if (++count === 3) stop.abort(new Error("Ctrl+C"));
			return { verdict: "correct" };
		});
		await expect(scored(folder, [first], { signal: stop.signal, atOnce: 1 })).rejects.toThrow("Ctrl+C");
		const kept: string[] = [];
		await readScores(folder, { onScore: ({ key }) => kept.push(key[0]!) });
		expect(kept).toEqual(["a", "b"]);
		const second = new Toy(() => ({ verdict: "correct" }));
		await scored(folder, [second]);
		expect(second.asked.sort()).toEqual(["c", "d", "e", "f"]);
	});

	test("a torn end of the book is cut off and judged anew", async () => {
		const folder = await run();
		await scored(folder, [new Toy(() => ({ verdict: "correct" }))]);
		const book = join(folder, SCORES_FILE);
		const whole = readFileSync(book, "utf8");
		truncateSync(book, Buffer.byteLength(whole) - 9);
		const again = new Toy(() => ({ verdict: "correct" }));
		await scored(folder, [again]);
		expect(again.asked).toHaveLength(1);
		const reading = await readScores(folder, {});
		expect([reading?.bad, reading?.torn]).toEqual([[], undefined]);
	});

	test("a rollout that stands twice is judged once, and a damaged line is nobody's", async () => {
		const folder = await run();
		writeFileSync(join(folder, "rollouts-2of2.jsonl"), `${JSON.stringify(rolloutOf("a", 0))}\n`);
		const torn = JSON.stringify(rolloutOf("g", 0));
		writeFileSync(join(folder, "rollouts-0.jsonl"), `{"key":"x"}\nnot json\n${torn.slice(0, 90)}`);
		expect(await countRollouts(folder, new AbortController().signal)).toBe(IDS.length + 1);
		const toy = new Toy(() => ({ verdict: "correct" }));
		await scored(folder, [toy]);
		expect(toy.asked.sort()).toEqual(IDS);
	});

	test("a verifier that is broken stops it; one that stumbles once leaves no more than that owed", async () => {
		const broken = await run();
		const dead = new Toy(() => Promise.reject(new ScoreError("no Python")));
		await expect(scored(broken, [dead])).rejects.toThrow("no Python");
		expect(await verdictsOf(broken)).toEqual([]);
		const folder = await run();
		let stumbles = 0;
		const toy = new Toy((id) => {
			if (id === "c" || (id === "d" && stumbles++ === 0)) throw new Error("the network is down");
			return { verdict: "correct" };
		});
		const { end } = await scored(folder, [toy]);
		expect(end).toEqual({ failed: 1, trouble: "the network is down" });
		expect((await verdictsOf(folder)).map(([id]) => id)).toEqual(["a", "b", "d", "e", "f"]);
		const liar = new Toy(() => ({ verdict: "fine" }) as never, "liar");
		await expect(scored(folder, [liar])).rejects.toThrow(/liar returned .*fine/);
	});

	test("a user's verifier goes before the others and judges what it applies to", async () => {
		const folder = await run();
		const theirs = new Toy(() => ({ verdict: "unparseable" }), "theirs");
		theirs.applies = (({ id }: { id: string }) => id === "b") as never;
		const own = new Toy(() => ({ verdict: "correct" }));
		await scored(folder, [theirs, own]);
		expect(theirs.asked).toEqual(["b"]);
		expect(own.asked).not.toContain("b");
		expect(await verdictsOf(folder)).toContainEqual(["b", "unparseable"]);
	});

	test("one scoring of a run at a time", async () => {
		const folder = await run();
		const { book } = await ScoreBook.open(folder, () => {});
		await expect(ScoreBook.open(folder, () => {})).rejects.toThrow(/open in another nudge/);
		book.close();
	});
});

describe("the tests of a run's problems", () => {
	const tests = [{ input: "é\n", output: "2" }];
	const rows = [
		{ id: "a", domain: "code", problem: "Double.", tests },
		{ id: "b", domain: "math", problem: "?", answer: "1" },
	];

	async function made(): Promise<{ folder: string; file: string; sheet: ReturnType<typeof sheetFor> }> {
		const folder = join(freshFolder(), "run");
		mkdirSync(folder);
		const file = join(folder, "..", "p.jsonl");
		writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
		const { files } = await surveyed([file]);
		return { folder, file, sheet: { ...sheetFor(), problems: [{ ...files[0]!, file: "../p.jsonl" }] } };
	}

	test("are read from where the run says, and handed to the verifier", async () => {
		const { folder, sheet } = await made();
		const shelf = await TestShelf.of(folder, sheet, []);
		expect(shelf.tests("a")).toEqual(tests);
		expect(shelf.tests("a")).toEqual(tests);
		expect(shelf.tests("b")).toBeUndefined();
		const { writer } = await ShardWriter.open(folder, WHOLE);
		const problem = { ...problemOf("a"), domain: "code" as const };
		writer.append({ ...rolloutOf("a", 0), key: keyOf("a", HASH, 0), problem });
		writer.close();
		const seen: unknown[] = [];
		const toy = new Toy(() => ({ verdict: "correct" }));
		toy.applies = ((one: { tests?: unknown }) => seen.push(one.tests) > 0) as never;
		await scored(folder, [toy], { tests: async (id) => shelf.tests(id) });
		expect(seen).toEqual([tests]);
		shelf.close();
	});

	test("that moved are found where somebody says, and others are refused", async () => {
		const { folder, file, sheet } = await made();
		const elsewhere = join(freshFolder(), "moved.jsonl");
		renameSync(file, elsewhere);
		await expect(TestShelf.of(folder, sheet, [])).rejects.toThrow(/--problems FILE/);
		const shelf = await TestShelf.of(folder, sheet, [elsewhere]);
		expect(shelf.tests("a")).toEqual(tests);
		shelf.close();
		appendFileSync(elsewhere, `${JSON.stringify({ ...rows[1], id: "c" })}\n`);
		await expect(TestShelf.of(folder, sheet, [elsewhere])).rejects.toThrow(/changed since/);
	});
});

test("what a verdict is known by changes with the version and the settings, and with nothing else", () => {
	const of = (version: string, settings: Record<string, unknown>): string =>
		stampOf({
			...new Toy(() => ({ verdict: "wrong" })),
			id: "toy",
			version,
			settings,
		} as unknown as ScorePlugin);
	expect(of("1", { a: 1, b: undefined })).toBe(of("1", { a: 1 }));
	expect(of("1", { a: 1, b: 2 })).toBe(of("1", { b: 2, a: 1 }));
	expect(new Set([of("1", {}), of("2", {}), of("1", { a: 1 }), of("1", { a: 2 })]).size).toBe(4);
	expect(
		() => new Registry([new Toy(() => ({ verdict: "wrong" })), new Toy(() => ({ verdict: "wrong" }))]),
	).toThrow(/two verifiers are called "toy"/);
});

test("a long answer is kept in part", async () => {
	const folder = await run();
	await scored(folder, [new Toy(() => ({ verdict: "correct", answer: "x".repeat(1_000_000) }))]);
	const lengths: number[] = [];
	await readScores(folder, { onScore: ({ answer }: Score) => lengths.push(answer?.length ?? 0) });
	expect(Math.max(...lengths)).toBeLessThan(30_000);
});
