/** Asking for a file: one that holds a problem, or one that holds a set of them. What is wrong is said under the path. */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { parseProblem } from "../../../data/problems.ts";
import { sourceOf } from "../../../data/records.ts";
import type { Desk } from "../../view.ts";
import { askLine } from "../ask-line.ts";
import { completePath, placeOfPath } from "../paths.ts";

/** A problem is read by a person: a larger file is something else. */
const LARGEST_BYTES = 2 ** 20;
/** So much of a file tells whether it holds text. */
const LOOKED_AT_BYTES = 65_536;

/** Files that were asked for before, the latest last: shared by all pages of one run of the program. */
const problemFiles: string[] = [];
const setFiles: string[] = [];

export type FileOptions = {
	readonly desk: Desk;
	readonly cwd: string;
};

export function askProblemFile({ desk, cwd }: FileOptions, done: (text: string) => void): void {
	let text = "";
	askLine({
		desk,
		title: "Problem from a file",
		label: "A text file that holds one problem. You can still change it before it begins.",
		placeholder: "path, Tab completes it",
		history: problemFiles,
		complete: (path) => completePath(path, cwd),
		accepts: "read it",
		check: (path) => {
			const read = problemText(path, cwd);
			if ("mistake" in read) return read.mistake;
			text = read.text;
			return undefined;
		},
		done: (path) => {
			problemFiles.push(path.trim());
			done(text);
		},
	});
}

/** `done` gets the place of the file; undefined is the bundled set. */
export function askSetFile({ desk, cwd }: FileOptions, done: (file: string | undefined) => void): void {
	askLine({
		desk,
		title: "Another problem set",
		label: "A problem file, or a dataset folder (docs/problems.md). Left empty, it is the bundled set.",
		placeholder: "path, Tab completes it",
		history: setFiles,
		complete: (path) => completePath(path, cwd),
		accepts: "load it",
		check: (path) => (path.trim() === "" ? undefined : mistakeInSet(placeOfPath(path.trim(), cwd))),
		done: (path) => {
			const file = path.trim();
			if (file !== "") setFiles.push(file);
			done(file === "" ? undefined : placeOfPath(file, cwd));
		},
	});
}

export function problemText(
	path: string,
	cwd: string,
): { readonly text: string } | { readonly mistake: string } {
	if (path.trim() === "") return { mistake: "Nothing is written." };
	const place = placeOfPath(path.trim(), cwd);
	const mistake = mistakeInFile(place);
	if (mistake !== undefined) return { mistake };
	if (statSync(place).size > LARGEST_BYTES) {
		return { mistake: `${place} has more than 1 MiB: that is no problem to be read by a person.` };
	}
	const text = readFileSync(place, "utf8")
		.replace(/^\ufeff/, "")
		.replace(/\s+$/, "");
	if (text.trim() === "") return { mistake: `${place} is empty.` };
	const [first = ""] = text.split("\n", 1);
	if (first.trimStart().startsWith("{") && "problem" in parseProblem(first)) {
		return { mistake: `${place} is a problem set: load it as such instead.` };
	}
	return { text };
}

/** Packed files and Parquet are no text; a folder is a dataset, or a part of one behind a colon. */
function mistakeInSet(place: string): string | undefined {
	try {
		const { files } = sourceOf(place);
		const [only] = files;
		return only === place && !/\.(gz|parquet)$/i.test(place) ? mistakeInFile(place) : undefined;
	} catch (error) {
		const { message } = error as Error;
		return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
	}
}

function mistakeInFile(place: string): string | undefined {
	try {
		const stat = statSync(place, { throwIfNoEntry: false });
		if (!stat) return `There is no file ${place}.`;
		if (!stat.isFile()) return `${place} is not a file.`;
		const file = openSync(place, "r");
		try {
			const bytes = Buffer.alloc(Math.min(LOOKED_AT_BYTES, stat.size));
			readSync(file, bytes, 0, bytes.length, 0);
			return bytes.includes(0) ? `${place} is no text.` : undefined;
		} finally {
			closeSync(file);
		}
	} catch (error) {
		return `${place} cannot be read: ${(error as Error).message}`;
	}
}
