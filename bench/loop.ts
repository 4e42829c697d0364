/**
 * What the loop costs on the embedded engine: its tokens per second against the engine alone, in turns; and from a
 * marker to the next token, how much of the prefix was computed again and how much computed work was thrown away,
 * against a baseline that sends the whole prefix to a cold cache, as a stateless server call does.
 */
import { EmbeddedEngine } from "../src/engine/embedded/engine.ts";
import type { Engine } from "../src/engine/engine.ts";
import { tinyModelPath } from "../src/engine/open.ts";
import { dialectNamed, libraryLayers, openLibrary } from "../src/hints/library.ts";
import { AutoPolicy, off, type Policy } from "../src/hints/policy.ts";
import type { Interpreter } from "../src/python/interpreter.ts";
import { reason } from "../src/reason/reason.ts";
import type { Problem, TraceEvent, TraceSettings } from "../src/trace/events.ts";
import type { Prefix } from "../src/trace/span.ts";
import { heading, inTurns, line, show, spread } from "./measure.ts";

const TOKENS = 400;
const TRACES = 8;
const library = openLibrary(libraryLayers({ env: {}, cwd: "/" }));
const dialect = dialectNamed(library.dialects);
const problem: Problem = { id: "bench", domain: "math", problem: "What is 388 * 286?", answer: "110968" };
const open = () => EmbeddedEngine.open({ id: "embedded", modelPath: tinyModelPath() });
const engine = await open();

const settings = (temperature: number, maxTokens: number): TraceSettings => ({
	engine: "embedded",
	model: engine.info.model,
	exact: true,
	dialect: dialect.id,
	policy: "bench",
	sampling: { temperature, seed: 1 },
	budgets: { maxTokens, maxCalls: 6, maxRounds: 0 },
});

function trace(
	policy: Policy,
	temperature: number,
	maxTokens = TOKENS,
	using: Engine = engine,
): AsyncGenerator<TraceEvent, unknown, void> {
	return reason(
		{ session: "bench", branch: "main", problem, settings: settings(temperature, maxTokens) },
		{
			engine: using,
			dialect,
			policy,
			interpreter: async () => quiet,
			score: async () => ({ verdict: "unchecked" }),
		},
	);
}

/** What Python does is not measured here (bench/python.ts): it answers at once. */
const quiet: Interpreter = {
	isolation: { kind: "none", says: "" },
	run: async () => ({ verdict: "ok", text: "0\n", outputBytes: 2, durationMs: 0, stateLost: false }),
	interrupt: async () => {},
	restart: async () => {},
	close: async () => {},
};

/** Milliseconds per token of the thinking, from its first token to its last. */
async function alone(): Promise<number> {
	const header = await engine.renderHeader([{ role: "user", content: problem.problem }]);
	const stream = engine.generate(header, { maxTokens: TOKENS, temperature: 0 });
	let tokens = 0;
	let begin = 0;
	for (;;) {
		const next = await stream.next();
		if (next.done) return (performance.now() - begin) / tokens;
		if (begin === 0) begin = performance.now();
		else tokens += next.value.ids?.length ?? 0;
	}
}

async function inLoop(): Promise<number> {
	let tokens = 0;
	let begin = 0;
	for await (const event of trace(off, 0)) {
		if (event.type !== "tokens") continue;
		if (begin === 0) begin = performance.now();
		else tokens += event.ids?.length ?? 0;
	}
	return (performance.now() - begin) / tokens;
}

heading("the loop on the embedded engine");
await alone();
await inLoop();
/** One trace is over in a tenth of a second, on a machine that does other things too: the mean of several. */
async function several(what: () => Promise<number>): Promise<number> {
	let sum = 0;
	for (let i = 0; i < TRACES; i++) sum += await what();
	return sum / TRACES;
}
const rate = await inTurns(
	24,
	() => several(inLoop),
	() => several(alone),
);
line(
	"engine alone",
	show(
		{ p50: 1000 / rate.baseline.p50, p05: 1000 / rate.baseline.p95, p95: 1000 / rate.baseline.p05 },
		" tokens/s",
		0,
	),
);
line(
	"the loop",
	show({ p50: 1000 / rate.ours.p50, p05: 1000 / rate.ours.p95, p95: 1000 / rate.ours.p05 }, " tokens/s", 0),
);
const share = { p50: 100 / rate.ratio.p50, p05: 100 / rate.ratio.p95, p95: 100 / rate.ratio.p05 };
line("loop / engine (goal: at least 97 %)", show(share, " %", 1));

/** Each request of a trace as the engine saw it: when its first and last chunk came, and what of its prefix was cached. */
type Seen = { prefix: Prefix; promptTokens: number; cachedTokens: number; firstAt: number; lastAt: number };

function watched(seen: Seen[]): Engine {
	return {
		info: engine.info,
		renderHeader: (messages) => engine.renderHeader(messages),
		tokenize: (text, special) => engine.tokenize(text, special),
		detokenize: (ids) => engine.detokenize(ids),
		close: async () => {},
		async *generate(prefix, options, signal) {
			const stream = engine.generate(prefix, options, signal);
			const one: Seen = { prefix, promptTokens: 0, cachedTokens: 0, firstAt: 0, lastAt: 0 };
			seen.push(one);
			for (;;) {
				const next = await stream.next();
				if (next.done) {
					one.promptTokens = next.value.usage.promptTokens;
					one.cachedTokens = next.value.usage.cachedTokens ?? 0;
					return next.value;
				}
				one.lastAt = performance.now();
				one.firstAt ||= one.lastAt;
				yield next.value;
			}
		},
	};
}

const ours: number[] = [];
const cold: number[] = [];
let before = 0;
let again = 0;
const discardedBefore = engine.stats().discarded;
for (let seed = 0; seed < 40 && ours.length < 20; seed++) {
	const seen: Seen[] = [];
	let hintTokens = 0;
	const policy = new AutoPolicy(() => library, { seed, words: 1, rounds: 0 });
	for await (const event of trace(policy, 0, 300, watched(seen))) {
		if (event.type === "hint") hintTokens = event.ids?.length ?? 0;
	}
	const [first, second] = seen;
	if (hintTokens === 0 || !first || !second?.firstAt) continue;
	ours.push(second.firstAt - first.lastAt);
	// The last token before the marker was sampled but never put through the model: it is not computed twice.
	before += second.promptTokens - hintTokens - 1;
	again +=
		second.promptTokens -
		hintTokens -
		1 -
		Math.min(second.cachedTokens, second.promptTokens - hintTokens - 1);
	const fresh = await open();
	await fresh.tokenize("warm");
	const begin = performance.now();
	for await (const _ of fresh.generate(second.prefix, { maxTokens: 1, temperature: 0 })) break;
	cold.push(performance.now() - begin);
	await fresh.close();
}
line("marker to next token, ours", show(spread(ours), " ms"));
line("the same prefix, nothing cached", show(spread(cold), " ms"));
line("ratio", show(spread(ours.map((value, index) => value / (cold[index] ?? Number.NaN))), "", 2));
line(
	"prefix not computed again (goal: at least 99 %)",
	`${((100 * (before - again)) / before).toFixed(2)} % of ${before} tokens`,
);
line("tokens computed and thrown away (goal: 0)", String(engine.stats().discarded - discardedBefore));
await engine.close();
