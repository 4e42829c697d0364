import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LineIndex } from "../../../src/tui/text/line-index.ts";
import { CHUNK_UNITS, TextStore } from "../../../src/tui/text/text-store.ts";

test("a text in chunks is the text", () => {
	const piece = fc.oneof(
		fc.string({ unit: "binary" }),
		fc
			.tuple(fc.string({ unit: "binary", minLength: 1 }), fc.nat(CHUNK_UNITS))
			.map(([text, n]) => text.repeat(n).slice(0, 2 * n)),
		fc.constant("\n"),
	);
	fc.assert(
		fc.property(fc.array(fc.tuple(piece, fc.nat(), fc.nat(), fc.nat(9)), { maxLength: 8 }), (steps) => {
			const store = new TextStore();
			let text = "";
			for (const [more, a, b, cut] of steps) {
				store.push(more);
				text += more;
				const [from, to] = [a % (text.length + 2), b % (text.length + 2)];
				if (cut === 0) {
					store.cut(from);
					text = text.slice(0, from);
				}
				expect(store.length).toBe(text.length);
				expect(store.slice(from, to)).toBe(text.slice(from, Math.max(from, to)));
				const at = Math.min(from, text.length);
				expect(store.lineStart(at)).toBe(text.slice(0, at).lastIndexOf("\n") + 1);
			}
		}),
	);
});

test("a text of very many pieces takes little more than its characters", () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const used = (): number => {
		collect();
		const { heapUsed, arrayBuffers } = process.memoryUsage();
		return heapUsed + arrayBuffers;
	};
	const words = "Let me check that again, with $x^2 + y^2 = z^2$ and so on.\n".split(/(?<= )/);
	const index = new LineIndex(118);
	const fill = (to: number): void => {
		for (let i = 0; index.offset < to; i++) index.append("model", `${words[i % words.length]}`);
	};
	fill(200_000);
	const before = used();
	fill(1_200_000);
	expect(used() - before).toBeLessThan(5_000_000);
	expect(index.length).toBeGreaterThan(10_000);
});
