/** The sample itself: what every other format is made of, and what can be made into a dataset again. */
import type { Sample } from "../../trace/sample.ts";
import type { Columns, ColumnType } from "./columns.ts";
import { type Exporting, type Format, loadDataset, type Row } from "./format.ts";

const TRAINED: ColumnType = { struct: { segments: "int32", chars: "int32", tokens: "int32" } };

const COLUMNS: Columns = {
	id: "string",
	question_id: "string",
	problem: "string",
	domain: "string",
	answer: "string",
	gold: "string",
	source: "string",
	verdict: "string",
	model: "string",
	engine: "string",
	exact: "bool",
	dialect: "string",
	policy: "string",
	sampling: {
		struct: { temperature: "double", topP: "double", topK: "int32", minP: "double", seed: "int64" },
	},
	hints: {
		list: {
			struct: { id: "string", kind: "string", wording: "string", marker: "string", by: "string" },
		},
	},
	segments: {
		list: {
			struct: {
				kind: "string",
				text: "string",
				train: "bool",
				ids: { list: "int32" },
				edited: { struct: { by: "string", at: "string", was: "string", why: "string" } },
			},
		},
	},
	n_tokens: "int32",
	trained: { struct: { model: TRAINED, hint: TRAINED, edit: TRAINED } },
	end: "string",
	usage: {
		struct: {
			sampledTokens: "int64",
			computedPromptTokens: "int64",
			hints: "int32",
			calls: "int32",
			durationMs: "double",
		},
	},
	versions: { list: { struct: { name: "string", version: "string" } } },
	session: "string",
	branch: "string",
	run: "string",
	review: { struct: { decision: "string", by: "string", why: "string" } },
	created: "string",
};

/** Without `lens`, which serve nothing but a review. Of what there are versions differs from trace to trace: a list in Parquet. */
function rowOf({ sample, segments }: Exporting, parquet: boolean): Row {
	const row: Sample = { ...sample, segments: segments.map(({ lens: _, ...segment }) => segment) };
	if (!parquet) return row;
	return { ...row, versions: Object.entries(row.versions).map(([name, version]) => ({ name, version })) };
}

export const canonical: Format = {
	id: "canonical",
	says: "the sample with its segments, ids, hints, verdict and settings; what all others are made of",
	definedAt: "https://json-schema.org/draft/2020-12/schema (docs/schemas/sample.schema.json of nudge)",
	carries: "tokens",
	needsTokens: false,
	columns: COLUMNS,
	features: ({ versions }) => ({
		...COLUMNS,
		versions: { struct: Object.fromEntries(versions.map((name) => [name, "string"] as const)) },
	}),
	row: rowOf,
	python: (place) => [
		...loadDataset(place),
		'text = "".join(segment["text"] for segment in rows[0]["segments"])',
	],
};
