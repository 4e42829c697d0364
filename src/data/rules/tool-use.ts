/** Whether Python was used: a sample of START must, one of the ablation without tools must not. */
import { call, calls, model, output } from "./examples.ts";
import { plural, rule } from "./rule.ts";

export const noTool = rule<{ calls: number; ok: number }>({
	id: "no-tool",
	says: "too little code ran",
	source: "arXiv 2503.04625 (Hint-RFT): what is trained is thinking that uses Python",
	on: true,
	options: {
		calls: {
			type: "integer",
			unit: "blocks",
			least: 0,
			default: 1,
			says: "blocks of code that ran, at least",
		},
		ok: {
			type: "integer",
			unit: "blocks",
			least: 0,
			default: 1,
			says: "blocks of code that ran without an error, at least",
		},
	},
	examples: [
		{ says: "one block ran", case: {}, drops: false },
		{ says: "everything was computed by talking", case: "6 times 7 is \\boxed{42}.", drops: true },
		{
			says: "code that was only written is no call",
			case: "```python\nprint(42)\n```\n\\boxed{42}",
			drops: true,
		},
		{ says: "the only block failed", case: { calls: [call("error")] }, drops: true },
		{ says: "one failed and one did not", case: { calls: calls("error", "ok") }, drops: false },
		{
			says: "three calls are asked for",
			case: { calls: calls("ok", "ok") },
			options: { calls: 3 },
			drops: true,
		},
	],
	make: ({ calls: least, ok }) => ({
		check: ({ rollout: { calls } }) => {
			if (calls.length < least)
				return calls.length === 0
					? "no code ran"
					: `${plural(calls.length, "block")} of code ran; at least ${least} must`;
			const fine = calls.filter(({ output }) => output?.verdict === "ok").length;
			return fine >= ok
				? undefined
				: `${fine} of ${plural(calls.length, "block")} ran without an error; at least ${ok} must`;
		},
	}),
});

export const tool = rule<Record<never, never>>({
	id: "tool",
	says: "code ran at all (for the ablation without tools)",
	source: "arXiv 2503.04625 (ablation): the same fine-tuning without tools (QwQ-RFT)",
	on: false,
	options: {},
	examples: [
		{ says: "one block ran", case: {}, drops: true },
		{ says: "everything was computed by talking", case: "6 times 7 is \\boxed{42}.", drops: false },
		{
			says: "a block that was refused leaves an output too",
			case: { calls: [], spans: [model("```python\nprint(42)\n```\n"), output("No Python calls are left.")] },
			drops: true,
		},
	],
	make: () => ({
		check: ({ rollout: { calls, spans } }) => {
			if (calls.length > 0) return `${plural(calls.length, "block")} of code ran`;
			return spans.some(({ kind }) => kind === "output") ? "it has an output, though no code ran" : undefined;
		},
	}),
});
