/**
 * The property that every exact engine must have: however a greedy run is cut by length, left early, aborted, stopped,
 * rewound or branched, and taken up again, its text and its ids are those of the run that was never cut.
 */
import fc from "fast-check";
import { expect } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { type Drained, drain, extended } from "./drain.ts";

const TOKENS = 80;

type Step =
	| { readonly type: "length"; readonly tokens: number }
	| { readonly type: "leave"; readonly tokens: number }
	| { readonly type: "abort"; readonly chunks: number }
	| { readonly type: "stop"; readonly start: number; readonly length: number }
	| { readonly type: "rewind"; readonly to: number }
	| { readonly type: "elsewhere" };

const steps: fc.Arbitrary<Step[]> = fc.array(
	fc.oneof(
		fc.record({ type: fc.constant("length" as const), tokens: fc.integer({ min: 1, max: 30 }) }),
		fc.record({ type: fc.constant("leave" as const), tokens: fc.integer({ min: 1, max: 20 }) }),
		fc.record({ type: fc.constant("abort" as const), chunks: fc.integer({ min: 0, max: 10 }) }),
		fc.record({
			type: fc.constant("stop" as const),
			start: fc.integer({ min: 0, max: 40 }),
			length: fc.integer({ min: 1, max: 8 }),
		}),
		fc.record({ type: fc.constant("rewind" as const), to: fc.integer({ min: 0, max: 99 }) }),
		fc.constant({ type: "elsewhere" as const }),
	),
	{ minLength: 1, maxLength: 8 },
);

const GREEDY = { temperature: 0 } as const;

export async function expectExact(
	engine: Engine,
	header: Prefix,
	elsewhere: Prefix,
	runs: number,
): Promise<void> {
	const whole = await drain(engine, header, { ...GREEDY, maxTokens: TOKENS });
	expect(whole.error).toBeUndefined();
	expect(whole.text.length).toBeGreaterThan(20);
	await fc.assert(
		fc.asyncProperty(steps, async (list) => {
			let at: Drained["ids"] & readonly number[] = [];
			let text = "";
			for (const step of list) {
				const prefix = extended(header, { text, ids: at });
				if (step.type === "elsewhere") {
					await drain(engine, elsewhere, { ...GREEDY, maxTokens: 5 });
					continue;
				}
				if (step.type === "rewind") {
					// To any token, as a branch does.
					const keep = Math.floor((at.length * step.to) / 100);
					at = at.slice(0, keep);
					text = await engine.detokenize!(at);
					if (!whole.text.startsWith(text)) {
						// The cut fell inside a character: go back to the beginning instead.
						at = [];
						text = "";
					}
					continue;
				}
				const left = TOKENS - at.length;
				if (left <= 0) break;
				const got = await take(engine, prefix, step, left, whole.text.slice(text.length));
				expect(got.error).toBeUndefined();
				expect(whole.text.startsWith(text + got.text)).toBe(true);
				const spelled = [...at, ...got.ids!];
				expect(await engine.detokenize!(spelled)).toBe(text + got.text);
				// A stop string that begins inside a token leaves its beginning in another spelling: go on from the last
				// token that both runs share.
				const same = spelled.findIndex((id, i) => id !== whole.ids![i]);
				if (got.end?.reason !== "stop") expect(same).toBe(-1);
				at = same < 0 ? spelled : spelled.slice(0, same);
				text = await engine.detokenize!(at);
			}
			const rest = await drain(engine, extended(header, { text, ids: at }), { ...GREEDY, maxTokens: TOKENS });
			expect(rest.error).toBeUndefined();
			const all = text + rest.text;
			expect(all.slice(0, whole.text.length)).toBe(whole.text);
			expect([...at, ...rest.ids!].slice(0, whole.ids!.length)).toEqual(whole.ids);
		}),
		{ numRuns: runs, endOnFailure: true },
	);
}

async function take(
	engine: Engine,
	prefix: Prefix,
	step: Exclude<Step, { type: "rewind" | "elsewhere" }>,
	left: number,
	future: string,
): Promise<Drained> {
	switch (step.type) {
		case "length":
			return drain(engine, prefix, { ...GREEDY, maxTokens: Math.min(left, step.tokens) });
		case "leave":
			return drain(engine, prefix, { ...GREEDY, maxTokens: left }, { leaveAfterTokens: step.tokens });
		case "abort": {
			const controller = new AbortController();
			let seen = 0;
			if (step.chunks === 0) setTimeout(() => controller.abort(), 1);
			const got = await drain(
				engine,
				prefix,
				{ ...GREEDY, maxTokens: left },
				{
					signal: controller.signal,
					onChunk: () => {
						if (++seen === step.chunks) controller.abort();
					},
				},
			);
			expect(["abort", "length", "eos"]).toContain(got.end?.reason);
			return got;
		}
		case "stop": {
			const stop = future.slice(step.start, step.start + step.length);
			const got = await drain(engine, prefix, {
				...GREEDY,
				maxTokens: left,
				stop: stop === "" ? [] : [stop, "\u0000never"],
			});
			if (stop !== "") {
				expect(got.text).not.toContain(stop);
				if (got.end?.reason === "stop") {
					expect(got.end.matched).toBe(stop);
					expect(future.indexOf(stop)).toBe(got.text.length);
				}
			}
			return got;
		}
	}
}
