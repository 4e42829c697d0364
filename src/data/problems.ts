/**
 * Problems from files: JSON Lines, CSV, Parquet and dataset folders, in nudge's own form or in somebody else's, as
 * docs/problems.md describes them.
 *
 * What always holds: a file is read as a stream and never held; a row that is no problem is a mistake with its file and
 * line, never skipped in silence. What comes out of here is checked, so that nobody after this asks again.
 */
import { fileURLToPath } from "node:url";
import type { Domain, Problem } from "../trace/events.ts";
import { mappingOf } from "./find-mapping.ts";
import { mapRow } from "./map-row.ts";
import { fieldsOf, type Mapping, mappingSays, type Wish, wishOf } from "./mapping.ts";
import { type Checked, checked, DOMAINS } from "./own-format.ts";
import { ProblemError } from "./problem-error.ts";
import { type RawRow, rawRows, type Source, sourceOf } from "./records.ts";
import { shuffledChoices } from "./shuffle-choices.ts";

export { DOMAINS, parseProblem } from "./own-format.ts";
export { ProblemError };

/** Problems written for nudge, each solvable without any other file. */
export const BUNDLED: readonly string[] = ["bundled.jsonl", "extra.jsonl"].map((name) =>
	fileURLToPath(new URL(`../../problems/${name}`, import.meta.url)),
);

/** Rows from which the mapping is found. */
const SAMPLE_ROWS = 32;
const OWN_FIELDS = [
	"id",
	"domain",
	"problem",
	"answer",
	"choices",
	"tests",
	"source",
	"starter",
	"preamble",
	"reference_passes",
];

/** A row of a problem file. `doubt` says why a verdict on this problem would mean little, where the file says so. */
export type Row = { readonly file: string; readonly line: number } & Checked;

export type ReadOptions = {
	/** What --map says: which field is what, where that is not to be found out. */
	readonly map?: string | Wish | undefined;
	/** The seed by which choices are put into another order (shuffle-choices.ts); without, they stand as in the file. */
	readonly shuffleChoices?: number | undefined;
	/** Told once for every file or folder before its first problem; undefined: it is in nudge's own form. */
	readonly onMapping?: ((says: string | undefined, file: string) => void) | undefined;
};

/** How a file or a folder is read, for somebody to look at before it is. */
export type Reading = {
	readonly says: string;
	readonly files: readonly string[];
	/** The fields of the first rows. */
	readonly fields: readonly string[];
	readonly first: Checked | undefined;
};

/** Every row of a file or a dataset folder that is not empty, right or wrong. */
export async function* readRows(
	file: string,
	signal?: AbortSignal,
	options: ReadOptions = {},
): AsyncGenerator<Row, void, void> {
	const { source, mapping, head, rest } = await opened(file, signal, options.map);
	options.onMapping?.(mapping && mappingSays(mapping), file);
	let number = 0;
	const read = (row: RawRow): Row => {
		number++;
		const { file: part, line } = row;
		if ("mistake" in row) return { file: part, line, mistake: row.mistake };
		const found = mapping ? mapRow(row.value, mapping, source.stem, number) : checked(row.value);
		const { shuffleChoices: seed } = options;
		if (seed === undefined || "mistake" in found) return { file: part, line, ...found };
		return { file: part, line, ...found, problem: shuffledChoices(found.problem, seed) };
	};
	try {
		// The rows of the sample are let go of as they are read.
		for (let row = head.shift(); row; row = head.shift()) yield read(row);
		for await (const row of rest) yield read(row);
	} finally {
		await rest.return();
	}
}

/** What a file's fields are taken for, found from its first rows alone. */
export async function readingOf(
	file: string,
	signal?: AbortSignal,
	options: ReadOptions = {},
): Promise<Reading> {
	const { source, mapping, head, rest } = await opened(file, signal, options.map);
	await rest.return();
	const values = head.flatMap((row) => ("value" in row ? [row.value] : []));
	const [value] = values;
	return {
		says: mapping ? mappingSays(mapping) : "nudge's own form: every field is what its name says",
		files: source.files,
		fields: [...new Set(values.flatMap((row) => Object.keys(row)))],
		first: value && (mapping ? mapRow(value, mapping, source.stem, 1) : checked(value)),
	};
}

type Opened = {
	readonly source: Source;
	/** Undefined: nudge's own form. */
	readonly mapping: Mapping | undefined;
	/** The rows that were read to find it. */
	readonly head: RawRow[];
	readonly rest: AsyncGenerator<RawRow, void, void>;
};

async function opened(
	file: string,
	signal: AbortSignal | undefined,
	map: ReadOptions["map"],
): Promise<Opened> {
	const wish = typeof map === "string" ? wishOf(map) : map;
	const source = sourceOf(file);
	let wanted: readonly string[] | undefined;
	const rest = rawRows(source, () => wanted, signal);
	try {
		const head: RawRow[] = [];
		let own = false;
		while (head.length < SAMPLE_ROWS && !own) {
			const { value: row, done } = await rest.next();
			if (done) break;
			head.push(row);
			own = wish === undefined && "value" in row && isOwn(row.value);
		}
		const values = head.flatMap((row) => ("value" in row ? [row.value] : []));
		// Where no row can be read there is nothing to map: the mistakes come out as they are.
		const foreign = !own && values.length > 0;
		const mapping = foreign ? mappingOf(values, wish ?? {}, file) : undefined;
		wanted = mapping ? fieldsOf(mapping, ["reference_passes"]) : OWN_FIELDS;
		return { source, mapping, head, rest };
	} catch (error) {
		await rest.return();
		throw error;
	}
}

function isOwn({ id, domain, problem }: Record<string, unknown>): boolean {
	return typeof id === "string" && typeof problem === "string" && DOMAINS.includes(domain as Domain);
}

/** The problems of files, one after the other. Throws ProblemError at the first line that is none. */
export async function* readProblems(
	files: string | readonly string[] = BUNDLED,
	signal?: AbortSignal,
	options: ReadOptions = {},
): AsyncGenerator<Problem, void, void> {
	for (const file of typeof files === "string" ? [files] : files) {
		for await (const row of readRows(file, signal, options)) {
			if ("mistake" in row) throw new ProblemError(`${row.file}:${row.line}: ${row.mistake}`);
			yield row.problem;
		}
	}
}

/** The problem with an id. Reads on only until it is found. */
export async function findProblem(
	id: string,
	files: string | readonly string[] = BUNDLED,
	signal?: AbortSignal,
	options: ReadOptions = {},
): Promise<Problem> {
	for await (const problem of readProblems(files, signal, options)) if (problem.id === id) return problem;
	const where = typeof files === "string" ? files : "the bundled problems";
	throw new ProblemError(
		`there is no problem "${id}" in ${where}; nudge problems list${typeof files === "string" ? ` --file ${files}` : ""} shows what there is`,
	);
}

/** Whether a problem is of a domain and has all the words somewhere in its id, source or text. */
export function matches(
	problem: Problem,
	wish: { readonly words?: string; readonly domain?: string },
): boolean {
	if (wish.domain !== undefined && problem.domain !== wish.domain) return false;
	const text = `${problem.id} ${problem.source ?? ""} ${problem.problem}`.toLowerCase();
	return (wish.words ?? "")
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}
