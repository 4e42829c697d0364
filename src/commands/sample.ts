/** `nudge sample`: lets a model think about many problems, many times, without a screen. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const sample: Command = {
	summary: "sample many traces of many problems into a run, to be gone on with whenever it stops",
	details: [
		"Every rollout is a trace like that of nudge run, by itself and with a seed of its own. What is done lies in the run's",
		"folder; the same command again does what is owed and no more. Several machines or processes share a run by --shard.",
		"docs/sampling.md says how the folder is made and what the figures mean.",
	].join("\n"),
	positionals: [
		{
			name: "FILE",
			says: "more problem files, after those of --problems",
			optional: true,
			many: true,
			completes: "file",
		},
	],
	options: [
		{
			name: "problems",
			short: "p",
			value: "FILE",
			many: true,
			completes: "file",
			says: "problems: JSON Lines, CSV, Parquet or a dataset folder, as made for nudge, CoRT, NeMo-Skills, ToRA, GSM8K, ... (docs/problems.md); without, the bundled ones",
		},
		{
			name: "map",
			value: "MAP",
			says: "which field of the problems is what, where the names do not say it: problem=question,answer=final",
		},
		{
			name: "shuffle-choices",
			value: "SEED",
			says: "show the choices of a problem in an order drawn from SEED and its id; without, as in the file",
		},
		{
			name: "out",
			short: "o",
			value: "RUN",
			completes: "folder",
			says: "the run's folder; made where it is not there",
		},
		{ name: "n", short: "n", value: "N", says: "samples of each problem (16); more than before adds some" },
		{
			name: "hints",
			value: "auto|off|LIBRARY",
			choices: ["auto", "off"],
			completes: "file",
			says: "whether hints go in; a file or folder of hints is auto with those and no others",
		},
		{ name: "rounds", value: "R", says: "hints before the end of thinking, 0 to many" },
		{ name: "words", value: "N", says: "hints after reflection words, at most" },
		{ name: "temperature", value: "T", says: "how freely tokens are sampled (0.6)" },
		{ name: "top-p", value: "P", says: "sample from the likeliest tokens that make up P (0.95)" },
		{ name: "top-k", value: "N", says: "sample from the N likeliest tokens; 0 is all" },
		{
			name: "min-p",
			value: "P",
			says: "leave out tokens with less than this share of the likeliest one's probability",
		},
		{ name: "max-tokens", value: "T", says: "tokens that the model may sample in one trace" },
		{ name: "max-calls", value: "N", says: "blocks of Python that the model may run in one trace" },
		{ name: "max-seconds", value: "S", says: "wall time of one trace" },
		{
			name: "concurrency",
			short: "c",
			value: "auto|N",
			says: "traces at once, of all engines together, or auto: as many as each bears (auto)",
		},
		{ name: "seed", value: "S", says: "what the seeds of all rollouts are derived from" },
		{
			name: "shard",
			value: "I/K",
			says: "only part I of K of the problems; the parts share the run's folder, or are merged",
		},
		{
			name: "engine",
			short: "e",
			value: "ENGINE[,ENGINE...]",
			completes: "engine",
			says: "what samples: embedded, a GGUF file, llama-server:URL, vllm:URL#MODEL, ...; several with commas share the work",
		},
		{
			name: "dialect",
			value: "ID",
			says: "how the model writes code and is shown output (hints/dialects.yaml)",
		},
		{ name: "system", value: "TEXT", says: "a system message before the problem" },
		{
			name: "instruction",
			value: "TEXT",
			says: "what follows the problem; auto asks every model but nudge's own for a boxed answer",
		},
		{
			name: "python-host",
			value: "HOST",
			says: "where the model's code runs: local, nemo-skills:URL or sandbox-fusion:URL (docs/python.md)",
		},
		{ name: "allow-unisolated", says: "run the model's code even where this machine cannot isolate it" },
		{
			name: "on",
			value: "TARGET",
			says: "sample there: a target of targets.yaml of the kind ssh or slurm (docs/targets.md); the engine is named as seen from there",
		},
		{
			name: "shards",
			value: "K",
			says: "with --on: parts that are sampled by themselves, on Slurm an array (1)",
		},
		{ name: "limit", value: "N", says: "with --on: so many parts at once at most" },
		{ name: "dry-run", says: "with --on: show what would be sent and run, and start nothing" },
		{ name: "json", says: "the summary as one JSON object" },
	],
	examples: [
		"nudge sample --problems mine.jsonl --out plain --hints off --n 4",
		"nudge sample --problems mine.jsonl --out hinted --hints auto --n 4 --shard 1/2",
		"nudge sample --problems mine.jsonl --out lab --hints ./my-hints -e vllm:http://gpu-1:8000,vllm:http://gpu-2:8000",
		"nudge runs show hinted",
	],
	run: async (context) =>
		context.options.on === undefined
			? (await import("./sample-run.ts")).sampleRun(context)
			: (await import("./sample-on.ts")).sampleOn(context),
};
