/** One conversation in one turn, code and outputs in their fences inside it, as ToRA and CoRT publish theirs. */
import { type Format, loadDataset } from "./format.ts";
import { conversationOf } from "./turns.ts";

export const MESSAGES_COLUMN = {
	list: { struct: { role: "string", content: "string" } },
} as const;

export const messages: Format = {
	id: "messages",
	says: "one conversation a row, [{role, content}], the whole turn with code and outputs as one message",
	definedAt: "https://huggingface.co/docs/trl/main/en/dataset_formats#conversational",
	carries: "turn",
	needsTokens: false,
	columns: { messages: MESSAGES_COLUMN },
	row: ({ sample }) => ({ messages: conversationOf(sample).messages }),
	python: (place) => [...loadDataset(place), 'print(rows[0]["messages"][-1]["content"])'],
};
