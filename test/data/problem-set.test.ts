import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProblemSet } from "../../src/data/problem-set.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "nudge-set-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, rows: readonly unknown[]): string {
	const path = join(folder, name);
	writeFileSync(path, rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join(""));
	return path;
}

const math = (id: string) => ({ id, domain: "math", problem: `What is ${id}?`, answer: "1" });

test("the bundled set has its problems in their order and a name", async () => {
	const set = new ProblemSet();
	expect(set.loading).toBe(true);
	await set.loaded;
	expect(set.loading).toBe(false);
	expect(set.name).toBe("bundled");
	expect(set.problems[0]?.id).toBe("first");
	expect(set.problems).toHaveLength(92);
	expect(set.mistakeCount).toBe(0);
});

test("lines that are no problem are counted with their place, and the others are there", async () => {
	const path = file("mine.jsonl", [
		math("a"),
		"{",
		{ id: "b", domain: "art", problem: "?" },
		math("c"),
		math("a"),
	]);
	const set = new ProblemSet([path, join(folder, "absent.jsonl")]);
	await set.loaded;
	expect(set.problems.map(({ id }) => id)).toEqual(["a", "c"]);
	expect(set.mistakeCount).toBe(4);
	expect(set.mistakes.map(({ line }) => line)).toEqual([2, 3, 5, undefined]);
	expect(set.mistakes[2]?.says).toContain('"a" is already');
	expect(set.mistakes[3]?.says).toContain("there is no file");
	expect(set.name).toBe("2 files");
});

test("mistakes beyond the limit are counted only", async () => {
	const path = file(
		"bad.jsonl",
		Array.from({ length: 20 }, () => "no"),
	);
	const set = new ProblemSet([path], { keptMistakes: 3 });
	await set.loaded;
	expect(set.mistakes).toHaveLength(3);
	expect(set.mistakeCount).toBe(20);
});

test("next goes on in order, keeps to the domain, and ends", async () => {
	const code = { id: "d", domain: "code", problem: "Write d.", tests: [{ input: "", output: "" }] };
	const set = new ProblemSet([file("order.jsonl", [math("a"), code, math("b")])]);
	expect((await set.next("a"))?.id).toBe("d");
	set.domain = "math";
	expect((await set.next("a"))?.id).toBe("b");
	expect(await set.next("b")).toBeUndefined();
});

test("after a problem of no set it goes on where one left it", async () => {
	const set = new ProblemSet([file("left.jsonl", [math("a"), math("b"), math("c")])]);
	expect((await set.next())?.id).toBe("a");
	expect((await set.next("typed"))?.id).toBe("b");
	await set.whole(set.problems[0]!);
	expect((await set.next("typed"))?.id).toBe("b");
});

test("next waits for what is not loaded yet", async () => {
	const rows = Array.from({ length: 3_000 }, (_, i) => math(`p${i}`));
	const set = new ProblemSet([file("long.jsonl", rows)], { sliceMs: 0 });
	expect((await set.next("p2998"))?.id).toBe("p2999");
});

test("tests that are large are not held, and are there when the problem is wanted", async () => {
	const tests = [{ input: "x".repeat(50_000), output: "y" }];
	const path = file("large.jsonl", ["no", math("a"), { id: "big", domain: "code", problem: "Read.", tests }]);
	const set = new ProblemSet([path]);
	await set.loaded;
	const big = set.problems[1]!;
	expect(big).toMatchObject({ id: "big", largeTests: true });
	expect(big.tests).toBeUndefined();
	expect(await set.whole(big)).toEqual({ id: "big", domain: "code", problem: "Read.", tests });
	expect(await set.next("a")).toMatchObject({ id: "big", tests });
	file("large.jsonl", [math("a")]);
	await expect(set.whole(big)).rejects.toThrow(/no longer holds the problem "big"/);
});

test("what is loaded is told, slice by slice; a closed set stops", async () => {
	const rows = Array.from({ length: 2_000 }, (_, i) => math(`p${i}`));
	const path = file("slices.jsonl", rows);
	const set = new ProblemSet([path], { sliceMs: 0 });
	const seen: number[] = [];
	set.subscribe(() => seen.push(set.problems.length));
	await set.loaded;
	expect(seen.length).toBeGreaterThan(10);
	expect(seen.at(-1)).toBe(2_000);
	expect([...seen].sort((a, b) => a - b)).toEqual(seen);
	const closed = new ProblemSet([path], { sliceMs: 0 });
	closed.subscribe(() => closed.close());
	await closed.loaded;
	expect(closed.problems.length).toBeLessThan(2_000);
	expect(closed.mistakeCount).toBe(0);
});
