/** `nudge sample` on problems in others' forms, from the file to the verdict, and on files that are none. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRollout, type Rollout } from "../../src/data/rollout.ts";
import { type Home, MAKING_TIMEOUT_MS, makeHome, nudge } from "./program.ts";

let home: Home;
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterAll(() => home?.remove());

const QUESTIONS = [
	["What is 37 * 48?", "1776"],
	["What is 388 * 286?", "110968"],
] as const;

function put(name: string, rows: readonly unknown[] | string): string {
	const text = typeof rows === "string" ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
	writeFileSync(join(home.dir, name), text);
	return name;
}

function rolloutsOf(run: string): Rollout[] {
	const lines = readFileSync(join(home.dir, run, "rollouts-1of1.jsonl"), "utf8")
		.trim()
		.split("\n");
	return lines.map((line) => parseRollout(line) as Rollout);
}

test("CoRT, NeMo-Skills, ToRA, GSM8K and a dataset folder with Parquet: read as said before it starts, checked against their gold", async () => {
	mkdirSync(join(home.dir, "hub", "data"), { recursive: true });
	const column = (name: string, data: string[]) => ({ name, data, type: "STRING" as const });
	const parquet = parquetWriteBuffer({
		columnData: [
			column(
				"question",
				QUESTIONS.map(([question]) => question),
			),
			column(
				"answer",
				QUESTIONS.map(([, answer]) => `Step by step.\n#### ${answer}`),
			),
		],
	});
	writeFileSync(join(home.dir, "hub", "data", "train-00000-of-00001.parquet"), new Uint8Array(parquet));
	const files = [
		put(
			"cort.jsonl",
			QUESTIONS.map(([problem, gt_answer]) => ({ problem, gt_answer })),
		),
		put(
			"nemo.jsonl",
			QUESTIONS.map(([problem, expected_answer]) => ({ problem, expected_answer })),
		),
		put(
			"tora.jsonl",
			QUESTIONS.map(([question, gt], idx) => ({ idx, question, gt })),
		),
		put(
			"gsm8k.jsonl",
			QUESTIONS.map(([question, gold]) => ({ question, answer: `So <<37*48=1>>.\n#### ${gold}` })),
		),
		"hub",
	];
	const { code, stdout, stderr } = await nudge(home, [
		"sample",
		...files.flatMap((file) => ["--problems", file]),
		...["--out", "foreign", "--n", "1", "--hints", "auto", "--words", "0"],
	]);
	expect(code, stderr).toBe(0);
	const told = stderr.slice(0, stderr.indexOf("rollouts; all are owed"));
	for (const says of [
		"cort.jsonl: problem -> problem, gt_answer -> answer",
		"nemo.jsonl: problem -> problem, expected_answer -> answer",
		"tora.jsonl: question -> problem, gt -> answer",
		"gsm8k.jsonl: question -> problem, answer after #### -> answer",
		"hub: question -> problem, answer after #### -> answer",
	])
		expect(told).toContain(says);
	expect(stdout).toMatch(/^done +10 of 10;/);
	const rollouts = rolloutsOf("foreign");
	expect(rollouts.map(({ problem }) => problem.answer).sort()).toEqual(
		files.flatMap(() => QUESTIONS.map(([, answer]) => answer)).sort(),
	);
	expect(new Set(rollouts.map(({ problem }) => problem.id)).size).toBe(10);
	for (const { verdict, answer, problem } of rollouts)
		expect(verdict === "correct").toBe(answer === problem.answer);
	expect(rollouts.filter(({ verdict }) => verdict === "correct").length).toBeGreaterThan(0);
}, 180_000);

test("what is no problem file is one clear message, and nothing is begun", async () => {
	const whole = { id: "a", problem: "What is 1+1?", answer: "2" };
	const cases: [string, string[], string | RegExp][] = [
		[put("empty.jsonl", ""), [], "there is no problem in"],
		[
			put("torn.jsonl", `${JSON.stringify(whole)}\n{"id":"b","problem":"What`),
			[],
			"torn.jsonl:2: this is not JSON",
		],
		[put("twice.jsonl", [whole, whole]), ["--map", "id=id,problem=problem"], 'the id "a" is there twice'],
		[put("unclear.jsonl", [{ question: "1+1?", gt: "2", answer: "3" }]), [], /could be answer or gt.*--map/],
		["nowhere.jsonl", [], "there is no file"],
	];
	for (const [file, options, says] of cases) {
		const { code, stdout, stderr } = await nudge(home, [
			"sample",
			...["--problems", file, "--out", `no-${file}`, "--n", "1", ...options],
		]);
		expect(code, stderr).toBe(1);
		expect(stdout).toBe("");
		const said = stderr.split("\n").filter((line) => line.startsWith("nudge:"));
		expect(said).toEqual([expect.stringMatching(says)]);
		expect(() => rolloutsOf(`no-${file}`)).toThrow("ENOENT");
	}
}, 120_000);

test("a problem that does not fit into the context is said, and the others are sampled", async () => {
	const long = { id: "long", problem: `What is 1+1? ${"x ".repeat(200_000)}`, answer: "2" };
	const file = put("long.jsonl", [long, { id: "short", problem: "What is 37 * 48?", answer: "1776" }]);
	const { code, stdout, stderr } = await nudge(home, [
		...["sample", "--problems", file, "--out", "long", "--n", "2", "--hints", "off"],
	]);
	expect(code, stderr).toBe(0);
	expect(stderr.match(/long does not fit into the context of \d+ tokens/g)).toHaveLength(1);
	expect(stdout).toMatch(/^ended by .*context 2/m);
}, 120_000);
