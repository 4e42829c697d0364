/** LLaMA-Factory's sharegpt form, with the dataset_info.json that it looks for in its dataset_dir. */
import { type Format, loadDataset } from "./format.ts";
import { conversationOf } from "./turns.ts";

const FROM = { user: "human", assistant: "gpt" } as const;

export const sharegpt: Format = {
	id: "sharegpt",
	says: "conversations of human and gpt with a dataset_info.json, for LLaMA-Factory",
	definedAt: "https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md#sharegpt-format",
	carries: "turn",
	needsTokens: false,
	columns: {
		conversations: { list: { struct: { from: "string", value: "string" } } },
		system: "string",
	},
	row: ({ sample }) => {
		let system = "";
		const conversations: { from: string; value: string }[] = [];
		for (const { role, content } of conversationOf(sample).messages) {
			if (role === "system") system = content;
			else conversations.push({ from: FROM[role], value: content });
		}
		// LLaMA-Factory drops what does not alternate, in silence.
		const alternate = conversations.every(({ from }, i) => from === (i % 2 === 0 ? "human" : "gpt"));
		return alternate && conversations.length % 2 === 0
			? { conversations, system }
			: "its turns do not alternate between human and gpt";
	},
	python: (place) => [...loadDataset(place), 'print(rows[0]["conversations"][-1]["value"])'],
	extras: ({ name, splits }) => {
		const entries = splits.flatMap(({ split, files }) =>
			files.map(({ path }, i) => [
				`${name.replaceAll(/[^\w-]+/g, "_")}_${split}${files.length > 1 ? `_${i}` : ""}`,
				{
					file_name: path,
					formatting: "sharegpt",
					columns: { messages: "conversations", system: "system" },
				},
			]),
		);
		return { "dataset_info.json": `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n` };
	},
};
