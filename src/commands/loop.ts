/** `nudge loop`: the paper, from base to START. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const loop: Command = {
	summary: "run the whole of Hint-RFT, from the base to START, with its ablation and a table",
	details: [
		"Plain and hinted sampling, D_seed, START-0, its samples, D_START, START, the same without tools, and an evaluation of",
		"all on problems that none has seen. Every stage is a command of nudge, which is shown; what is done is not done again,",
		"what was cut off goes on: the same command takes the loop up. FOLDER/loop.md says where it stands.",
		"With --base tiny it runs offline on the model that comes with nudge: docs/loop.md.",
	].join("\n"),
	options: [
		{
			name: "out",
			short: "o",
			value: "FOLDER",
			completes: "folder",
			says: "where all of it lies; a loop that is there is taken up, with its own settings",
		},
		{
			name: "base",
			value: "ENGINE",
			completes: "engine",
			says: "the base model as an engine; tiny is the one that comes with nudge",
		},
		{
			name: "problems",
			short: "p",
			value: "FILE",
			many: true,
			completes: "file",
			says: "what is learned from",
		},
		{ name: "eval", value: "FILE", many: true, completes: "file", says: "what is only measured on" },
		{
			name: "recipe",
			short: "r",
			value: "RECIPE",
			completes: "file",
			says: "of the fine-tunes (tiny for --base tiny)",
		},
		{ name: "set", value: "NAME=VALUE", many: true, says: "another value for a field of the recipe" },
		{ name: "on", value: "TARGET", says: "where fine-tunes run (local)" },
		{
			name: "n",
			short: "n",
			value: "N",
			says: "samples of each problem for D_START and the ablation (16; tiny: 4)",
		},
		{ name: "seeds", value: "LIST", says: "the loop is done once for each: 1,2,3 (1)" },
		{ name: "rounds", value: "LIST", says: "hint rounds of the scaling: 1,2,3 (the default), or none" },
		{
			name: "rule",
			value: "RULE=off|RULE.OPTION=VALUE",
			many: true,
			says: "for every dataset, as in nudge dataset",
		},
		{ name: "max-tokens", value: "T", says: "tokens that the model may sample in one trace" },
		{ name: "concurrency", short: "c", value: "N", says: "traces at once, or auto" },
		{
			name: "start-0-engine",
			value: "ENGINE",
			says: "who serves START-0, where the recipe makes no GGUF file",
		},
		{ name: "start-engine", value: "ENGINE", says: "who serves START" },
		{ name: "no-tool-engine", value: "ENGINE", says: "who serves the model of the ablation" },
		{ name: "dry-run", says: "print the commands of all stages and run none" },
		{ name: "show", says: "print where the loop in --out stands and what it came to, and run nothing" },
	],
	examples: [
		"nudge loop --base tiny --out loop",
		"nudge loop --base vllm:http://127.0.0.1:8000 --problems math.jsonl --eval aime24.jsonl --recipe start-32b --on cluster --out loop",
		"nudge loop --out loop --show",
	],
	run: async (context) => (await import("./loop-run.ts")).loopRun(context),
};
