/** How long a trace may be. */
import { plural, rule } from "./rule.ts";

const bound = (unit: string, value: number, says: string) =>
	({ type: "integer", unit, least: 0, default: value, says: `${says}; 0: no bound` }) as const;

type Options = { min_characters: number; max_characters: number; min_tokens: number; max_tokens: number };

export const length = rule<Options>({
	id: "length",
	says: "the trace is too short or too long (outputs not counted)",
	details:
		"Tokens are those of the engine that sampled; where it gave no ids, as many as it said it sampled. What is too long for a tokenizer and a context is counted again at export.",
	on: true,
	options: {
		min_characters: bound("characters", 1, "characters, at least"),
		max_characters: bound("characters", 0, "characters, at most"),
		min_tokens: bound("tokens", 0, "tokens, at least"),
		max_tokens: bound("tokens", 0, "tokens, at most"),
	},
	examples: [
		{ says: "the model wrote nothing", case: "", drops: true },
		{ says: "by itself there is no upper bound", case: "a ".repeat(20_000), drops: false },
		{ says: "too many characters", case: "a ".repeat(600), options: { max_characters: 1000 }, drops: true },
		{
			says: "too few tokens",
			case: { usage: { sampledTokens: 60, hints: 0, calls: 1, durationMs: 1 } },
			options: { min_tokens: 100 },
			drops: true,
		},
		{
			says: "too many tokens, by their ids",
			case: { spans: [{ kind: "model", text: "abcdef", ids: [1, 2, 3] }] },
			options: { max_tokens: 2 },
			drops: true,
		},
		{
			says: "an output does not make a trace long",
			case: {
				spans: [
					{ kind: "model", text: "short" },
					{ kind: "output", text: "9".repeat(5000) },
				],
			},
			options: { max_characters: 1000 },
			drops: false,
		},
	],
	make: ({ min_characters, max_characters, min_tokens, max_tokens }) => ({
		check: (reading) => {
			const characters = reading.text.length;
			const tokens = reading.tokens;
			const few = (count: number, word: string, least: number): string | undefined =>
				least > 0 && count < least ? `${plural(count, word)}; at least ${least} are asked for` : undefined;
			const many = (count: number, word: string, most: number): string | undefined =>
				most > 0 && count > most ? `${plural(count, word)}; at most ${most} are allowed` : undefined;
			return (
				few(characters, "character", min_characters) ??
				many(characters, "character", max_characters) ??
				few(tokens, "token", min_tokens) ??
				many(tokens, "token", max_tokens)
			);
		},
	}),
});
