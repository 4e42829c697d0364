/** `nudge verify`: one decision, explained. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const verify: Command = {
	summary: "judge one answer and explain how it came to its verdict",
	details: [
		"ANSWER is an answer (1/2), or a whole response from which it is taken as nudge score takes it; - reads it from",
		"standard input. The gold answer comes first, since comparing is not symmetric. With --tests ANSWER is a program, or a",
		"response that holds one, and there is no gold answer. Answers that begin with - go behind --: nudge verify -- -1 -1.0",
	].join("\n"),
	positionals: [
		{ name: "GOLD", says: "the gold answer, or its letter; with --tests, the answer" },
		{ name: "ANSWER", says: "what is judged; - is standard input", optional: true },
	],
	options: [
		{
			name: "choices",
			value: "TEXT",
			many: true,
			says: "a choice, in their order: GOLD is a letter or one of them",
		},
		{
			name: "tests",
			value: "FILE",
			completes: "file",
			says: "tests as JSON: [{input, output}, ...] or {entry_point, test, style}; or one problem with its tests",
		},
		{ name: "all-tests", says: "run all tests, also after one has failed" },
		{ name: "last-number", says: "where there is no box and no anchor, take the last number of the text" },
		{
			name: "verifier",
			value: "V",
			many: true,
			completes: "file",
			says: "math, choice or code alone; or a module of your own, which goes before them",
		},
		{ name: "dialect", value: "ID", says: "how the model writes code (hints/dialects.yaml)" },
		{ name: "allow-unisolated", says: "run programs even where this machine cannot isolate them" },
		{ name: "json", says: "as one JSON object" },
	],
	examples: [
		"nudge verify '\\frac{1}{2}' 0.5",
		"nudge verify 18 - < response.txt",
		"nudge verify C '\\boxed{C}' --choices argon --choices neon --choices carbon",
		"nudge verify --tests tests.json - < program.md",
	],
	run: async (context) => (await import("./verify-run.ts")).verifyRun(context),
};
