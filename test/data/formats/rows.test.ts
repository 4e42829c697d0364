import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { axolotl } from "../../../src/data/formats/axolotl.ts";
import { canonical } from "../../../src/data/formats/canonical.ts";
import { runsOf, withMask } from "../../../src/data/formats/format.ts";
import { messages } from "../../../src/data/formats/messages.ts";
import { openai } from "../../../src/data/formats/openai.ts";
import { sharegpt } from "../../../src/data/formats/sharegpt.ts";
import { tokens } from "../../../src/data/formats/tokens.ts";
import { trl } from "../../../src/data/formats/trl.ts";
import { verl } from "../../../src/data/formats/verl.ts";
import { MASKED, type Tokenised, tokenised } from "../../../src/data/tokenizer.ts";
import type { Sample, Segment } from "../../../src/trace/sample.ts";
import { anySample, END, HEADER, TINY } from "./generated.ts";

const textOf = (segments: readonly { readonly text: string }[]): string =>
	segments.map(({ text }) => text).join("");

async function idsOf(sample: Sample, segments: readonly Segment[], retokenize = false): Promise<Tokenised> {
	const made = await tokenised(sample, segments, TINY, { retokenize });
	if ("why" in made) throw new Error(made.why);
	return made;
}

/** The texts of what trains and what does not, in turn, as the labels have it. */
function labelled({ ids, labels }: Tokenised): { train: boolean; text: string }[] {
	const runs: { train: boolean; ids: number[] }[] = [];
	for (const [i, id] of ids.entries()) {
		const train = labels[i] !== MASKED;
		if (train) expect(labels[i]).toBe(id);
		const last = runs.at(-1);
		if (last?.train === train) last.ids.push(id);
		else runs.push({ train, ids: [id] });
	}
	return runs.map(({ train, ids: own }) => ({ train, text: TINY.decode(own) as string }));
}

describe("whatever a sample looks like", () => {
	test("its ids decode to its text, and its labels are the spans that train, to the character", async () => {
		await fc.assert(
			fc.asyncProperty(anySample, fc.boolean(), fc.boolean(), async (sample, maskHints, retokenize) => {
				const segments = withMask(sample.segments, maskHints);
				const made = await idsOf(sample, segments, retokenize);
				expect(TINY.decode(made.ids)).toBe(textOf(segments));
				expect(labelled(made)).toEqual(runsOf(segments));
				const row = tokens.row({ sample, segments, tokens: made }, false) as Record<string, number[]>;
				expect(Object.keys(row)).toEqual(["input_ids", "attention_mask", "labels"]);
				expect(row.attention_mask).toEqual(made.ids.map(() => 1));
				expect(trl.row({ sample, segments, tokens: made }, true)).toEqual({
					input_ids: made.ids,
					labels: made.labels,
				});
				const counted = Object.values(made.trained).reduce((sum, count) => sum + count, 0);
				expect(counted).toBe(made.labels.filter((label) => label !== MASKED).length);
				expect(made.end).toBe(sample.end === "eos" ? "there" : "cut off");
				if (sample.end === "eos") expect(made.labels.at(-1)).toBe(TINY.eos?.id);
			}),
			{ numRuns: 300 },
		);
	});

	test("the engine's ids are kept, also where the tokenizer would write the text with others", async () => {
		await fc.assert(
			fc.asyncProperty(anySample, async (sample) => {
				// One character a token: no tokenizer would.
				const odd = sample.segments.map((segment) => {
					if (segment.kind === "prompt" || !/^[\x20-\x7e]+$/.test(segment.text)) return segment;
					return { ...segment, ids: [...segment.text].flatMap((one) => TINY.encode(one, false) as number[]) };
				});
				const made = await idsOf({ ...sample, end: "tokens" }, odd);
				expect(TINY.decode(made.ids)).toBe(textOf(odd));
				if (odd.every(({ ids }) => ids)) expect(made.ids).toEqual(odd.flatMap(({ ids = [] }) => ids));
			}),
		);
	});

	test("axolotl's segments and the canonical ones join to the same text with the same masks", () => {
		fc.assert(
			fc.property(anySample, fc.boolean(), (sample, maskHints) => {
				const segments = withMask(sample.segments, maskHints);
				const row = axolotl.row({ sample, segments }, false) as {
					segments: { label: boolean; text: string }[];
				};
				expect(row.segments.map(({ label, text }) => ({ train: label, text }))).toEqual(runsOf(segments));
				const kept = canonical.row({ sample, segments }, false) as Sample;
				expect(kept).toEqual({ ...sample, segments });
			}),
		);
	});

	test("as a conversation it has the question and every character of the turn but for its end", () => {
		fc.assert(
			fc.property(anySample, (sample) => {
				const { segments } = sample;
				const turn = textOf(segments.filter(({ kind }) => kind !== "prompt"));
				const ended = sample.end === "eos" && turn.endsWith(END);
				const content = `<think>\n${ended ? turn.slice(0, -END.length) : turn}`;
				const told = [
					{ role: "user", content: sample.problem },
					{ role: "assistant", content },
				];
				expect(messages.row({ sample, segments }, false)).toEqual({ messages: told });
				expect(verl.row({ sample, segments }, true)).toEqual({ messages: told });
				expect(openai.row({ sample, segments }, false)).toEqual({
					messages: [told[0], { ...told[1], weight: 1 }],
				});
				expect(sharegpt.row({ sample, segments }, false)).toEqual({
					conversations: [
						{ from: "human", value: sample.problem },
						{ from: "gpt", value: content },
					],
					system: "",
				});
				expect(textOf([segments[0]!])).toBe(HEADER(sample.problem));
			}),
		);
	});
});
