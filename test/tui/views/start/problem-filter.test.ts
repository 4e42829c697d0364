import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProblemSet } from "../../../../src/data/problem-set.ts";
import { ProblemFilter } from "../../../../src/tui/views/start/problem-filter.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "nudge-filter-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundled(): Promise<ProblemFilter> {
	const set = new ProblemSet();
	await set.loaded;
	return new ProblemFilter(set);
}

const ids = (filter: ProblemFilter): string[] => filter.hits.map(({ id }) => id);

test("nothing asked is the whole set, as it grows", async () => {
	const set = new ProblemSet();
	const filter = new ProblemFilter(set);
	expect(filter.hits).toHaveLength(0);
	await set.loaded;
	expect(filter.hits).toHaveLength(92);
	expect(filter.advance(10)).toBe(true);
});

test("those that fit by their id come before those that fit by their text", async () => {
	const filter = await bundled();
	filter.ask("sale");
	filter.advance(1000);
	expect(ids(filter)[0]).toBe("sale");
	filter.ask("seats hall");
	filter.advance(1000);
	expect(ids(filter)).toContain("product-6");
	filter.ask("zzz");
	filter.advance(1000);
	expect(ids(filter)).toEqual([]);
});

test("a domain narrows it", async () => {
	const filter = await bundled();
	filter.ask("", "code");
	filter.advance(1000);
	expect(filter.hits.length).toBeGreaterThan(0);
	expect(filter.hits.every(({ domain }) => domain === "code")).toBe(true);
});

test("a long set is looked through in slices, and what was found stays the same array between them", async () => {
	const file = join(folder, "long.jsonl");
	const line = (i: number): string =>
		JSON.stringify({ id: `p${i}`, domain: "math", problem: `Number ${i} of many` });
	writeFileSync(file, Array.from({ length: 1000 }, (_, i) => line(i)).join("\n"));
	const set = new ProblemSet([file]);
	await set.loaded;
	const filter = new ProblemFilter(set);
	filter.ask("many");
	let slices = 0;
	while (!filter.advance(0)) slices++;
	expect(slices).toBeGreaterThan(3);
	expect(filter.hits).toHaveLength(1000);
	expect(filter.hits).toBe(filter.hits);
});
