/** axolotl's template-free segments: the reader tokenises each by itself and adds nothing, so BOS and end of turn are in them. */
import { type Format, loadDataset, runsOf } from "./format.ts";

export const axolotl: Format = {
	id: "axolotl",
	says: "segments with a label each, for axolotl's `type: input_output`",
	definedAt: "https://docs.axolotl.ai/docs/dataset-formats/template_free.html",
	carries: "text",
	needsTokens: false,
	columns: { segments: { list: { struct: { label: "bool", text: "string" } } } },
	row: ({ segments }) => ({
		segments: runsOf(segments).map(({ train, text }) => ({ label: train, text })),
	}),
	python: (place) => [
		...loadDataset(place),
		'trained = [s["text"] for s in rows[0]["segments"] if s["label"]]',
	],
	extras: ({ splits }) => ({
		"axolotl.yaml": [
			"# What axolotl needs to know of these files; the rest of its configuration is yours.",
			"train_on_inputs: false",
			...splits.flatMap(({ split, files }) => [
				split === "train" ? "datasets:" : "test_datasets:",
				...files.flatMap(({ path }) => [
					`  - path: ${path}`,
					`    ds_type: ${path.endsWith(".parquet") ? "parquet" : "json"}`,
					"    split: train",
					"    type: input_output",
				]),
			]),
			"",
		].join("\n"),
	}),
};
