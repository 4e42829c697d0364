/**
 * `npm run test:exports`: every format is loaded by the library that reads it. Samples with the tiny model, builds a
 * dataset, reviews it, exports it in all formats and hands the folders to scripts/try_exports.py, which loads each with
 * `datasets`, DuckDB, pandas, TRL's SFTTrainer (one step) and transformers' tokenizer.
 *
 * Apart from `npm test` because it needs torch: a virtual environment with scripts/exports-requirements.txt is made once
 * in the cache folder (or taken from NUDGE_EXPORTS_VENV). `npm run build` first.
 */
import { spawnSync } from "node:child_process";
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FORMATS } from "../src/data/formats/table.ts";
import { homes } from "../src/trace/home.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const venv = process.env.NUDGE_EXPORTS_VENV ?? join(homes().cache, "exports-venv");
const python = join(venv, "bin", "python");
const work = mkdtempSync(join(tmpdir(), "nudge-exports-"));
const env = {
	...process.env,
	NUDGE_HOME: join(work, "home"),
	HF_HOME: join(work, "hf"),
	HF_HUB_OFFLINE: "1",
};

function run(command: string, args: readonly string[], options: { quiet?: boolean } = {}): string {
	const ran = spawnSync(command, args, {
		cwd: work,
		env,
		encoding: "utf8",
		stdio: ["ignore", options.quiet ? "pipe" : "inherit", "inherit"],
		maxBuffer: 1 << 26,
	});
	if (ran.status !== 0)
		throw new Error(`${command} ${args.slice(0, 4).join(" ")} ... failed with ${ran.status}`);
	return ran.stdout ?? "";
}

function nudge(...words: string[]): string {
	return run(process.execPath, [join(root, "bin", "nudge.cjs"), ...words], { quiet: true });
}

try {
	if (!existsSync(python)) {
		run("python3", ["-m", "venv", venv]);
		run(python, ["-m", "pip", "install", "--quiet", "-r", join(root, "scripts", "exports-requirements.txt")]);
	}
	nudge(
		"sample",
		"--engine",
		"embedded",
		"--hints",
		"auto",
		"--n",
		"2",
		"--rounds",
		"1",
		"--seed",
		"11",
		"--out",
		"hinted",
	);
	nudge("dataset", "start", "hinted", "--out", "d");
	// Two samples as a review leaves them: one rejected, one with words of a person in it, without token ids.
	const [first, second] = readFileSync(join(work, "d", "samples.jsonl"), "utf8")
		.split("\n", 2)
		.map((line) => JSON.parse(line) as { id: string; segments: { kind: string; text: string }[] });
	const event = (of: object): void =>
		appendFileSync(
			join(work, "d", "reviews.jsonl"),
			`${JSON.stringify({ by: "try-exports", at: new Date().toISOString(), ...of })}\n`,
		);
	event({ do: "reject", sample: first!.id });
	const begins = second!.segments[1]!.text.slice(0, 9);
	event({ do: "edit", sample: second!.id, from: 0, was: begins, text: "Schön: 漢字 🎉 " });

	const exported: object[] = [];
	for (const { id, parquetOnly } of FORMATS)
		for (const parquet of parquetOnly ? [true] : [false, true]) {
			const to = join(work, "exports", `${id}${parquet ? "-parquet" : ""}`);
			const words = ["--format", id, "--to", to, "--split", "valid=0.1", "--ids", "--json"];
			const said = nudge("dataset", "export", "d", ...words, ...(parquet ? ["--parquet"] : []));
			exported.push({ id, parquet, ...(JSON.parse(said) as object) });
		}
	mkdirSync(join(work, "hf"), { recursive: true });
	writeFileSync(join(work, "exports.json"), JSON.stringify(exported));
	const tokenizer = join(root, "models", "nudge-tiny");
	run(python, [join(root, "scripts", "try_exports.py"), join(work, "exports.json"), tokenizer]);
} catch (error) {
	process.stderr.write(`${(error as Error).message}; what there is lies in ${work}\n`);
	process.exit(1);
}
rmSync(work, { recursive: true, force: true });
