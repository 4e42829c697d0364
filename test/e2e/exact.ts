/**
 * The property that everything else rests on: a greedy trace that was cut, stopped, dropped, resumed and branched at
 * random places is the same text and the same ids as one uncut run of the engine.
 */
import { expect } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { dialectNamed, loadDialects } from "../../src/hints/library.ts";
import { off } from "../../src/hints/policy.ts";
import { reason } from "../../src/reason/reason.ts";
import { standingOf } from "../../src/reason/standing.ts";
import type { Problem, TraceEvent, TraceSettings } from "../../src/trace/events.ts";
import { Fold } from "../../src/trace/fold.ts";

const PROBLEMS = [
	"What is 388 * 286?",
	"Find the greatest common divisor of 84 and 126.",
	"How many positive divisors does 360 have?",
	"What is the remainder when 7^5 is divided by 12?",
];
const TOKENS = 220;

/** One request, nothing cut. */
export async function uncut(engine: Engine, problem: string): Promise<{ text: string; ids: number[] }> {
	const header = await engine.renderHeader([{ role: "user", content: problem }]);
	const stream = engine.generate(header, { maxTokens: TOKENS, temperature: 0 });
	let text = "";
	const ids: number[] = [];
	for (;;) {
		const next = await stream.next();
		if (next.done) return { text, ids };
		text += next.value.text;
		ids.push(...(next.value.ids ?? []));
	}
}

/** The same by the loop, broken off and taken up again wherever `random` says, sometimes as a new branch. */
export async function broken(
	engine: Engine,
	text: string,
	random: () => number,
): Promise<{ text: string; ids: number[]; breaks: number; branches: number }> {
	const problem: Problem = { id: "p", domain: "math", problem: text };
	const settings: TraceSettings = {
		engine: engine.info.id,
		model: engine.info.model,
		exact: true,
		dialect: "qwen",
		policy: "off",
		sampling: { temperature: 0, seed: 1 },
		budgets: { maxTokens: 100_000, maxCalls: 6, maxRounds: 0 },
	};
	const fold = new Fold();
	fold.apply({ type: "session", t: 0, version: 1, id: "s", problem, nudge: "0", environment: {} });
	fold.apply({ type: "branch", t: 0, branch: "b0", settings, by: "person" });
	let name = "b0";
	let breaks = 0;
	let branches = 0;
	for (;;) {
		const branch = fold.state.branches.get(name)!;
		const standing = standingOf(branch);
		const control = new AbortController();
		const stream = reason(
			{ session: "s", branch: name, problem, settings, ...(standing ? { from: standing } : {}) },
			{
				engine,
				interpreter: () => Promise.reject(new Error("a plain trace has no blocks")),
				policy: off,
				dialect: dialectNamed(loadDialects(), "qwen"),
				score: async () => ({ verdict: "unchecked" }),
				signal: control.signal,
				sleep: async () => {},
			},
		);
		const how = random();
		const steps = Math.floor(random() * 25);
		let ended = false;
		for (let step = 0; ; step++) {
			if (step === steps && how < 0.4) control.abort();
			if (step === steps && how >= 0.4 && how < 0.9) {
				await stream.return("interrupted");
				break;
			}
			const next = await stream.next();
			if (next.done) {
				ended = next.value !== "interrupted";
				break;
			}
			fold.apply(next.value as TraceEvent);
		}
		const now = fold.state.branches.get(name)!;
		if (now.end?.reason === "engine") throw new Error(now.end.message);
		const ids = now.spans.flatMap((span) => span.ids ?? []);
		if (ended || ids.length >= TOKENS || breaks > 60) {
			const whole = now.spans.map((span) => span.text).join("");
			return { text: whole, ids, breaks, branches };
		}
		breaks++;
		if (random() < 0.4 && now.length > 0) {
			branches++;
			const parent = { branch: name, at: tokenBoundary(now.spans, Math.floor(random() * now.length)) };
			name = `b${branches}`;
			fold.apply({ type: "branch", t: 0, branch: name, parent, settings, by: "person" });
		}
	}
}

/** The last offset at or below `offset` where a token ends. */
function tokenBoundary(
	spans: Iterable<{ readonly text: string; readonly lens?: readonly number[] }>,
	offset: number,
): number {
	let at = 0;
	for (const { text, lens } of spans) {
		if (at + text.length > offset && lens) {
			let inner = at;
			for (const length of lens) {
				if (inner + length > offset) return inner;
				inner += length;
			}
		}
		if (at + text.length > offset) return at;
		at += text.length;
	}
	return at;
}

/** Compares, over all problems, as far as both runs go. `steady` gives the uncut run where `engine` cannot. */
export async function expectExact(
	engine: Engine,
	random: () => number,
	rounds: number,
	steady: Engine = engine,
): Promise<void> {
	let breaks = 0;
	let branches = 0;
	for (const problem of PROBLEMS) {
		const reference = await uncut(steady, problem);
		expect(reference.ids.length).toBeGreaterThan(20);
		for (let round = 0; round < rounds; round++) {
			const got = await broken(engine, problem, random);
			breaks += got.breaks;
			branches += got.branches;
			const tokens = Math.min(got.ids.length, reference.ids.length);
			expect(got.ids.slice(0, tokens)).toEqual(reference.ids.slice(0, tokens));
			const length = Math.min(got.text.length, reference.text.length);
			expect(got.text.slice(0, length)).toBe(reference.text.slice(0, length));
			expect(tokens).toBeGreaterThan(20);
		}
	}
	// A property that never broke anything off would show nothing.
	expect(breaks).toBeGreaterThan(rounds);
	expect(branches).toBeGreaterThan(0);
}
