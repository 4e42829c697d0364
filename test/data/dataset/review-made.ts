/** A small dataset for tests of reviews: written as the builders write one, with ids and lengths for each character. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATASET_FORMAT } from "../../../src/data/dataset/dataset.ts";
import type { OutcomeVerdict } from "../../../src/trace/events.ts";
import { countsOf, type Sample, type Segment } from "../../../src/trace/sample.ts";

const AT = "2026-01-01T00:00:00.000Z";

function own(kind: Segment["kind"], text: string): Segment {
	const train = kind === "model" || kind === "hint";
	if (kind !== "model") return { kind, text, train };
	return { kind, text, train, ids: [...text].map((_, id) => id), lens: [...text].map((one) => one.length) };
}

export const CODE = "```python\nprint(6 * 7)\n```\n";
export const OUTPUT = "```output\n42\n```\n";

export function madeSample(
	id: string,
	changes: { readonly words?: string; readonly tail?: string; readonly verdict?: OutcomeVerdict } = {},
): Sample {
	const { words = "Let me think.\n", tail = "", verdict = "correct" } = changes;
	const segments = [
		own("prompt", `<user>What is ${id}?</user><think>\n`),
		own("model", `${words}So I guess 41.\nWait`),
		own("hint", `, I can run it.\n${CODE}`),
		own("output", OUTPUT),
		own("model", `It prints 42.\n</think>\nThe answer is \\boxed{42}.${tail}<|im_end|>`),
	];
	return {
		id: `${id}#h#0`,
		question_id: id,
		problem: `What is ${id}?`,
		domain: "math",
		answer: "42",
		gold: "42",
		source: `set/${id}`,
		verdict,
		model: "m",
		engine: "e",
		exact: true,
		dialect: "qwen",
		policy: "auto",
		sampling: { temperature: 0, seed: 1 },
		hints: [{ id: "run", kind: "tool-use", wording: "I can run it", marker: "after-word", by: "policy" }],
		segments,
		...countsOf(segments),
		end: "eos",
		usage: { sampledTokens: 9, hints: 1, calls: 1, durationMs: 1 },
		versions: { nudge: "0" },
		run: "r",
		created: AT,
	};
}

export function madeDataset(folder: string, samples: readonly Sample[]): string {
	mkdirSync(folder, { recursive: true });
	const waterfall = {
		rollouts: samples.length,
		problems: samples.length,
		steps: [],
		samples: samples.length,
		kept: samples.length,
	};
	const sheet = {
		...{ format: DATASET_FORMAT, kind: "seed", name: "d", nudge: "0", created: AT, sources: [], waterfall },
		...{ sha256: "", trainHints: true },
	};
	writeFileSync(join(folder, "dataset.json"), JSON.stringify(sheet));
	writeFileSync(join(folder, "samples.jsonl"), samples.map((one) => `${JSON.stringify(one)}\n`).join(""));
	writeFileSync(join(folder, "fates.jsonl"), "");
	return folder;
}
