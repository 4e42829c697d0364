/** `nudge sessions`: what was kept. Only the words of the command line stand here; the work is loaded when it is done. */
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";

const ID: PositionalSpec = {
	name: "ID",
	says: "a session: its id, the beginning of one, or last",
	completes: "session",
};
const IDS: PositionalSpec = { ...ID, says: "sessions: ids, beginnings of ids, or last", many: true };
const BRANCH: OptionSpec = {
	name: "branch",
	value: "BRANCH",
	says: "which branch (the accepted one, else the last with a verdict, else the last that grew)",
};

export const sessions: Command = {
	summary: "list, show, replay, export and remove what was kept",
	details: [
		"A session keeps everything of a problem's traces: each token, hint, decision and output, with its time. It lies in a",
		"folder of its own; docs/sessions.md says where and in which form.",
	].join("\n"),
	examples: [
		"nudge sessions list",
		"nudge sessions show last",
		"nudge sessions export last --format markdown",
	],
	subcommands: {
		list: {
			summary: "one line for each session, the newest first",
			options: [
				{ name: "json", says: "one JSON object a line, with all that is known" },
				{
					name: "verdict",
					value: "VERDICT",
					choices: ["correct", "wrong", "unparseable", "no answer", "unchecked", "none"],
					says: "only those with this verdict; none: those that have not come to one",
				},
				{ name: "tag", value: "TAG", says: "only those with this tag" },
				{ name: "limit", short: "n", value: "N", says: "at most so many" },
			],
			examples: ["nudge sessions list --verdict correct --tag seed"],
			run: async (context) => (await import("./session-views.ts")).list(context),
		},
		show: {
			summary: "print a session's trace as it stands, hints, code and outputs set apart",
			positionals: [ID],
			options: [BRANCH],
			run: async (context) => (await import("./session-views.ts")).show(context),
		},
		replay: {
			summary: "print a session as it grew, in its own time",
			details: "Pauses of more than three seconds are cut to three. Ctrl+C ends it.",
			positionals: [ID],
			options: [{ name: "speed", value: "X", says: "so many times as fast (1); from 0.1 to 1000" }],
			run: async (context) => (await import("./session-views.ts")).replay(context),
		},
		export: {
			summary: "write sessions as training samples, as pages to read, or whole",
			details: [
				"sample    one JSON object a line, validating against docs/schemas/sample.schema.json: what trains is marked",
				"          by who wrote it. The model's text and edits train, hints too, outputs and the prompt never.",
				"markdown  a page to read.",
				"text      the assistant's words of one branch, byte for byte.",
				"json      the whole state, all branches, one JSON object a line.",
				"axolotl, messages, sharegpt, openai: a row of that format (docs/exports.md); the last three cannot mask outputs.",
				"",
				"With samples, standard error says how much trains, by kind; a trace in which nothing trains is refused.",
			].join("\n"),
			positionals: [IDS],
			options: [
				{
					name: "format",
					value: "FORMAT",
					choices: ["sample", "markdown", "text", "json", "axolotl", "messages", "sharegpt", "openai"],
					says: "what to write (sample)",
				},
				{
					name: "out",
					short: "o",
					value: "FILE",
					completes: "file",
					says: "where to (standard output); replaced only when all went well",
				},
				{ name: "no-train-hints", says: "for samples: hints are context and do not train" },
				BRANCH,
			],
			examples: [
				"nudge sessions export last -o sample.jsonl",
				"nudge sessions export last --format markdown",
			],
			run: async (context) => (await import("./session-export.ts")).exportSessions(context),
		},
		rm: {
			summary: "remove sessions for good",
			positionals: [IDS],
			options: [{ name: "yes", short: "y", says: "do not ask" }],
			run: async (context) => (await import("./session-changes.ts")).remove(context),
		},
		name: {
			summary: "give a session a name",
			positionals: [ID, { name: "NAME", says: "shown in lists" }],
			run: async (context) => (await import("./session-changes.ts")).name(context),
		},
		tag: {
			summary: "put a tag on a session, or take it off",
			positionals: [ID, { name: "TAG", says: "a word to filter by" }],
			options: [{ name: "off", says: "take it off" }],
			run: async (context) => (await import("./session-changes.ts")).tag(context),
		},
		note: {
			summary: "write a note to a session",
			positionals: [ID, { name: "TEXT", says: "what there is to say" }],
			run: async (context) => (await import("./session-changes.ts")).note(context),
		},
		mark: {
			summary: "accept or reject a trace",
			details: "An accepted branch speaks for its session: show and export take it unless told otherwise.",
			positionals: [
				ID,
				{ name: "MARK", says: "what you think of it", choices: ["accepted", "rejected", "none"] },
			],
			options: [BRANCH],
			run: async (context) => (await import("./session-changes.ts")).mark(context),
		},
	},
};
