import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pace } from "../../src/data/pace.ts";
import { keyOf, type Rollout } from "../../src/data/rollout.ts";
import { accuracyOf, Summing } from "../../src/data/run-summary.ts";
import {
	type Bench,
	type Job,
	type SamplingEnd,
	type SamplingOptions,
	sampleAll,
} from "../../src/data/sampling.ts";
import { type Chunk, EngineError, type GenerateEnd, type SampleOptions } from "../../src/engine/engine.ts";
import { off } from "../../src/hints/policy.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { textOf } from "../../src/trace/span.ts";
import { random, ToyEngine } from "../reason/toy-engine.ts";
import { dialect, HINTED, model, policy, settings, ToyPython } from "../reason/toy-trace.ts";
import { HASH, problemOf, rolloutOf } from "./rollouts.ts";

/** Refuses some requests for good, and lets some wait until it is told to go on or to stop. */
class Unsteady extends ToyEngine {
	running = 0;
	most = 0;
	readonly #random: () => number;
	readonly #fails: number;

	constructor(seed: number, fails: number, drops: number) {
		super(model, { seed, drops });
		this.#random = random(seed + 77);
		this.#fails = fails;
	}

	override async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		this.running++;
		this.most = Math.max(this.most, this.running);
		try {
			if (this.#random() < this.#fails) throw new EngineError("refused", "no");
			return yield* super.generate(prefix, options, signal);
		} finally {
			this.running--;
		}
	}
}

class Place {
	readonly kept: Rollout[] = [];
	opened = 0;
	released = 0;
	readonly engine: ToyEngine;
	scoreFails = 0;

	constructor(engine: ToyEngine) {
		this.engine = engine;
	}

	readonly bench: Bench = {
		settings: (seed) => ({ ...settings(), sampling: { temperature: 0.6, seed } }),
		deps: (_job, signal) => ({
			engine: this.engine,
			dialect,
			policy: policy((marker) => marker.kind === "after-word" && marker.index === 0),
			interpreter: async () => {
				this.opened++;
				return new ToyPython();
			},
			score: async (_, text) => {
				if (this.scoreFails-- > 0) throw new Error("the verifier is broken");
				return { verdict: text.includes("\\boxed{42}") ? "correct" : "wrong", answer: "?" };
			},
			sleep: async () => {},
			signal,
		}),
		release: async () => {
			this.released++;
		},
	};

	sample(jobs: readonly Job[], options: Partial<SamplingOptions> = {}): Promise<SamplingEnd> {
		return sampleAll(
			(async function* () {
				yield* jobs;
			})(),
			this.bench,
			{ keep: (rollout) => void this.kept.push(rollout) },
			{ pace: Pace.fixed(4), signal: new AbortController().signal, restMs: () => 0, graceMs: 50, ...options },
		);
	}
}

const jobsOf = (problems: number, samples: number): Job[] =>
	Array.from({ length: problems * samples }, (_, i) => {
		const id = `p${Math.floor(i / samples)}`;
		return { key: keyOf(id, HASH, i % samples), problem: problemOf(id), sample: i % samples, seed: i };
	});

describe("sampling", () => {
	test("every rollout is the trace that a live session makes, with a seed and a Python of its own", async () => {
		const place = new Place(new ToyEngine(model));
		const jobs = jobsOf(5, 3);
		const end = await place.sample(jobs);
		expect(end).toEqual({ kept: 15, failed: 0, stopped: false, aborted: false });
		expect(place.kept.map(({ key }) => key).sort()).toEqual(jobs.map(({ key }) => key).sort());
		for (const one of place.kept) {
			expect(textOf(one.spans)).toBe(HINTED);
			expect(one).toMatchObject({ verdict: "correct", end: { reason: "eos", eos: "<eos>" } });
			expect(one.calls).toHaveLength(1);
			expect(one.hints).toHaveLength(1);
			expect(one.settings.sampling.seed).toBe(jobs.find(({ key }) => key === one.key)!.seed);
		}
		await sleep(0);
		expect([place.opened, place.released]).toEqual([15, 15]);
	});

	test("no row is lost or doubled under failures and aborts: started again, each is done once", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					seed: fc.nat(1_000_000),
					fails: fc.double({ min: 0, max: 0.4, noNaN: true }),
					drops: fc.double({ min: 0, max: 0.05, noNaN: true }),
					atOnce: fc.integer({ min: 1, max: 9 }),
					aborts: fc.array(fc.nat(60), { maxLength: 4 }),
				}),
				async ({ seed, fails, drops, atOnce, aborts }) => {
					const engine = new Unsteady(seed, fails, drops);
					const place = new Place(engine);
					const jobs = jobsOf(6, 3);
					const owed = (): Job[] => jobs.filter(({ key }) => !place.kept.some((one) => one.key === key));
					for (const after of aborts) {
						const controller = new AbortController();
						let ticks = 0;
						const watched = place.bench.deps;
						const bench: Bench = {
							...place.bench,
							deps: (of, signal) => {
								if (++ticks > after / 4) controller.abort();
								return watched(of, signal);
							},
						};
						const before = place.kept.length;
						const end = await sampleAll(
							(async function* () {
								yield* owed();
							})(),
							bench,
							{ keep: (rollout) => void place.kept.push(rollout) },
							{ pace: Pace.fixed(atOnce), signal: controller.signal, restMs: () => 0, graceMs: 1_000 },
						);
						expect(end.kept).toBe(place.kept.length - before);
						expect(engine.running).toBe(0);
					}
					for (let i = 0; i < 60 && owed().length > 0; i++)
						await place.sample(owed(), { pace: Pace.fixed(atOnce), failuresInRow: 1_000 });
					expect(place.kept.map(({ key }) => key).sort()).toEqual(jobs.map(({ key }) => key).sort());
					// Whatever was tried again and cut off, each is a whole trace.
					for (const one of place.kept) expect(textOf(one.spans)).toBe(HINTED);
					expect(engine.most).toBeLessThanOrEqual(atOnce);
				},
			),
			{ numRuns: 40 },
		);
	});

	test("what fails at every try stays owed and is no wrong answer; what fails all the time stops the run", async () => {
		const place = new Place(new Unsteady(1, 1, 0));
		const some = await place.sample(jobsOf(1, 2), { failuresInRow: 1_000 });
		expect(some).toMatchObject({ kept: 0, failed: 2, stopped: false, trouble: "no" });
		const many = await place.sample(jobsOf(40, 2), { failuresInRow: 5, pace: Pace.fixed(2) });
		expect(many).toMatchObject({ kept: 0, stopped: true, trouble: "no" });
		expect(place.kept).toEqual([]);
	});

	test("a verifier that is broken makes no unchecked rollouts: they are tried again", async () => {
		const place = new Place(new ToyEngine(model));
		place.scoreFails = 3;
		expect(await place.sample(jobsOf(2, 2))).toMatchObject({ kept: 4, failed: 0 });
		expect(place.kept.map(({ verdict }) => verdict)).toEqual(["correct", "correct", "correct", "correct"]);
	});

	test("an engine that hears no abort does not keep the run from ending, and what comes late is not kept", async () => {
		class Deaf extends ToyEngine {
			readonly gate = Promise.withResolvers<void>();
			override async *generate(
				prefix: Prefix,
				options: SampleOptions,
			): AsyncGenerator<Chunk, GenerateEnd, void> {
				await this.gate.promise;
				return yield* super.generate(prefix, options);
			}
		}
		const engine = new Deaf(model);
		const place = new Place(engine);
		const controller = new AbortController();
		const over = place.sample(jobsOf(2, 2), { signal: controller.signal });
		await sleep(5);
		controller.abort();
		expect(await over).toMatchObject({ kept: 0, aborted: true });
		engine.gate.resolve();
		await sleep(5);
		expect(place.kept).toEqual([]);
	});

	test("a disk that refuses ends the run with what it said", async () => {
		const place = new Place(new ToyEngine(model));
		const over = sampleAll(
			(async function* () {
				yield* jobsOf(9, 1);
			})(),
			place.bench,
			{
				keep: () => {
					throw new Error("the disk is full");
				},
			},
			{ pace: Pace.fixed(2), signal: new AbortController().signal },
		);
		await expect(over).rejects.toThrow("the disk is full");
	});

	test("without hints the same", async () => {
		const place = new Place(new ToyEngine(model));
		const { deps } = place.bench;
		const bench = {
			...place.bench,
			deps: (job: Job, signal: AbortSignal) => ({ ...deps(job, signal), policy: off }),
		};
		const kept: Rollout[] = [];
		await sampleAll(
			(async function* () {
				yield* jobsOf(2, 1);
			})(),
			bench,
			{ keep: (rollout) => void kept.push(rollout) },
			{ pace: Pace.fixed(2), signal: new AbortController().signal },
		);
		expect(kept.map(({ verdict, calls }) => [verdict, calls.length])).toEqual([
			["wrong", 0],
			["wrong", 0],
		]);
	});
});

describe("the pace", () => {
	/** Lets it run against an engine that brings so many tokens a second at a level. */
	function settle(pace: Pace, rateAt: (level: number) => number, begin = 0): number {
		let now = begin;
		for (let i = 0; i < 1200; i++) {
			now += 50;
			pace.brought((rateAt(pace.level) * 50) / 1000, pace.level, now);
		}
		return pace.level;
	}
	const make = (): Pace => new Pace({ start: 2, most: 64, windowMs: 1000 });

	test("grows as long as more brings more, and stays near where it no longer does", () => {
		expect(settle(make(), (level) => level * 10)).toBe(64);
		const level = settle(make(), (at) => Math.min(at, 12) * 10);
		expect(level).toBeGreaterThanOrEqual(8);
		expect(level).toBeLessThanOrEqual(17);
		expect(settle(make(), () => 100)).toBeLessThanOrEqual(3);
	});

	test("is halved when the engine refuses, once for all that is in flight, and never leaves its bounds", () => {
		const pace = new Pace({ start: 32, least: 1, most: 64, windowMs: 1000 });
		for (let i = 0; i < 40; i++) pace.refused(32, 100);
		expect(pace.level).toBe(16);
		for (let i = 1; i < 40; i++) pace.refused(1, i * 2000);
		expect(pace.level).toBe(1);
		expect(settle(pace, (level) => level * 10, 80_000)).toBeGreaterThan(1);
		const fixed = Pace.fixed(7);
		fixed.refused(7, 0);
		expect(settle(fixed, (level) => level)).toBe(7);
	});

	test("a level that was not filled is not judged", () => {
		const pace = make();
		for (let now = 0; now < 60_000; now += 50) pace.brought(10, 1, now);
		expect(pace.level).toBe(2);
	});
});

describe("the summary", () => {
	test("the interval is clustered by problem: samples that always agree count as one", () => {
		// By hand: m = 0.5, G = 8; each problem's sum of deviations is +-1, SE^2 = 8/7 * 8 / 16^2.
		const agree = [1, 0, 1, 0, 1, 0, 1, 0].map((right) => ({ checked: 2, correct: 2 * right }));
		const { accuracy, interval } = accuracyOf(agree);
		expect(accuracy).toBe(0.5);
		expect(interval![1] - 0.5).toBeCloseTo(1.959964 * Math.sqrt(((8 / 7) * 8) / 256), 6);
		const mixed = accuracyOf([1, 1, 1, 1].map((correct) => ({ checked: 2, correct })));
		expect(mixed.accuracy).toBe(0.5);
		// All agree with each other: Wilson's, for four trials.
		expect(mixed.interval![0]).toBeGreaterThan(0.1);
		expect(accuracyOf([{ checked: 3, correct: 3 }])).toEqual({ accuracy: 1 });
		expect(accuracyOf([])).toEqual({});
		const all = accuracyOf(Array.from({ length: 10 }, () => ({ checked: 1, correct: 1 })));
		expect(all.interval![1]).toBeCloseTo(1, 9);
		expect(all.interval![0]).toBeCloseTo(0.7225, 3);
	});

	test("counts verdicts, Python and problems; the unchecked are in no accuracy", () => {
		const summing = new Summing();
		const call = { at: 0, block: 1, code: "" };
		summing.add({ ...rolloutOf("a", 0), calls: [call, call] });
		summing.add(rolloutOf("a", 1, "wrong"));
		summing.add(rolloutOf("b", 0, "unparseable"));
		summing.add(rolloutOf("b", 1, "no answer"));
		summing.add(rolloutOf("c", 0, "unchecked"));
		expect(summing.summary()).toMatchObject({
			rollouts: 5,
			problems: 3,
			checked: 4,
			accuracy: 0.25,
			withPython: 0.2,
			calls: 2,
			meanTokens: 10,
			ends: { eos: 5 },
			verdicts: { correct: 1, wrong: 1, unparseable: 1, "no answer": 1, unchecked: 1 },
			solved: { none: 1, "to 1/2": 1, all: 0 },
		});
	});
});
