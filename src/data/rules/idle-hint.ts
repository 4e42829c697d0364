/** A hint that led to nothing. */
import { hint, model, output } from "./examples.ts";
import { rule } from "./rule.ts";

export const idleHint = rule<{ characters: number }>({
	id: "idle-hint",
	says: "a hint was inserted and the model wrote next to nothing behind it",
	details: "Off: a hint right before the end of thinking may rightly be answered with few words.",
	on: false,
	options: {
		characters: {
			type: "integer",
			unit: "characters",
			least: 1,
			default: 1,
			says: "what the model wrote up to the next hint, output or end, at least",
		},
	},
	examples: [
		{
			says: "the model took the hint up",
			case: {
				spans: [
					hint("Wait, let me use Python.\n```python\n"),
					model("print(6 * 7)\n```\n"),
					output("42"),
					model("So 42.\n</think>\n\\boxed{42}"),
				],
			},
			drops: false,
		},
		{
			says: "the end of thinking is no answer to a hint",
			case: {
				spans: [
					model("42."),
					hint("Wait, let me check that."),
					model("\n</think>"),
					model("\n\n\\boxed{42}"),
				],
			},
			drops: true,
		},
		{
			says: "two hints stand side by side",
			case: {
				spans: [hint("Wait, let me check."), hint("Let me use Python."), model("Yes.\n</think>\\boxed{42}")],
			},
			drops: true,
		},
		{
			says: "at least 20 characters are asked for",
			case: { spans: [hint("Wait, let me check."), model("Yes.\n</think>\n\\boxed{42}")] },
			options: { characters: 20 },
			drops: true,
		},
	],
	make: ({ characters }, { thinkClose }) => ({
		check: ({ rollout: { spans } }) => {
			let number = 0;
			for (let i = 0; i < spans.length; i++) {
				if (spans[i]!.kind !== "hint") continue;
				number++;
				let wrote = 0;
				let ended = false;
				for (let j = i + 1; !ended && wrote < characters; j++) {
					const next = spans[j];
					if (!next || next.kind === "hint" || next.kind === "output") break;
					const close = next.text.indexOf(thinkClose);
					ended = close >= 0;
					wrote += (ended ? next.text.slice(0, close) : next.text).trim().length;
				}
				if (wrote < characters)
					return `${wrote} characters follow hint ${number} ("${spans[i]!.text.slice(0, 60).replace(/\s+/g, " ").trim()}"); at least ${characters} must`;
			}
			return undefined;
		},
	}),
});
