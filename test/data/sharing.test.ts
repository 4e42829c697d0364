/** Whole runs on servers that refuse, die and come back: nothing lost, nothing counted wrong, a level that says what is borne. */
import { afterEach, describe, expect, test } from "vitest";
import { Pace } from "../../src/data/pace.ts";
import { FixedTogether, Paces } from "../../src/data/paces.ts";
import type { Rollout } from "../../src/data/rollout.ts";
import { type Bench, type Job, sampleAll } from "../../src/data/sampling.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { ManyEngines } from "../../src/engine/many.ts";
import { TraceEngine } from "../../src/engine/many-trace.ts";
import { openEngine } from "../../src/engine/open.ts";
import { off } from "../../src/hints/policy.ts";
import { textOf } from "../../src/trace/span.ts";
import { ScriptedTokenizer } from "../engine/scripted-model.ts";
import { type ScriptedOptions, type ScriptedServer, scriptedServer } from "../engine/scripted-server.ts";
import { dialect, settings, ToyPython } from "../reason/toy-trace.ts";
import { HASH, problemOf } from "./rollouts.ts";

const SCRIPT = "Let me think \u2014 7 times 6 \u{1f642} is 42.\n</think>\n\nIt is \\boxed{42}.";
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const thing of opened.splice(0).reverse()) await thing.close();
});

const jobsOf = (problems: number, samples: number): Job[] =>
	Array.from({ length: problems * samples }, (_, i) => {
		const id = `p${Math.floor(i / samples)}`;
		return { key: `${id}#${HASH}#${i % samples}`, problem: problemOf(id), sample: i % samples, seed: i };
	});

function benchOf(engine: Engine): Bench {
	return {
		settings: (seed) => ({ ...settings(), sampling: { temperature: 0.6, seed } }),
		deps: ({ problem }, signal) => ({
			engine: engine instanceof ManyEngines ? engine.forTrace(problem.id).enter() : engine,
			dialect,
			policy: off,
			interpreter: async () => new ToyPython(),
			score: async (_, text) => ({ verdict: text.includes("\\boxed{42}") ? "correct" : "wrong" }),
			sleep: () => new Promise((resolve) => setTimeout(resolve, 2)),
			signal,
		}),
		release: async () => {},
		over: (used) => {
			if (used instanceof TraceEngine) used.leave();
		},
	};
}

/** Each problem's samples, all of them, once, whole and right. */
function expectAll(kept: readonly Rollout[], jobs: readonly Job[]): void {
	expect(kept.map(({ key }) => key).sort()).toEqual(jobs.map(({ key }) => key).sort());
	for (const { spans, verdict } of kept) expect([verdict, textOf(spans)]).toEqual(["correct", SCRIPT]);
}

const tokenizer = new ScriptedTokenizer();
async function serve(options: Partial<ScriptedOptions> = {}): Promise<ScriptedServer> {
	const server = await scriptedServer({ dialect: "vllm", script: SCRIPT, tokenizer, ...options });
	opened.push(server);
	return server;
}

async function together(servers: readonly ScriptedServer[]): Promise<ManyEngines> {
	const many = await ManyEngines.open({
		members: servers.map(({ url }, i) => ({ id: `server ${i}`, open: () => openEngine(`vllm:${url}`) })),
		pauseMs: () => 5,
	});
	opened.push(many);
	return many;
}

async function* each(jobs: readonly Job[]): AsyncGenerator<Job> {
	yield* jobs;
}

const quick = { signal: new AbortController().signal, restMs: () => 1 };
/** A token takes a while, so that requests are at work side by side. */
const pace = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe("servers that refuse more than they bear", () => {
	const CASES = [{ status: 429 }, { status: 503, retryAfter: "1" }] as const;

	test.each(CASES)(
		"$status, Retry-After $retryAfter: the level settles near what is borne, and no rollout is lost",
		async (refusal) => {
			const server = await serve({ pace, most: { atOnce: 6, ...refusal } });
			const jobs = jobsOf(50, 4);
			for (const engine of [await openEngine(`vllm:${server.url}`), await together([server])]) {
				const kept: Rollout[] = [];
				const make = (): Pace => new Pace({ start: 4, most: 64, windowMs: 40 });
				const pacing = engine instanceof ManyEngines ? new Paces(engine, [make()]) : make();
				const levels: number[] = [];
				const end = await sampleAll(
					each(jobs),
					benchOf(engine),
					{
						keep: (rollout) => {
							kept.push(rollout);
							levels.push(pacing.level);
						},
					},
					{ ...quick, pace: pacing },
				);
				expect(end).toMatchObject({ kept: jobs.length, failed: 0, stopped: false });
				expectAll(kept, jobs);
				const late = levels.slice(levels.length / 2).sort((a, b) => a - b);
				expect(late[Math.floor(late.length / 2)]).toBeGreaterThanOrEqual(2);
				expect(late[Math.floor(late.length / 2)]).toBeLessThanOrEqual(8);
				await engine.close();
			}
			expect(server.load.most).toBe(6);
		},
	);

	test("each of several has a level of its own", async () => {
		const [small, large] = [
			await serve({ pace, most: { atOnce: 2, status: 429 } }),
			await serve({ pace, most: { atOnce: 12, status: 429 } }),
		];
		const many = await together([small, large]);
		const paces = [0, 1].map(() => new Pace({ start: 2, most: 64, windowMs: 40 }));
		const pacing = new Paces(many, paces);
		const kept: Rollout[] = [];
		const jobs = jobsOf(40, 10);
		const seen: [number, number][] = [];
		const end = await sampleAll(
			each(jobs),
			benchOf(many),
			{
				keep: (rollout) => {
					kept.push(rollout);
					seen.push([paces[0]!.level, paces[1]!.level]);
				},
			},
			{ ...quick, pace: pacing },
		);
		expect(end).toMatchObject({ failed: 0, stopped: false });
		expectAll(kept, jobs);
		const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
		const late = seen.slice(seen.length / 2);
		expect(middle(late.map(([one]) => one))).toBeLessThanOrEqual(3);
		expect(middle(late.map(([, other]) => other))).toBeGreaterThan(3);
		expect(pacing.level).toBe(paces[0]!.level + paces[1]!.level);
		expect(many.members[1]!.tokens).toBeGreaterThan(many.members[0]!.tokens);
	});
});

test("a server that is killed in the middle of a run and started again: every rollout whole, once, and it works again", async () => {
	const servers = [await serve({ pace }), await serve({ pace }), await serve({ pace })];
	const many = await together(servers);
	const jobs = jobsOf(30, 8);
	const kept: Rollout[] = [];
	const dead = Number(new URL(servers[0]!.url).port);
	let again: ScriptedServer | undefined;
	const news: string[] = [];
	many.onNews = (says) => news.push(says);
	const pacing = new FixedTogether(many, 12);
	let afterwards = 0;
	const end = await sampleAll(
		each(jobs),
		benchOf(many),
		{
			keep: (rollout) => {
				kept.push(rollout);
				if (kept.length === 40) void servers[0]!.close();
				if (kept.length === 80) void serve({ pace, port: dead }).then((server) => (again = server));
				if (again) afterwards++;
			},
		},
		{ ...quick, pace: pacing },
	);
	expect(end).toMatchObject({ kept: 240, failed: 0, stopped: false });
	expectAll(kept, jobs);
	expect(news.some((line) => line.includes("is left out"))).toBe(true);
	expect(news.some((line) => line.includes("is taken back"))).toBe(true);
	expect(afterwards).toBeGreaterThan(0);
	expect(again!.asked.length).toBeGreaterThan(0);
	expect(many.members.every(({ traces, out }) => traces === 0 && !out)).toBe(true);
});

test("samples of a problem are begun where its others are, though no server has to wait for that", async () => {
	const servers = [await serve({ pace }), await serve({ pace })];
	const many = await together(servers);
	const jobs = jobsOf(16, 8);
	const kept: Rollout[] = [];
	const at = new Map<string, Set<number>>();
	const bench = benchOf(many);
	await sampleAll(
		each(jobs),
		{
			...bench,
			deps: (job, signal) => {
				const deps = bench.deps(job, signal);
				const { id } = job.problem;
				at.set(id, (at.get(id) ?? new Set()).add((deps.engine as TraceEngine).at));
				return deps;
			},
		},
		{ keep: (rollout) => void kept.push(rollout) },
		{ ...quick, pace: new FixedTogether(many, 4) },
	);
	expectAll(kept, jobs);
	expect([...at.values()].filter(({ size }) => size === 1).length).toBeGreaterThanOrEqual(12);
	for (const { asked } of servers) expect(asked.length).toBeGreaterThan(0);
});
