import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, EngineError } from "../../src/engine/engine.ts";
import { openEngine } from "../../src/engine/open.ts";
import { dialectNamed, loadDialects } from "../../src/hints/library.ts";
import { off } from "../../src/hints/policy.ts";
import { reason } from "../../src/reason/reason.ts";
import { Steering } from "../../src/reason/steering.ts";
import type { Problem, TraceEvent } from "../../src/trace/events.ts";
import { Fold } from "../../src/trace/fold.ts";
import { random, ToyEngine } from "./toy-engine.ts";
import { dialect, model, policy, problem, settings, ToyPython } from "./toy-trace.ts";

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("the embedded engine, steered", () => {
	let engine: Engine;
	beforeAll(async () => {
		engine = await openEngine("embedded");
	});
	afterAll(() => engine.close());

	/** Paused at these counts of tokens; what was yielded meanwhile is looked at. */
	async function grow(text: string, temperature: number, pauses: readonly number[]) {
		const steering = new Steering();
		const fold = new Fold();
		const asked: Problem = { id: "p", domain: "math", problem: text };
		const made = settings({ maxTokens: 400 });
		const set = { ...made, sampling: { temperature, seed: 11 } };
		fold.apply({ type: "session", t: 0, version: 1, id: "s", problem: asked, nudge: "0", environment: {} });
		fold.apply({ type: "branch", t: 0, branch: "main", settings: set, by: "person" });
		let tokens = 0;
		let paused = 0;
		const stream = reason(
			{ session: "s", branch: "main", problem: asked, settings: set },
			{
				engine,
				policy: off,
				steering,
				dialect: dialectNamed(loadDialects(), "qwen"),
				interpreter: async () => new ToyPython(),
				score: async () => ({ verdict: "unchecked" }),
			},
		);
		for await (const event of stream) {
			fold.apply(event);
			if (event.type !== "tokens") continue;
			const before = tokens;
			tokens += event.ids?.length ?? 0;
			if (!pauses.some((at) => at > before && at <= tokens)) continue;
			paused++;
			steering.pause();
			void rest().then(() => steering.goOn());
		}
		const branch = fold.state.branches.get("main")!;
		return {
			text: branch.spans.map((span) => span.text).join(""),
			ids: branch.spans.flatMap((span) => span.ids ?? []),
			end: branch.end?.reason,
			paused,
			requests: branch.lastSegment,
		};
	}

	test("paused five times at arbitrary tokens, it is the trace that was never paused, ids too", async () => {
		const draw = random(20_251_123);
		for (const [text, temperature] of [
			["What is 388 * 286?", 0],
			["How many positive divisors does 360 have?", 0.8],
		] as const) {
			const still = await grow(text, temperature, []);
			expect(still.end).toBe("eos");
			const pauses = Array.from({ length: 5 }, (_, i) =>
				Math.floor(((i + draw()) * (still.ids.length - 10)) / 5 + 1),
			);
			const steered = await grow(text, temperature, pauses);
			expect(steered.paused).toBe(5);
			expect(steered.requests).toBeGreaterThan(still.requests);
			expect(steered.ids).toEqual(still.ids);
			expect(steered.text).toBe(still.text);
			expect(steered.end).toBe("eos");
		}
	});
});

describe("a hand on the loop", () => {
	async function* grow(
		steering: Steering,
		more: Partial<Parameters<typeof reason>[1]> = {},
		budgets: Parameters<typeof settings>[0] = {},
	): AsyncGenerator<TraceEvent, string, void> {
		return yield* reason(
			{ session: "s", branch: "main", problem, settings: settings(budgets) },
			{
				engine: new ToyEngine(model),
				policy: policy(() => false),
				dialect,
				steering,
				interpreter: async () => new ToyPython(),
				score: async () => ({ verdict: "unchecked" }),
				sleep: async () => {},
				...more,
			},
		);
	}

	test("paused before the first token, nothing is asked of the engine; a hint goes in at the very beginning", async () => {
		const steering = new Steering();
		const engine = new ToyEngine((assistant) => (assistant === "Easy.\n" ? "42</think>" : ""));
		steering.pause();
		const stream = grow(steering, { engine });
		expect((await stream.next()).value).toMatchObject({ type: "header" });
		const next = stream.next();
		await rest();
		expect(engine.requests).toHaveLength(0);
		steering.inject({ text: "Easy.\n", hint: "easy", kind: "cheer" });
		expect((await next).value).toMatchObject({ type: "decision", decision: "insert", by: "person", at: 0 });
		expect((await stream.next()).value).toMatchObject({
			type: "hint",
			...{ at: 0, text: "Easy.\n", by: "person", marker: "anywhere", hint: "easy", kind: "cheer" },
		});
		const waiting = stream.next();
		await rest();
		expect(engine.requests).toHaveLength(0);
		steering.goOn();
		expect((await waiting).value).toMatchObject({ type: "tokens", text: expect.stringMatching(/^4/) });
		await stream.return("");
	});

	test("while a block runs, a pause waits for its end and a hint goes in behind its output", async () => {
		const steering = new Steering();
		const python = new ToyPython();
		const run = python.run.bind(python);
		python.run = async (code) => {
			steering.pause();
			steering.inject({ text: "Nice.\n" });
			await rest();
			return run(code);
		};
		const types: string[] = [];
		const stream = grow(steering, {
			policy: policy((marker) => marker.index === 0 && marker.kind === "after-word"),
			interpreter: async () => python,
			engine: new ToyEngine((assistant) => model(assistant.replace("Nice.\n", ""))),
		});
		for await (const event of stream) {
			if (event.type !== "tokens") types.push(event.type);
			if (event.type === "hint" && event.marker === "anywhere") setTimeout(() => steering.goOn());
		}
		const called = types.indexOf("call");
		expect(types.slice(called, called + 4)).toEqual(["call", "output", "decision", "hint"]);
		expect(types.at(-1)).toBe("outcome");
	});

	test("a whole block in a hint by hand runs, as it would if the trace were taken up behind it", async () => {
		const steering = new Steering();
		const python = new ToyPython();
		steering.inject({ text: "```python\nprint(6*7)\n```\n" });
		const stream = grow(steering, { interpreter: async () => python });
		const types: string[] = [];
		for await (const event of stream) types.push(event.type);
		expect(types.slice(0, 5)).toEqual(["header", "decision", "hint", "call", "output"]);
		expect(python.ran).toEqual(["print(6*7)\n"]);
	});

	test("time that the trace was made to wait is none of its time", async () => {
		const steering = new Steering();
		let clock = 0;
		const stream = grow(steering, { now: () => clock }, { maxMs: 1000 });
		let usage: unknown;
		for await (const event of stream) {
			clock += 1;
			if (event.type === "header") {
				steering.pause();
				void rest().then(() => {
					clock += 5000;
					steering.goOn();
				});
			}
			if (event.type === "end") {
				expect(event.reason).toBe("eos");
				usage = event.usage.durationMs;
			}
		}
		expect(usage).toBeLessThan(1000);
	});

	test("an engine that fails because it is told to stop is no failure", async () => {
		const steering = new Steering();
		const toy = new ToyEngine(model);
		const generate = toy.generate.bind(toy);
		toy.generate = async function* (prefix, options, signal) {
			for await (const chunk of generate(prefix, options)) {
				if (signal?.aborted) throw new EngineError("refused", "the socket was closed");
				yield chunk;
			}
			return { reason: "eos", usage: { promptTokens: 0, completionTokens: 0 } };
		};
		let tokens = 0;
		const types = new Set<string>();
		for await (const event of grow(steering, { engine: toy })) {
			types.add(event.type);
			if (event.type === "tokens" && ++tokens === 3) {
				steering.pause();
				setTimeout(() => steering.goOn());
			}
			if (event.type === "end") expect(event.reason).toBe("eos");
		}
		expect(types.has("notice")).toBe(false);
		expect(toy.requests.length).toBeGreaterThan(1);
	});

	test("stopped while it waits, it ends there", async () => {
		const steering = new Steering();
		const control = new AbortController();
		steering.pause();
		const stream = grow(steering, { signal: control.signal });
		await stream.next();
		const next = stream.next();
		control.abort();
		expect((await next).value).toMatchObject({ type: "end", reason: "interrupted" });
		expect(await stream.next()).toMatchObject({ done: true, value: "interrupted" });
	});
});
