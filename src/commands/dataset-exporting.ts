/** What `nudge dataset export` and `push` share: options into what the export takes, and what came out into words. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { readDatasetSheet, samplesOf } from "../data/dataset/dataset.ts";
import type { Exported, ExportOptions, Split } from "../data/formats/export.ts";
import { flawsOf, masksSay, namesOf } from "../data/formats/says.ts";
import { trainedSays } from "../data/formats/tally.ts";
import { readSheet } from "../data/run-sheet.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import { openTokenizerFile, tokenizerFileAt } from "../data/tokenizer-file.ts";
import { packageRoot } from "../engine/open.ts";
import { visibleLine } from "../trace/visible.ts";
import { CommandError, type Context, text, UsageError, wholeNumber } from "./command.ts";
import { namedEngines, readSettings } from "./settings.ts";
import { version } from "./version.ts";

const REDRAW_MS = 250;
const MEGABYTE = 1_000_000;
/** The model that comes with nudge, as samples name its engine. */
const BUNDLED_ENGINE = "embedded";

/** The folder of the dataset; a run is told what is missing. */
export function datasetAt({ io, args }: Context): string {
	const folder = resolve(io.cwd, args[0] as string);
	if (!existsSync(join(folder, "dataset.json")) && readSheet(folder))
		throw new CommandError(
			`${args[0]} is a run: its rollouts are no samples yet. Make a dataset of it first:\n  nudge dataset start ${args[0]} --out D`,
		);
	readDatasetSheet(folder);
	return folder;
}

export type SharedOptions = Omit<ExportOptions, "dataset" | "to" | "where" | "parts">;

/** What both commands take. Progress goes to standard error where that is a terminal. */
export function sharedOptions(context: Context): SharedOptions {
	const { options, io, signal } = context;
	const maxTokens = wholeNumber(context, "max-tokens", 1);
	const shardMb = wholeNumber(context, "shard-mb", 1);
	const split = splitOf(text(context, "split"));
	const license = text(context, "license");
	if (license !== undefined && !/^[a-z0-9][a-z0-9.+-]*$/i.test(license))
		throw new UsageError(`--license takes an identifier such as apache-2.0, not "${license}"`);
	let drawnMs = 0;
	return {
		retokenize: options.retokenize === true,
		maskHints: text(context, "mask") === "hint",
		nudge: version(),
		now: () => new Date(),
		signal,
		onSample: (done, of) => {
			const now = performance.now();
			if (!io.stderr.isTTY || now - drawnMs < REDRAW_MS) return;
			drawnMs = now;
			io.stderr.write(`\r\u001b[K${done} of ${of} samples`);
		},
		...(maxTokens !== undefined && { maxTokens }),
		...(split && { split }),
		...(license !== undefined && { license }),
		...(shardMb !== undefined && { shardBytes: shardMb * MEGABYTE }),
	};
}

export function clearProgress({ io }: Context): void {
	if (io.stderr.isTTY) io.stderr.write("\r\u001b[K");
}

/** "valid=0.02". */
export function splitOf(said: string | undefined): Split | undefined {
	if (said === undefined) return undefined;
	const [, name, share] = /^([a-z][a-z0-9_]*)=(0?\.\d+)$/.exec(said) ?? [];
	if (name === undefined || name === "train" || !(Number(share) > 0))
		throw new UsageError(
			`--split takes a name and a share between 0 and 1, such as valid=0.02, not "${said}"`,
		);
	return { name, share: Number(share) };
}

/**
 * The tokenizer that is named; without a name that of the model that comes with nudge, where it sampled all of this.
 * Undefined where none is needed.
 */
export async function tokenizerOf(
	context: Context,
	dataset: string,
	needed: boolean,
): Promise<Tokenizer | undefined> {
	const { io } = context;
	const said = text(context, "tokenizer");
	if (said === undefined) {
		if (context.options.retokenize)
			throw new UsageError("--retokenize goes with --tokenizer: with which one?");
		if (!needed) return undefined;
		if (await bundledOnly(dataset)) {
			const file = tokenizerFileAt(join(packageRoot(), "models", "nudge-tiny"));
			if (file) return openTokenizerFile(file);
		}
		throw new UsageError(
			"token ids are checked against the text, so this format needs --tokenizer: the sampled model's tokenizer.json, its folder, or the engine",
		);
	}
	const path = resolve(io.cwd, said);
	const file = tokenizerFileAt(path);
	if (file) return openTokenizerFile(file);
	if (existsSync(path) || /^[.~]?\//.test(said) || said.endsWith(".json"))
		throw new UsageError(
			`there is no tokenizer.json at ${said}: give that file or a folder with one in it (or an engine, such as embedded:MODEL.gguf)`,
		);
	const [{ openEngine }, { engineTokenizer }] = await Promise.all([
		import("../engine/open.ts"),
		import("../data/tokenizer-engine.ts"),
	]);
	const named = namedEngines(readSettings({ env: io.env, cwd: io.cwd }).effective, io.env);
	const engine = await openEngine(said, { env: io.env, cwd: io.cwd, named });
	try {
		return await engineTokenizer(engine);
	} catch (error) {
		await engine.close();
		throw error;
	}
}

async function bundledOnly(dataset: string): Promise<boolean> {
	for await (const { engine } of samplesOf(dataset)) return engine === BUNDLED_ENGINE;
	return false;
}

/** What came out, a line each. */
export function exportedLines({ parts, tally }: Exported): string[] {
	const rows: [string, string][] = [];
	for (const { format, parquet, written, folder } of parts) {
		const splits = written.splits
			.map(
				({ split, rows, files }) =>
					`${split} ${rows} (${files.length} ${files.length === 1 ? "file" : "files"})`,
			)
			.join(", ");
		rows.push(["wrote", `${format.id}, ${parquet ? "Parquet" : "JSON Lines"}, ${folder}/: ${splits}`]);
	}
	rows.push(["trained", trainedSays(tally)]);
	for (const { format } of parts)
		if (format.id !== "ids") rows.push(["masks", `${format.id} ${masksSay(format, tally)}`]);
	if (tally.longestTokens > 0) rows.push(["longest", `${tally.longestTokens} tokens`]);
	if (tally.rejected > 0) rows.push(["rejected", `${tally.rejected} in review, left out`]);
	for (const [reason, named] of tally.dropped)
		rows.push(["dropped", `${named.count} ${reason}: ${namesOf(named)} (${named.why})`]);
	for (const flaw of flawsOf(tally)) rows.push(["note", flaw]);
	for (const { warnings } of parts) for (const warning of warnings) rows.push(["note", warning]);
	return rows.map(([name, says]) => `${name.padEnd(10)}${visibleLine(says)}`);
}

export function exportedJson({ parts, tally, sheet }: Exported, to: string): object {
	return {
		to,
		dataset: sheet.name,
		parts: parts.map(({ format, parquet, written, warnings }) => ({
			format: format.id,
			parquet,
			carries: format.carries,
			splits: written.splits,
			warnings,
		})),
		samples: tally.samples,
		rejected: tally.rejected,
		trained: tally.trained,
		masked: tally.masked,
		longestTokens: tally.longestTokens,
		dropped: Object.fromEntries(tally.dropped),
		notes: flawsOf(tally),
	};
}
