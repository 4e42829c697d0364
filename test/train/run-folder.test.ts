import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
	checkpointsIn,
	type Evidence,
	EXIT,
	exitSays,
	isOver,
	parseMetric,
	parsePid,
	parseRc,
	readJobSheet,
	stateOf,
} from "../../src/train/run-folder.ts";
import { Folder } from "./folder.ts";

const folder = new Folder();
afterAll(() => folder.remove());

test("the trainer has the same exit codes", () => {
	const trainer = readFileSync(new URL("../../src/train/guest/train.py", import.meta.url), "utf8");
	const table = /^EXIT = (\{[^}]*\})/m.exec(trainer)?.[1] ?? "";
	expect(JSON.parse(table)).toEqual(EXIT);
});

describe("the state of a job", () => {
	test.each<[string, Evidence, string]>([
		["its own rc comes first, whatever the scheduler says", { rc: 0, scheduler: "running" }, "done"],
		["75 asks to be started again", { rc: 75, scheduler: "gone" }, "stopped"],
		["75 after a cancel is a cancel", { rc: 75, cancelled: true }, "cancelled"],
		["done is done, also when somebody wanted to cancel", { rc: 0, cancelled: true }, "done"],
		["any other code is a failure", { rc: 77 }, "failed"],
		["without rc the scheduler speaks", { scheduler: "waiting", word: "PENDING (Resources)" }, "waiting"],
		["gone without rc is lost", { scheduler: "gone" }, "lost"],
		["gone after a cancel is a cancel", { scheduler: "gone", cancelled: true }, "cancelled"],
		["then its accounting", { accounting: { word: "NODE_FAIL" } }, "failed"],
		["and nobody to ask is unknown, not failed", {}, "unknown"],
	])("%s", (_, evidence, state) => {
		expect(stateOf(evidence).state).toBe(state);
	});

	test("a failure says why in the trainer's own words, unless they are of another code", () => {
		const end = { attempt: 1, code: 76, reason: "notFinite", message: "the loss is gone", at: "" } as const;
		expect(stateOf({ rc: 76, end })).toMatchObject({ says: "the loss is gone", code: 76 });
		expect(stateOf({ rc: 137, end })).toMatchObject({ says: expect.stringContaining("ran out of memory") });
	});

	test("is over or not, and never both", () => {
		const evidence = fc.record(
			{
				rc: fc.integer({ min: 0, max: 255 }),
				scheduler: fc.constantFrom("waiting" as const, "running" as const, "gone" as const),
				cancelled: fc.boolean(),
			},
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(evidence, (one) => {
				const over = isOver(stateOf(one));
				if (one.rc !== undefined || one.scheduler === "gone") expect(over).toBe(true);
				else expect(over).toBe(false);
			}),
		);
	});
});

test("an exit code is told in words", () => {
	expect(exitSays(77)).toBe("out of memory");
	expect(exitSays(143)).toBe("ended by signal 15");
	expect(exitSays(127)).toMatch(/not there/);
});

test("what is torn is none", () => {
	expect(parseRc("0\n")).toBe(0);
	expect(parseRc("")).toBeUndefined();
	expect(parsePid("123 456 abc\n")).toEqual({ pid: 123, started: "456", boot: "abc" });
	expect(parsePid("123\n")).toEqual({ pid: 123 });
	expect(parsePid("1\n")).toBeUndefined();
	expect(parseMetric('{"step": 3, "max_s')).toBe("not JSON");
	expect(parseMetric('{"event": "begin"}')).toBeUndefined();
});

test("a checkpoint counts when all its files are there with their sizes", () => {
	const whole = (step: number, files: Record<string, number>): void =>
		void folder.write(`ckpt/checkpoint-${step}/whole.json`, JSON.stringify({ step, files }));
	folder.write("ckpt/checkpoint-2/weights", "1234");
	whole(2, { weights: 4 });
	folder.write("ckpt/checkpoint-10/weights", "123");
	whole(10, { weights: 4 });
	folder.write("ckpt/checkpoint-12/weights", "1234");
	folder.write("ckpt/checkpoint-4/weights", "1234");
	whole(4, { weights: 4 });
	expect(checkpointsIn(folder.path)).toEqual([2, 4]);
	expect(checkpointsIn(join(folder.path, "nothing"))).toEqual([]);
});

test("a folder that is no job, or one of a later nudge, says so", () => {
	expect(() => readJobSheet(folder.path)).toThrow(/no job: there is no run\.json/);
	folder.write("later/run.json", '{"job": 2}');
	expect(() => readJobSheet(join(folder.path, "later"))).toThrow(/job format 2/);
});
