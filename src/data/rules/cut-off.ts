/** Only traces that ended by themselves: what a budget cut off would teach to stop in the midst of a thought. */
import { plural, rule } from "./rule.ts";

const ENDS = ["eos", "tokens", "time", "context", "interrupted", "engine"] as const;

export const cutOff = rule<{ keep: readonly string[] }>({
	id: "cut-off",
	says: "the trace did not end by itself (tokens, time or context were used up)",
	source:
		"NeMo-Skills' filters of OpenMathReasoning keep finished solutions only: https://github.com/NVIDIA/NeMo-Skills",
	on: true,
	options: { keep: { type: "list", choices: ENDS, default: ["eos"], says: "ends that are kept" } },
	examples: [
		{ says: "the model ended its turn", case: { end: { reason: "eos" } }, drops: false },
		{ says: "the budget of tokens was used up", case: { end: { reason: "tokens" } }, drops: true },
		{ says: "the model's context was full", case: { end: { reason: "context" } }, drops: true },
		{
			says: "traces that ran out of time can be kept",
			case: { end: { reason: "time" } },
			options: { keep: ["eos", "time"] },
			drops: false,
		},
	],
	make: ({ keep }) => ({
		check: ({ rollout: { end, usage } }) =>
			keep.includes(end.reason)
				? undefined
				: `ended by ${end.reason} after ${plural(usage.sampledTokens, "sampled token")}`,
	}),
});
