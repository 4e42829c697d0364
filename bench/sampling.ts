/**
 * `node bench/sampling.ts [--at-once 8] [--rounds 3]`: rollouts an hour with the tiny model, hints and real Python: ours,
 * where every rollout runs by itself, against the same loop in lock step, as CoRT and ToRA sample (a round: every rollout
 * of the batch generates until its next event, all wait, all blocks run; the next batch when the last one has ended).
 * Both are the same `reason()` with the same problems and seeds, the same engine and as many at once, in turns.
 *
 * Twice: as fast as this machine computes, where tokens are shared out by few cores and who waits makes the others
 * faster; and at a fixed pace for each trace, as a server with a graphics card gives it to as many as it has room for,
 * where a place that waits is lost.
 */
import { parseArgs } from "node:util";
import { Pace } from "../src/data/pace.ts";
import { BUNDLED, readProblems } from "../src/data/problems.ts";
import { type Bench, type Job, sampleAll } from "../src/data/sampling.ts";
import { benchOf } from "../src/data/sampling-lab.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { Interpreter } from "../src/python/interpreter.ts";
import { Lab } from "../src/reason/lab.ts";
import type { Problem } from "../src/trace/events.ts";
import { heading, inTurns, line, show } from "./measure.ts";

const { values } = parseArgs({
	options: {
		"at-once": { type: "string", default: "8" },
		rounds: { type: "string", default: "3" },
		rate: { type: "string", default: "40" },
	},
});
const atOnce = Number(values["at-once"]);
const rounds = Number(values.rounds);
const rate = Number(values.rate);
const BATCHES = 4;

const lab = await Lab.open(
	{
		engine: { type: "embedded", parallel: atOnce },
		dialect: "qwen",
		hints: { mode: "auto", rounds: 1, words: 1 },
		sampling: { temperature: 0.6, seed: 1, topP: 0.95 },
		budgets: { maxTokens: 2048, maxCalls: 6, maxRounds: 1 },
		instruction: "auto",
		python: { limits: {}, isolation: "auto", allowUnisolated: true },
	},
	{ env: process.env, cwd: process.cwd(), confirmUnisolated: async () => true },
);
await lab.closeInterpreter(await lab.openInterpreter());
const { bench } = benchOf(lab);

const problems: Problem[] = [];
for await (const problem of readProblems(BUNDLED)) {
	problems.push(problem);
	if (problems.length === atOnce * BATCHES) break;
}

function jobsOf(seed: number): Job[] {
	return problems.map((problem, i) => ({
		key: `${problem.id}#${seed}`,
		problem,
		sample: seed,
		seed: seed * 1000 + i,
	}));
}

/** All wait for all: first those whose block is to run, then those who go on generating. */
class Rounds {
	readonly #waiting: { readonly block: boolean; readonly go: () => void }[] = [];
	#active = 0;

	begin(): void {
		this.#active++;
	}

	end(): void {
		this.#active--;
		this.#step();
	}

	arrive(block: boolean): Promise<void> {
		return new Promise((go) => {
			this.#waiting.push({ block, go });
			this.#step();
		});
	}

	#step(): void {
		if (this.#waiting.length < this.#active) return;
		const blocks = this.#waiting.some(({ block }) => block);
		const now = this.#waiting.filter(({ block }) => block === blocks);
		this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ block }) => block !== blocks));
		for (const { go } of now) go();
	}
}

function inRounds(of: Bench, all: Rounds): Bench {
	return {
		...of,
		deps: (job, signal) => {
			const deps = of.deps(job, signal);
			return {
				...deps,
				engine: before(deps.engine, () => all.arrive(false)),
				interpreter: async () => {
					const python = await deps.interpreter();
					const run: Interpreter["run"] = async (...args) => {
						await all.arrive(true);
						return python.run(...args);
					};
					return new Proxy(python, {
						get: (target, name) => {
							if (name === "run") return run;
							const value: unknown = Reflect.get(target, name);
							return typeof value === "function" ? value.bind(target) : value;
						},
					});
				},
			};
		},
		release: (python) => python.close(),
	};
}

function before(engine: Engine, wait: () => Promise<void>): Engine {
	return {
		info: engine.info,
		renderHeader: (messages) => engine.renderHeader(messages),
		tokenize: (text, special) => engine.tokenize!(text, special),
		detokenize: (ids) => engine.detokenize!(ids),
		close: async () => {},
		async *generate(prefix, options, signal) {
			await wait();
			return yield* engine.generate(prefix, options, signal);
		},
	};
}

/** Each trace gets its tokens at one pace, whatever the others do. */
function paced(of: Bench): Bench {
	return {
		...of,
		deps: (job, signal) => {
			const deps = of.deps(job, signal);
			const { engine } = deps;
			return {
				...deps,
				engine: {
					...before(engine, async () => {}),
					async *generate(prefix, options, signal) {
						const stream = engine.generate(prefix, options, signal);
						const begun = performance.now();
						let tokens = 0;
						for (;;) {
							const next = await stream.next();
							if (next.done) return next.value;
							tokens += next.value.ids?.length ?? 1;
							const late = begun + (tokens * 1000) / rate - performance.now();
							if (late > 1) await new Promise((resolve) => setTimeout(resolve, late));
							yield next.value;
						}
					},
				},
			};
		},
	};
}

async function sampled(jobs: readonly Job[], using: Bench, over?: () => void): Promise<void> {
	const end = await sampleAll(
		(async function* () {
			yield* jobs;
		})(),
		using,
		{ keep: () => {}, ...(over ? { onOver: over } : {}) },
		{ pace: Pace.fixed(atOnce), signal: new AbortController().signal },
	);
	if (end.kept !== jobs.length) throw new Error(`${jobs.length - end.kept} rollouts failed: ${end.trouble}`);
}

async function lockStep(jobs: readonly Job[], using: Bench): Promise<void> {
	for (let i = 0; i < jobs.length; i += atOnce) {
		const batch = jobs.slice(i, i + atOnce);
		const all = new Rounds();
		for (const _ of batch) all.begin();
		await sampled(batch, inRounds(using, all), () => all.end());
	}
}

/** Rollouts an hour. */
async function timed(what: (jobs: readonly Job[]) => Promise<void>, seed: number): Promise<number> {
	const jobs = jobsOf(seed);
	const begun = performance.now();
	await what(jobs);
	return (3_600_000 * jobs.length) / (performance.now() - begun);
}

heading(`rollouts an hour, ${atOnce} at once, ${problems.length} rollouts a turn, ${rounds} turns`);
for (const [name, using] of [
	["as fast as this machine computes", bench],
	[`each trace at ${rate} tokens/s`, paced(bench)],
] as const) {
	const seeds = { ours: 0, lockStep: 0 };
	await timed((jobs) => sampled(jobs.slice(0, 2), using), 99);
	const rates = await inTurns(
		rounds,
		() => timed((jobs) => sampled(jobs, using), seeds.ours++),
		() => timed((jobs) => lockStep(jobs, using), seeds.lockStep++),
	);
	line(name, "");
	line("  ours", show(rates.ours, "", 0));
	line("  in lock step", show(rates.baseline, "", 0));
	line("  ours / in lock step", show(rates.ratio, "", 2));
}
await lab.close();
