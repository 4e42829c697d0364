/** Rollouts for tests, of problems that are named by numbers. */
import { keyOf, type Rollout } from "../../src/data/rollout.ts";
import { newSheet, type RunSheet } from "../../src/data/run-sheet.ts";
import type { OutcomeVerdict, Problem } from "../../src/trace/events.ts";
import { settings } from "../reason/toy-trace.ts";

export const HASH = "0123456789ab";

export const problemOf = (id: string): Problem => ({
	id,
	domain: "math",
	problem: `What is ${id}? é𝔸`,
	answer: "42",
});

export function rolloutOf(
	id: string,
	sample: number,
	verdict: OutcomeVerdict = "correct",
	hash = HASH,
): Rollout {
	return {
		key: keyOf(id, hash, sample),
		problem: problemOf(id),
		sample,
		settings: settings(),
		verdict,
		answer: "42",
		end: { reason: "eos", eos: "<eos>" },
		usage: { sampledTokens: 10, hints: 0, calls: 0, durationMs: 1 },
		hints: [],
		calls: [],
		header: { text: "<user>\n" },
		spans: [{ kind: "model", text: `é𝔸 \u2028 ${id}\n` }],
		begun: "2026-01-01T00:00:00.000Z",
	};
}

export function sheetFor(samples = 2, changes: Partial<RunSheet["settings"]> = {}): RunSheet {
	return newSheet({
		nudge: "0",
		settings: {
			model: "toy",
			exact: true,
			dialect: "qwen",
			policy: "off",
			sampling: { temperature: 0.6, seed: 1 },
			budgets: { maxTokens: 100, maxCalls: 1, maxRounds: 1 },
			python: {},
			...changes,
		},
		samples,
		problems: [{ file: "p.jsonl", sha256: "ab", problems: 3 }],
		environment: {},
	});
}
