/**
 * A session into a file: the form, then where. Nothing that is there is replaced without asking; what was written is said,
 * with how much of it trains.
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type Exported, type ExportFormat, exported, WholeFile } from "../../trace/export.ts";
import type { SessionState } from "../../trace/fold.ts";
import type { Desk } from "../view.ts";
import { askLine } from "./ask-line.ts";
import { type Choice, choose } from "./choose.ts";
import { completePath, placeOfPath } from "./paths.ts";

export type ExportSheetOptions = {
	readonly desk: Desk;
	readonly state: SessionState;
	readonly session: string;
	/** The one that is looked at. */
	readonly branch: string;
	readonly cwd: string;
	/** Where the session's journal lies; without it, it is not offered. */
	readonly journal?: string;
};

type Form = {
	readonly format: ExportFormat | "journal";
	readonly trainHints?: boolean;
	readonly extension: string;
};

const FORMS: readonly Choice<Form>[] = [
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

export function exportSheet(options: ExportSheetOptions): void {
	const { desk, journal } = options;
	choose({
		desk,
		title: "Export",
		choices: FORMS.filter(({ value }) => value.format !== "journal" || journal !== undefined),
		done: (form) => askWhere(options, form, nameOf(options, form)),
	});
}

/** The journal and the whole state have all branches. */
function nameOf({ session, branch }: ExportSheetOptions, { format, extension }: Form): string {
	return format === "json" || format === "journal"
		? `${session}.${extension}`
		: `${session}-${branch}.${extension}`;
}

function askWhere(options: ExportSheetOptions, form: Form, text: string): void {
	const { desk, cwd } = options;
	askLine({
		desk,
		title: `Export as ${FORMS.find(({ value }) => value === form)?.label.toLowerCase() ?? form.format}`,
		label: "file",
		text,
		complete: (written) => completePath(written, cwd),
		check: (written) => mistakeIn(written, cwd),
		accepts: "write it",
		done: (written) => {
			const file = placeOfPath(written.trim(), cwd);
			if (existsSync(file)) askOver(options, form, written, file);
			else write(options, form, written, file, "new");
		},
	});
}

function mistakeIn(written: string, cwd: string): string | undefined {
	if (written.trim() === "") return "a file needs a name";
	const file = placeOfPath(written.trim(), cwd);
	const there = statSync(file, { throwIfNoEntry: false });
	if (there?.isDirectory() || written.trim().endsWith("/"))
		return `${written.trim()} is a folder: name a file in it`;
	return existsSync(dirname(file)) ? undefined : `there is no folder ${dirname(file)}`;
}

/** Samples are one a line: a file of them can take one more. */
function askOver(options: ExportSheetOptions, form: Form, written: string, file: string): void {
	const { desk } = options;
	type Way = "add" | "replace" | "other";
	const add: Choice<Way> = { value: "add", label: "Add to it", says: "as one more line at its end" };
	choose<Way>({
		desk,
		title: `${basename(file)} is there already`,
		choices: [
			...(form.format === "sample" ? [add] : []),
			{ value: "other", label: "Another name", says: "leave it as it is" },
			{ value: "replace", label: "Replace it", says: "what is in it now is lost" },
		],
		done: (way) => {
			if (way === "other") askWhere(options, form, written);
			else write(options, form, written, file, way);
		},
		cancelled: () => askWhere(options, form, written),
	});
}

function write(
	options: ExportSheetOptions,
	form: Form,
	written: string,
	file: string,
	way: "new" | "add" | "replace",
): void {
	const { desk, cwd } = options;
	let made: Exported | Uint8Array;
	try {
		made = contentOf(options, form);
	} catch (error) {
		desk.say(`not exported: ${(error as Error).message}`, "error");
		return;
	}
	try {
		if (way === "add" && "text" in made) appendFileSync(file, (endsOpen(file) ? "\n" : "") + made.text);
		else writeWhole(file, "text" in made ? made.text : made);
	} catch (error) {
		desk.say(`cannot write ${file}: ${(error as Error).message}`, "error");
		askWhere(options, form, written);
		return;
	}
	const trained = "text" in made && made.trained !== undefined ? `; ${made.trained}` : "";
	desk.say(`${way === "add" ? "added to" : "written to"} ${shortPath(file, cwd)}${trained}`);
}

function contentOf({ state, branch, journal }: ExportSheetOptions, form: Form): Exported | Uint8Array {
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
