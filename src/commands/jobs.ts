/** `nudge jobs`: what was handed to an engine elsewhere. Only the words of the command line stand here. */
import type { Command, PositionalSpec } from "./command.ts";

const JOB: PositionalSpec = {
	name: "JOB",
	says: "its id, the beginning of one, last (the default), or its folder",
	optional: true,
};
const json = { name: "json", says: "as JSON" } as const;

export const jobs: Command = {
	summary: "list, show, follow, cancel, resume and fetch the jobs that nudge train started",
	details: [
		"A job goes on without nudge. Its state comes from its own exit code, from the target's scheduler and its accounting, in",
		"this order, and never from what it printed. What was read of it is kept here, so that it can be shown without a network.",
	].join("\n"),
	examples: [
		"nudge jobs list",
		"nudge jobs logs last --follow",
		"nudge jobs metrics last",
		"nudge jobs fetch last",
	],
	subcommands: {
		list: {
			summary: "one line for each job, with its state",
			options: [json, { name: "offline", says: "ask no target: what was last seen" }],
			run: async (context) => (await import("./jobs-run.ts")).list(context),
		},
		show: {
			summary: "say what a job is, how far it is, and what can be done with it",
			positionals: [JOB],
			options: [json],
			run: async (context) => (await import("./jobs-run.ts")).show(context),
		},
		logs: {
			summary: "print what a job printed, and follow it while it goes on",
			positionals: [JOB],
			options: [
				{ name: "follow", short: "f", says: "to its end" },
				{ name: "lines", short: "n", value: "N", says: "only the last N lines of what there is" },
			],
			run: async (context) => (await import("./jobs-run.ts")).logs(context),
		},
		metrics: {
			summary: "draw a job's loss (or another of its metrics), and follow it while it goes on",
			positionals: [JOB],
			options: [
				{ name: "follow", short: "f", says: "to its end" },
				{
					name: "what",
					value: "METRIC",
					choices: [
						"loss",
						"learning_rate",
						"grad_norm",
						"tokens_per_second",
						"memory_bytes",
						"entropy",
						"accuracy",
					],
					says: "what is drawn (loss)",
				},
				{ name: "json", says: "every step as one JSON object a line" },
			],
			run: async (context) => (await import("./jobs-run.ts")).metrics(context),
		},
		cancel: {
			summary: "end a job",
			positionals: [JOB],
			options: [
				{ name: "stop", says: "after a checkpoint, to be resumed later" },
				{ name: "kill", says: "at once" },
			],
			run: async (context) => (await import("./jobs-run.ts")).cancel(context),
		},
		resume: {
			summary: "start a job again where its last whole checkpoint is",
			positionals: [JOB],
			options: [{ name: "detach", says: "start it and return" }],
			run: async (context) => (await import("./jobs-run.ts")).resume(context),
		},
		fetch: {
			summary: "bring a job's model here, checked against its hashes; what was cut off goes on",
			positionals: [JOB],
			options: [
				{
					name: "what",
					value: "WHAT",
					choices: ["final", "last", "all"],
					says: "the finished model, the last whole checkpoint, or both and the job's files (final)",
				},
				{ name: "to", value: "FOLDER", completes: "folder", says: "where to (the job's folder here)" },
			],
			run: async (context) => (await import("./jobs-run.ts")).fetch(context),
		},
	},
};
