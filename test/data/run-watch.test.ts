import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Rollout } from "../../src/data/rollout.ts";
import { eventsOfRollout } from "../../src/data/rollout-events.ts";
import { runFilter } from "../../src/data/run-filter.ts";
import { RunIndex } from "../../src/data/run-index.ts";
import { mergeRuns } from "../../src/data/run-merge.ts";
import { headOf, rolloutAt } from "../../src/data/run-reader.ts";
import { putSheet } from "../../src/data/run-sheet.ts";
import { Summing } from "../../src/data/run-summary.ts";
import { RunWatch } from "../../src/data/run-watch.ts";
import { takeUp } from "../../src/data/take-up.ts";
import { TextScan } from "../../src/data/text-scan.ts";
import { fold } from "../../src/trace/fold.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "../trace/folder.ts";
import { HASH, rolloutOf, sheetFor } from "./rollouts.ts";

const line = (rollout: Rollout): string => `${JSON.stringify(rollout)}\n`;
const keys = (index: RunIndex): string[] => index.entries.map(({ key }) => key);

/** As the gathering writes it: what comes before the trace, the trace, and when it was begun. */
const nasty = fc.record({
	id: fc.constantFrom("p", 'a","header":{', "é 𝔸 \u2028", "x/y"),
	question: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(',"header":{"text":"')),
	text: fc.oneof(fc.string(), fc.constant('"begun":"2020-01-01T00:00:00.000Z"}'), fc.constant(',"header":{')),
	answer: fc.option(fc.string(), { nil: undefined }),
});

test("what stands before the trace is read as it would be from the whole line, whatever the texts hold", () => {
	fc.assert(
		fc.property(nasty, ({ id, question, text, answer }) => {
			const made = rolloutOf(id, 3, "wrong");
			const { answer: _, ...rest } = made;
			const problem = { ...made.problem, problem: question };
			const rollout = { ...rest, problem, spans: [{ kind: "model", text }], ...(answer ? { answer } : {}) };
			const raw = Buffer.from(JSON.stringify(rollout));
			const head = headOf(raw);
			const { header, spans, ...wanted } = rollout as Rollout;
			expect(head).toMatchObject(wanted);
			// As it is written: the answer before the trace.
			const { key, ...others } = rollout;
			const written = { key, ...(answer ? { answer } : {}), ...others };
			expect(headOf(Buffer.from(JSON.stringify(written)))).toEqual(wanted);
			expect(headOf(raw, true)).toMatchObject(wanted);
		}),
	);
});

describe("the index of a run", () => {
	const rollouts = ["a", "b", "c"].flatMap((id) => [0, 1].map((sample) => rolloutOf(id, sample)));

	test("read while it is written, in pieces of any size, every rollout is there once and in its order", async () => {
		const bytes = Buffer.from(rollouts.map(line).join(""));
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
				const folder = freshFolder();
				const file = join(folder, "rollouts-1of1.jsonl");
				const index = new RunIndex(folder, HASH);
				let from = 0;
				for (const to of [...cuts, bytes.length].sort((a, b) => a - b)) {
					appendFileSync(file, bytes.subarray(from, to));
					from = to;
					await index.read();
					expect(keys(index)).toEqual(rollouts.map(({ key }) => key).slice(0, index.entries.length));
					expect(index.reader.damaged).toBe(0);
				}
				expect(index.entries).toHaveLength(rollouts.length);
				const sum = new Summing();
				for (const one of rollouts) sum.add(one);
				expect(index.summing.summary()).toEqual(sum.summary());
				for (const [at, { place }] of index.entries.entries())
					expect(await rolloutAt(place)).toEqual(rollouts[at]);
			}),
			{ numRuns: 60 },
		);
	});

	test("a damaged line is counted and said, a torn one waits; both leave the others alone", async () => {
		const folder = freshFolder();
		const file = join(folder, "rollouts-1of1.jsonl");
		writeFileSync(file, `${line(rollouts[0]!)}{"key":"x"\n\n${line(rollouts[1]!)}{"key":"y`);
		const index = new RunIndex(folder, HASH);
		await index.read();
		expect(index.entries).toHaveLength(2);
		expect(index.reader.damaged).toBe(2);
		expect(index.reader.damage.map((one) => one.line)).toEqual([2, 3]);
		expect(index.reader.torn).toEqual([file]);
	});

	test("a file that appears is read on, what two files have counts once, what is of other settings not at all", async () => {
		const folder = freshFolder();
		const index = new RunIndex(folder, HASH);
		await index.read();
		expect(index.entries).toEqual([]);
		writeFileSync(join(folder, "rollouts-1of2.jsonl"), line(rollouts[0]!));
		await index.read();
		const other = rolloutOf("z", 0, "correct", "ffffffffffff");
		const far = rolloutOf("a", 40);
		writeFileSync(
			join(folder, "rollouts-merged.jsonl"),
			[rollouts[0]!, other, rollouts[3]!, far, far].map(line).join(""),
		);
		await index.read();
		expect(keys(index)).toEqual([rollouts[0]!.key, rollouts[3]!.key, far.key]);
		expect(index).toMatchObject({ duplicates: 2, strangers: 1 });
		expect([index.has("a", 0), index.has("a", 40), index.has("a", 1), index.has("z", 0)]).toEqual([
			true,
			true,
			false,
			false,
		]);
	});

	test("a torn end that the next start cuts off is no harm; a file that is another is read anew", async () => {
		const folder = freshFolder();
		const file = join(folder, "rollouts-1of1.jsonl");
		writeFileSync(file, `${line(rollouts[0]!)}{"key":"torn`);
		const index = new RunIndex(folder, HASH);
		await index.read();
		writeFileSync(file, line(rollouts[0]!) + line(rollouts[1]!));
		await index.read();
		expect(index.entries).toHaveLength(2);
		const fresh = join(folder, "fresh");
		writeFileSync(fresh, line(rollouts[5]!));
		renameSync(fresh, file);
		const { orders } = index;
		await index.read();
		expect(keys(index)).toEqual([rollouts[5]!.key]);
		expect(index.orders).toBeGreaterThan(orders);
	});

	test("files of several shards lie in the order in which their rollouts ended", async () => {
		const folder = freshFolder();
		const at = (id: string, minute: number): Rollout => ({
			...rolloutOf(id, 0),
			begun: `2026-01-01T00:${String(minute).padStart(2, "0")}:00.000Z`,
		});
		writeFileSync(join(folder, "rollouts-1of2.jsonl"), [at("a", 1), at("c", 3)].map(line).join(""));
		writeFileSync(join(folder, "rollouts-2of2.jsonl"), [at("b", 2), at("d", 4)].map(line).join(""));
		const index = new RunIndex(folder, HASH);
		await index.read();
		expect(index.entries.map(({ problem }) => problem.id)).toEqual(["a", "b", "c", "d"]);
	});

	test("a verdict that a later scoring gave is the one that counts", async () => {
		const folder = freshFolder();
		writeFileSync(join(folder, "rollouts-1of1.jsonl"), rollouts.slice(0, 2).map(line).join(""));
		const score = { key: rollouts[0]!.key, by: "math@2", was: "correct", verdict: "wrong", ms: 1 };
		const start = { start: "2026-01-01T00:00:00.000Z", by: ["math@2"], nudge: "0" };
		writeFileSync(join(folder, "scores.jsonl"), `${JSON.stringify(start)}\n${JSON.stringify(score)}\n`);
		const index = new RunIndex(folder, HASH);
		await index.read();
		expect(index.entries.map(({ verdict }) => verdict)).toEqual(["wrong", "correct"]);
		expect(index.summing.verdicts).toMatchObject({ wrong: 1, correct: 1 });
	});

	test("looking for a text in the traces finds those that have it in any case, the newest first", async () => {
		const folder = freshFolder();
		const having = (id: string, text: string): Rollout => ({
			...rolloutOf(id, 0),
			spans: [{ kind: "model", text }],
		});
		writeFileSync(
			join(folder, "rollouts-1of1.jsonl"),
			[having("a", "the Greatest divisor"), having("b", "a sum"), having("c", "greatest of\nall")]
				.map(line)
				.join(""),
		);
		const index = new RunIndex(folder, HASH);
		await index.read();
		const over = Promise.withResolvers<void>();
		const scan: TextScan = new TextScan(["greatest", "o"], () => {
			if (!scan.running) over.resolve();
		});
		scan.add(index.entries);
		await over.promise;
		expect(index.entries.map((entry) => scan.has(entry))).toEqual([true, false, true]);
	});
});

describe("a run that is watched", () => {
	test("it is waited for, read as it grows, and done when nothing is owed", async () => {
		const folder = freshFolder();
		const watch = new RunWatch(folder);
		await watch.look();
		expect(watch.state).toBe("waiting");
		const sheet = { ...sheetFor(1), hash: HASH };
		putSheet(folder, sheet, "new");
		await watch.look();
		expect(watch).toMatchObject({ state: "owed", done: 0, total: 3 });
		const file = join(folder, "rollouts-1of1.jsonl");
		writeFileSync(file, line(rolloutOf("a", 0)) + line(rolloutOf("b", 0)));
		await watch.look();
		expect(watch).toMatchObject({ state: "owed", done: 2 });
		appendFileSync(file, line(rolloutOf("c", 0, "wrong")));
		await watch.look();
		expect(watch).toMatchObject({ state: "done", done: 3, trouble: undefined });
		expect(watch.summary).toMatchObject({ rollouts: 3, accuracy: 2 / 3 });
		rmSync(folder, { recursive: true });
		await watch.look();
		expect(watch.state).toBe("waiting");
		watch.close();
	});

	test("what its processes say is added up; one that was killed is set apart", async () => {
		const folder = freshFolder();
		putSheet(folder, { ...sheetFor(1), hash: HASH }, "new");
		const clock = Date.parse("2026-01-01T00:01:00.000Z");
		const verdicts = { correct: 0, wrong: 0, unparseable: 0, "no answer": 0, unchecked: 0 };
		const tail = { from: 0, length: 2, spans: [{ kind: "model", text: "ab" }], hints: [], calls: [] };
		const flight = {
			key: "k",
			problem: "a",
			asks: "?",
			sample: 0,
			begun: 1,
			tokens: 1,
			calls: 0,
			hints: 0,
			tail,
		};
		const said = (shard: string, changes: object): string =>
			JSON.stringify({
				...{ format: 1, shard, pid: 1, host: "far", started: "2026-01-01T00:00:00.000Z", level: 2 },
				...{ updated: "2026-01-01T00:01:00.000Z", done: 1, owed: 5, total: 6, kept: 1, more: 0, verdicts },
				...{ tokensPerSecond: 10, callsPerSecond: 1, rolloutsPerSecond: 0.5, inFlight: [flight] },
				...changes,
			});
		writeFileSync(join(folder, "now-1of3.json"), said("1/3", {}));
		// One that takes so long that none ended lately: its rate is that since its start.
		writeFileSync(
			join(folder, "now-2of3.json"),
			said("2/3", { rolloutsPerSecond: 0, kept: 3, owed: 1, inFlight: [] }),
		);
		writeFileSync(join(folder, "now-3of3.json"), said("3/3", { updated: "2025-01-01T00:00:00.000Z" }));
		const watch = new RunWatch(folder, { now: () => clock });
		await watch.look();
		expect(watch.state).toBe("sampling");
		expect(watch.processes.map(({ shard }) => shard)).toEqual(["1/3", "2/3"]);
		expect(watch.gone.map(({ shard }) => shard)).toEqual(["3/3"]);
		expect(watch.rates).toEqual({ rollouts: 0.5 + 3 / 60, tokens: 20, calls: 2, leftMs: 20_000 });
		expect(watch.inFlight.map(({ problem }) => problem)).toEqual(["a"]);
		// It has ended since.
		writeFileSync(join(folder, "rollouts-1of3.jsonl"), line(rolloutOf("a", 0)));
		await watch.look();
		expect(watch.inFlight).toEqual([]);
		watch.close();
	});

	test("a merged run is a run", async () => {
		const [one, two] = [freshFolder(), freshFolder()];
		const sheet = { ...sheetFor(1), hash: HASH };
		for (const [folder, id] of [
			[one, "a"],
			[two, "b"],
		] as const) {
			putSheet(folder, sheet, "new");
			writeFileSync(join(folder, "rollouts-1of1.jsonl"), line(rolloutOf(id, 0)));
		}
		const out = join(freshFolder(), "out");
		await mergeRuns(out, [one, two]);
		const watch = new RunWatch(out);
		await watch.look();
		expect(watch.done).toBe(2);
		watch.close();
	});
});

describe("the filter", () => {
	const base = { sample: 2, calls: 2, failed: 1, hints: 1, kinds: "logic-check", tokens: 500, ms: 61_000 };
	const problem = { id: "P12", asks: "Find gcd(91, 98)", words: "p12 find gcd(91, 98) 7" };
	const entry = { ...base, problem, verdict: "no answer", answer: "Seven", end: "tokens" } as const;

	test.each([
		["", true],
		["gcd p12", true],
		["gcd 97", false],
		["seven", true],
		["verdict:no", true],
		["verdict:wrong,no", true],
		["verdict:wrong", false],
		["problem:p1", true],
		["hint:logic", true],
		["hint:none", false],
		["hint:any calls:2", true],
		["calls:>2", false],
		["calls:>=2 failed:>0", true],
		["tokens:<=500 seconds:>60", true],
		["end:tok", true],
		["end:eos", false],
		["sample:2", true],
		['"find gcd"', true],
		["verdict:", true],
		["other:thing", false],
	])("%s", (query, passes) => {
		expect(runFilter(query).test(entry)).toBe(passes);
	});

	test("texts are said apart, and what is no number is said", () => {
		expect(runFilter('text:Wait text:"two words" gcd').texts).toEqual(["wait", "two words"]);
		expect(runFilter("calls:many").mistakes[0]).toContain("calls:>3");
		expect(runFilter("").all).toBe(true);
		expect(runFilter("text:a").all).toBe(false);
	});
});

describe("a rollout as a session", () => {
	const rollout: Rollout = {
		...rolloutOf("a", 1, "wrong"),
		why: "another number",
		spans: [
			{ kind: "model", text: "So 6. Wait", ids: [1, 2, 3] },
			{ kind: "hint", text: ", use Python.\n```python\n", ids: [4] },
			{ kind: "model", text: "print(42)\n```\n", ids: [5] },
			{ kind: "output", text: "```output\n42\n```\n", ids: [6] },
			{ kind: "model", text: "So 42.", ids: [7], lens: [6] },
			{ kind: "output", text: "[No calls]\n", ids: [8] },
		],
		hints: [{ at: 10, hint: "py", kind: "tool", wording: "w", marker: "after-word", by: "policy" }],
		calls: [
			{
				at: 48,
				block: 1,
				code: "print(42)\n",
				output: { text: "42\n", verdict: "ok", durationMs: 3, stateLost: false },
			},
		],
	};
	const sheet = { ...sheetFor(), environment: { system: "x" } };

	test("its events fold to all that it has, ids and all", () => {
		const at = rollout.spans.slice(0, 3).reduce((sum, { text }) => sum + text.length, 0);
		expect(rollout.calls[0]?.at).toBe(at);
		const state = fold(eventsOfRollout(rollout, "s", sheet));
		const branch = state.branches.get("main")!;
		expect(state.misfits).toEqual([]);
		expect(branch).toMatchObject({ header: rollout.header, spans: rollout.spans, calls: rollout.calls });
		expect(branch.hints).toMatchObject(rollout.hints);
		expect(branch.markers).toMatchObject([{ at: 10, word: "Wait" }]);
		expect(branch.end).toMatchObject(rollout.end);
		expect(branch.outcome).toMatchObject({ verdict: "wrong", answer: "42", reason: "another number" });
		expect(branch.settings).toEqual(rollout.settings);
	});

	test("taken up it is kept as a session that says where it is from", async () => {
		const store = new SessionStore(freshFolder());
		const id = await takeUp(store, "/some/run", sheet, rollout);
		const { state, bad } = store.read(id);
		expect(bad).toEqual([]);
		expect(state.branches.get("main")).toMatchObject({ spans: rollout.spans });
		expect(state.notes[0]?.text).toContain(rollout.key);
		expect(state.session).toMatchObject({ id, problem: { id: "a" }, environment: { system: "x" } });
		expect(readFileSync(join(store.folderOf(id), "journal.jsonl"), "utf8").endsWith("\n")).toBe(true);
	});
});
