/** Samples of any shape for tests of exports, and the dataset folders that hold them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { DATASET_FORMAT, type DatasetSheet } from "../../../src/data/dataset/dataset.ts";
import { openTokenizerFile } from "../../../src/data/tokenizer-file.ts";
import { countsOf, type Sample, type Segment, trains } from "../../../src/trace/sample.ts";

export const TINY_FILE = fileURLToPath(new URL("../../../models/nudge-tiny/tokenizer.json", import.meta.url));
export const TINY = openTokenizerFile(TINY_FILE);
export const END = "<|im_end|>";

export const HEADER = (problem: string): string =>
	`<|im_start|>user\n${problem}${END}\n<|im_start|>assistant\n<think>\n`;

/** `ids`: as an engine would have given them, for that segment alone. */
export function segmentOf(
	kind: Segment["kind"],
	text: string,
	ids: boolean,
	train = trains(kind, true),
): Segment {
	const special = kind === "prompt" || kind === "model";
	return { kind, text, train, ...(ids && { ids: TINY.encode(text, special) as number[] }) };
}

export type Told = Partial<Omit<Sample, "segments">> & { readonly segments?: readonly Segment[] };

export function sampleFrom(id: string, told: Told = {}): Sample {
	const problem = told.problem ?? `What is ${id}?`;
	const segments = told.segments ?? [
		segmentOf("prompt", HEADER(problem), true),
		segmentOf("model", "Let me see.\nWait", true),
		segmentOf("hint", ", maybe Python helps.\n```python\n", true),
		segmentOf("model", "print(3 * 4)\n```\n", true),
		segmentOf("output", "```output\n12\n```\n", true),
		segmentOf("model", `</think>\n\nThe answer is \\boxed{12}.${END}`, true),
	];
	return {
		id,
		question_id: id,
		problem,
		domain: "math",
		answer: "12",
		gold: "12",
		source: "made/up:1",
		verdict: "correct",
		model: "nudge-tiny",
		engine: "embedded",
		exact: true,
		dialect: "qwen",
		policy: "auto rounds=1 seed=7",
		sampling: { temperature: 0.6, topP: 0.95, seed: 7 },
		hints: [],
		end: "eos",
		versions: { nudge: "0.1.0", node: "24" },
		run: "hinted",
		created: "2026-11-22T12:00:00.000Z",
		...told,
		segments,
		...countsOf(segments),
	};
}

/** Anything that stands in a trace: words, digits, fences, special tokens spelled out, other scripts, no lone surrogates. */
const words = fc
	.array(
		fc.oneof(
			fc.string({ unit: "grapheme", maxLength: 12 }),
			fc.constantFrom(
				"Wait, ",
				"\n\n",
				"```python\n",
				"```\n",
				" 12345",
				"<think>",
				"\\boxed{1}",
				"  ",
				"\t",
				"é漢🎉",
			),
		),
		{ minLength: 1, maxLength: 6 },
	)
	.map((parts) => parts.join(""))
	.filter((text) => text !== "" && text.isWellFormed());

/** What may hold the texts of special tokens without being one. */
const foreign = fc.oneof(words, fc.constantFrom(`print("${END}")\n`, "<|endoftext|>", `<|im_start|>user\n`));

const segments = fc.array(
	fc.oneof(
		fc.tuple(fc.constant("model" as const), words, fc.boolean()),
		fc.tuple(fc.constantFrom("hint" as const, "output" as const, "edit" as const), foreign, fc.boolean()),
	),
	{ minLength: 1, maxLength: 8 },
);

export const anySample: fc.Arbitrary<Sample> = fc
	.record({
		problem: words.filter((text) => text.trim() !== "" && !text.includes("<")),
		parts: segments,
		trainHints: fc.boolean(),
		headerIds: fc.boolean(),
		ended: fc.boolean(),
		number: fc.nat(),
	})
	.map(({ problem, parts, trainHints, headerIds, ended, number }) => {
		const made = [
			segmentOf("prompt", HEADER(problem), headerIds),
			...parts.map(([kind, text, ids]) => segmentOf(kind, text, ids, trains(kind, trainHints))),
			...(ended ? [segmentOf("model", END, true)] : []),
		];
		return sampleFrom(`s${number}`, { problem, segments: made, end: ended ? "eos" : "tokens" });
	})
	.filter(({ trained }) => Object.keys(trained).length > 0);

export const SHEET: DatasetSheet = {
	format: DATASET_FORMAT,
	kind: "start",
	name: "made up",
	nudge: "0.1.0",
	created: "2026-11-22T12:00:00.000Z",
	sources: [
		{ kind: "run", path: "../somewhere/hinted", model: "nudge-tiny", hash: "5d846ac84b79", rollouts: 9 },
	],
	recipe: {
		name: "start",
		rules: { decontamination: { on: true, against: ["/home/somebody/aime24.jsonl"] } },
		facts: { decontamination: { sets: { "/home/somebody/aime24.jsonl": 30 } } },
	},
	waterfall: {
		rollouts: 9,
		problems: 4,
		steps: [{ id: "verdict", says: "not correct", dropped: 5, problems: 0 }],
		samples: 4,
		kept: 4,
	},
	sha256: "0".repeat(64),
	trainHints: true,
};

export function datasetOf(
	folder: string,
	samples: readonly Sample[],
	reviews: readonly object[] = [],
): string {
	mkdirSync(folder, { recursive: true });
	const lines = (all: readonly object[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join("");
	writeFileSync(join(folder, "samples.jsonl"), lines(samples));
	if (reviews.length > 0) writeFileSync(join(folder, "reviews.jsonl"), lines(reviews));
	writeFileSync(join(folder, "dataset.json"), JSON.stringify(SHEET));
	return folder;
}
