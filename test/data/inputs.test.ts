import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { SchemaElement } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { csvOf } from "../../src/data/csv.ts";
import { stemOf } from "../../src/data/dataset-folder.ts";
import { wishOf } from "../../src/data/mapping.ts";
import { ProblemSet } from "../../src/data/problem-set.ts";
import {
	findProblem,
	type ReadOptions,
	type Row,
	readingOf,
	readProblems,
	readRows,
} from "../../src/data/problems.ts";

const folder = mkdtempSync(join(tmpdir(), "nudge-inputs-"));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Uint8Array): string {
	const file = join(folder, name);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, content);
	return file;
}

let count = 0;
function lines(...rows: readonly object[]): string {
	return put(`rows${count++}.jsonl`, rows.map((row) => JSON.stringify(row)).join("\n"));
}

function parquet(columnData: ColumnSource[], rowGroupSize = 100): Uint8Array {
	return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
	const list: Item[] = [];
	for await (const item of items) list.push(item);
	return list;
}

async function read(
	file: string,
	options: ReadOptions = {},
): Promise<{ says: string | undefined; rows: Row[] }> {
	let says: string | undefined;
	const rows = await all(
		readRows(file, undefined, {
			...options,
			onMapping: (said) => {
				says = said;
			},
		}),
	);
	return { says, rows };
}

/** The only problem of a file with these rows. */
async function one(row: object, map?: string): Promise<unknown> {
	const [found] = (await read(lines(row), { map })).rows;
	return found && "problem" in found ? found.problem : found;
}

describe("the fields of somebody else's file", () => {
	test("are found by their names: GSM8K", async () => {
		const file = put(
			"gsm/test.jsonl",
			[
				{ question: "How many?", answer: "She has <<3+4=7>>7.\n#### 7" },
				{ question: "How much?", answer: "It is #### 1,234,567" },
				{ question: "Which?", answer: "There is none." },
			]
				.map((row) => JSON.stringify(row))
				.join("\n"),
		);
		const { says, rows } = await read(file);
		expect(says).toBe(
			"question -> problem, answer after #### -> answer, id made from the row number, domain math",
		);
		expect(rows).toEqual([
			{ file, line: 1, problem: { id: "gsm-test-1", domain: "math", problem: "How many?", answer: "7" } },
			{
				file,
				line: 2,
				problem: { id: "gsm-test-2", domain: "math", problem: "How much?", answer: "1234567" },
			},
			{ file, line: 3, mistake: '"answer" has no #### with the answer' },
		]);
	});

	test("MATH: the last box of the solution, unless an answer stands beside it", async () => {
		const row = { problem: "P?", level: "Level 5", solution: "Not \\boxed{1} but $\\boxed{\\frac{1}{2}}$." };
		expect(await one(row)).toMatchObject({ answer: "\\frac{1}{2}", domain: "math" });
		expect(await one({ ...row, answer: "0.5", unique_id: "test/a.json" })).toMatchObject({
			id: "test/a.json",
			answer: "0.5",
		});
	});

	test("NeMo-Skills, CoRT, ToRA and verl", async () => {
		expect(await one({ problem: "P?", expected_answer: 5, id: "n1" })).toEqual({
			id: "n1",
			domain: "math",
			problem: "P?",
			answer: "5",
		});
		expect(
			await one({ problem: "P?", gt_answer: "025", prompt: "P?\nPlease integrate ...", source: "aime" }),
		).toMatchObject({ problem: "P?", answer: "025", source: "aime" });
		expect(
			await one({ idx: 7, question: "P?", gt_cot: "a long one #### 9", gt: "9", type: "x" }),
		).toMatchObject({
			id: expect.stringMatching(/^rows\d+-7$/),
			answer: "9",
		});
		expect(
			await one({
				data_source: "x",
				prompt: [
					{ role: "system", content: "Be brief." },
					{ role: "user", content: "P?" },
				],
				reward_model: { style: "rule", ground_truth: "3" },
			}),
		).toMatchObject({ problem: "P?", answer: "3" });
	});

	test("HumanEval, MBPP and APPS", async () => {
		expect(
			await one({
				task_id: "HumanEval/0",
				prompt: "def two():\n",
				canonical_solution: "    return 2\n",
				test: "def check(candidate):\n    assert candidate() == 2\n",
				entry_point: "two",
			}),
		).toMatchObject({
			id: "HumanEval/0",
			domain: "code",
			tests: { entry_point: "two", style: "check" },
		});
		expect(
			await one({
				task_id: 11,
				text: "Write a function.",
				code: "import math\ndef helper(x):\n    pass\ndef area(r):\n    return helper(r)",
				test_list: ["assert math.isclose(area(1), 3)", "assert area(2) == 12"],
				test_setup_code: "import math",
			}),
		).toMatchObject({
			problem: "Write a function.\n\nThe tests call area.",
			tests: {
				entry_point: "area",
				style: "script",
				test: "import math\nassert math.isclose(area(1), 3)\nassert area(2) == 12",
			},
		});
		expect(
			await one({ question: "Q?", input_output: '{"inputs": ["1\\n"], "outputs": ["2\\n"]}', solution: "x" }),
		).toMatchObject({ domain: "code", tests: [{ input: "1\n", output: "2\n" }] });
	});

	test("MMLU, ARC and choices in columns", async () => {
		expect(await one({ question: "Q?", choices: ["1", "2", "4"], answer: 2 })).toMatchObject({
			domain: "science",
			choices: ["1", "2", "4"],
			answer: "C",
		});
		expect(
			await one({ question: "Q?", choices: { text: ["x", "y"], label: ["1", "2"] }, answerKey: "2" }),
		).toMatchObject({ choices: ["x", "y"], answer: "B" });
		expect(await one({ question: "Q?", options: { A: "x", B: "y" }, answer: "y" })).toMatchObject({
			answer: "y",
		});
		const csv = put("mc.csv", "question,A,B,C,answer\nQ?,x,y,z,C\nR?,x,y,z,D\n");
		const { says, rows } = await read(csv);
		expect(says).toContain("A and B and C -> choices, answer -> answer");
		expect(rows[0]).toMatchObject({ problem: { choices: ["x", "y", "z"], answer: "C" } });
		expect(rows[1]).toMatchObject({ line: 3, mistake: 'the answer "D" is none of the choices' });
	});

	test("GPQA and SciQ: where the right choice has a field of its own, its place does not give it away", async () => {
		const rows = Array.from({ length: 40 }, (_, i) => ({
			Question: `Q${i}?`,
			"Correct Answer": "right",
			"Incorrect Answer 1": "A",
			"Incorrect Answer 2": "wrong",
			"Incorrect Answer 3": "false",
		}));
		const { says, rows: found } = await read(lines(...rows));
		expect(says).toContain(
			"Incorrect Answer 3 -> choices (shuffled by the question), Correct Answer -> answer",
		);
		const letters = found.map((row) => {
			if (!("problem" in row)) throw new Error(row.mistake);
			const { choices = [], answer = "" } = row.problem;
			expect([...choices].sort()).toEqual(["A", "false", "right", "wrong"]);
			expect(choices["ABCD".indexOf(answer)]).toBe("right");
			return answer;
		});
		expect(new Set(letters)).toEqual(new Set(["A", "B", "C", "D"]));
		expect(
			(await read(lines(...rows.toReversed()))).rows.map((row) => "problem" in row && row.problem.answer),
		).toEqual(letters.toReversed());
		expect(
			await one({ question: "Q?", correct_answer: "r", distractor1: "v", distractor2: "w" }),
		).toMatchObject({ choices: expect.arrayContaining(["r", "v", "w"]) });
	});

	test("an id is taken where it names rows, not groups of them", async () => {
		const row = (id: number) => ({ question_id: id, question: "P?", answer: "1" });
		const ids = async (...numbers: number[]) =>
			(await all(readProblems(lines(...numbers.map(row))))).map(({ id }) => id.replace(/^rows\d+-/, ""));
		expect(await ids(7, 8, 8)).toEqual(["7", "8", "8"]);
		expect(await ids(7, 7, 8, 8)).toEqual(["1", "2", "3", "4"]);
	});

	test("Body and Question belong together", async () => {
		expect(await one({ Body: "There are 2.", Question: "How many?", Answer: 2 })).toMatchObject({
			problem: "There are 2.\nHow many?",
			answer: "2",
		});
	});

	test("that are nudge's own leave the file as it is, with its mistakes", async () => {
		const good = { id: "a", domain: "math", problem: "P?", answer: "1" };
		const { says, rows } = await read(lines({ nonsense: 1 }, good, { ...good, id: "b", domain: "sport" }));
		expect(says).toBeUndefined();
		expect(rows.map((row) => ("problem" in row ? row.problem.id : row.mistake))).toEqual([
			'"id" must be a text that is not empty; it is missing',
			"a",
			'"domain" must be one of math, code, science; it is "sport"',
		]);
	});
});

describe("a mapping that is not clear is refused with the fields and what to say", () => {
	const refuses = async (row: object, ...says: string[]): Promise<void> => {
		for (const part of says) await expect(all(readRows(lines(row)))).rejects.toThrow(part);
	};

	test("no problem, two problems, two answers, an answer that is a text", async () => {
		await refuses(
			{ title: "x", body_text: "y" },
			"named like a problem",
			"Its fields are title, body_text",
			"--map",
		);
		await refuses({ problem: "x", question: "y" }, "the problem could be problem or question");
		await refuses({ instruction: "x", input: "y", output: "z" }, "the problem could be input or instruction");
		await refuses({ question: "x", answer: "1", target: "2" }, "the answer could be answer or target");
		await refuses({ question: "x", answer: "long ".repeat(100) }, "answer has long texts without");
		await refuses({ problem: "x", solution: "words ".repeat(30) }, "solution has long texts without");
		await refuses({ question: "x", context: "y", answer: "1" }, "problem=context+question");
		await refuses({ question: "x", choices: ["a", "b"] }, "no field says which is right");
		await refuses({ question: "x", choices: 3, answer: 1 }, "what choices holds is not understood");
	});

	test("a context that only a later row has is a mistake of that row", async () => {
		const rows = Array.from({ length: 40 }, (_, i) => ({
			question: "x",
			context: i === 37 ? "y" : null,
			gt: i,
		}));
		const { rows: found } = await read(lines(...rows));
		expect(found.flatMap((row) => ("mistake" in row ? [row.line, row.mistake] : []))).toEqual([
			38,
			'"context" is not empty here and may belong to the question: --map problem=context+question, or problem=question',
		]);
		const said = await read(lines(...rows), { map: "problem=question" });
		expect(said.rows.some((row) => "mistake" in row)).toBe(false);
		const parquetFile = put(
			"context.parquet",
			parquet([
				{ name: "question", data: rows.map(({ question }) => question) },
				{ name: "context", data: rows.map(({ context }) => context), type: "STRING", nullable: true },
			]),
		);
		expect((await read(parquetFile)).rows[37]).toHaveProperty("mistake");
	});

	test("fields that say the same are no doubt", async () => {
		expect(await one({ problem: "x", question: "x", answer: "1", target: 1 })).toMatchObject({ answer: "1" });
	});

	test("a mapping that is given wins", async () => {
		const row = { question: "x", problem: "y", final: "see \\boxed{4}", kind: "code", name: "n1" };
		expect(await one(row, "problem=question,answer=final,id=name,domain=science")).toEqual({
			id: "n1",
			domain: "science",
			problem: "x",
			answer: "4",
		});
		expect(await one(row, "problem=question+problem,answer=final:text")).toMatchObject({
			problem: "x\ny",
			answer: "see \\boxed{4}",
		});
		expect(await one({ problem: "x", solution: "words ".repeat(30) }, "answer=")).not.toHaveProperty(
			"answer",
		);
	});

	test("a mapping that cannot be is refused", async () => {
		await expect(one({ problem: "x" }, "problem=nothing")).rejects.toThrow("there is no such field");
		await expect(one({ problem: "x" }, "answer=nothing")).rejects.toThrow("there is no such field");
		expect(() => wishOf("question")).toThrow('cannot be read at "question"');
		expect(() => wishOf("title=x")).toThrow("NAME one of problem, answer");
		expect(() => wishOf("id=a,id=b")).toThrow('names "id" twice');
	});
});

test("rows that cannot be mapped are mistakes with their place, and the rest is read", async () => {
	const file = lines({ question: "a", gt: "1" }, { question: "", gt: "2" }, { question: "c" }, [], {
		question: "d",
		gt: "4",
	});
	const { rows } = await read(file);
	expect(rows.map((row) => ("problem" in row ? row.problem.id : `${row.line}: ${row.mistake}`))).toEqual([
		`${stemOf(file)}-1`,
		'2: "question" (the problem) is missing',
		'3: "gt" (the answer) is missing',
		"4: a line holds one JSON object with the fields id, domain and problem",
		`${stemOf(file)}-5`,
	]);
	await expect(all(readProblems(file))).rejects.toThrow(`${file}:2: "question" (the problem) is missing`);
	const set = new ProblemSet([file]);
	await set.loaded;
	expect([set.problems.length, set.mistakeCount, set.mistakes[0]?.line]).toEqual([2, 3, 2]);
	expect(set.mapping).toContain("question -> problem");
});

describe("CSV", () => {
	const cell = fc.string({
		unit: fc.constantFrom('"', ",", "\n", "\r", "\r\n", "é", "🂡", "a", " ", "\t", "'"),
		maxLength: 6,
	});
	const written = (text: string): string =>
		/[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;

	test("gives back what was written, wherever it is cut into pieces", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc
					.integer({ min: 1, max: 4 })
					.chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }))),
				fc.constantFrom("\n", "\r\n"),
				fc.boolean(),
				fc.integer({ min: 1, max: 7 }),
				async (records, end, last, size) => {
					const text =
						records.map((cells) => cells.map(written).join(",")).join(end) +
						(last && records.length ? end : "");
					const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
						text.slice(i * size, (i + 1) * size),
					);
					const found = await all(csvOf(pieceByPiece(pieces)));
					expect(found.map(({ cells }) => cells)).toEqual(records);
					expect(found.some(({ mistake }) => mistake !== undefined)).toBe(false);
					let line = 1;
					for (const [i, { line: at }] of found.entries()) {
						expect(at).toBe(line);
						line += 1 + (records[i] ?? []).join("").split("\n").length - 1;
					}
				},
			),
			{ numRuns: 150 },
		);
	});

	test("names rows that do not fit, and goes on", async () => {
		const file = put(
			"bad.csv",
			'\ufeffquestion,answer\r\n"a, b\r\nc",1\r\n\r\nd,e,f\r\n"g"h,2\r\ni,3\r\n,4\r\n"never closed,5',
		);
		const { rows } = await read(file);
		expect(
			rows.map((row) => ("problem" in row ? row.problem.problem : `${row.line}: ${row.mistake}`)),
		).toEqual([
			"a, b\r\nc",
			'5: the header names 2 fields, this row has 3; is a cell with "," not in quotes?',
			"6: there is text after the closing quote of a cell",
			"i",
			'8: "question" (the problem) is missing',
			"9: a quote is opened and never closed",
		]);
	});

	test("a quote that is never closed does not take the whole file into memory", async () => {
		const endless = async function* (): AsyncGenerator<string> {
			yield 'a,b\n"';
			for (;;) yield "x".repeat(500);
		};
		await expect(all(csvOf(endless(), ",", 10_000))).rejects.toThrow("begins in line 2");
	});

	test("tabs part the cells of a .tsv file", async () => {
		const { rows } = await read(put("a.tsv", "problem\tanswer\na, b\t1\n"));
		expect(rows).toMatchObject([{ problem: { problem: "a, b", answer: "1" } }]);
	});
});

async function* pieceByPiece(pieces: readonly string[]): AsyncGenerator<string> {
	yield* pieces;
}

describe("gzip", () => {
	test("is unpacked on the way, for JSON Lines and CSV", async () => {
		const jsonl = put(
			"z.jsonl.gz",
			gzipSync('{"problem": "é?", "answer": "1"}\n{"problem": "b?", "answer": "2"}'),
		);
		const csv = put("z.csv.gz", gzipSync("problem,answer\né?,1\n"));
		expect((await all(readProblems(jsonl))).map(({ id, problem }) => [id, problem])).toEqual([
			["z-1", "é?"],
			["z-2", "b?"],
		]);
		expect(await all(readProblems(csv))).toMatchObject([{ problem: "é?" }]);
	});

	test("that is cut off, or is none, says so", async () => {
		const whole = gzipSync(`{"problem": "${"abc".repeat(1000)}"}\n`);
		await expect(all(readProblems(put("cut.jsonl.gz", whole.subarray(0, 30))))).rejects.toThrow(
			"cannot be unpacked",
		);
		await expect(all(readProblems(put("no.jsonl.gz", "plain")))).rejects.toThrow("cannot be unpacked");
	});
});

describe("Parquet", () => {
	const many = Array.from({ length: 250 }, (_, i) => i);

	test("is read row group by row group, the columns that are needed", async () => {
		const file = put(
			"many.parquet",
			parquet([
				{ name: "idx", data: many.map(BigInt), type: "INT64" },
				{ name: "question", data: many.map((i) => `é ${i}?`) },
				{ name: "gt", data: many.map((i) => (i === 120 ? null : String(i))), type: "STRING", nullable: true },
				{ name: "other", data: many.map(() => "x".repeat(50)) },
			]),
		);
		const { says, rows } = await read(file);
		expect(says).toBe("question -> problem, gt -> answer, idx -> id, domain math");
		expect(rows.length).toBe(250);
		expect(rows[249]).toEqual({
			file,
			line: 250,
			problem: { id: "many-249", domain: "math", problem: "é 249?", answer: "249" },
		});
		expect(rows[120]).toEqual({ file, line: 121, mistake: '"gt" (the answer) is missing' });
		expect((await findProblem("many-7", file)).answer).toBe("7");
	});

	test("may hold lists and objects", async () => {
		const list = (name: string): SchemaElement[] => [
			{ name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
			{ name: "list", repetition_type: "REPEATED", num_children: 1 },
			{ name: "element", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" },
		];
		const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;
		const columnData = [
			{ name: "question", data: ["a?", "b?"] },
			{
				name: "choices",
				data: [
					{ text: ["x", "y"], label: ["A", "B"] },
					{ text: ["u", "v"], label: ["1", "2"] },
				],
			},
			{ name: "answerKey", data: ["B", "1"] },
		];
		const schema: SchemaElement[] = [
			{ name: "root", num_children: 3 },
			{ name: "question", ...text },
			{ name: "choices", repetition_type: "OPTIONAL", num_children: 2 },
			...list("text"),
			...list("label"),
			{ name: "answerKey", ...text },
		];
		const file = put("nested.parquet", new Uint8Array(parquetWriteBuffer({ columnData, schema })));
		const { says, rows } = await read(file);
		expect(says).toContain("choices -> choices, answerKey -> answer");
		expect(rows).toMatchObject([
			{ problem: { choices: ["x", "y"], answer: "B" } },
			{ problem: { choices: ["u", "v"], answer: "A" } },
		]);
	});

	test("that is cut off, or is none, is named", async () => {
		const whole = parquet([{ name: "problem", data: ["a"] }]);
		const says = "cannot be read as Parquet";
		await expect(all(readRows(put("cut.parquet", whole.subarray(0, 60))))).rejects.toThrow(says);
		await expect(all(readRows(put("none.parquet", "a,b\n")))).rejects.toThrow(says);
		await expect(all(readRows(put("empty.parquet", "")))).rejects.toThrow(says);
	});
});

describe("a dataset folder", () => {
	const rows = (...texts: string[]): string => texts.map((problem) => JSON.stringify({ problem })).join("\n");
	const texts = async (path: string): Promise<string[]> =>
		(await all(readProblems(path))).map(({ id, problem }) => `${id} ${problem}`);

	test("has its splits in the names of its files", async () => {
		const part = (problem: string): Uint8Array => parquet([{ name: "problem", data: [problem] }]);
		put("hub/data/train-00001-of-00002.parquet", part("b"));
		put("hub/data/train-00000-of-00002.parquet", part("a"));
		put("hub/data/test-00000-of-00001.parquet", part("c"));
		put("hub/dataset_infos.json", "{}");
		const path = join(folder, "hub");
		await expect(texts(path)).rejects.toThrow(`several parts: name one of ${path}:test, ${path}:train`);
		expect(await texts(`${path}:train`)).toEqual(["hub-train-1 a", "hub-train-2 b"]);
		expect(await texts(`${path}:test`)).toEqual(["hub-test-1 c"]);
		await expect(texts(`${path}:dev`)).rejects.toThrow('has no "dev"');
		expect((await readingOf(`${path}:train`)).files.length).toBe(2);
	});

	test("may keep its configurations in folders, with no README", async () => {
		put("two/main/train.jsonl", rows("a"));
		put("two/socratic/train.csv", "problem\nb\n");
		put("two/socratic/validation.csv", "problem\nc\n");
		const path = join(folder, "two");
		expect(await texts(`${path}:main`)).toEqual(["two-main-train-1 a"]);
		expect(await texts(`${path}:validation`)).toEqual(["two-socratic-validation-1 c"]);
		expect(await texts(`${path}:socratic/train`)).toEqual(["two-socratic-train-1 b"]);
		await expect(texts(`${path}:train`)).rejects.toThrow(`${path}:main/train`);
	});

	test("says in its README what is what", async () => {
		put(
			"readme/README.md",
			"---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: parts/[ab]*.jsonl\n  - split: test\n    path:\n    - parts/c.jsonl\n- config_name: more\n  data_files: more/**/*.jsonl\n---\n# A set\n",
		);
		put("readme/parts/a1.jsonl", rows("a"));
		put("readme/parts/b1.jsonl", rows("b"));
		put("readme/parts/c.jsonl", rows("c"));
		put("readme/parts/left-out.jsonl", rows("no"));
		put("readme/more/deep/x.jsonl", rows("d"));
		const path = join(folder, "readme");
		expect(await texts(`${path}:default/train`)).toEqual(["readme-train-1 a", "readme-train-2 b"]);
		expect(await texts(`${path}:test`)).toEqual(["readme-test-1 c"]);
		expect(await texts(`${path}:more`)).toEqual(["readme-more-train-1 d"]);
		put("readme-wrong/README.md", "---\nconfigs:\n- data_files: data/*.csv\n---\n");
		put("readme-wrong/a.jsonl", rows("a"));
		await expect(texts(join(folder, "readme-wrong"))).rejects.toThrow("none of them is in");
	});

	test("with one split needs no name; with a split in two formats it is refused", async () => {
		put("single/data/problems.jsonl", rows("a"));
		expect(await texts(join(folder, "single"))).toEqual(["single-train-1 a"]);
		put("single/train.csv", "problem\na\n");
		await expect(texts(join(folder, "single"))).rejects.toThrow("in several formats (jsonl, csv)");
	});

	test("names the file of a mistake, and finds large tests again", async () => {
		put("marked/train-00000-of-00002.jsonl", rows("a"));
		const second = put("marked/train-00001-of-00002.jsonl", `nonsense\n${rows("b")}`);
		const set = new ProblemSet([join(folder, "marked")]);
		await set.loaded;
		expect(set.problems.map(({ id }) => id)).toEqual(["marked-train-1", "marked-train-3"]);
		expect(set.mistakes).toMatchObject([{ file: second, line: 1 }]);
	});
});

test("a reader that stops early closes what it opened, and what it saw is what a whole reading gives", async () => {
	const file = put(
		"early.csv",
		`problem,answer\n${Array.from({ length: 500 }, (_, i) => `p${i},${i}`).join("\n")}\n`,
	);
	const whole = await all(readRows(file));
	const seen: Row[] = [];
	for await (const row of readRows(file)) if (seen.push(row) === 40) break;
	expect(seen).toEqual(whole.slice(0, 40));
	rmSync(file);
});
