/**
 * The rows of a file or a dataset folder as plain objects, whatever format they are kept in: JSON Lines, CSV, TSV,
 * Parquet, the first three packed with gzip too.
 *
 * What always holds: files are read as streams and never held; a row that cannot be read is a mistake with its file and
 * line (for Parquet, which has no lines, the row's number); a file that cannot be read at all throws a ProblemError.
 */
import { existsSync, statSync } from "node:fs";
import { csvOf } from "./csv.ts";
import { folderOf, partOf, stemOf } from "./dataset-folder.ts";
import { chunksOf, linesOf } from "./lines.ts";
import { objectIn } from "./own-format.ts";
import { ProblemError } from "./problem-error.ts";

export type RawRow = { readonly file: string; readonly line: number } & (
	| { readonly value: Record<string, unknown> }
	| { readonly mistake: string }
);

export type Source = {
	/** What the ids of problems without one begin with. */
	readonly stem: string;
	readonly files: readonly string[];
};

/** A file, a dataset folder, or a part of one: "folder:split", "folder:config/split". */
export function sourceOf(path: string): Source {
	const found = folderOf(path);
	if (found) {
		const { config, split, files } = partOf(found.folder, found.choice);
		const inside = config === "" || config === "default" ? split : `${config.replaceAll("/", "-")}-${split}`;
		return { stem: `${stemOf(`${found.folder}/data`).replace(/-data$/, "")}-${inside}`, files };
	}
	if (!existsSync(path)) throw new ProblemError(`there is no file ${path}`);
	if (!statSync(path).isFile() && !statSync(path).isFIFO()) {
		throw new ProblemError(`${path} is neither a file nor a folder: problems are read from those`);
	}
	return { stem: stemOf(path), files: [path] };
}

/** All rows of a source. Where a format lets columns be left out, only those that `wanted` names then are read. */
export async function* rawRows(
	{ files }: Source,
	wanted: () => readonly string[] | undefined,
	signal?: AbortSignal,
): AsyncGenerator<RawRow, void, void> {
	for (const file of files) {
		if (/\.parquet$/i.test(file)) yield* fromParquet(file, wanted, signal);
		else {
			try {
				yield* /\.[ct]sv(\.gz)?$/i.test(file) ? fromCsv(file, signal) : fromLines(file, signal);
			} catch (error) {
				throw readable(file, error);
			}
		}
	}
}

async function* fromLines(file: string, signal?: AbortSignal): AsyncGenerator<RawRow, void, void> {
	for await (const { text, line } of linesOf(file, signal)) {
		if (text.trim() !== "") yield { file, line, ...objectIn(text) };
	}
}

async function* fromParquet(
	file: string,
	wanted: () => readonly string[] | undefined,
	signal?: AbortSignal,
): AsyncGenerator<RawRow, void, void> {
	// What reads Parquet is loaded where there is some.
	const { parquetRows } = await import("./parquet.ts");
	let line = 0;
	for await (const value of parquetRows(file, wanted, signal)) yield { file, line: ++line, value };
}

async function* fromCsv(file: string, signal?: AbortSignal): AsyncGenerator<RawRow, void, void> {
	const separator = /\.tsv(\.gz)?$/i.test(file) ? "\t" : ",";
	let header: readonly string[] | undefined;
	for await (const { cells, line, mistake } of csvOf(chunksOf(file, signal), separator)) {
		if (!header) {
			const twice = cells.find((name, i) => cells.indexOf(name) !== i);
			if (mistake !== undefined) throw new ProblemError(`${file}:${line}: ${mistake}`);
			if (twice !== undefined) throw new ProblemError(`${file}:${line}: the header names "${twice}" twice`);
			header = cells.map((name) => name.trim());
		} else if (mistake !== undefined) yield { file, line, mistake };
		else if (cells.length !== header.length) {
			yield {
				file,
				line,
				mistake: `the header names ${header.length} fields, this row has ${cells.length}; is a cell with "${separator === "\t" ? "a tab" : separator}" not in quotes?`,
			};
		} else {
			// An empty cell is how CSV writes that there is nothing.
			const value = Object.fromEntries(
				header.map((name, i) => [name, cells[i]] as const).filter(([, cell]) => cell !== ""),
			);
			yield { file, line, value };
		}
	}
}

function readable(file: string, error: unknown): unknown {
	if (error instanceof RangeError) return new ProblemError(`${file}: ${error.message}`);
	const code = (error as NodeJS.ErrnoException).code ?? "";
	if (code.startsWith("Z_")) {
		return new ProblemError(
			`${file} cannot be unpacked (${(error as Error).message}): is it whole, and gzip?`,
		);
	}
	return error;
}
