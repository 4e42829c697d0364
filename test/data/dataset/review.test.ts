import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changeBetween, parseReview, type ReviewEvent, reviewed } from "../../../src/data/dataset/review.ts";
import { fold } from "../../../src/trace/fold.ts";
import { SessionSampleError, sampleOfTrace, tracedBranch } from "../../../src/trace/sample.ts";
import { histories, play, ToyTokenizer } from "../../trace/tree.ts";

const who = { sample: "s-b0", by: "ada", at: "2026-01-01T00:00:00.000Z" } as const;

/** Text with what is more than one unit, byte or code point long. */
const texts = fc.string({ unit: fc.constantFrom("a", "b ", "é", "𝔸", "\n", "e\u0301", "9"), maxLength: 12 });

describe("an edit", () => {
	test("changes what it names and nothing else; ids that stay say their text, and all of it trains that a person wrote", () => {
		fc.assert(
			fc.property(
				histories,
				fc.array(fc.tuple(fc.nat(), fc.nat(), texts), { maxLength: 4 }),
				(history, plans) => {
					const tokenizer = new ToyTokenizer();
					const state = fold([...play(history, tokenizer)].flatMap(({ events }) => events));
					const traced = tracedBranch(state);
					let before: ReturnType<typeof sampleOfTrace>;
					try {
						before = sampleOfTrace(traced, { lens: true });
					} catch (error) {
						if (error instanceof SessionSampleError) return;
						throw error;
					}
					const words = (sample: typeof before): string =>
						sample.segments.flatMap(({ kind, text }) => (kind === "prompt" ? [] : [text])).join("");
					let text = words(before);
					const events: ReviewEvent[] = [];
					let refused = 0;
					for (const [a, b, put] of plans) {
						const from = a % (text.length + 1);
						const was = text.slice(from, from + (b % 9));
						const edit: ReviewEvent = { ...who, do: "edit", from, was, text: put };
						const outcome = reviewed(before, [...events, edit]);
						events.push(edit);
						if (outcome.misfits.length > refused) refused = outcome.misfits.length;
						else text = text.slice(0, from) + put + text.slice(from + was.length);
					}
					const { sample, misfits, edits } = reviewed(before, events);
					expect(words(sample)).toBe(text);
					expect(misfits).toHaveLength(refused);
					expect(edits).toBe(events.length - refused);
					expect(sample.segments.filter(({ kind }) => kind === "prompt")).toEqual(
						before.segments.filter(({ kind }) => kind === "prompt"),
					);
					const outputs = before.segments.filter(({ kind }) => kind === "output").map(({ text }) => text);
					for (const segment of sample.segments) {
						expect(segment.text).not.toBe("");
						if (segment.kind === "output") expect(outputs).toContain(segment.text);
						if (segment.kind === "edit") expect(segment.train).toBe(true);
						if (!segment.ids || !segment.lens) continue;
						expect(segment.lens.reduce((sum, len) => sum + len, 0)).toBe(segment.text.length);
						expect(segment.lens).toHaveLength(segment.ids.length);
						expect(tokenizer.detokenize(segment.ids)).toBe(segment.text);
					}
					// All taken back, it is what it was.
					const undone = [
						...events,
						...Array.from({ length: edits }, () => ({ ...who, do: "undo" }) as const),
					];
					expect(reviewed(before, undone).sample.segments).toEqual(before.segments);
				},
			),
			{ numRuns: 300 },
		);
	});

	test("keeps who, when, why and what was there", () => {
		const sample = sampleOfTrace(
			{
				id: "s-b0",
				problem: { id: "p", domain: "math", problem: "6 x 7?" },
				settings: {
					engine: "e",
					model: "m",
					exact: true,
					dialect: "d",
					policy: "off",
					sampling: { temperature: 0, seed: 1 },
					budgets: { maxTokens: 1, maxCalls: 1, maxRounds: 1 },
				},
				header: { text: "Q" },
				spans: [
					{ kind: "model", text: "It is 41.", ids: [1, 2, 3], lens: [3, 3, 3] },
					{ kind: "output", text: "42\n" },
				],
				end: { reason: "eos", eos: "<end>" },
				hints: [],
				verdict: "wrong",
				versions: {},
				created: who.at,
				origin: { run: "r" },
			},
			{ lens: true },
		);
		const edit: ReviewEvent = { ...who, do: "edit", from: 6, was: "41", text: "42", why: "a slip" };
		const { segments, trained, n_tokens } = reviewed(sample, [edit]).sample;
		expect(segments).toEqual([
			{ kind: "prompt", text: "Q", train: false },
			{ kind: "model", text: "It is ", train: true, ids: [1, 2], lens: [3, 3] },
			{ kind: "edit", text: "42", train: true, edited: { by: "ada", at: who.at, was: "41", why: "a slip" } },
			{ kind: "model", text: ".", train: true },
			{ kind: "output", text: "42\n", train: false },
			{ kind: "model", text: "<end>", train: true },
		]);
		expect(trained).toMatchObject({ edit: { segments: 1, chars: 2 }, model: { segments: 3, chars: 12 } });
		expect(n_tokens).toBeUndefined();
		const refused = reviewed(sample, [{ ...edit, from: 9, was: "42", text: "43" }]);
		expect(refused.misfits).toEqual(["what Python said cannot be rewritten, only taken out whole"]);
		const gone = reviewed(sample, [{ ...edit, from: 9, was: "42\n", text: "" }]);
		expect(gone.sample.segments.some(({ kind }) => kind === "output")).toBe(false);
		expect(reviewed(sample, [{ ...edit, was: "99" }]).misfits).toHaveLength(1);
		const judged = reviewed(sample, [
			{ ...who, do: "accept" },
			{ ...who, do: "reject", why: "no" },
		]);
		expect(judged.sample.review).toEqual({ decision: "rejected", by: "ada", why: "no" });
		expect(
			reviewed(sample, [
				{ ...who, do: "reject" },
				{ ...who, do: "clear" },
			]).sample.review,
		).toBeUndefined();
	});
});

test("the change between two texts makes one of the other, and cuts no word", () => {
	fc.assert(
		fc.property(texts, texts, (was, now) => {
			const change = changeBetween(was, now);
			if (!change) expect(was).toBe(now);
			else
				expect(was.slice(0, change.from) + change.text + was.slice(change.from + change.was.length)).toBe(
					now,
				);
			if (change) expect(was.slice(change.from, change.from + change.was.length)).toBe(change.was);
		}),
	);
	expect(changeBetween("it is 1234 then", "it is 1254 then")).toEqual({ from: 6, was: "1234", text: "1254" });
});

test("a line that is no review says why", () => {
	expect(parseReview("{")).toBe("not JSON");
	expect(parseReview('{"do":"accept"}')).toMatch(/no sample/);
	expect(parseReview(JSON.stringify({ ...who, do: "edit", from: 1 }))).toMatch(/needs from, was and text/);
	expect(parseReview(JSON.stringify({ ...who, do: "accept" }))).toEqual({ ...who, do: "accept" });
});
