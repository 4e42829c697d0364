import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FORMAT_NAMES } from "../../src/commands/dataset-export.ts";
import { FORMATS } from "../../src/data/formats/table.ts";
import { datasetOf, sampleFrom, TINY_FILE } from "../data/formats/generated.ts";
import { sheetFor } from "../data/rollouts.ts";
import { World } from "./world.ts";

let world: World;

beforeEach(() => {
	world = new World();
	datasetOf(
		join(world.cwd, "d"),
		Array.from({ length: 12 }, (_, i) => sampleFrom(`q${i}`)),
	);
});

afterEach(() => world.remove());

const exported = (...words: string[]) => world.nudge("dataset", "export", "d", ...words);

describe("nudge dataset export", () => {
	test("writes every format and says how much trains, and which formats lose the masks", async () => {
		expect(FORMAT_NAMES).toEqual(FORMATS.map(({ id }) => id));
		for (const { id, carries, parquetOnly } of FORMATS) {
			const { code, out, err } = await exported("--format", id, "--to", id);
			expect([id, code, err]).toEqual([id, 0, ""]);
			expect(out).toContain("trained   model 312 tokens (936 characters); hint 108 tokens (384 characters)");
			expect(out.includes("CANNOT CARRY MASKS")).toBe(carries === "turn");
			const end = parquetOnly ? "parquet" : "jsonl";
			expect(readFileSync(join(world.cwd, id, "data", `train-00000-of-00001.${end}`)).length).toBeGreaterThan(
				100,
			);
		}
	});

	test("masks hints where that is said, and counts without them", async () => {
		const { out } = await exported("--format", "trl", "--to", "x", "--mask", "hint", "--parquet");
		expect(out).toContain("trained   model 312 tokens (936 characters)\n");
		const coarse = await exported("--format", "messages", "--to", "y", "--mask", "hint");
		expect(coarse.out).toMatch(/trains \d+ characters of hints and \d+ characters of outputs of Python/);
	});

	test("as JSON is one object", async () => {
		const { out } = await exported(
			"--format",
			"tokens",
			"--to",
			"x",
			"--split",
			"valid=0.5",
			"--ids",
			"--json",
		);
		const { samples, trained, parts } = JSON.parse(out) as {
			samples: number;
			trained: object;
			parts: { format: string; splits: { split: string; rows: number }[] }[];
		};
		expect(samples).toBe(12);
		expect(trained).toMatchObject({ model: { tokens: 312 }, hint: { tokens: 108 } });
		expect(parts.map(({ format }) => format)).toEqual(["tokens", "ids"]);
		expect(parts[0]!.splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(12);
	});

	test("takes a tokenizer.json, its folder or an engine, and the bundled model's where that sampled all", async () => {
		const rows = (to: string): string =>
			readFileSync(join(world.cwd, to, "data/train-00000-of-00001.jsonl"), "utf8");
		const folder = TINY_FILE.replace("/tokenizer.json", "");
		for (const [i, named] of [[], [TINY_FILE], [folder], ["embedded"]].entries()) {
			const words = named.length > 0 ? ["--tokenizer", ...named, "--retokenize"] : [];
			const { code, err } = await exported("--format", "trl", "--to", `x${i}`, ...words);
			expect([code, err]).toEqual([0, ""]);
			expect(rows(`x${i}`)).toBe(rows("x0"));
		}
	});

	test("asks for a tokenizer where another model sampled, as ids are checked against the text", async () => {
		datasetOf(join(world.cwd, "d"), [sampleFrom("q", { engine: "vllm:http://127.0.0.1:8000" })]);
		const { code, err } = await exported("--format", "tokens", "--to", "x");
		expect(code).toBe(2);
		expect(err).toContain("needs --tokenizer: the sampled model's tokenizer.json, its folder, or the engine");
		expect((await exported("--format", "tokens", "--to", "x", "--tokenizer", "./nowhere")).err).toContain(
			"there is no tokenizer.json at ./nowhere",
		);
	});

	test("tells what is missing between a run and an export", async () => {
		mkdirSync(join(world.cwd, "hinted"));
		writeFileSync(join(world.cwd, "hinted", "run.json"), JSON.stringify(sheetFor(4)));
		const { code, err } = await world.nudge("dataset", "export", "hinted", "--format", "trl", "--to", "x");
		expect(code).toBe(1);
		expect(err).toContain("hinted is a run: its rollouts are no samples yet");
		expect(err).toContain("nudge dataset start hinted --out D");
		const none = await world.nudge("dataset", "export", "nothing", "--format", "trl", "--to", "x");
		expect([none.code, none.err]).toEqual([1, expect.stringContaining("is no dataset")]);
	});

	test.each([
		[["--to", "x"], "needs --format"],
		[["--format", "trl"], "needs --to DIR"],
		[["--format", "parquet", "--to", "x"], "--format takes canonical, tokens"],
		[["--format", "trl", "--to", "x", "--split", "valid=2"], "--split takes a name and a share"],
		[["--format", "trl", "--to", "x", "--split", "train=0.1"], "--split takes a name and a share"],
		[["--format", "trl", "--to", "x", "--retokenize"], "--retokenize goes with --tokenizer"],
		[["--format", "trl", "--to", "x", "--license", "my own words"], "--license takes an identifier"],
		[["--format", "trl", "--to", "x", "--max-tokens", "few"], "--max-tokens takes a whole number"],
	])("%j is wrong use", async (words, says) => {
		const { code, err } = await exported(...words);
		expect(code).toBe(2);
		expect(err).toContain(says);
	});

	test("will not write over what is there", async () => {
		await exported("--format", "trl", "--to", "x");
		const { code, err } = await exported("--format", "axolotl", "--to", "x");
		expect(code).toBe(1);
		expect(err).toContain("x holds an export already: name another folder, or say --replace");
		expect((await exported("--format", "axolotl", "--to", "x", "--replace")).code).toBe(0);
	});
});
