/**
 * What TRL's SFTTrainer takes as it is: `input_ids` and `labels`, from TRL 1.7 on. Its {prompt, completion} would train
 * what Python said, and its masks for assistants cannot mask a part of a turn. Older ones drop `labels` when they pack.
 */
import { type Format, loadDataset } from "./format.ts";

export const trl: Format = {
	id: "trl",
	says: "input_ids and labels, which SFTTrainer of TRL 1.7 and later uses as they are, packed or not",
	definedAt: "https://huggingface.co/docs/trl/main/en/sft_trainer",
	carries: "tokens",
	needsTokens: true,
	columns: { input_ids: { list: "int32" }, labels: { list: "int32" } },
	row: ({ tokens }) => (tokens ? { input_ids: tokens.ids, labels: tokens.labels } : "it has no token ids"),
	python: (place) => [
		...loadDataset(place),
		"from trl import SFTConfig, SFTTrainer",
		'SFTTrainer("MODEL", args=SFTConfig(max_length=None), train_dataset=rows).train()',
	],
	warnings: () => [
		"SFTTrainer cuts at max_length, which is 1024 unless set: give it max_length=None, or at least the longest sample",
	],
};
