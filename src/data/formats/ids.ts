/** Which sample a row of another part is: the rows of both stand in the same order. For readers that refuse more columns. */
import type { Format } from "./format.ts";

export const ids: Format = {
	id: "ids",
	says: "which sample each row is",
	definedAt: "docs/exports.md of nudge",
	carries: "tokens",
	needsTokens: false,
	columns: {
		id: "string",
		question_id: "string",
		model: "string",
		verdict: "string",
		exact: "bool",
		tokens: "int32",
	},
	row: ({ sample, tokens }) => ({
		id: sample.id,
		question_id: sample.question_id,
		model: sample.model,
		verdict: sample.verdict,
		exact: sample.exact,
		tokens: tokens?.ids.length ?? sample.n_tokens ?? null,
	}),
	python: ({ where }) => [
		"import glob, json",
		`ids = [json.loads(line)["id"] for name in sorted(glob.glob("${where}/ids/train-*.jsonl")) for line in open(name)]`,
	],
};
