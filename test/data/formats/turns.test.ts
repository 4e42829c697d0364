import { describe, expect, test } from "vitest";
import { conversationOf } from "../../../src/data/formats/turns.ts";
import { sampleFrom, segmentOf } from "./generated.ts";

const told = (header: string, turn: string, end = "eos") =>
	conversationOf(
		sampleFrom("q", {
			problem: "What is 2 + 2?",
			end,
			segments: [segmentOf("prompt", header, false), segmentOf("model", turn, false)],
		}),
	);

const USER = { role: "user", content: "What is 2 + 2?\n\nBox it." };

describe("a header is taken apart as", () => {
	test.each([
		[
			"ChatML with a system text",
			"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is 2 + 2?\n\nBox it.<|im_end|>\n<|im_start|>assistant\n<think>\n",
			"Four.<|im_end|>",
			[{ role: "system", content: "Be brief." }, USER, { role: "assistant", content: "<think>\nFour." }],
		],
		[
			"Llama 3",
			"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhat is 2 + 2?\n\nBox it.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
			"Four.<|eot_id|>",
			[USER, { role: "assistant", content: "Four." }],
		],
		[
			"Gemma",
			"<bos><start_of_turn>user\nWhat is 2 + 2?\n\nBox it.<end_of_turn>\n<start_of_turn>model\n",
			"Four.<end_of_turn>",
			[USER, { role: "assistant", content: "Four." }],
		],
		[
			"DeepSeek-R1",
			"<｜begin▁of▁sentence｜>Be brief.<｜User｜>What is 2 + 2?\n\nBox it.<｜Assistant｜><think>\n",
			"Four.<｜end▁of▁sentence｜>",
			[{ role: "system", content: "Be brief." }, USER, { role: "assistant", content: "<think>\nFour." }],
		],
		[
			"ChatML whose question shows the end of a turn",
			"<|im_start|>user\nWhat is 2 + 2? Not <|im_end|>\nat all<|im_end|>\n<|im_start|>assistant\n",
			"Four.<|im_end|>",
			[
				{ role: "user", content: "What is 2 + 2? Not <|im_end|>\nat all" },
				{ role: "assistant", content: "Four." },
			],
		],
	])("%s", (_, header, turn, messages) => {
		expect(told(header, turn)).toEqual({ messages, guessed: false, ended: true });
	});

	test("the question alone where the template is not known, which is said", () => {
		expect(told("### Question: What is 2 + 2?\n### Answer: ", "Four.</s>")).toEqual({
			messages: [
				{ role: "user", content: "What is 2 + 2?" },
				{ role: "assistant", content: "Four." },
			],
			guessed: true,
			ended: true,
		});
	});

	test("a turn that was cut off, which keeps all its text", () => {
		const { messages, ended } = told(
			"<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n",
			"Fo<|im_end|>",
			"tokens",
		);
		expect(messages.at(-1)!.content).toBe("Fo<|im_end|>");
		expect(ended).toBe(false);
	});
});
