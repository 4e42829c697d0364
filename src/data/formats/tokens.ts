/** Token ids with labels for strict readers: exactly these three columns, and nothing else. */
import { type Format, loadDataset } from "./format.ts";

export const tokens: Format = {
	id: "tokens",
	says: "input_ids, attention_mask and labels, exactly: axolotl's pre-tokenised sets, Together, any trainer",
	definedAt: "https://docs.axolotl.ai/docs/dataset-formats/tokenized.html",
	carries: "tokens",
	needsTokens: true,
	columns: { input_ids: { list: "int32" }, attention_mask: { list: "int32" }, labels: { list: "int32" } },
	row: ({ tokens }) =>
		tokens
			? { input_ids: tokens.ids, attention_mask: tokens.ids.map(() => 1), labels: tokens.labels }
			: "it has no token ids",
	python: (place) => [...loadDataset(place), 'trained = sum(label != -100 for label in rows[0]["labels"])'],
};
