/** `nudge dataset`: from rollouts to samples. Only the words of the command line stand here. */
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";

const OUT: OptionSpec = {
	name: "out",
	short: "o",
	value: "D",
	completes: "folder",
	says: "the folder of the dataset; refused if it is there and not empty",
};
const DATASET: PositionalSpec = { name: "D", says: "a dataset's folder", completes: "folder" };
const JSON_OUT: OptionSpec = { name: "json", says: "as one JSON object" };

const RULES: readonly OptionSpec[] = [
	{
		name: "recipe",
		value: "RECIPE",
		completes: "file",
		says: "rules and choice: a YAML file, or the name of one that comes with nudge",
	},
	{
		name: "rule",
		value: "RULE=off|RULE.OPTION=VALUE",
		many: true,
		says: "switch or tune one rule of the recipe; more than once for several",
	},
];
const CHOICE: readonly OptionSpec[] = [
	...RULES,
	{
		name: "choose",
		value: "ORDER|FIELD=VALUE",
		many: true,
		says: "which rollout of a question is taken: shortest, longest, fewest-calls, random, ..., or from=, by=, per_question=",
	},
	{ name: "seed", value: "S", says: "decides where the order of choice does not (the recipe's)" },
];
const MAKING: readonly OptionSpec[] = [OUT, ...CHOICE, JSON_OUT];

export const dataset: Command = {
	summary: "make training samples of rollouts and sessions, and see what became of each",
	details: [
		"A dataset is a folder: samples, what became of every rollout that was looked at, and what people decided since.",
		"docs/datasets.md follows one from the rollouts on.",
	].join("\n"),
	examples: [
		"nudge dataset seed plain hinted --out d-seed",
		"nudge dataset stats d-seed",
		"nudge dataset why d-seed math-12",
	],
	subcommands: {
		seed: {
			summary: "samples of problems that fail plain and succeed with hints: the paper's D_seed",
			details: [
				"A problem fails plain if at least one of its plain samples was checked and is wrong or without an answer, and none",
				"is correct (--plain-most K: K at most). Unchecked and unparseable samples say nothing; a problem of which no plain",
				"sample says anything is left out. Both runs are of the same problems: a problem that has another text or gold",
				"answer in one of them is refused. Rules and choice apply to the hinted rollouts.",
			].join("\n"),
			positionals: [
				{ name: "PLAIN", says: "the run without hints", completes: "folder" },
				{ name: "HINTED", says: "the run with hints, or several", many: true, completes: "folder" },
			],
			options: [
				...MAKING,
				{
					name: "plain-most",
					value: "K",
					says: "a problem fails plain where at most so many plain samples are correct (0)",
				},
			],
			examples: ["nudge dataset seed plain hinted --out d-seed --rule repetition=off"],
			run: async (context) => (await import("./dataset-build.ts")).seed(context),
		},
		start: {
			summary: "at most one response a question, of many samples: the paper's D_START",
			positionals: [
				{ name: "RUN", says: "runs: START-0's, 16 samples of each problem", many: true, completes: "folder" },
			],
			options: MAKING,
			examples: ["nudge dataset start start-0 --out d-start --choose fewest-calls,shortest"],
			run: async (context) => (await import("./dataset-build.ts")).start(context),
		},
		"no-tool": {
			summary: "the ablation's set: responses without tools, as many as another dataset has",
			details: [
				"Of the problems of --like as far as there are any (as many of each as it has), then one each of other problems, in",
				"an order that the seed draws. It says how many of each, and how many are missing.",
			].join("\n"),
			positionals: [{ name: "RUN", says: "runs without hints", many: true, completes: "folder" }],
			options: [
				...MAKING,
				{
					name: "like",
					value: "D",
					completes: "folder",
					says: "the dataset whose size and problems it takes",
				},
			],
			examples: ["nudge dataset no-tool plain --like d-start --out d-no-tool"],
			run: async (context) => (await import("./dataset-build.ts")).noTool(context),
		},
	},
};

export { DATASET, OUT, RULES };
