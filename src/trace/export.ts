/**
 * A session as text for a file, in one of the forms that it has outside nudge, and the file itself.
 *
 * What always holds: a file is there as it was before, or whole; it never holds half an export.
 */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import type { SessionState } from "./fold.ts";
import { markdownOf } from "./markdown.ts";
import { plainOf } from "./plain.ts";
import { branchOf, sampleOf, trainedLine } from "./sample.ts";
import { textOf } from "./span.ts";

/** `text` is the assistant's words of one branch, byte for byte; `json` the whole session with all branches. */
export type ExportFormat = "sample" | "markdown" | "text" | "json";

export type Exported = {
	readonly text: string;
	/** What of it trains, for a sample: one line for a person. */
	readonly trained?: string;
};

export type ExportOptions = {
	readonly format: ExportFormat;
	/** The one that speaks for the session where absent; `json` has all of them. */
	readonly branch?: string;
	/** For a sample; they do unless said otherwise. */
	readonly trainHints?: boolean;
};

/** Throws a SessionSampleError where there is no such branch, or nothing in it to train on. */
export function exported(
	state: SessionState,
	{ format, branch, trainHints = true }: ExportOptions,
): Exported {
	switch (format) {
		case "markdown":
			return { text: markdownOf(state, branchOf(state, branch)) };
		case "text":
			return { text: textOf(branchOf(state, branch).spans) };
		case "json":
			return { text: `${JSON.stringify(plainOf(state))}\n` };
		case "sample": {
			const sample = sampleOf(state, { trainHints, ...(branch !== undefined && { branch }) });
			return { text: `${JSON.stringify(sample)}\n`, trained: trainedLine(sample.trained) };
		}
	}
}

/** A file that is written beside its place and put there by `keep`; `drop` leaves what was there before. */
export class WholeFile {
	readonly #file: string;
	readonly #fresh: string;
	readonly #descriptor: number;

	/** Throws what the system says where it cannot be opened. */
	constructor(file: string) {
		const there = statSync(file, { throwIfNoEntry: false });
		this.#file = file;
		// A pipe or a device is written as it is: renaming would put a file in its place.
		this.#fresh = there && !there.isFile() ? file : `${file}.${process.pid}.part`;
		this.#descriptor = openSync(this.#fresh, "w");
	}

	write(piece: string | Uint8Array): void {
		const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
		for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
	}

	keep(): void {
		closeSync(this.#descriptor);
		if (this.#fresh !== this.#file) renameSync(this.#fresh, this.#file);
	}

	drop(): void {
		try {
			closeSync(this.#descriptor);
		} catch {
			// Closed already: what failed was the renaming.
		}
		if (this.#fresh !== this.#file) rmSync(this.#fresh, { force: true });
	}
}
