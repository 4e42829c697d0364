/** `nudge dataset export` and `nudge dataset push`: only the words of the command line stand here. */
import type { Command, OptionSpec } from "./command.ts";

/** As in src/data/formats/table.ts, which is loaded when it is needed. */
export const FORMAT_NAMES = [
	"canonical",
	"tokens",
	"trl",
	"axolotl",
	"messages",
	"sharegpt",
	"openai",
	"verl",
] as const;

const SHARED: readonly OptionSpec[] = [
	{
		name: "mask",
		value: "KIND",
		choices: ["hint"],
		says: "what does not train besides prompts and outputs: hint",
	},
	{
		name: "tokenizer",
		value: "T",
		completes: "file",
		says: "a tokenizer.json, a model's folder, or an engine that is asked (embedded, llama-server:URL, ...)",
	},
	{
		name: "retokenize",
		says: "leave the engine's token ids and tokenise all texts anew: for another model than the sampled one",
	},
	{ name: "max-tokens", value: "N", says: "leave out samples of more tokens; nothing is ever cut" },
	{
		name: "split",
		value: "NAME=SHARE",
		says: "a share of the problems in a split of its own: valid=0.02",
	},
	{
		name: "license",
		value: "ID",
		says: "the licence for the data card, as the Hub names it (apache-2.0, cc-by-4.0, ...); unknown unless said",
	},
	{ name: "shard-mb", value: "N", says: "a file ends at about so many megabytes (256)" },
	{ name: "json", says: "what was done as one JSON object" },
];

export const datasetExport: Command = {
	summary: "write a dataset in the format that a trainer reads, with a data card",
	details: [
		"canonical  the samples themselves      tokens    input_ids, attention_mask, labels",
		"trl        SFTTrainer (TRL 1.7+)       axolotl   type: input_output",
		"messages   one conversation a row      sharegpt  LLaMA-Factory",
		"openai     fine-tuning services        verl      MultiTurnSFTDataset (Parquet)",
		"",
		"tokens and trl need a tokenizer, and carry the masks to the token; axolotl carries them as text; the others cannot,",
		"and the export says how much would train that should not. docs/exports.md shows each with its reader.",
	].join("\n"),
	positionals: [{ name: "D", says: "a dataset's folder", completes: "folder" }],
	options: [
		{ name: "format", short: "f", value: "FORMAT", choices: FORMAT_NAMES, says: "what is written" },
		{ name: "to", short: "o", value: "DIR", completes: "folder", says: "a folder that is new or empty" },
		{ name: "parquet", says: "Parquet in place of JSON Lines" },
		...SHARED,
		{ name: "ids", says: "write which sample each row is into ids/, beside the rows" },
		{ name: "replace", says: "replace an export that is in the folder already" },
	],
	examples: [
		"nudge dataset export d-start --format trl --to d-start-trl --tokenizer ./QwQ-32B",
		"nudge dataset export d-start --format axolotl --to d-start-axolotl --split valid=0.02",
		"nudge dataset export d-start --format canonical --parquet --to d-start-parquet --license apache-2.0",
	],
	run: async (context) => (await import("./dataset-export-run.ts")).datasetExportRun(context),
};

export const datasetPush: Command = {
	summary: "publish a dataset in a repository of the Hugging Face Hub",
	details: [
		"Uploads the samples (Parquet) and their conversations (messages), with a data card, as one commit. What lies there",
		"unchanged is not sent again. It says what will be seen by whom and asks; --yes answers.",
		"The token is that of HF_TOKEN, or of the file that `hf auth login` keeps. HF_ENDPOINT names another Hub.",
	].join("\n"),
	positionals: [
		{ name: "D", says: "a dataset's folder", completes: "folder" },
		{ name: "REPO", says: "OWNER/NAME; made where it is not there" },
	],
	options: [
		{ name: "private", says: "a new repository is seen by its owner alone" },
		{ name: "branch", value: "B", says: "the branch (main); made where it is not there" },
		{ name: "message", short: "m", value: "TEXT", says: "of the commit" },
		{ name: "yes", short: "y", says: "do not ask" },
		...SHARED,
	],
	examples: [
		"nudge dataset push d-start me/d-start --private",
		'nudge dataset push d-start me/d-start --license apache-2.0 -m "Twelve more after review" --yes',
	],
	run: async (context) => (await import("./dataset-push-run.ts")).datasetPushRun(context),
};
