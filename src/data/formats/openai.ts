/** Chat fine-tuning files as OpenAI's service and those that follow it (Together, Fireworks) take them. */
import { type Format, loadDataset } from "./format.ts";
import { conversationOf } from "./turns.ts";

const FEWEST_LINES = 10;
const MOST_BYTES = 512 * 1024 * 1024;

export const openai: Format = {
	id: "openai",
	says: "chat messages with a weight on the assistant's, as fine-tuning services take them",
	definedAt: "https://platform.openai.com/docs/api-reference/fine-tuning/chat-input",
	carries: "turn",
	needsTokens: false,
	columns: {
		messages: { list: { struct: { role: "string", content: "string", weight: "int32" } } },
	},
	row: ({ sample }) => ({
		messages: conversationOf(sample).messages.map((message) =>
			message.role === "assistant" ? { ...message, weight: 1 } : message,
		),
	}),
	python: (place) => [
		...(place.parquet
			? loadDataset(place)
			: [
					"import glob, json",
					`rows = [json.loads(line) for name in sorted(glob.glob("${place.where}/data/train-*.jsonl")) for line in open(name, encoding="utf-8")]`,
				]),
		'print(rows[0]["messages"][-1]["weight"])',
	],
	warnings: ({ splits }) => [
		...splits
			.filter(({ split, rows }) => split === "train" && rows < FEWEST_LINES)
			.map(
				({ rows }) => `OpenAI refuses files of fewer than ${FEWEST_LINES} examples, and these are ${rows}`,
			),
		...splits
			.flatMap(({ files }) => files)
			.filter(({ bytes }) => bytes > MOST_BYTES)
			.map(({ path }) => `${path} is larger than the 512 MB that OpenAI takes: give --shard-mb 500`),
	],
};
