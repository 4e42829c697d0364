/**
 * The data files of one part and split of an export: `train-00000-of-0000N.jsonl` or `.parquet`, rows in the order in
 * which they come.
 *
 * What always holds: memory holds one buffer (JSON Lines) or one row group (Parquet), whatever the number of rows; a file
 * is closed and the next one begun at about `shardBytes`; how many there are is known at the end, and so are their names.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { type Columns, cellOf, parquetSchema } from "./columns.ts";
import type { Row, WrittenSplit } from "./format.ts";

export type ShardOptions = {
	/** Of the export, and of this part in it. */
	readonly root: string;
	readonly folder: string;
	readonly split: string;
	readonly parquet: boolean;
	readonly columns: Columns;
	readonly shardBytes: number;
};

/** What is held of a row group before it is written. */
export const GROUP_BYTES = 8 * 1024 * 1024;
export const GROUP_ROWS = 1000;
const BUFFER_BYTES = 1024 * 1024;

/** One file that is being written. */
type Open = { readonly bytes: number; add(row: Row): void; close(): void };

export class Shards {
	readonly #options: ShardOptions;
	readonly #files: { readonly place: string; rows: number }[] = [];
	#open: Open | undefined;

	constructor(options: ShardOptions) {
		this.#options = options;
		mkdirSync(join(options.root, options.folder), { recursive: true });
	}

	add(row: Row): void {
		if (this.#open && this.#open.bytes >= this.#options.shardBytes) this.#close();
		if (!this.#open) {
			const { root, folder, split, parquet, columns } = this.#options;
			const place = join(root, folder, `.${split}-${this.#files.length}`);
			this.#open = parquet ? new ParquetFile(place, columns) : new LinesFile(place);
			this.#files.push({ place, rows: 0 });
		}
		this.#open.add(row);
		this.#files.at(-1)!.rows++;
	}

	/** Closes what is open and gives all files their names. */
	finish(): WrittenSplit {
		this.#close();
		const { root, folder, split, parquet } = this.#options;
		const five = (count: number): string => String(count).padStart(5, "0");
		const files = this.#files.map(({ place, rows }, i) => {
			const name = `${split}-${five(i)}-of-${five(this.#files.length)}.${parquet ? "parquet" : "jsonl"}`;
			renameSync(place, join(root, folder, name));
			return { path: `${folder}/${name}`, bytes: statSync(join(root, folder, name)).size, rows };
		});
		return { split, rows: files.reduce((sum, { rows }) => sum + rows, 0), files };
	}

	/** Lets go of the file that is open, whole or not. */
	abandon(): void {
		try {
			this.#close();
		} catch {
			// It is thrown away with its folder.
		}
	}

	#close(): void {
		const open = this.#open;
		this.#open = undefined;
		open?.close();
	}
}

class LinesFile implements Open {
	readonly #descriptor: number;
	#lines: string[] = [];
	#held = 0;
	#written = 0;

	constructor(place: string) {
		this.#descriptor = openSync(place, "wx");
	}

	get bytes(): number {
		return this.#written + this.#held;
	}

	add(row: Row): void {
		const line = `${JSON.stringify(row)}\n`;
		this.#lines.push(line);
		this.#held += line.length;
		if (this.#held >= BUFFER_BYTES) this.#flush();
	}

	close(): void {
		try {
			this.#flush();
		} finally {
			closeSync(this.#descriptor);
		}
	}

	#flush(): void {
		const bytes = Buffer.from(this.#lines.join(""));
		this.#lines = [];
		this.#held = 0;
		for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
		this.#written += bytes.length;
	}
}

class ParquetFile implements Open {
	readonly #columns: Columns;
	readonly #bytes: ReturnType<typeof fileWriter>;
	readonly #writer: ParquetWriter;
	#rows: Row[] = [];
	#held = 0;

	constructor(place: string, columns: Columns) {
		this.#columns = columns;
		this.#bytes = fileWriter(place);
		this.#writer = new ParquetWriter({
			writer: this.#bytes,
			schema: parquetSchema(columns),
			createdBy: "nudge (hyparquet-writer)",
		});
	}

	get bytes(): number {
		// What is held is not compressed yet.
		return this.#bytes.offset + this.#held / 4;
	}

	add(row: Row): void {
		this.#rows.push(row);
		this.#held += sizeOf(row);
		if (this.#held >= GROUP_BYTES || this.#rows.length >= GROUP_ROWS) this.#flush();
	}

	close(): void {
		this.#flush();
		this.#writer.finish();
	}

	#flush(): void {
		const rows = this.#rows;
		this.#rows = [];
		this.#held = 0;
		if (rows.length === 0) return;
		this.#writer.write({
			columnData: Object.entries(this.#columns).map(([name, type]) => ({
				name,
				data: rows.map((row) => cellOf(row[name], type)),
				// One index for each page would be kept in memory until the file ends.
				offsetIndex: false,
			})),
			rowGroupSize: rows.length,
		});
	}
}

/** About what a value takes in memory. */
function sizeOf(value: unknown): number {
	if (typeof value === "string") return value.length;
	if (typeof value !== "object" || value === null) return 8;
	if (Array.isArray(value)) {
		if (typeof value[0] === "number") return value.length * 8;
		return value.reduce<number>((sum, inner) => sum + sizeOf(inner), 8);
	}
	let sum = 8;
	for (const inner of Object.values(value)) sum += sizeOf(inner);
	return sum;
}
