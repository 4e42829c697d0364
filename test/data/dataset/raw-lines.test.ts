import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eachRawLine, LinesAgain } from "../../../src/data/dataset/raw-lines.ts";
import { headOf } from "../../../src/data/dataset/run-input.ts";
import { HINTED_SHEET, type Told, toldRollout } from "./made.ts";

let root: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "nudge-lines-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("every line is handed over once with its place, whatever the pieces; refused, empty and torn ones are told", async () => {
	const file = join(root, "lines");
	const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "𝔸", "\u2028"), maxLength: 12 });
	await fc.assert(
		fc.asyncProperty(
			fc.array(text, { maxLength: 12 }),
			text,
			fc.integer({ min: 1, max: 16 }),
			async (lines, rest, chunkBytes) => {
				writeFileSync(file, lines.map((line) => `${line}\n`).join("") + rest);
				const got: { line: string; at: number; bytes: number; number: number }[] = [];
				let read = 0;
				const reading = await eachRawLine(
					file,
					(bytes, at, number) => {
						const line = bytes.toString("utf8");
						if (line.startsWith("a")) return "it begins with a";
						got.push({ line, at, bytes: bytes.length, number });
						return undefined;
					},
					{
						chunkBytes,
						onBytes: (bytes) => {
							read += bytes;
						},
					},
				);
				const all = rest === "" ? lines : [...lines, rest];
				const fine = all
					.map((line, index) => ({ line, number: index + 1 }))
					.filter(({ line }) => line !== "" && !line.startsWith("a"));
				expect(got.map(({ line, number }) => ({ line, number }))).toEqual(fine);
				expect(reading.torn).toBe(rest.startsWith("a"));
				expect(reading.damaged).toBe(lines.filter((line) => line === "" || line.startsWith("a")).length);
				expect(read).toBe(Buffer.byteLength(all.join("\n")) + (lines.length > 0 && rest === "" ? 1 : 0));
				const again = new LinesAgain();
				for (const { line, at, bytes } of got.reverse())
					expect((await again.line(file, at, bytes)).toString("utf8")).toBe(line);
				again.close();
			},
		),
		{ numRuns: 60 },
	);
});

test("the beginning of a line says the same as all of it, whatever stands in the problem and the answer", () => {
	const strange = fc.oneof(
		fc.string(),
		fc.constantFrom(',"hints":[', '{"key":"', '\\",\\"hints\\":[', "\u0000", "}\n{", '"spans":['),
	);
	const told: fc.Arbitrary<Told> = fc.record({
		question: strange,
		sample: fc.nat(),
		verdict: fc.constantFrom("correct", "wrong", "no answer"),
		words: strange,
	});
	fc.assert(
		fc.property(told, strange, strange, (of, problem, answer) => {
			const made = toldRollout(HINTED_SHEET, of);
			const { key, sample, settings, verdict, end, usage, ...rest } = made;
			const head = {
				key,
				problem: { ...made.problem, problem },
				sample,
				settings,
				verdict,
				answer,
				why: problem,
				end,
				usage,
			};
			const { hints, calls, header, spans, begun } = rest;
			const rollout = { ...head, hints, calls, header, spans, begun };
			expect(headOf(Buffer.from(JSON.stringify(rollout)))).toEqual(head);
		}),
	);
});
