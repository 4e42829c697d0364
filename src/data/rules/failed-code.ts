/**
 * Code that failed. A failure that is found and mended is what START is to learn, so by itself only a bad end of it
 * counts: the last block failed, nearly all did, or one had to be stopped.
 */
import type { BlockVerdict } from "../../trace/events.ts";
import { calls } from "./examples.ts";
import { percent, rule } from "./rule.ts";

type Options = { last: boolean; stopped: boolean; share: number; any: boolean };

const STOPPED: readonly (BlockVerdict | undefined)[] = ["timeout", "memory", "killed", "lost", undefined];

export const failedCode = rule<Options>({
	id: "failed-code",
	says: "the last block of code failed, most did, or one had to be stopped",
	details:
		"A block that failed and was then mended stays: that is the debugging START is to learn. any: true drops that too, as NeMo-Skills' remove_code_errors does.",
	source: 'arXiv 2503.04625, Hint-RFT ("failed code" is dropped; how is not said)',
	on: true,
	options: {
		last: { type: "boolean", default: true, says: "drop where the last block failed" },
		stopped: {
			type: "boolean",
			default: true,
			says: "drop where a block ran out of time or memory, or was killed or lost",
		},
		share: {
			type: "number",
			unit: "of the blocks",
			least: 0,
			most: 1,
			default: 0.75,
			says: "drop where more than this share failed",
		},
		any: { type: "boolean", default: false, says: "drop where any block failed" },
	},
	examples: [
		{ says: "no code is no failed code", case: { calls: [] }, drops: false },
		{ says: "an error that was mended", case: { calls: calls("ok", "error", "ok") }, drops: false },
		{
			says: "the same, where none may fail",
			case: { calls: calls("error", "ok") },
			options: { any: true },
			drops: true,
		},
		{ says: "the last block failed", case: { calls: calls("ok", "ok", "error") }, drops: true },
		{
			says: "the last may fail",
			case: { calls: calls("ok", "error") },
			options: { last: false },
			drops: false,
		},
		{ says: "a block ran out of time", case: { calls: calls("ok", "timeout", "ok") }, drops: true },
		{
			says: "four of five failed",
			case: { calls: calls("error", "error", "error", "error", "ok") },
			drops: true,
		},
	],
	make: ({ last, stopped, share, any }) => ({
		check: ({ rollout: { calls } }) => {
			const verdicts = calls.map(({ output }) => output?.verdict);
			const failed = verdicts.filter((verdict) => verdict !== "ok").length;
			if (failed === 0) return undefined;
			const of = calls.length === 1 ? "the only block" : undefined;
			const end = verdicts.findIndex((verdict) => STOPPED.includes(verdict));
			if (stopped && end >= 0)
				return `${of ?? `block ${end + 1} of ${calls.length}`} ended by ${verdicts[end] ?? "a crash"}`;
			const final = verdicts.at(-1);
			if (last && final !== "ok")
				return `${of ?? `the last of ${calls.length} blocks`} failed (${final ?? "a crash"})`;
			if (any) return `${of ?? `${failed} of ${calls.length} blocks`} failed`;
			return failed > share * calls.length
				? `${failed} of ${calls.length} blocks failed (${percent(failed / calls.length)}; at most ${percent(share)} may)`
				: undefined;
		},
	}),
});
