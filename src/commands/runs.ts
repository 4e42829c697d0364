/** `nudge runs`: what was sampled. Only the words of the command line stand here. */
import type { Command } from "./command.ts";

export const runs: Command = {
	summary: "list, show and merge the runs that nudge sample made",
	examples: ["nudge runs list", "nudge runs show hinted", "nudge runs merge whole shard-1 shard-2"],
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
