import fc from "fast-check";
import { expect, it } from "vitest";
import { Characters, lensOf } from "../../src/engine/embedded/characters.ts";
import { draw, randomAt } from "../../src/engine/embedded/draw.ts";
import type { Chunk } from "../../src/engine/engine.ts";
import { Flow } from "../../src/engine/flow.ts";

/** Text cut into tokens at random bytes, so that they end inside characters and stop strings. */
const cutText = fc
	.tuple(
		fc.array(fc.oneof(fc.constantFrom("ab", "a", "b", "</", "</t>", "\u00e9", "\u{1f642}", "\n")), {
			minLength: 1,
			maxLength: 30,
		}),
		fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
	)
	.map(([parts, sizes]) => {
		const text = parts.join("");
		const bytes = Buffer.from(text);
		const pieces: Buffer[] = [];
		for (let at = 0; at < bytes.length; ) {
			const size = sizes.next().value;
			pieces.push(bytes.subarray(at, at + size));
			at += size;
		}
		return { text, pieces };
	});

function feed(
	pieces: readonly Buffer[],
	stops: readonly string[],
): { chunks: Chunk[]; tail: string; stop: string | undefined } {
	const flow = new Flow(stops);
	const characters = new Characters();
	const chunks: Chunk[] = [];
	for (const [id, piece] of pieces.entries()) {
		const text = characters.push(piece);
		const got = flow.push({ text, ids: [id], lens: [text.length], clean: characters.clean });
		if (got !== undefined) {
			const rest = flow.cut(got.at);
			return { chunks: [...chunks, ...rest.chunks], tail: rest.tail, stop: got.stop };
		}
		chunks.push(...flow.take());
	}
	const rest = flow.finish();
	return { chunks: [...chunks, ...rest.chunks], tail: rest.tail, stop: undefined };
}

it("hands over every character once, before the first stop string, with ids that spell it", () => {
	fc.assert(
		fc.property(
			cutText,
			fc.subarray(["</t>", "ab</", "ba", "\u{1f642}a", "\n\n"]),
			({ text, pieces }, stops) => {
				const { chunks, tail, stop } = feed(pieces, stops);
				const at = Math.min(
					...stops.map((each) => text.indexOf(each)).filter((place) => place >= 0),
					text.length,
				);
				expect(chunks.map((chunk) => chunk.text).join("") + tail).toBe(text.slice(0, at));
				expect(stop === undefined).toBe(at === text.length);
				const ids = chunks.flatMap((chunk) => chunk.ids!);
				expect(ids).toEqual(ids.map((_, i) => i));
				expect(Buffer.concat(ids.map((id) => pieces[id]!)).toString()).toBe(
					chunks.map((chunk) => chunk.text).join(""),
				);
				for (const chunk of chunks) {
					expect(chunk.lens!.reduce((a, b) => a + b, 0)).toBe(chunk.text.length);
					expect(chunk.text).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
				}
				if (stop === undefined) expect(tail).toBe("");
			},
		),
		{ numRuns: 500 },
	);
});

it("holds back no more than could become a stop string", () => {
	const flow = new Flow(["</think>"]);
	flow.push({ text: "so a <", ids: [1], lens: [6], clean: true });
	expect(flow.take()).toEqual([]);
	flow.push({ text: " b", ids: [2], lens: [2], clean: true });
	expect(flow.take()).toEqual([{ text: "so a < b", ids: [1, 2], lens: [6, 2] }]);
	expect(flow.holds).toBe(false);
});

it("joins the bytes of any tokens to what a reader of the whole would see", () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 20 }), (pieces) => {
			const characters = new Characters();
			const said = pieces.map((piece) => characters.push(piece)).join("");
			const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(pieces), {
				stream: true,
			});
			// Bytes that can never become a character may be decided one token later, never otherwise.
			expect(whole.startsWith(said)).toBe(true);
			expect(whole.slice(said.length)).toMatch(/^\ufffd{0,3}$/);
			expect(lensOf(pieces).reduce((a, b) => a + b, 0)).toBe(said.length);
		}),
		{ numRuns: 1000 },
	);
});

it("draws each candidate as often as its probability says, within top-k, top-p and min-p", () => {
	const candidates = [0.5, 0.25, 0.15, 0.07, 0.03].map((probability, id) => ({ id, probability }));
	const share = (options: Parameters<typeof draw>[1]): number[] => {
		const counts = [0, 0, 0, 0, 0];
		for (let i = 0; i < 20_000; i++) counts[draw(candidates, options, randomAt(5, i)).id]! += 1 / 20_000;
		return counts;
	};
	share({ temperature: 1 }).forEach((part, id) => {
		expect(Math.abs(part - candidates[id]!.probability)).toBeLessThan(0.015);
	});
	const half = share({ temperature: 0.5 });
	expect(half[0]! / half[1]!).toBeGreaterThan(3.6);
	expect(half[0]! / half[1]!).toBeLessThan(4.4);
	expect(share({ temperature: 1, topK: 2 }).slice(2)).toEqual([0, 0, 0]);
	expect(share({ temperature: 1, topP: 0.9 }).slice(3)).toEqual([0, 0]);
	expect(share({ temperature: 1, topP: 0.9 })[2]).toBeGreaterThan(0);
	expect(share({ temperature: 1, minP: 0.2 }).slice(3)).toEqual([0, 0]);
	expect(draw(candidates, { temperature: 0 }, 0.99).id).toBe(0);
});
