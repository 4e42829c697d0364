import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { fold, type SessionState } from "../../src/trace/fold.ts";
import { type Sample, SessionSampleError, sampleOf, trainedLine } from "../../src/trace/sample.ts";
import { histories, PROBLEM, play, SETTINGS, ToyTokenizer, USAGE } from "./tree.ts";

const schema = JSON.parse(
	readFileSync(new URL("../../docs/schemas/sample.schema.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile<Sample>(
	schema,
);

function expectValid(sample: Sample): void {
	// As it stands in a file.
	validate(JSON.parse(JSON.stringify(sample)));
	expect(validate.errors).toBeNull();
}

const on = { branch: "b0", t: 1 } as const;
const BEGIN: TraceEvent[] = [
	{
		type: "session",
		t: 1,
		version: 1,
		id: "20261122-g000",
		problem: PROBLEM,
		nudge: "0.1.0",
		environment: { node: "24" },
	},
	{ type: "branch", ...on, settings: SETTINGS, by: "person" },
	{ type: "header", ...on, text: "<|user|>6x7?", ids: [90, 91] },
];
const HINT: TraceEvent = {
	type: "hint",
	...on,
	at: 4,
	text: " py\n",
	ids: [50, 51],
	hint: "calc",
	kind: "complex-calculation",
	wording: "w3",
	marker: "after-word",
	by: "policy",
};
const TRACE: TraceEvent[] = [
	...BEGIN,
	{ type: "tokens", ...on, text: "Wait", ids: [1], lens: [4], segment: 0 },
	HINT,
	{ type: "tokens", ...on, text: "6*7\n", ids: [2, 3], lens: [3, 1], segment: 1 },
	{ type: "call", ...on, block: 1, code: "6*7" },
	{ type: "output", ...on, block: 1, text: "42\n", ids: [60], output: "42", verdict: "ok", durationMs: 3 },
	{ type: "tokens", ...on, text: "42.", ids: [4], lens: [3], segment: 2 },
];
const END: TraceEvent[] = [
	{ type: "end", ...on, reason: "eos", usage: USAGE, eos: "<|end|>" },
	{ type: "outcome", ...on, verdict: "correct", answer: "42", usage: USAGE, session: "20261122-g000" },
];

describe("a sample", () => {
	test("masks by who wrote what, and ends with the end-of-turn text, trained", () => {
		const sample = sampleOf(fold([...TRACE, ...END]));
		expectValid(sample);
		expect(sample.segments).toEqual([
			{ kind: "prompt", text: "<|user|>6x7?", train: false, ids: [90, 91] },
			{ kind: "model", text: "Wait", train: true, ids: [1] },
			{ kind: "hint", text: " py\n", train: true, ids: [50, 51] },
			{ kind: "model", text: "6*7\n", train: true, ids: [2, 3] },
			{ kind: "output", text: "42\n", train: false, ids: [60] },
			{ kind: "model", text: "42.", train: true, ids: [4] },
			{ kind: "model", text: "<|end|>", train: true },
		]);
		expect(sample.trained).toEqual({
			model: { segments: 4, chars: 18, tokens: 5 },
			hint: { segments: 1, chars: 4, tokens: 2 },
		});
		expect(sample.n_tokens).toBe(10);
		expect(sample).toMatchObject({
			id: "20261122-g000-b0",
			question_id: "p1",
			answer: "42",
			gold: "42",
			verdict: "correct",
			end: "eos",
			versions: { nudge: "0.1.0", node: "24" },
			hints: [{ id: "calc", kind: "complex-calculation", wording: "w3", marker: "after-word", by: "policy" }],
		});
		expect(trainedLine(sample.trained)).toBe(
			"trained: model 4 segments, 18 chars, 5 tokens; hint 1 segment, 4 chars, 2 tokens",
		);
	});

	test("without ids has the end-of-turn text in its last model segment, and says that tokens are not known", () => {
		const bare = TRACE.map((event) => {
			const { ids, lens, ...rest } = event as TraceEvent & { ids?: unknown; lens?: unknown };
			return rest as TraceEvent;
		});
		const sample = sampleOf(fold([...bare, ...END]));
		expectValid(sample);
		expect(sample.segments.at(-1)).toEqual({ kind: "model", text: "42.<|end|>", train: true });
		expect(sample.n_tokens).toBeUndefined();
		expect(sample.trained.model).toEqual({ segments: 3, chars: 18 });
	});

	test("of a trace that was cut off has no end-of-turn text", () => {
		const sample = sampleOf(fold([...TRACE, { type: "end", ...on, reason: "tokens", usage: USAGE }]));
		expectValid(sample);
		expect(sample.segments.at(-1)?.text).toBe("42.");
		expect(sample.verdict).toBe("unchecked");
	});

	test("masks hints where the caller wants it", () => {
		const sample = sampleOf(fold([...TRACE, ...END]), { trainHints: false });
		expectValid(sample);
		expect(sample.segments.filter(({ train }) => train).every(({ kind }) => kind === "model")).toBe(true);
		expect(sample.trained.hint).toBeUndefined();
	});

	test("trains what a person wrote in place of the model", () => {
		const sample = sampleOf(fold([...TRACE, { type: "edit", ...on, at: 15, text: "It is 42." }]));
		expectValid(sample);
		expect(sample.segments.at(-1)).toEqual({ kind: "edit", text: "It is 42.", train: true });
		expect(sample.trained.edit).toEqual({ segments: 1, chars: 9 });
	});

	test("in which nothing trains is refused", () => {
		const refusal = /nothing to train on: .* its hints are masked/;
		const hintOnly = fold([...BEGIN, { ...HINT, at: 0 } as TraceEvent]);
		expect(() => sampleOf(hintOnly, { trainHints: false })).toThrow(refusal);
		expectValid(sampleOf(hintOnly));
		expect(() => sampleOf(fold(BEGIN))).toThrow(SessionSampleError);
		expect(() => sampleOf(fold(BEGIN.slice(0, 1)))).toThrow(/has no trace yet/);
		expect(() => sampleOf(fold(TRACE.slice(1)))).toThrow(/first line of the journal is damaged/);
		expect(() => sampleOf(fold(TRACE), { branch: "b7" })).toThrow(/has no branch "b7"; it has b0/);
	});

	test("of any history is valid, exact to the byte, and trains nothing of the prompt or of an output", () => {
		fc.assert(
			fc.property(histories, fc.boolean(), (history, trainHints) => {
				const tokenizer = new ToyTokenizer();
				const steps = [...play(history, tokenizer)];
				const state: SessionState = fold(steps.flatMap(({ events }) => events));
				for (const [id, text] of steps.at(-1)!.texts) {
					const branch = state.branches.get(id)!;
					let sample: Sample;
					try {
						sample = sampleOf(state, { branch: id, trainHints });
					} catch (error) {
						if (!(error instanceof SessionSampleError)) throw error;
						const trains = branch.spans.some(({ kind, text: said }) => {
							return said !== "" && (kind === "model" || kind === "edit" || (kind === "hint" && trainHints));
						});
						expect(trains || branch.end !== undefined).toBe(false);
						continue;
					}
					expectValid(sample);
					const eos = branch.end?.eos ?? "";
					expect(sample.segments.map((segment) => segment.text).join("")).toBe(`Q: ${text}${eos}`);
					let chars = 0;
					for (const segment of sample.segments) {
						if (segment.ids) expect(tokenizer.detokenize(segment.ids)).toBe(segment.text);
						if (segment.train) chars += segment.text.length;
					}
					const spans = branch.spans.filter(
						({ kind }) => kind !== "output" && (kind !== "hint" || trainHints),
					);
					expect(chars).toBe(spans.reduce((sum, span) => sum + span.text.length, 0) + eos.length);
					expect(Object.values(sample.trained).reduce((sum, part) => sum + part.chars, 0)).toBe(chars);
				}
			}),
			{ numRuns: 150 },
		);
	});
});

test("the schema refuses a sample that trains an output, or nothing, or forgets a mask", () => {
	const good = JSON.parse(JSON.stringify(sampleOf(fold([...TRACE, ...END])))) as Record<string, unknown>;
	const segments = good.segments as Record<string, unknown>[];
	const change = (index: number, fields: object): object => ({
		...good,
		segments: segments.map((segment, i) => (i === index ? { ...segment, ...fields } : segment)),
	});
	expect(validate(good)).toBe(true);
	expect(validate(change(4, { train: true }))).toBe(false);
	expect(validate(change(1, { train: false }))).toBe(false);
	expect(validate(change(1, { train: undefined }))).toBe(false);
	expect(validate({ ...good, segments: [segments[0]] })).toBe(false);
	expect(validate({ ...good, trained: {} })).toBe(false);
});
