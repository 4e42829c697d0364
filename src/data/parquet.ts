/**
 * The rows of a Parquet file, one row group at a time.
 *
 * What always holds: memory holds the wanted columns of one row group; values come out as JSON knows them (whole numbers
 * that are too large for a number as texts, times as ISO 8601 texts, bytes as nothing), so that nobody after this asks
 * which format they came from.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { ProblemError } from "./problem-error.ts";

/** Rows that are read with all columns before somebody has said which of them are wanted. */
const FIRST_ROWS = 32;

/** `wanted` is asked before every group: undefined is all columns. */
export async function* parquetRows(
	file: string,
	wanted: () => readonly string[] | undefined,
	signal?: AbortSignal,
): AsyncGenerator<Record<string, unknown>, void, void> {
	const wrong = (error: unknown): ProblemError =>
		new ProblemError(
			`${file} cannot be read as Parquet: ${(error as Error).message.replaceAll(/\s+/g, " ")}; is it whole?`,
		);
	const source = await asyncBufferFromFile(file);
	const metadata = await parquetMetadataAsync(source).catch((error: unknown) => {
		throw wrong(error);
	});
	const all = parquetSchema(metadata).children.map(({ element }) => element.name);
	let groupStart = 0;
	for (const group of metadata.row_groups) {
		const groupEnd = groupStart + Number(group.num_rows);
		for (let from = groupStart; from < groupEnd; ) {
			signal?.throwIfAborted();
			const columns = wanted()?.filter((name) => all.includes(name)) ?? all;
			const to = from === 0 ? Math.min(FIRST_ROWS, groupEnd) : groupEnd;
			// A row of none of the columns is still a row: its mistake is told by whoever maps it.
			const rows: Record<string, unknown>[] =
				columns.length === 0
					? Array.from({ length: to - from }, () => ({}))
					: await parquetReadObjects({
							file: source,
							metadata,
							columns,
							rowStart: from,
							rowEnd: to,
							compressors,
						}).catch((error: unknown) => {
							throw wrong(error);
						});
			for (const row of rows) yield plain(row) as Record<string, unknown>;
			from = to;
		}
		groupStart = groupEnd;
	}
}

function plain(value: unknown): unknown {
	if (typeof value === "bigint") {
		const number = Number(value);
		return Number.isSafeInteger(number) ? number : String(value);
	}
	if (typeof value !== "object" || value === null) return value;
	if (value instanceof Date) return value.toISOString();
	if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? undefined : Array.from(value as never);
	if (Array.isArray(value)) return value.map(plain);
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
