/** Only verdicts that a dataset wants. */
import { rule } from "./rule.ts";

const VERDICTS = ["correct", "wrong", "unparseable", "no answer", "unchecked"] as const;

export const verdict = rule<{ keep: readonly string[] }>({
	id: "verdict",
	says: "the verdict is not one of those to keep",
	source: "arXiv 2503.04625 (Hint-RFT): what was answered wrong is no sample (rejection sampling)",
	on: true,
	options: {
		keep: { type: "list", choices: VERDICTS, default: ["correct"], says: "verdicts that are kept" },
	},
	examples: [
		{ says: "a right answer is kept", case: { verdict: "correct" }, drops: false },
		{ says: "a wrong one is not", case: { verdict: "wrong", answer: "12" }, drops: true },
		{
			says: "one that could not be read is neither right nor wrong, and not kept",
			case: { verdict: "unparseable" },
			drops: true,
		},
		{
			says: "where there is no gold answer, unchecked traces can be kept by name",
			case: { verdict: "unchecked" },
			options: { keep: ["correct", "unchecked"] },
			drops: false,
		},
	],
	make: ({ keep }) => ({
		check: ({ rollout: { verdict, answer, why } }) => {
			if (keep.includes(verdict)) return undefined;
			const said = answer === undefined ? "" : `: it answered ${brief(answer)}`;
			return `${verdict}${said}${why === undefined ? "" : ` (${brief(why)})`}`;
		},
	}),
});

function brief(text: string): string {
	const line = text.slice(0, 120).replace(/\s+/g, " ").trim();
	return text.length > 120 ? `${line}…` : line;
}
