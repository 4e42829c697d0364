/** Every answer of the bundled problems, computed a second time and in another way than the generator's. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { BUNDLED, readRows } from "../../src/data/problems.ts";
import type { Problem } from "../../src/trace/events.ts";

const rows: Problem[] = [];
for (const file of BUNDLED) {
	for await (const row of readRows(file)) {
		if ("mistake" in row) throw new Error(`${row.file}:${row.line}: ${row.mistake}`);
		rows.push(row.problem);
	}
}
const generated = rows.filter((row) => row.source?.startsWith("nudge-tiny/"));

function upTo(n: number, from = 1): number[] {
	return Array.from({ length: Math.max(0, n - from + 1) }, (_, i) => from + i);
}
function count(list: readonly number[], wanted: (n: number) => boolean): number {
	return list.filter(wanted).length;
}
function sum(list: readonly number[]): number {
	return list.reduce((a, b) => a + b, 0);
}
/** By plain counting wherever that is possible: slow, and with nothing to get wrong. */
const compute: Record<string, (...p: number[]) => number> = {
	product: (a = 0, b = 0) => sum(Array(b).fill(a)),
	product_plus: (a = 0, b = 0, c = 0) => sum([...Array(b).fill(a), c]),
	power_mod: (a = 0, k = 0, m = 1) => Number(BigInt(a) ** BigInt(k) % BigInt(m)),
	greatest_divisor: (a = 0, b = 0) => Math.max(...upTo(b).filter((d) => a % d === 0 && b % d === 0)),
	least_multiple: (a = 0, b = 1) => upTo(b).find((i) => (a * i) % b === 0)! * a,
	divisor_count: (n = 0) => count(upTo(n), (d) => n % d === 0),
	divisor_sum: (n = 0) => sum(upTo(n).filter((d) => n % d === 0)),
	digit_sum: (...p) => sum([...String(p.reduce((a, b) => a * b, 1))].map(Number)),
	series: (a = 0, d = 0, n = 0) => sum(upTo(n).map((i) => a + d * (i - 1))),
	discount: (p = 0, q = 0) => (p * (100 - q)) / 100,
	pairs: (a = 1, b = 1, c = 0) => sum(upTo(c, 0).map((x) => count(upTo(c, 0), (y) => a * x + b * y === c))),
	primes: (lo = 0, hi = 0) => count(upTo(hi, lo), (n) => count(upTo(n), (d) => n % d === 0) === 2),
	squares: (m = 0, n = 0, e = 0) => sum(upTo(n, m).map((i) => i ** e)),
	either: (a = 1, b = 1, n = 0) => count(upTo(n), (i) => i % a === 0 || i % b === 0),
	journey: (v = 0, h = 0, w = 0, k = 0) => sum([...Array(h).fill(v), ...Array(k).fill(w)]),
	remainder: (a = 0, m = 1) => a - m * Math.floor(a / m),
	choose: (n = 0, k = 0) =>
		count(upTo(2 ** n - 1, 0), (set) => count(upTo(n, 1), (i) => (set >> (i - 1)) % 2 === 1) === k),
	binary: (n = 0) => n.toString(2).replaceAll("0", "").length,
	list_sum: (...xs) => sum(xs),
	equation: (a = 1, b = 0, c = 0) => upTo(c, 0).find((x) => a * x + b === c)!,
	recursion: (x = 0, q = 0, c = 0, n = 1) => upTo(n - 1).reduce((y) => q * y + c, x),
};

describe("the bundled problems", () => {
	test("are many, of every kind, and no two have the same id or the same text", () => {
		expect(generated.length).toBeGreaterThanOrEqual(60);
		const families = generated.map((row) => row.source!.split(/[/:]/)[1]!);
		expect(new Set(families)).toEqual(new Set(Object.keys(compute)));
		expect(families.filter((family) => family === "product").length).toBeGreaterThanOrEqual(10);
		expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
		expect(new Set(rows.map((row) => row.problem)).size).toBe(rows.length);
	});

	test.each(generated.map((row) => [row.id, row] as const))("%s has the right answer", (_, row) => {
		const [, family, params] = /^nudge-tiny\/(\w+):([\d,]+)$/.exec(row.source!)!;
		const numbers = params!.split(",").map(Number);
		expect(compute[family!]!(...numbers)).toBe(Number(row.answer));
	});

	test.each(generated.map((row) => [row.id, row] as const))(
		"%s asks about the numbers it names",
		(_, row) => {
			const [, family, params] = /^nudge-tiny\/(\w+):([\d,]+)$/.exec(row.source!)!;
			let numbers = params!.split(",").map(Number);
			// a series may show its second term instead of the difference, an exponent may be the word "squares"
			if (family === "series" && row.problem.includes("sequence ")) numbers = [numbers[0]!, numbers[2]!];
			if (family === "squares") numbers = numbers.slice(0, 2);
			const named = row.problem.match(/\d+/g)!.map(Number);
			for (const number of numbers) expect(named).toContain(number);
		},
	);

	test("were held out of the training of nudge-tiny: their keys fall into its tenth for tests", () => {
		for (const row of generated) {
			const key = row.source!.slice("nudge-tiny/".length);
			const hash = createHash("sha256").update(key).digest("hex");
			expect(BigInt(`0x${hash}`) % 10n, row.id).toBe(0n);
		}
	});
});

test("the science problems have the right answers", () => {
	const right: Record<string, string> = {
		fall: `${(10 * 3 ** 2) / 2} m`,
		acid: String(-Math.round(Math.log10(0.0001))),
		burning: String(6 / 2),
		crossing: "one half",
		"half-life": String(80 / 2 ** (24 / 6)),
	};
	for (const row of rows.filter((row) => row.domain === "science")) {
		const said = row.choices?.[row.answer!.charCodeAt(0) - 65] ?? row.answer;
		expect(said, row.id).toBe(right[row.id]);
	}
	expect(rows.filter((row) => row.domain === "science").map((row) => row.id)).toEqual(Object.keys(right));
});
