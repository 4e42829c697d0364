/** Thinking or a block of code that was begun and never ended. */
import { model } from "./examples.ts";
import { rule } from "./rule.ts";

export const unclosed = rule<{ thinking: boolean; blocks: boolean }>({
	id: "unclosed",
	says: "thinking, or a fenced block, was begun and never closed",
	source:
		"NeMo-Skills drops malformed pairs of fences and answers without the end of thinking: https://github.com/NVIDIA/NeMo-Skills",
	on: true,
	options: {
		thinking: { type: "boolean", default: true, says: "look for thinking that never ended" },
		blocks: { type: "boolean", default: true, says: "look for blocks that never ended" },
	},
	examples: [
		{ says: "thinking and code are closed", case: {}, drops: false },
		{
			says: "the prompt begins the thinking and the model never ends it",
			case: { spans: [model("So the answer is \\boxed{42}.")] },
			drops: true,
		},
		{
			says: "a model that marks no thinking has none to close",
			case: "So the answer is \\boxed{42}.",
			drops: false,
		},
		{
			says: "the last block has no closing line",
			case: "Let me compute.\n```python\nprint(6 * 7)\nThe answer is \\boxed{42}.",
			drops: true,
		},
		{
			says: "a block that an output follows was closed by it",
			case: {
				header: { text: "" },
				spans: [
					model("```python\nprint(6 * 7)\n"),
					{ kind: "output", text: "```output\n42\n```\n" },
					model("So it is \\boxed{42}."),
				],
			},
			drops: false,
		},
		{
			says: "backticks in a line are no block",
			case: "Call `f(x)` or ```f``` here: \\boxed{42}.",
			drops: false,
		},
	],
	make: ({ thinking, blocks }) => ({
		check: (reading) => {
			if (thinking && reading.answerFrom === undefined)
				return `the thinking never ended (${reading.text.length} characters)`;
			const last = blocks ? reading.blocks.findLast(({ closed }) => !closed) : undefined;
			if (!last) return undefined;
			const name = last.lang === "" ? "block" : `block of ${last.lang.slice(0, 20)}`;
			return `a ${name} was begun at character ${last.start} of ${reading.text.length} and never closed`;
		},
	}),
});
