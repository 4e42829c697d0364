/** `nudge train`: turns a dataset into a checkpoint. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const train: Command = {
	summary: "fine-tune a model on a dataset, on this machine or on a target of yours",
	details: [
		"Makes a job of the dataset (its samples as reviewed) and the recipe, says what it will take, starts it and follows it.",
		"The job goes on without nudge: Ctrl+C ends the following only. docs/training.md says what lies in its folder.",
	].join("\n"),
	positionals: [
		{
			name: "DATASET",
			says: "a dataset's folder, or a file of samples (JSON Lines)",
			completes: "folder",
		},
	],
	options: [
		{
			name: "recipe",
			short: "r",
			value: "RECIPE",
			completes: "file",
			says: "tiny, lora-7b, start-32b, or a YAML file (recipes/train.schema.json)",
		},
		{ name: "on", value: "TARGET", says: "where it runs: local (the default), or a name from targets.yaml" },
		{
			name: "set",
			value: "NAME=VALUE",
			many: true,
			says: "another value for a field of the recipe: lr=1e-5, batch.sequences=8",
		},
		{ name: "dry-run", says: "say what would run where and what it would take, and start nothing" },
		{
			name: "from-checkpoint-on-purpose",
			says: "train on from a base that nudge has trained already; START is trained from the base, not from START-0",
		},
		{
			name: "out",
			short: "o",
			value: "FOLDER",
			completes: "folder",
			says: "the job's folder here; without, one among nudge's jobs",
		},
		{ name: "wait", says: "wait for the end without a line for every step" },
		{ name: "detach", says: "start it and return" },
		{ name: "gpu-hour", value: "PRICE", says: "what one GPU costs an hour, for the estimate of the cost" },
		{ name: "json", says: "the plan, or the end, as one JSON object" },
	],
	examples: [
		"nudge train d-seed --recipe tiny",
		"nudge train d-start --recipe start-32b --on cluster --dry-run",
		"nudge train d-start --recipe mine.yaml --set lr=1e-5 --set epochs=2",
	],
	run: async (context) => (await import("./train-run.ts")).trainRun(context),
};
