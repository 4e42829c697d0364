/**
 * The same text twice. Remembers eight bytes for each rollout that it let through (a set of 64-bit prefixes of SHA-1:
 * among a million texts two fall together by chance in 3 of 100 million cases).
 */
import { hash } from "node:crypto";
import { model } from "./examples.ts";
import type { Reading } from "./reading.ts";
import { type Name, rule } from "./rule.ts";
import { SeenHashes } from "./seen.ts";

export const duplicates = rule<Record<never, never>>({
	id: "duplicates",
	says: "the same text was there before, to the same question",
	details:
		"Problem and trace (outputs left out) are compared character by character, whatever the problem's id; of equal ones the first is kept, in the order of question and sample.",
	source:
		"NeMo-Skills' prepare_sft drops equal pairs of input and output: https://github.com/NVIDIA/NeMo-Skills",
	on: true,
	options: {},
	examples: [
		{ says: "the first one is kept", case: {}, drops: false },
		{ says: "the same again", case: {}, before: [{}], drops: true },
		{ says: "another text", case: { spans: [model("Else.")] }, before: [{}], drops: false },
		{
			says: "the same words about another problem",
			case: { problem: { id: "other", domain: "math", problem: "What is 7 times 6?", answer: "42" } },
			before: [{}],
			drops: false,
		},
	],
	remembers: true,
	make: () => {
		const seen = new SeenHashes();
		const name = ({ rollout: { problem }, text }: Reading): Name => {
			const digest = hash("sha1", `${problem.problem.length}:${problem.problem}${text}`, "buffer");
			return [digest.readUInt32LE(0), digest.readUInt32LE(4), text.length];
		};
		const check = ([low, high, length]: Name): string | undefined =>
			seen.add(low, high) ? undefined : `the same ${length} characters were there before`;
		return { check: (reading) => check(name(reading)), apart: { name, check } };
	},
});
