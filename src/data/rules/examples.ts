/** The rollouts of the rules' examples: what an example leaves out is as in a trace with nothing out of the ordinary. */
import type { Call } from "../../trace/branch.ts";
import type { BlockVerdict } from "../../trace/events.ts";
import type { Span } from "../../trace/span.ts";
import type { Rollout } from "../rollout.ts";

/** A rollout of an example: a text is all that the model wrote, without a prompt that begins the thinking. */
export function exampleRollout(said: string | Partial<Rollout>, number = 0): Rollout {
	const given: Partial<Rollout> =
		typeof said === "string"
			? { spans: [{ kind: "model", text: said }], header: { text: "" }, calls: [] }
			: said;
	return {
		key: `example#${number}`,
		problem: { id: "six-by-seven", domain: "math", problem: "What is 6 times 7?", answer: "42" },
		sample: number,
		settings: {
			engine: "embedded",
			model: "nudge-tiny",
			exact: true,
			dialect: "qwen",
			policy: "auto",
			sampling: { temperature: 0.6, topP: 0.95, seed: 1 },
			budgets: { maxTokens: 4096, maxCalls: 6, maxRounds: 1 },
		},
		verdict: "correct",
		answer: "42",
		end: { reason: "eos", eos: "<|im_end|>" },
		usage: { sampledTokens: 60, hints: 0, calls: 1, durationMs: 900 },
		hints: [],
		calls: given.calls ?? [call("ok")],
		header: { text: "<|im_start|>assistant\n<think>\n" },
		spans: [
			model("Six times seven should be 42. Let me check.\n```python\nprint(6 * 7)\n```\n"),
			output("42"),
			model("The output is 42, the same as mine.\n</think>\n\nThe answer is \\boxed{42}."),
		],
		begun: "2026-01-01T00:00:00.000Z",
		...given,
	};
}

export const model = (text: string): Span => ({ kind: "model", text });
export const hint = (text: string): Span => ({ kind: "hint", text });
export const output = (text: string): Span => ({ kind: "output", text: `\`\`\`output\n${text}\n\`\`\`\n` });

/** A block that ended so. */
export const call = (verdict: BlockVerdict, block = 1): Call => ({
	at: 0,
	block,
	code: "print(6 * 7)\n",
	output: { text: verdict === "ok" ? "42\n" : "", verdict, durationMs: 3, stateLost: false },
});

export const calls = (...verdicts: readonly BlockVerdict[]): Call[] =>
	verdicts.map((verdict, index) => call(verdict, index + 1));
