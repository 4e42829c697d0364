/**
 * What a format of an export is: how one sample becomes one row for a reader outside nudge, and what gets lost on the way.
 *
 * What always holds: a row is made of one sample and nothing else; what trains comes from the segments (`train`, with
 * hints masked where the caller says so) and never from looking at the text; a sample that cannot be a row of the format
 * says why, and is dropped, counted and named by whoever writes.
 */
import type { Sample, Segment } from "../../trace/sample.ts";
import type { Tokenised } from "../tokenizer.ts";
import type { Columns } from "./columns.ts";

/**
 * - `tokens`: to the token, also inside a turn;
 * - `text`: to the character: the reader tokenises each piece by itself;
 * - `turn`: not at all: the whole turn of the assistant trains, what Python said in it too.
 */
export type Carries = "tokens" | "text" | "turn";

/** A sample on its way into rows: hints are masked already where they are to be. */
export type Exporting = {
	readonly sample: Sample;
	readonly segments: readonly Segment[];
	/** Where a format of the export asks for it. */
	readonly tokens?: Tokenised;
};

export type Row = Readonly<Record<string, unknown>>;

export type Format = {
	readonly id: string;
	/** One line for a person: who reads it. */
	readonly says: string;
	/** Where the reader defines it. */
	readonly definedAt: string;
	readonly carries: Carries;
	/** Rows are made of token ids: the export needs a tokenizer. */
	readonly needsTokens: boolean;
	/** Its reader takes nothing else. */
	readonly parquetOnly?: boolean;
	readonly columns: Columns;
	/** What readers of the JSON Lines have to be told, where not all rows have all columns: they would guess from the first ones. */
	features?(written: Written): Columns;
	/** The row, or why the sample cannot be one. */
	row(exporting: Exporting, parquet: boolean): Row | string;
	/** Three lines of Python that load what was written. */
	python(place: Place): readonly string[];
	/** More files beside the data. */
	extras?(written: Written): Readonly<Record<string, string>>;
	/** What a reader would refuse or take badly, in words. */
	warnings?(written: Written): readonly string[];
};

/** What an export wrote in one format. */
export type Written = {
	/** Of the dataset. */
	readonly name: string;
	/** What the samples name versions of. */
	readonly versions: readonly string[];
	readonly splits: readonly WrittenSplit[];
};

export type WrittenSplit = {
	readonly split: string;
	readonly rows: number;
	/** As seen from the folder of the export, with "/". */
	readonly files: readonly { readonly path: string; readonly bytes: number; readonly rows: number }[];
};

/** Where rows lie for whoever loads them. */
export type Place = {
	/** What `load_dataset` is given: the folder of the export as seen from beside it ("./d-trl"), or a repository. */
	readonly where: string;
	/** Of the data card. */
	readonly config: string;
	readonly parquet: boolean;
};

/** How `datasets` loads a part of an export: by its card, which says what lies where. */
export function loadDataset({ where, config }: Place): readonly string[] {
	return ["from datasets import load_dataset", `rows = load_dataset("${where}", "${config}", split="train")`];
}

/** Neighbouring segments of the same mask as one. */
export function runsOf(segments: readonly Segment[]): { readonly train: boolean; readonly text: string }[] {
	const runs: { train: boolean; text: string }[] = [];
	for (const { train, text } of segments) {
		const last = runs.at(-1);
		if (last?.train === train) last.text += text;
		else runs.push({ train, text });
	}
	return runs;
}

/** The segments with hints masked; those of other kinds keep what they say. */
export function withMask(segments: readonly Segment[], maskHints: boolean): readonly Segment[] {
	if (!maskHints) return segments;
	return segments.map((segment) =>
		segment.kind === "hint" && segment.train ? { ...segment, train: false } : segment,
	);
}
