import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readScores, rescored, SCORES_FILE, type Score, type ScoringStart } from "../../src/data/scores.ts";
import type { OutcomeVerdict } from "../../src/trace/events.ts";
import { freshFolder } from "../trace/folder.ts";

const start = (...by: string[]): ScoringStart => ({ start: "2026-01-01T00:00:00.000Z", by, nudge: "0" });

function score(key: string, by: string, was: OutcomeVerdict, verdict: OutcomeVerdict): Score {
	return { key, by, was, verdict, answer: `${key} by ${by}`, ms: 1 };
}

function written(...lines: readonly (Score | ScoringStart)[]): string {
	const folder = freshFolder();
	writeFileSync(join(folder, SCORES_FILE), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
	return folder;
}

describe("the verdicts in force", () => {
	test("are none where a run was never scored again", async () => {
		expect(await rescored(freshFolder())).toEqual(new Map());
	});

	test("are those that differ from the rollout's own", async () => {
		const folder = written(start("math@1"), score("a", "math@1", "wrong", "correct"), {
			...score("b", "math@1", "correct", "correct"),
			why: "the same",
		});
		expect(await rescored(folder)).toEqual(new Map([["a", { verdict: "correct", answer: "a by math@1" }]]));
	});

	test("are those of the latest start that judged the rollout, whichever line stands last", async () => {
		const folder = written(
			start("math@1"),
			score("a", "math@1", "wrong", "correct"),
			score("b", "math@1", "wrong", "correct"),
			score("c", "math@1", "wrong", "correct"),
			start("mine@1"),
			score("a", "mine@1", "wrong", "unparseable"),
			score("b", "mine@1", "wrong", "wrong"),
		);
		const verdicts = async (): Promise<unknown> =>
			[...(await rescored(folder))].map(([key, { verdict }]) => [key, verdict]).sort();
		expect(await verdicts()).toEqual([
			["a", "unparseable"],
			["c", "correct"],
		]);
		// Asked for again, the first verifier does nothing twice, and its verdicts are in force again.
		appendFileSync(join(folder, SCORES_FILE), `${JSON.stringify(start("math@1"))}\n`);
		expect(await verdicts()).toEqual([
			["a", "correct"],
			["b", "correct"],
			["c", "correct"],
		]);
	});

	test("outlive damage and a torn end, which are said", async () => {
		const folder = written(start("math@1"), score("a", "math@1", "wrong", "correct"));
		appendFileSync(join(folder, SCORES_FILE), '{"key":"b"}\n{"key":"c","by":"ma');
		expect([...(await rescored(folder)).keys()]).toEqual(["a"]);
		const reading = await readScores(folder, {});
		expect(reading?.bad).toEqual([{ line: 3, why: "no verdict: it lacks its key, verifier or verdict" }]);
		expect(reading?.torn).toBeDefined();
	});
});
