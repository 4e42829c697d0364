/** The words of `nudge dataset review`. */
import type { Command } from "./command.ts";

export const datasetReview: Command = {
	summary: 'read, accept, reject and edit samples by hand: the paper\'s "modify" step',
	details: [
		"On a terminal a screen: the samples with a filter, each in the panes of a session; a accepts, R rejects with a reason,",
		"Enter opens and edits, ? shows the keys. With --screen-reader, or where TERM is dumb, the same line by line.",
		"Or one thing at a time: --accept, --reject, --clear, --edit, --undo, --note with an id, --show ID, or --list.",
		"Decisions are appended to reviews.jsonl in the dataset's folder; samples.jsonl never changes. stats, diff, merge,",
		"split and export take them into account. docs/reviewing.md tells more.",
	].join("\n"),
	positionals: [{ name: "D", says: "a dataset's folder", completes: "folder" }],
	options: [
		{ name: "by", value: "NAME", says: "who reviews (the setting reviewer, else your login name)" },
		{ name: "accept", value: "ID", many: true, says: "accept a sample; more than once for several" },
		{ name: "reject", value: "ID", many: true, says: "reject a sample; more than once for several" },
		{ name: "clear", value: "ID", many: true, says: "take the decision about a sample back" },
		{ name: "edit", value: "ID", says: "its text becomes that of --file; what differs is an edit" },
		{
			name: "file",
			value: "FILE",
			completes: "file",
			says: "for --edit: the new text whole, as --show prints it; - reads it from standard input",
		},
		{ name: "undo", value: "ID", says: "take the last edit of a sample back" },
		{ name: "note", value: "ID", says: "a note on a sample, in the words of --why" },
		{ name: "why", value: "TEXT", says: "why; kept with the decision or the edit" },
		{ name: "show", value: "ID", says: "print a sample's text as it stands, and nothing else" },
		{ name: "list", says: "a line for each sample that passes --filter" },
		{
			name: "filter",
			value: "QUERY",
			says: "for --list: words, decision:none, verdict:wrong, domain:, hint:, source:, text:, edited:yes, ...",
		},
		{ name: "json", says: "with --list a JSON object a line, with --show the sample as it stands" },
		{
			name: "theme",
			value: "ID",
			says: "dark, light, high-contrast, colour-blind, ansi16, plain, or one of your own",
		},
		{ name: "mouse", value: "YES", choices: ["true", "false"], says: "whether the screen takes the mouse" },
		{ name: "screen-reader", says: "lines of text in their order instead of a screen" },
	],
	examples: [
		"nudge dataset review d-seed",
		"nudge dataset review d-seed --list --filter 'decision:none tokens:>2000' --json",
		"nudge dataset review d-seed --reject 'math-12#592ea9e77cde#3' --why 'guesses' --by ada",
		"nudge dataset review d-seed --show ID > new.txt; $EDITOR new.txt; nudge dataset review d-seed --edit ID --file new.txt",
	],
	run: async (context) => (await import("./dataset-review-run.ts")).review(context),
};
