import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pace } from "../../src/data/pace.ts";
import { Gathering, keyOf } from "../../src/data/rollout.ts";
import { Growing } from "../../src/data/rollout-events.ts";
import { Liveness, NowWriter, parseNow, type RunNow, readNows, tailOf } from "../../src/data/run-now.ts";
import { type Bench, type Job, sampleAll } from "../../src/data/sampling.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { type Branch, Fold } from "../../src/trace/fold.ts";
import { ToyEngine } from "../reason/toy-engine.ts";
import { dialect, model, policy, settings, ToyPython } from "../reason/toy-trace.ts";
import { freshFolder } from "../trace/folder.ts";
import { HASH, problemOf, sheetFor } from "./rollouts.ts";

const VERDICTS = { correct: 1, wrong: 0, unparseable: 0, "no answer": 0, unchecked: 0 };
const facts = () => ({ level: 4, done: 3, total: 10, tokens: 40, calls: 2, kept: 1, verdicts: VERDICTS });
const WHOLE = { index: 1, count: 1 };

/** What a trace is made of, in the order in which it comes. */
type Piece = { readonly is: "model" | "hint" | "block"; readonly text: string };
const pieces = fc.array(
	fc.record({
		is: fc.constantFrom<Piece["is"]>("model", "model", "model", "hint", "block"),
		text: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
	}),
	{ maxLength: 14 },
);

function eventsOf(all: readonly Piece[]): TraceEvent[] {
	const on = { branch: "main", t: 0 };
	let at = 0;
	let block = 0;
	return all.flatMap(({ is, text }): TraceEvent[] => {
		const from = at;
		at += text.length;
		if (is === "model") return [{ type: "tokens", ...on, text, segment: 0 }];
		const hint = { hint: "h", kind: "k", wording: "", marker: "after-word", by: "policy" } as const;
		if (is === "hint") return [{ type: "hint", ...on, at: from, text, ...hint }];
		block++;
		const output = { output: text, verdict: "ok", durationMs: 1 } as const;
		return [
			{ type: "call", ...on, block, code: `print(${block})` },
			{ type: "output", ...on, block, text, ...output },
		];
	});
}

const gathered = (): Gathering => new Gathering(settings(), 0);

describe("what a process tells of a rollout in flight", () => {
	test("however seldom one looks, what is known of it is an end of the trace, hints and blocks where they stand", () => {
		fc.assert(
			fc.property(
				pieces,
				fc.integer({ min: 1, max: 60 }),
				fc.infiniteStream(fc.boolean()),
				(all, units, looks) => {
					const gathering = gathered();
					const growing = new Growing(sheetFor());
					let fold = new Fold();
					const look = (): void => {
						const { branch } = gathering;
						const said = JSON.parse(JSON.stringify(tailOf(branch, units))) as ReturnType<typeof tailOf>;
						const { anew, events } = growing.take({
							key: "k",
							problem: "p",
							asks: "?",
							sample: 0,
							begun: 7,
							tokens: 1,
							calls: 0,
							hints: 0,
							tail: said,
						});
						if (anew) fold = new Fold();
						for (const event of events) fold.apply(event);
						const told = fold.state.branches.get("main")!;
						const text = branch.spans.map((span) => span.text).join("");
						expect(told.spans.map((span) => span.text).join("")).toBe(text.slice(growing.missing));
						expect(fold.state.misfits).toEqual([]);
						const known = (at: number): boolean => at >= growing.missing;
						expect(told.hints.map(({ at, hint }) => [at + growing.missing, hint])).toEqual(
							expect.arrayContaining(
								branch.hints.filter(({ at }) => known(at)).map(({ at, hint }) => [at, hint]),
							),
						);
						expect(told.calls.filter(({ output }) => output).length).toBe(
							branch.calls.filter(({ at, output }) => known(at) && output).length,
						);
					};
					for (const event of eventsOf(all)) {
						gathering.take(event);
						if (looks.next().value) look();
					}
					look();
				},
			),
			{ numRuns: 300 },
		);
	});

	test("a trace that is begun anew, as one whose engine failed, is shown from its beginning", () => {
		const growing = new Growing(sheetFor());
		const tell = (begun: number, text: string) =>
			growing.take({
				...{ key: "k", problem: "p", asks: "?", sample: 0, tokens: 0, calls: 0, hints: 0, begun },
				tail: { from: 0, length: text.length, spans: [{ kind: "model", text }], hints: [], calls: [] },
			});
		expect(tell(1, "abc").anew).toBe(true);
		expect(tell(1, "abcd")).toMatchObject({ anew: false, events: [{ type: "tokens", text: "d" }] });
		expect(tell(1, "abcd")).toEqual({ anew: false, events: [] });
		expect(tell(2, "x")).toMatchObject({ anew: true });
	});
});

test("while a run is sampled it is told of each rollout from its beginning to its end, also where tries fail", async () => {
	const jobs: Job[] = Array.from({ length: 12 }, (_, i) => ({
		key: keyOf(`p${i}`, HASH, 0),
		problem: problemOf(`p${i}`),
		sample: 0,
		seed: i,
	}));
	let fails = 3;
	const flying = new Map<string, () => Branch>();
	let [most, longest, kept] = [0, 0, 0];
	const bench: Bench = {
		settings: () => settings(),
		deps: (_, signal) => ({
			engine: new ToyEngine(model),
			dialect,
			policy: policy((marker) => marker.kind === "after-word" && marker.index === 0),
			interpreter: async () => new ToyPython(),
			score: async () => {
				if (fails-- > 0) throw new Error("the verifier is broken");
				return { verdict: "correct" };
			},
			sleep: async () => {},
			signal,
		}),
		release: async () => {},
	};
	const look = (): void => {
		most = Math.max(most, flying.size);
		for (const branch of flying.values()) longest = Math.max(longest, branch().length);
	};
	await sampleAll(
		(async function* () {
			yield* jobs;
		})(),
		bench,
		{
			onBegun: ({ key }, branch) => {
				expect(flying.has(key)).toBe(false);
				flying.set(key, branch);
				look();
			},
			onOver: (key) => {
				look();
				expect(flying.delete(key)).toBe(true);
			},
			keep: ({ key }) => {
				kept++;
				expect(flying.has(key)).toBe(false);
			},
		},
		{ pace: Pace.fixed(4), signal: new AbortController().signal, restMs: () => 0 },
	);
	expect(kept).toBe(12);
	expect(flying.size).toBe(0);
	expect(most).toBe(4);
	expect(longest).toBeGreaterThan(20);
});

describe("now-IofK.json", () => {
	test("has a bound however many run and however long they are, and says how many more there are", async () => {
		const writer = new NowWriter({ folder: freshFolder(), shard: WHOLE, facts, everyMs: 1e6 });
		for (let i = 0; i < 300; i++) {
			const gathering = gathered();
			for (let j = 0; j < 20; j++)
				gathering.take({ type: "tokens", t: 0, branch: "main", text: "words ".repeat(100), segment: 0 });
			writer.begun({ key: `k${i}`, problem: problemOf(`p${i}`), sample: 0 }, () => gathering.branch);
		}
		const status = await writer.status();
		expect(status.inFlight).toHaveLength(64);
		expect(status.more).toBe(236);
		// Those begun last.
		expect(status.inFlight[0]?.problem).toBe("p299");
		expect(JSON.stringify(status).length).toBeLessThan(200_000);
		expect(status.inFlight[0]).toMatchObject({ tokens: 3000, tail: { length: 12_000 } });
		expect(status).toMatchObject({ done: 3, owed: 7, total: 10, shard: "1/1", host: hostname() });
	});

	test("is there while a process samples and gone at its end; what a rollout leaves is not in it", async () => {
		const folder = freshFolder();
		const writer = new NowWriter({ folder, shard: { index: 2, count: 3 }, facts, everyMs: 5 });
		const gathering = gathered();
		writer.begun({ key: "k", problem: problemOf("p"), sample: 1 }, () => gathering.branch);
		while (!(await readNows(folder))[0]?.inFlight.length) await sleep(5);
		expect(readdirSync(folder)).toContain("now-2of3.json");
		writer.over("k");
		while ((await readNows(folder))[0]?.inFlight.length) await sleep(5);
		await writer.end();
		expect(readdirSync(folder)).toEqual([]);
		await sleep(20);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("where it cannot be written that is said once, and it is written when it can be", async () => {
		const folder = join(freshFolder(), "away");
		const said: string[] = [];
		const writer = new NowWriter({
			folder,
			shard: WHOLE,
			facts,
			everyMs: 3,
			onTrouble: (says) => said.push(says),
		});
		while (said.length === 0) await sleep(3);
		await sleep(30);
		expect(said).toHaveLength(1);
		expect(said[0]).toContain("sampling goes on");
		mkdirSync(folder);
		while ((await readNows(folder)).length === 0) await sleep(3);
		await writer.end();
		rmSync(folder, { recursive: true });
	});

	test("what is no such file is left out", async () => {
		const folder = freshFolder();
		writeFileSync(join(folder, "now-1of2.json"), "{");
		writeFileSync(join(folder, "now-2of2.json"), "null");
		expect(await readNows(folder)).toEqual([]);
		expect(parseNow('{"format":99}')).toBeUndefined();
		expect(await readNows(join(folder, "nowhere"))).toEqual([]);
	});
});

describe("whether a process still runs", () => {
	const at = (ms: number): string => new Date(ms).toISOString();
	const now = (updated: number, changes: Partial<RunNow> = {}): RunNow =>
		({ shard: "1/1", host: "elsewhere", pid: 1, started: at(0), updated: at(updated), ...changes }) as RunNow;

	test("one whose clock is an hour off runs as long as what it says moves", () => {
		let clock = 10_000_000;
		const liveness = new Liveness(() => clock);
		expect(liveness.isLive(now(clock - 3_600_000))).toBe(false);
		clock += 1_000;
		expect(liveness.isLive(now(clock - 3_600_000))).toBe(true);
		clock += 10_000;
		expect(liveness.isLive(now(clock - 3_610_000))).toBe(true);
		clock += 20_000;
		expect(liveness.isLive(now(clock - 3_600_000))).toBe(true);
	});

	test("one that was killed is not, from its silence on", () => {
		let clock = 10_000_000;
		const liveness = new Liveness(() => clock);
		const last = now(clock);
		expect(liveness.isLive(last)).toBe(true);
		clock += 14_000;
		expect(liveness.isLive(last)).toBe(true);
		clock += 2_000;
		expect(liveness.isLive(last)).toBe(false);
	});

	test("on this machine a process that is gone is not, however new its file is", () => {
		const liveness = new Liveness(() => 1_000);
		// Beyond what any system gives.
		expect(liveness.isLive(now(1_000, { host: hostname(), pid: 2 ** 30 }))).toBe(false);
		expect(liveness.isLive(now(1_000, { host: hostname(), pid: process.pid }))).toBe(true);
	});
});
