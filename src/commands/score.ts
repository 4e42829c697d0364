/** `nudge score`: judges the rollouts of runs, again or for the first time. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const score: Command = {
	summary: "judge the rollouts of runs, again or for the first time, and say which verdicts changed",
	details: [
		"Verdicts are appended to scores.jsonl in the run's folder; the rollouts stay as they are. What the same verifier has",
		"judged (its version and settings included) is not judged again, so the command goes on where it stopped. What the",
		"latest scoring says is in force for nudge runs and nudge dataset. docs/scoring.md says how each kind is judged.",
	].join("\n"),
	positionals: [{ name: "RUN", says: "the runs' folders", many: true, completes: "folder" }],
	options: [
		{
			name: "verifier",
			value: "V",
			many: true,
			completes: "file",
			says: "math, choice or code: that one alone; or a module of your own, which goes before them",
		},
		{
			name: "workers",
			short: "w",
			value: "N",
			says: "processes that compare answers, and programs tested at once (score-workers: 2)",
		},
		{ name: "all", says: "judge also what the same verifier has judged before" },
		{ name: "all-tests", says: "run all tests of a program, also after one has failed" },
		{
			name: "last-number",
			says: "where a text has no box and no anchor, take its last number: a guess, and off without this",
		},
		{
			name: "problems",
			short: "p",
			value: "FILE",
			many: true,
			completes: "file",
			says: "where the run's problem files are now, for their tests; the same problems, or it is refused",
		},
		{ name: "allow-unisolated", says: "run programs even where this machine cannot isolate them" },
		{ name: "json", says: "what came out as one JSON object for each run" },
	],
	examples: [
		"nudge score hinted",
		"nudge score plain hinted --workers 4",
		"nudge score hinted --verifier ./my-verifier.mjs",
	],
	run: async (context) => (await import("./score-run.ts")).scoreRuns(context),
};
