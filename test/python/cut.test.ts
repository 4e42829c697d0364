import fc from "fast-check";
import { expect, test } from "vitest";
import { cutMiddle } from "../../src/python/cut.ts";
import { FrameReader, frame } from "../../src/python/frames.ts";

const text = fc.string({ unit: fc.constantFrom("a", "é", "∑", "😀", "\n"), maxLength: 300 });

/** What the supervisor would send of `bytes` when it keeps `keep` at each end. */
function captured(bytes: Buffer, keep: number) {
	if (bytes.length <= 2 * keep)
		return { head: bytes.subarray(0, keep), tail: bytes.subarray(keep), droppedBytes: 0, droppedChars: 0 };
	const gone = bytes.subarray(keep, bytes.length - keep);
	return {
		head: bytes.subarray(0, keep),
		tail: bytes.subarray(bytes.length - keep),
		droppedBytes: gone.length,
		droppedChars: gone.filter((byte) => (byte & 0xc0) !== 0x80).length,
	};
}

test("a text within the limit is given whole, wherever head and tail meet", () => {
	fc.assert(
		fc.property(text, fc.integer({ min: 0, max: 50 }), (given, keep) => {
			const bytes = Buffer.from(given);
			const whole = {
				head: bytes.subarray(0, keep),
				tail: bytes.subarray(keep),
				droppedBytes: 0,
				droppedChars: 0,
			};
			expect(cutMiddle(whole, 300)).toBe(given);
		}),
	);
});

test("a longer one keeps its ends, halves no character and counts what is missing", () => {
	fc.assert(
		fc.property(text, fc.integer({ min: 0, max: 60 }), (given, limit) => {
			const characters = Array.from(given);
			fc.pre(characters.length > limit);
			const shown = cutMiddle(captured(Buffer.from(given), 4 * limit), limit);
			const before = Math.ceil(limit / 2);
			const end = characters.slice(characters.length - (limit - before)).join("");
			const notice = `\n[... ${characters.length - limit} characters cut ...]\n`;
			expect(shown).toBe(characters.slice(0, before).join("") + notice + end);
		}),
	);
});

test("frames come out whole and in order however the stream is cut", () => {
	const frames = fc.array(
		fc.record({ kind: fc.constantFrom("D", "T", "r"), payload: fc.uint8Array({ maxLength: 60 }) }),
	);
	fc.assert(
		fc.property(frames, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (given, sizes) => {
			const stream = Buffer.concat(given.map(({ kind, payload }) => frame(kind, payload)));
			const reader = new FrameReader();
			const got: { kind: string; payload: number[] }[] = [];
			for (let at = 0, turn = 0; at < stream.length; turn++) {
				const size = sizes[turn % sizes.length]!;
				for (const one of reader.push(stream.subarray(at, at + size)))
					got.push({ kind: one.kind, payload: [...one.payload] });
				at += size;
			}
			expect(got).toEqual(given.map(({ kind, payload }) => ({ kind, payload: [...payload] })));
		}),
	);
});

test("a stream that is not frames is refused", () => {
	expect(() => new FrameReader().push(Buffer.from("HTTP/1.1 400"))).toThrow(/frame of \d+ bytes/);
});
