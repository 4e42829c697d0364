import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Accepted, Turn } from "../../src/reason/turn.ts";

/** Ids of a toy tokenizer: one per UTF-8 byte, so that characters beyond ASCII take several ids, all but the last of length 0. */
function bytesOf(text: string): { text: string; ids: number[]; lens: number[] } {
	const ids: number[] = [];
	const lens: number[] = [];
	for (const character of text) {
		const bytes = [...Buffer.from(character)];
		ids.push(...bytes);
		lens.push(...bytes.map((_, index) => (index === bytes.length - 1 ? character.length : 0)));
	}
	return { text, ids, lens };
}
const tokenize = async (text: string): Promise<number[]> => [...Buffer.from(text)];
const textOf = (ids: readonly number[] | undefined): string => Buffer.from(ids ?? []).toString();

const pieces = fc.array(fc.string({ unit: "grapheme", maxLength: 6 }), { minLength: 1, maxLength: 12 });

describe("the turn", () => {
	test("keeps header + accepted text and ids that stand for it, wherever it is settled and cut", async () => {
		await fc.assert(
			fc.asyncProperty(
				pieces,
				fc.array(fc.nat(40), { maxLength: 6 }),
				fc.nat(60),
				async (texts, settles, cutAt) => {
					const turn = new Turn(bytesOf("header"));
					const taken: Accepted[] = [];
					const note = (piece: Accepted | undefined) => piece && taken.push(piece);
					for (const text of texts) {
						turn.receive(bytesOf(text));
						for (const offset of settles) note(turn.settle(offset));
					}
					const whole = texts.join("");
					expect(turn.text + turn.pendingText).toBe(whole);
					const at = boundary(whole, Math.max(turn.text.length, Math.min(cutAt, whole.length)));
					note(await turn.cut(at, tokenize));
					expect(turn.text).toBe(whole.slice(0, at));
					expect(turn.receivedLength).toBe(at);
					expect(turn.prefix().text).toBe(`header${whole.slice(0, at)}`);
					expect(textOf(turn.prefix().ids)).toBe(turn.prefix().text);
					expect(taken.map((piece) => piece.text).join("")).toBe(whole.slice(0, at));
					expect(textOf(taken.flatMap((piece) => piece.ids ?? []))).toBe(whole.slice(0, at));
				},
			),
		);
	});

	test("a cut through a token keeps its head, tokenised anew", async () => {
		const turn = new Turn({ text: "", ids: [] });
		turn.receive({ text: "```\n\nSo", ids: [7], lens: [7] });
		const kept = await turn.cut(4, async (text) => [100 + text.length]);
		expect(kept).toEqual({ text: "```\n", ids: [104] });
		expect(turn.prefix()).toEqual({ text: "```\n", ids: [104] });
	});

	test("a token whose remainder is white space is kept whole where that is asked for", async () => {
		const turn = new Turn({ text: "", ids: [] });
		turn.receive({ text: "x\n", ids: [1], lens: [2] });
		turn.receive({ text: "```\n\n", ids: [7], lens: [5] });
		turn.receive({ text: "So", ids: [8], lens: [2] });
		const kept = await turn.cut(6, tokenize, true);
		expect(kept).toEqual({ text: "x\n```\n\n", ids: [1, 7], lens: [2, 5] });
		expect(turn.receivedLength).toBe(7);
	});

	test("without ids it is cut anywhere, and never claims ids", async () => {
		const turn = new Turn({ text: "h" });
		turn.receive({ text: "abcdef" });
		expect(await turn.cut(4, async () => undefined)).toEqual({ text: "abcd" });
		expect(turn.prefix()).toEqual({ text: "habcd" });
	});

	test("appending over undecided text is refused", () => {
		const turn = new Turn({ text: "h" });
		turn.receive({ text: "abc" });
		expect(() => turn.append({ text: "hint" })).toThrow(/undecided/);
	});
});

/** The nearest offset at or below that does not split a surrogate pair. */
function boundary(text: string, offset: number): number {
	const unit = text.charCodeAt(offset);
	return unit >= 0xdc00 && unit <= 0xdfff ? offset - 1 : offset;
}
