/** verl's MultiTurnSFTDataset reads a Parquet column of messages and trains every message of the assistant whole. */
import type { Format } from "./format.ts";
import { MESSAGES_COLUMN } from "./messages.ts";
import { conversationOf } from "./turns.ts";

export const verl: Format = {
	id: "verl",
	says: "Parquet with a messages column, for verl's MultiTurnSFTDataset",
	definedAt: "https://github.com/volcengine/verl/blob/main/verl/utils/dataset/multiturn_sft_dataset.py",
	carries: "turn",
	needsTokens: false,
	parquetOnly: true,
	columns: { messages: MESSAGES_COLUMN },
	row: ({ sample }) => ({ messages: conversationOf(sample).messages }),
	python: ({ where }) => [
		"import glob, pandas",
		`rows = pandas.concat(pandas.read_parquet(name) for name in sorted(glob.glob("${where}/data/train-*.parquet")))`,
		'print(rows["messages"].iloc[0][-1]["content"])',
	],
	warnings: () => [
		"verl stops at samples longer than data.max_length (1024 unless set): set it to the longest sample",
	],
};
