/** `nudge runs`: what was sampled. Only the words of the command line stand here. */
import type { Command, OptionSpec } from "./command.ts";

const SCREEN: readonly OptionSpec[] = [
	{
		name: "theme",
		value: "ID",
		says: "dark, light, high-contrast, colour-blind, ansi16, plain, or one of your own",
	},
	{ name: "mouse", value: "YES", choices: ["true", "false"], says: "whether the screen takes the mouse" },
	{ name: "screen-reader", says: "lines of text in their order instead of a screen" },
];

export const runs: Command = {
	summary: "list, show, watch and merge the runs that nudge sample makes",
	examples: [
		"nudge runs list",
		"nudge runs top",
		"nudge runs watch hinted",
		"nudge runs show hinted",
		"nudge runs merge whole shard-1 shard-2",
	],
	subcommands: {
		list: {
			summary: "one line for each run in a folder",
			positionals: [{ name: "FOLDER", says: "where to look (here)", optional: true, completes: "folder" }],
			options: [{ name: "json", says: "one JSON object a line" }],
			run: async (context) => (await import("./runs-views.ts")).list(context),
		},
		show: {
			summary: "say how a run is made, how far it is and what came out",
			positionals: [{ name: "RUN", says: "the run's folder", completes: "folder" }],
			options: [{ name: "json", says: "as one JSON object" }],
			run: async (context) => (await import("./runs-views.ts")).show(context),
		},
		watch: {
			summary: "follow a run in a screen: its progress, its rollouts, and the text of each as it is made",
			details: [
				"The run may be over, may be sampled here or on other machines, or begin later. Enter reads a rollout in the panes",
				"of a session, / filters, s takes one up as a session of its own; ? shows the keys. The run itself is not touched.",
				"Without a terminal, or with --json, it prints progress and each rollout that ends as JSON Lines until the run is done.",
			].join("\n"),
			positionals: [{ name: "RUN", says: "the run's folder", completes: "folder" }],
			options: [
				{ name: "json", says: "JSON Lines instead of a screen" },
				{ name: "every", value: "SECONDS", says: "without a screen: between two lines of progress (10)" },
				...SCREEN,
				{
					name: "engine",
					value: "E",
					completes: "engine",
					says: "for a rollout that is taken up as a session; the one of your settings",
				},
			],
			examples: [
				"nudge runs watch hinted",
				"nudge runs watch hinted --json | jq -c 'select(.type == \"rollout\")'",
			],
			run: async (context) => (await import("./runs-watch.ts")).watch(context),
		},
		top: {
			summary: "all runs that are being sampled or were in the last day, refreshed each second",
			details: "Enter watches the selected run. Without a terminal they are printed once.",
			positionals: [
				{
					name: "FOLDER",
					says: "where to look, three folders deep (here)",
					optional: true,
					many: true,
					completes: "folder",
				},
			],
			options: [{ name: "json", says: "once, one JSON object a line" }, ...SCREEN],
			run: async (context) => (await import("./runs-watch.ts")).top(context),
		},
		merge: {
			summary: "make one run of several that differ in their shard alone",
			positionals: [
				{ name: "OUT", says: "the folder of the new run", completes: "folder" },
				{ name: "RUN", says: "the runs", many: true, completes: "folder" },
			],
			run: async (context) => (await import("./runs-views.ts")).merge(context),
		},
	},
};
