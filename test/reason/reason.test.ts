import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Engine, EngineError } from "../../src/engine/engine.ts";
import type { Policy } from "../../src/hints/policy.ts";
import { reason } from "../../src/reason/reason.ts";
import type { ReasonDeps } from "../../src/reason/request.ts";
import { standingOf } from "../../src/reason/standing.ts";
import type { EndReason, TraceEvent, TraceSettings } from "../../src/trace/events.ts";
import { fold } from "../../src/trace/fold.ts";
import { HEADER, ToyEngine } from "./toy-engine.ts";
import { dialect, HINTED, model, PLAIN, policy, problem, rest, settings, ToyPython } from "./toy-trace.ts";

const off: Policy = {
	mode: "off",
	says: "off",
	decide: async () => ({ skip: { by: "policy", reason: "off" } }),
};

async function run(
	engine: Engine,
	use: Policy,
	options: Partial<ReasonDeps> & {
		python?: ToyPython;
		budgets?: Partial<TraceSettings["budgets"]>;
		before?: readonly TraceEvent[];
		until?: number;
	} = {},
): Promise<{
	events: TraceEvent[];
	end: EndReason | undefined;
	text: string;
	ids: readonly number[] | undefined;
}> {
	const python = options.python ?? new ToyPython();
	const set = settings(options.budgets);
	const events: TraceEvent[] = options.before
		? [...options.before]
		: [
				{ type: "session", t: 0, version: 1, id: "s", problem, nudge: "0", environment: {} },
				{ type: "branch", t: 0, branch: "main", settings: set, by: "person" },
			];
	const standing = options.before ? standingOf(fold(options.before).branches.get("main")!) : undefined;
	const stream = reason(
		{ session: "s", branch: "main", problem, settings: set, ...(standing ? { from: standing } : {}) },
		{
			engine,
			interpreter: async () => python,
			policy: use,
			dialect,
			score: async (_, text) => ({
				verdict: text.includes("\\boxed{42}") ? "correct" : "wrong",
				answer: "?",
			}),
			now: () => 1,
			sleep: async () => {},
			...options,
		},
	);
	let end: EndReason | undefined;
	for (;;) {
		if (options.until !== undefined && events.length >= options.until) {
			await stream.return("interrupted");
			break;
		}
		const next = await stream.next();
		if (next.done) {
			end = next.value;
			break;
		}
		events.push(next.value);
	}
	const branch = fold(events).branches.get("main")!;
	const ids = branch.spans.every((span) => span.ids)
		? branch.spans.flatMap((span) => span.ids ?? [])
		: undefined;
	return { events, end, text: branch.spans.map((span) => span.text).join(""), ids };
}

const kinds = (events: readonly TraceEvent[]): string[] =>
	events.map((event) => event.type).filter((type) => type !== "tokens");

describe("the loop", () => {
	test("without hints the turn is what the model writes, and its markers are seen", async () => {
		const { events, end, text } = await run(new ToyEngine(model), off);
		expect(text).toBe(PLAIN);
		expect(end).toBe("eos");
		expect(
			events.filter((event) => event.type === "marker").map((event) => [event.marker, event.word]),
		).toEqual([
			["after-word", "Wait"],
			["before-end", undefined],
		]);
		expect(events.at(-1)).toMatchObject({ type: "outcome", verdict: "wrong", session: "s" });
		expect(events.at(-2)).toMatchObject({ type: "end", reason: "eos", eos: "<eos>" });
	});

	test("a hint after Wait wakes Python, its output goes back into the turn, and the answer changes", async () => {
		const { events, text } = await run(
			new ToyEngine(model),
			policy((marker) => marker.kind === "after-word" && marker.index === 0),
		);
		expect(text).toBe(HINTED);
		expect(kinds(events)).toEqual([
			"session",
			"branch",
			"header",
			"marker",
			"proposal",
			"decision",
			"hint",
			"call",
			"output",
			"marker",
			"end",
			"outcome",
		]);
		expect(events.at(-1)).toMatchObject({ verdict: "correct" });
	});

	test("rounds of hints before the end of thinking, as many as the policy wants", async () => {
		for (const rounds of [0, 1, 3]) {
			const { events, text } = await run(
				new ToyEngine(model),
				policy((marker) => marker.kind === "before-end" && marker.index < rounds),
			);
			expect(events.filter((event) => event.type === "hint")).toHaveLength(rounds);
			expect(events.filter((event) => event.type === "output")).toHaveLength(rounds);
			expect(text.split("</think>")).toHaveLength(2);
			expect(text).toContain(rounds === 0 ? "\\boxed{41}" : "\\boxed{42}");
		}
	});

	test("rounds are a budget: a policy that never has enough is stopped at it", async () => {
		const { events, end } = await run(
			new ToyEngine(model),
			policy((marker) => marker.kind === "before-end"),
			{ budgets: { maxRounds: 2 } },
		);
		expect(end).toBe("eos");
		expect(events.filter((event) => event.type === "hint")).toHaveLength(2);
	});

	test("the model is told when the last call is used, and a block after it does not run", async () => {
		const python = new ToyPython();
		const { events, text } = await run(
			new ToyEngine(model),
			policy((marker) => marker.kind === "before-end" && marker.index < 3),
			{
				python,
				budgets: { maxCalls: 2 },
			},
		);
		expect(python.ran).toHaveLength(2);
		expect(events.filter((event) => event.type === "limit")).toHaveLength(1);
		expect(text.split("[No Python calls are left. Finish in words.]\n")).toHaveLength(3);
	});

	test("wherever tokens and chunks are split, and wherever the connection breaks, the trace is the same text", async () => {
		await fc.assert(
			fc.asyncProperty(fc.nat(), fc.boolean(), fc.constantFrom(0, 0.05, 0.2), async (seed, ids, drops) => {
				const engine = new ToyEngine(model, { seed, ids, drops });
				const {
					text,
					ids: got,
					end,
				} = await run(
					engine,
					policy((marker) => marker.kind === "after-word" && marker.index === 0),
				);
				expect(end).toBe("eos");
				expect(text).toBe(HINTED);
				if (ids) expect(await engine.detokenize(got ?? [])).toBe(HINTED);
				else expect(got).toBeUndefined();
			}),
			{ numRuns: 200 },
		);
	});

	test("broken off after any event and taken up again, it comes to the same end", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.nat(),
				fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
				async (seed, breaks) => {
					const engine = new ToyEngine(model, { seed });
					const use = policy((marker) => marker.index === 0);
					const whole = await run(new ToyEngine(model, { seed: 7 }), use);
					let events: readonly TraceEvent[] | undefined;
					for (const more of breaks) {
						const python = new ToyPython();
						const part = await run(engine, use, {
							python,
							...(events ? { before: events } : {}),
							until: (events?.length ?? 2) + more,
						});
						events = part.events;
						if (part.end) break;
					}
					const last = events?.some((event) => event.type === "outcome")
						? events
						: (await run(engine, use, { before: events! })).events;
					const text = fold(last)
						.branches.get("main")!
						.spans.map((span) => span.text)
						.join("");
					expect(text).toBe(whole.text);
					expect(last.filter((event) => event.type === "hint")).toHaveLength(2);
					expect(last.at(-1), JSON.stringify(last.slice(-3))).toMatchObject({
						type: "outcome",
						verdict: "correct",
					});
				},
			),
			{ numRuns: 200 },
		);
	});

	test("a trace that has its verdict is not begun again", async () => {
		const engine = new ToyEngine(model);
		const whole = await run(engine, off);
		const requests = engine.requests.length;
		const again = await run(engine, off, { before: whole.events });
		expect(again.events).toEqual(whole.events);
		expect(again.end).toBe("eos");
		expect(engine.requests).toHaveLength(requests);
	});

	test("the blocks of before a break run again before the next one, and only then", async () => {
		const use = policy((marker) => marker.kind === "before-end" && marker.index < 2);
		const engine = new ToyEngine(model);
		const first = await run(engine, use);
		const cut = first.events.findIndex((event) => event.type === "output") + 1;
		const python = new ToyPython();
		const second = await run(engine, use, { before: first.events.slice(0, cut), python });
		expect(second.text).toBe(first.text);
		expect(python.ran).toEqual(["print(6*7)\n", "print(6*7)\n"]);
	});

	test("a budget of tokens ends the trace with what there is, and it is scored", async () => {
		const { events, end, text } = await run(new ToyEngine(model), off, { budgets: { maxTokens: 5 } });
		expect(end).toBe("tokens");
		expect(PLAIN.startsWith(text) && text.length < PLAIN.length).toBe(true);
		expect(events.at(-1)).toMatchObject({ type: "outcome", verdict: "wrong" });
	});

	test("an interruption ends it at once, without an outcome, to be taken up later", async () => {
		const control = new AbortController();
		const engine = new ToyEngine(model);
		const use: Policy = {
			mode: "auto",
			says: "test",
			decide: async () => {
				control.abort();
				return { skip: { by: "policy", reason: "stop" } };
			},
		};
		const { events, end } = await run(engine, use, { signal: control.signal });
		expect(end).toBe("interrupted");
		expect(events.at(-1)).toMatchObject({ type: "end", reason: "interrupted" });
	});

	test("an engine that stays away ends the trace with its message, after trying again", async () => {
		const engine = new ToyEngine(model, { drops: 1 });
		const gone: Engine = Object.assign(Object.create(engine) as Engine, {
			generate() {
				throw new EngineError("unreachable", "nothing answers at the address");
			},
			renderHeader: () => engine.renderHeader(),
			tokenize: (text: string) => engine.tokenize(text),
			info: engine.info,
		});
		const { events, end } = await run(gone, off);
		expect(end).toBe("engine");
		expect(events.filter((event) => event.type === "notice")).toHaveLength(4);
		expect(events.at(-1)).toMatchObject({
			type: "end",
			reason: "engine",
			message: expect.stringContaining("nothing answers"),
		});
	});

	test("what the engine is asked to continue is header + spans, in every request", async () => {
		const engine = new ToyEngine(model, { seed: 5 });
		const { text } = await run(
			engine,
			policy((marker) => marker.index === 0),
		);
		for (const { prefix } of engine.requests) {
			expect(prefix.text.startsWith(HEADER)).toBe(true);
			expect(text.startsWith(prefix.text.slice(HEADER.length))).toBe(true);
		}
		const seeds = engine.requests.map(({ options }) => options.seed);
		expect(new Set(seeds).size).toBe(seeds.length);
	});

	test("words inside code, inline code and mathematics are no markers", async () => {
		const text = "Let $x$.\n\\[ Wait, \\]\n```text\nWait, no\n```\n`Wait, x`\n</think>\n\nok";
		const { events } = await run(new ToyEngine((assistant) => rest(text, assistant), { seed: 3 }), off);
		expect(events.filter((event) => event.type === "marker").map((event) => event.marker)).toEqual([
			"before-end",
		]);
	});
});
