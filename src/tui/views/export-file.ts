/**
 * A session into a file, without asking anything: the forms there are, what is wrong with a place, and the writing. What
 * was written is said, with how much of it trains.
 */
import {
	appendFileSync,
	closeSync,
	existsSync,
	openSync,
	readFileSync,
	readSync,
	type Stats,
	statSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Exported, type ExportFormat, exported, WholeFile } from "../../trace/export.ts";
import type { SessionState } from "../../trace/fold.ts";
import type { Choice } from "./choose.ts";
import { placeOfPath } from "./paths.ts";

export type ExportOf = {
	readonly state: SessionState;
	readonly session: string;
	/** The one that is looked at. */
	readonly branch: string;
	readonly cwd: string;
	/** Where the session's journal lies; without it, it is not offered. */
	readonly journal?: string;
};

export type ExportForm = {
	readonly format: ExportFormat | "journal";
	readonly trainHints?: boolean;
	readonly extension: string;
};

export const EXPORT_FORMS: readonly Choice<ExportForm>[] = [
	{
		value: { format: "sample", extension: "jsonl" },
		label: "Training sample",
		says: "one line of JSON: what the model wrote, edits and hints train; outputs and the prompt do not",
	},
	{
		value: { format: "sample", trainHints: false, extension: "jsonl" },
		label: "Sample, hints masked",
		says: "the same, but hints are context and do not train",
	},
	{ value: { format: "markdown", extension: "md" }, label: "Markdown", says: "a page to read" },
	{
		value: { format: "text", extension: "txt" },
		label: "Plain text",
		says: "the assistant's words of this branch, byte for byte",
	},
	{
		value: { format: "json", extension: "json" },
		label: "Whole state",
		says: "all branches with their hints, calls and verdicts as JSON",
	},
	{
		value: { format: "journal", extension: "journal.jsonl" },
		label: "Journal",
		says: "every event as it was kept: nudge can rebuild the session from it",
	},
];

/** `add` puts a sample behind those that a file has. */
export type ExportWay = "new" | "add" | "replace";

/** The journal and the whole state have all branches. */
export function exportName({ session, branch }: ExportOf, { format, extension }: ExportForm): string {
	return format === "json" || format === "journal"
		? `${session}.${extension}`
		: `${session}-${branch}.${extension}`;
}

/** What is wrong with a file's name as a person wrote it. */
export function mistakeInPlace(written: string, cwd: string): string | undefined {
	if (written.trim() === "") return "a file needs a name";
	const file = placeOfPath(written.trim(), cwd);
	let there: Stats | undefined;
	try {
		there = statSync(file, { throwIfNoEntry: false });
	} catch (error) {
		return `no file can be written there: ${(error as Error).message}`;
	}
	if (there?.isDirectory() || written.trim().endsWith("/"))
		return `${written.trim()} is a folder: name a file in it`;
	return existsSync(dirname(file)) ? undefined : `there is no folder ${dirname(file)}`;
}

/** Says what was written. Throws what there is to say of an export that cannot be made, or of a file that cannot be written. */
export function writeExport(of: ExportOf, form: ExportForm, file: string, way: ExportWay): string {
	const made = madeOf(of, form);
	try {
		if (way === "add" && "text" in made) appendFileSync(file, (endsOpen(file) ? "\n" : "") + made.text);
		else writeWhole(file, "text" in made ? made.text : made);
	} catch (error) {
		throw new PlaceError(`cannot write ${file}: ${(error as Error).message}`);
	}
	const trained = "text" in made && made.trained !== undefined ? `; ${made.trained}` : "";
	return `${way === "add" ? "added to" : "written to"} ${shortPath(file, of.cwd)}${trained}`;
}

/** The export is good, its place is not: another one may do. */
export class PlaceError extends Error {
	override readonly name = "PlaceError";
}

function madeOf(of: ExportOf, form: ExportForm): Exported | Uint8Array {
	try {
		return contentOf(of, form);
	} catch (error) {
		throw new Error(`not exported: ${(error as Error).message}`);
	}
}

function contentOf({ state, branch, journal }: ExportOf, form: ExportForm): Exported | Uint8Array {
	const { format, trainHints } = form;
	if (format === "journal") return wholeLines(readFileSync(journal!));
	return exported(state, {
		format,
		...(format === "json" ? {} : { branch }),
		...(trainHints === undefined ? {} : { trainHints }),
	});
}

/** It may be written to at this moment. */
function wholeLines(bytes: Buffer): Uint8Array {
	return bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
}

function writeWhole(file: string, content: string | Uint8Array): void {
	const whole = new WholeFile(file);
	try {
		whole.write(content);
		whole.keep();
	} catch (error) {
		whole.drop();
		throw error;
	}
}

/** Whether the last line of a file lacks its end. */
function endsOpen(file: string): boolean {
	const { size } = statSync(file);
	if (size === 0) return false;
	const descriptor = openSync(file, "r");
	try {
		const last = Buffer.alloc(1);
		readSync(descriptor, last, 0, 1, size - 1);
		return last[0] !== 0x0a;
	} finally {
		closeSync(descriptor);
	}
}

function shortPath(file: string, cwd: string): string {
	const near = relative(cwd, file);
	return near.startsWith("..") ? file : join(".", near);
}
