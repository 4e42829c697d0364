/** `nudge dataset`: from rollouts to samples. Only the words of the command line stand here. */
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";
import { datasetExport, datasetPush } from "./dataset-export.ts";
import { datasetReview } from "./dataset-review.ts";

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
		"from-sessions": {
			summary: "samples of live sessions, a branch each",
			details: [
				"Of each session the branch that speaks for it (the accepted one, else the last with a verdict), as it stands, edits",
				"and all. --mark accepted takes every accepted branch and nothing else. What a person accepted is in, whatever the",
				"rules say; --judge-accepted applies them to it too, --no-rules to nothing. What a person rejected is out.",
			].join("\n"),
			positionals: [
				{
					name: "ID",
					says: "sessions: ids, beginnings of ids, or last; all without",
					optional: true,
					many: true,
					completes: "session",
				},
			],
			options: [
				OUT,
				{ name: "tag", value: "TAG", says: "only those with this tag" },
				{
					name: "verdict",
					value: "VERDICT",
					choices: ["correct", "wrong", "unparseable", "no answer", "unchecked", "none"],
					says: "only branches with this verdict",
				},
				{ name: "mark", value: "MARK", choices: ["accepted"], says: "only branches that were accepted" },
				{
					name: "since",
					value: "DATE",
					says: "only sessions begun on this day or later (2026-11-22, or with the time; UTC)",
				},
				...RULES,
				{ name: "no-rules", says: "no rule drops anything" },
				{ name: "judge-accepted", says: "rules apply to what a person accepted too" },
				{ name: "one-per-question", says: "of several sessions of one question only the first" },
				JSON_OUT,
			],
			examples: ["nudge dataset from-sessions --mark accepted --out by-hand"],
			run: async (context) => (await import("./dataset-parts.ts")).fromSessions(context),
		},
		merge: {
			summary: "one dataset of several, with their reviews",
			details: [
				"A sample that several have is taken once, as the first of them has it. Several samples of one question are kept",
				"unless --one-per-question is given: then an accepted one is, else the first that nobody rejected.",
			].join("\n"),
			positionals: [
				{ name: "OUT", says: "the folder of the new dataset", completes: "folder" },
				{ ...DATASET, says: "the datasets", many: true },
			],
			options: [{ name: "one-per-question", says: "at most one sample of a question" }, JSON_OUT],
			examples: ["nudge dataset merge all d-seed by-hand --one-per-question"],
			run: async (context) => (await import("./dataset-parts.ts")).merge(context),
		},
		split: {
			summary: "parts of a dataset by question, with their reviews",
			details: [
				"Which part a question is in depends on the seed and its text alone: no question is in two parts, and a dataset that",
				"has grown splits the same way. Shares are kept on average, not to the sample.",
			].join("\n"),
			positionals: [DATASET],
			options: [
				{ ...OUT, value: "FOLDER", says: "where the parts go, each a folder of its name" },
				{ name: "parts", value: "NAME=SHARE,...", says: "names and shares (train=0.95,valid=0.05)" },
				{ name: "seed", value: "S", says: "another seed is another split (0)" },
				JSON_OUT,
			],
			examples: ["nudge dataset split d-start --out parts --parts train=0.9,valid=0.1"],
			run: async (context) => (await import("./dataset-parts.ts")).split(context),
		},
		rules: {
			summary: "list the rules that drop rollouts, or explain one with its options and examples",
			positionals: [
				{ name: "RULE", says: "one rule in full; all in a line each if not given", optional: true },
			],
			options: [
				...RULES,
				{ name: "yaml", says: "the recipe whole, with what every option means: to begin one's own from" },
				{ name: "json", says: "one JSON object a line" },
			],
			examples: [
				"nudge dataset rules",
				"nudge dataset rules repetition",
				"nudge dataset rules --recipe start --yaml > mine.yaml",
			],
			run: async (context) => (await import("./dataset-rules.ts")).rules(context),
		},
		stats: {
			summary: "the way from rollouts to samples, and what the samples are",
			positionals: [DATASET],
			options: [JSON_OUT],
			run: async (context) => (await import("./dataset-views.ts")).stats(context),
		},
		diff: {
			summary: "what two datasets do not have in common: samples, reviews, rules",
			positionals: [
				{ name: "A", says: "a dataset", completes: "folder" },
				{ name: "B", says: "another one", completes: "folder" },
			],
			options: [{ name: "all", says: "every sample, not the first ten of each kind" }, JSON_OUT],
			run: async (context) => (await import("./dataset-views.ts")).diff(context),
		},
		why: {
			summary: "tell what became of a rollout, or of all rollouts of a question",
			positionals: [
				DATASET,
				{ name: "ID", says: "a question's id, a rollout's key, or a session's branch (ID-BRANCH)" },
			],
			options: [JSON_OUT],
			examples: ["nudge dataset why d-seed math-12", "nudge dataset why d-seed 'math-12#592ea9e77cde#3'"],
			run: async (context) => (await import("./dataset-views.ts")).why(context),
		},
		review: datasetReview,
		export: datasetExport,
		push: datasetPush,
	},
};
