import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { partsOf } from "../../../src/data/dataset-folder.ts";
import { type ExportOptions, exportDataset } from "../../../src/data/formats/export.ts";
import type { Format } from "../../../src/data/formats/format.ts";
import { EXPORT_FILE } from "../../../src/data/formats/place.ts";
import { FORMATS, formatOf } from "../../../src/data/formats/table.ts";
import { openTokenizerFile } from "../../../src/data/tokenizer-file.ts";
import type { Sample } from "../../../src/trace/sample.ts";
import { freshFolder } from "../../trace/folder.ts";
import { anySample, datasetOf, END, sampleFrom, segmentOf, TINY, TINY_FILE } from "./generated.ts";

type Json = Record<string, unknown>;

function optionsFor(
	root: string,
	format: Format,
	parquet: boolean,
	more: Partial<ExportOptions> = {},
): ExportOptions {
	return {
		dataset: join(root, "d"),
		to: join(root, "out"),
		parts: [{ format, folder: "data", parquet, config: "default" }],
		tokenizer: TINY,
		where: "./out",
		nudge: "0.1.0",
		now: () => new Date(0),
		...more,
	};
}

const jsonRows = (root: string, name = "train-00000-of-00001.jsonl"): Json[] =>
	readFileSync(join(root, "out", "data", name), "utf8")
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line) as Json);

async function parquetRows(file: string): Promise<Json[]> {
	const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
	return plain(rows) as Json[];
}

/** As JSON has it: absent fields are absent, whole numbers are numbers. */
function plain(value: unknown): unknown {
	return JSON.parse(
		JSON.stringify(value, (_, inner: unknown) => {
			if (typeof inner === "bigint") return Number(inner);
			return inner === null ? undefined : inner;
		}),
	);
}

const samples = (count: number): Sample[] => Array.from({ length: count }, (_, i) => sampleFrom(`q${i}`));
const canonical = formatOf("canonical")!;
const tokens = formatOf("tokens")!;

describe("an export", () => {
	test("reads back from Parquet as it does from JSON Lines, in every format", async () => {
		const root = freshFolder();
		const [generated = []] = fc.sample(fc.array(anySample, { minLength: 25, maxLength: 25 }), {
			numRuns: 1,
			seed: 5,
		});
		const reviewed = sampleFrom("edited", {
			segments: [
				segmentOf("prompt", "no template\n", false),
				{ ...segmentOf("edit", "mine", false), edited: { by: "ada", at: "2026-11-22", was: "its" } },
				segmentOf("model", END, true),
			],
			sampling: { temperature: 0, seed: 2 ** 40 },
		});
		datasetOf(join(root, "d"), [...generated, reviewed]);
		for (const format of FORMATS) {
			const written = await exportDataset(optionsFor(root, format, true, { replace: true }));
			expect(written.tally.samples).toBe(26);
			const rows = await parquetRows(join(root, "out", "data", "train-00000-of-00001.parquet"));
			await exportDataset(optionsFor(root, format, false, { replace: true }));
			const expected = jsonRows(root).map((row) =>
				row.versions
					? { ...row, versions: Object.entries(row.versions).map(([name, version]) => ({ name, version })) }
					: row,
			);
			expect(rows).toEqual(plain(expected));
			for (const row of expected)
				expect(Object.keys(format.columns)).toEqual(expect.arrayContaining(Object.keys(row)));
		}
	});

	test("of many samples is cut into files that are named when their number is known, nothing lost or doubled", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(60));
		for (const parquet of [false, true]) {
			await exportDataset(
				optionsFor(root, canonical, parquet, { shardBytes: 6_000, replace: true, withIds: true }),
			);
			const names = readdirSync(join(root, "out", "data")).sort();
			const last = names.length - 1;
			expect(last).toBeGreaterThan(1);
			expect(names[last]).toBe(
				`train-${String(last).padStart(5, "0")}-of-${String(names.length).padStart(5, "0")}.${parquet ? "parquet" : "jsonl"}`,
			);
			const rows: Json[] = [];
			for (const name of names)
				rows.push(...(parquet ? await parquetRows(join(root, "out", "data", name)) : jsonRows(root, name)));
			expect(rows.map(({ id }) => id)).toEqual(samples(60).map(({ id }) => id));
		}
	});

	test("keeps row groups small, whatever the number of rows", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(2500));
		await exportDataset(optionsFor(root, formatOf("messages")!, true));
		const file = await asyncBufferFromFile(join(root, "out", "data", "train-00000-of-00001.parquet"));
		const { row_groups } = await parquetMetadataAsync(file);
		expect(row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([1000, 1000, 500]);
	});

	test("leaves rejected samples out and takes edits in, and says who did", async () => {
		const root = freshFolder();
		const at = "2026-11-22T12:00:00.000Z";
		datasetOf(join(root, "d"), samples(3), [
			{ do: "reject", sample: "q0", by: "ada", at },
			{ do: "edit", sample: "q1", by: "bob", at, from: 0, was: "Let me see.", text: "Well." },
			{ do: "accept", sample: "q1", by: "ada", at },
		]);
		const { tally } = await exportDataset(optionsFor(root, canonical, false));
		const rows = jsonRows(root) as unknown as Sample[];
		expect(rows.map(({ id }) => id)).toEqual(["q1", "q2"]);
		expect(rows[0]!.segments[1]).toMatchObject({
			kind: "edit",
			text: "Well.",
			edited: { by: "bob", was: "Let me see." },
		});
		expect([tally.read, tally.rejected, tally.accepted, tally.edits]).toEqual([3, 1, 1, 1]);
		const card = readFileSync(join(root, "out", "README.md"), "utf8");
		expect(card).toContain("accepted: 1, by ada (1)");
		expect(card).toContain("edits that stand: 1, by bob (1)");
	});

	test("puts all samples of a problem into the same split, by the problem alone", async () => {
		const root = freshFolder();
		const twice = samples(40).flatMap((one) => [one, { ...one, id: `${one.id}-again` }]);
		datasetOf(join(root, "d"), twice);
		const split = { name: "valid", share: 0.3 };
		await exportDataset(optionsFor(root, canonical, false, { split }));
		const of = (name: string): string[] =>
			jsonRows(root, `${name}-00000-of-00001.jsonl`).map((row) => String(row.question_id));
		const [train, valid] = [new Set(of("train")), new Set(of("valid"))];
		expect(train.size + valid.size).toBe(40);
		expect(valid.size).toBeGreaterThan(4);
		expect(of("train").length).toBe(2 * train.size);
	});

	test("drops what is too long, what nothing could read and what has nothing to train, counts and names it", async () => {
		const root = freshFolder();
		const prompt = segmentOf("prompt", "?\n", true);
		datasetOf(join(root, "d"), [
			sampleFrom("short"),
			sampleFrom("long", { segments: [prompt, segmentOf("model", "word ".repeat(500), true)] }),
			sampleFrom("half", { segments: [prompt, { kind: "model", text: "\ud83d broken", train: true }] }),
			sampleFrom("hinted", { segments: [prompt, segmentOf("hint", "think", true)] }),
			sampleFrom("lying", { segments: [prompt, { ...segmentOf("model", "twelve", true), ids: [5, 6, 7] }] }),
		]);
		const { tally } = await exportDataset(
			optionsFor(root, tokens, false, { maxTokens: 200, maskHints: true }),
		);
		expect(tally.samples).toBe(1);
		expect(Object.fromEntries([...tally.dropped].map(([reason, { first }]) => [reason, first]))).toEqual({
			"too long": ["long"],
			"text that is no Unicode": ["half"],
			"nothing to train on": ["hinted"],
			"decode(ids) is not the text": ["lying"],
		});
		expect(tally.trained.hint).toBeUndefined();
	});

	test("in which nothing would train is refused, and nothing is left behind", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), [
			sampleFrom("q", { segments: [segmentOf("prompt", "?", true), segmentOf("hint", "think", true)] }),
		]);
		await expect(exportDataset(optionsFor(root, canonical, false, { maskHints: true }))).rejects.toThrow(
			/none of the 1 samples.*all that would train is masked/,
		);
		expect(readdirSync(root)).toEqual(["d"]);
	});

	test("of ids that another tokenizer made is refused unless they are to be made anew", async () => {
		const root = freshFolder();
		const json = JSON.parse(readFileSync(TINY_FILE, "utf8")) as { model: { vocab: Record<string, number> } };
		const { vocab } = json.model;
		for (const token of Object.keys(vocab)) vocab[token] = (vocab[token]! + 7) % 1275;
		const other = join(root, "other.json");
		writeFileSync(other, JSON.stringify(json));
		datasetOf(join(root, "d"), samples(9));
		const tokenizer = openTokenizerFile(other);
		await expect(exportDataset(optionsFor(root, tokens, false, { tokenizer }))).rejects.toThrow(
			/other\.json is not that of nudge-tiny.*--retokenize/,
		);
		const { tally } = await exportDataset(optionsFor(root, tokens, false, { tokenizer, retokenize: true }));
		expect(tally.samples).toBe(9);
		const [row] = jsonRows(root) as { input_ids: number[] }[];
		expect(tokenizer.decode(row!.input_ids)).toBe(
			sampleFrom("q0")
				.segments.map(({ text }) => text)
				.join(""),
		);
	});

	test("never replaces what is no export, and an export only when told to", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(2));
		mkdirSync(join(root, "out"));
		writeFileSync(join(root, "out", "thesis.tex"), "mine");
		await expect(exportDataset(optionsFor(root, canonical, false, { replace: true }))).rejects.toThrow(
			"is no export",
		);
		const to = join(root, "other");
		await exportDataset(optionsFor(root, canonical, false, { to }));
		await expect(exportDataset(optionsFor(root, canonical, false, { to }))).rejects.toThrow("--replace");
		await exportDataset(optionsFor(root, formatOf("axolotl")!, true, { to, replace: true }));
		expect(readdirSync(to).sort()).toEqual(["README.md", "axolotl.yaml", "data", EXPORT_FILE]);
		expect(readdirSync(root).sort()).toEqual(["d", "other", "out"]);
	});

	test("into a place that cannot be written says so, and leaves nothing behind", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(2));
		writeFileSync(join(root, "file"), "");
		const to = join(root, "file", "below");
		await expect(exportDataset(optionsFor(root, canonical, false, { to }))).rejects.toThrow(
			`cannot write ${to}`,
		);
		expect(readdirSync(root).sort()).toEqual(["d", "file"]);
	});

	test("that is interrupted leaves nothing behind", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(50));
		const stop = new AbortController();
		const onSample = (done: number): void => {
			if (done === 20) stop.abort();
		};
		await expect(
			exportDataset(optionsFor(root, canonical, true, { signal: stop.signal, onSample })),
		).rejects.toThrow();
		expect(readdirSync(root)).toEqual(["d"]);
	});
});

describe("the data card", () => {
	test("declares the files so that a reader finds them, tells what is unknown and no path of this machine", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), samples(30));
		await exportDataset(optionsFor(root, canonical, false, { split: { name: "valid", share: 0.3 } }));
		const card = readFileSync(join(root, "out", "README.md"), "utf8");
		const front = parse(card.split("---\n")[1]!) as {
			license: string;
			size_categories: string[];
			configs: { config_name: string }[];
			dataset_info: { features: { name: string }[] }[];
		};
		expect(front.license).toBe("unknown");
		expect(front.size_categories).toEqual(["n<1K"]);
		expect(front.dataset_info[0]!.features.map(({ name }) => name)).toEqual(Object.keys(canonical.columns));
		expect(partsOf(join(root, "out")).map(({ split, files }) => [split, files.length])).toEqual([
			["train", 1],
			["valid", 1],
		]);
		expect(card).toContain("Decontaminated against aime24.jsonl (30 questions).");
		expect(card).toContain("licence of this set is unknown");
		expect(card).not.toContain(root);
		expect(card).not.toContain("/home/somebody");
		expect(card).toContain("verdict: not correct");
	});

	test("says the licence that was given, flags engines that are not exact and what formats lose", async () => {
		const root = freshFolder();
		datasetOf(join(root, "d"), [...samples(2), sampleFrom("loose", { exact: false })]);
		const { parts } = await exportDataset(
			optionsFor(root, formatOf("openai")!, false, { license: "cc-by-4.0" }),
		);
		const card = readFileSync(join(root, "out", "README.md"), "utf8");
		expect((parse(card.split("---\n")[1]!) as { license: string }).license).toBe("cc-by-4.0");
		expect(card).toMatch(/1 of 3 samples come from an engine that is not exact \(loose\)/);
		expect(card).toContain(
			"CANNOT CARRY MASKS: whoever trains on the assistant's turn trains 51 characters of outputs of Python",
		);
		expect(parts[0]!.warnings).toEqual(["OpenAI refuses files of fewer than 10 examples, and these are 3"]);
	});
});

test("memory does not grow with the dataset: 120 MB go through a process that may hold less", () => {
	const root = freshFolder();
	const folder = datasetOf(join(root, "d"), []);
	// Not the same text twice: a long one may be kept once for all that have it.
	const line = (i: number): string => {
		const text = `${i} ${"Some words of thought. ".repeat(12_000)}${END}`;
		return `${JSON.stringify(sampleFrom(`q${i}`, { segments: [segmentOf("prompt", "?\n", false), segmentOf("model", text, false)] }))}\n`;
	};
	for (let i = 0; i < 440; i++) writeFileSync(join(folder, "samples.jsonl"), line(i), { flag: "a" });
	const script = fileURLToPath(new URL("./export-all.ts", import.meta.url));
	const ran = spawnSync(process.execPath, ["--max-old-space-size=72", script, folder, join(root, "out")], {
		encoding: "utf8",
		env: { PATH: process.env.PATH },
	});
	expect(ran.stderr).toBe("");
	expect(ran.stdout).toBe("440\n");
	expect(existsSync(join(root, "out", EXPORT_FILE))).toBe(true);
});
