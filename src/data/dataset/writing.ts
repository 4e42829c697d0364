/**
 * Writes the folder of a dataset.
 *
 * What always holds: the folder is there whole or not at all. Everything is written into a hidden folder beside it,
 * `dataset.json` last, and then renamed; whatever goes wrong before, also Ctrl+C, leaves nothing behind.
 */
import { createHash } from "node:crypto";
import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	renameSync,
	rmdirSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Sample } from "../../trace/sample.ts";
import {
	DATASET_FORMAT,
	DatasetError,
	type DatasetSheet,
	FATES_FILE,
	type Fate,
	REVIEWS_FILE,
	SAMPLES_FILE,
	SHEET_FILE,
} from "./dataset.ts";
import type { ReviewEvent } from "./review.ts";

/** Throws unless a dataset can be put there: nothing is ever written over. */
export function assertFree(out: string): void {
	let names: string[];
	try {
		names = existsSync(out) ? readdirSync(out) : [];
	} catch (error) {
		throw new DatasetError(
			`${out} cannot be used: ${(error as Error).message}. Name another folder with --out`,
		);
	}
	if (names.length > 0)
		throw new DatasetError(
			`${out} is there and not empty${names.includes(SHEET_FILE) ? " (a dataset)" : ""}: name another folder, or remove this one first`,
		);
}

const BUFFER_BYTES = 1 << 18;

/** Lines into a new file, a buffer at a time. */
export class LineFile {
	readonly file: string;
	readonly #descriptor: number;
	readonly #digest = createHash("sha256");
	#waiting: string[] = [];
	#units = 0;
	#lines = 0;

	constructor(file: string) {
		this.file = file;
		this.#descriptor = openSync(file, "wx");
	}

	get lines(): number {
		return this.#lines;
	}

	add(value: object): void {
		const line = `${JSON.stringify(value)}\n`;
		this.#lines++;
		this.#units += line.length;
		this.#waiting.push(line);
		if (this.#units >= BUFFER_BYTES) this.#flush();
	}

	/** Returns the hash of what was written. */
	end(): string {
		this.#flush();
		fsyncSync(this.#descriptor);
		return this.#digest.digest("hex");
	}

	close(): void {
		closeSync(this.#descriptor);
	}

	#flush(): void {
		const bytes = Buffer.from(this.#waiting.join(""));
		this.#waiting = [];
		this.#units = 0;
		this.#digest.update(bytes);
		try {
			for (let from = 0; from < bytes.length; ) from += writeSync(this.#descriptor, bytes, from);
		} catch (error) {
			throw new DatasetError(
				`cannot write ${this.file}: ${(error as Error).message}. Nothing was kept; make room and start again`,
			);
		}
	}
}

/** What the folder of one dataset is filled with. */
export type Drafting = {
	sample(sample: Sample): void;
	fate(fate: Fate): void;
	review(event: ReviewEvent): void;
	/** Ends the files; the sheet comes last. */
	finish(sheet: Omit<DatasetSheet, "format" | "sha256" | "name" | "created">): DatasetSheet;
};

class Draft implements Drafting {
	readonly #folder: string;
	readonly #name: string;
	readonly #now: () => Date;
	readonly #samples: LineFile;
	readonly #fates: LineFile;
	#reviews: LineFile | undefined;

	constructor(folder: string, name: string, now: () => Date) {
		this.#folder = folder;
		this.#name = name;
		this.#now = now;
		mkdirSync(folder, { recursive: true });
		this.#samples = new LineFile(join(folder, SAMPLES_FILE));
		this.#fates = new LineFile(join(folder, FATES_FILE));
	}

	sample(sample: Sample): void {
		this.#samples.add(sample);
	}

	fate(fate: Fate): void {
		this.#fates.add(fate);
	}

	review(event: ReviewEvent): void {
		this.#reviews ??= new LineFile(join(this.#folder, REVIEWS_FILE));
		this.#reviews.add(event);
	}

	finish(what: Omit<DatasetSheet, "format" | "sha256" | "name" | "created">): DatasetSheet {
		const sha256 = this.#samples.end();
		this.#fates.end();
		this.#reviews?.end();
		const { kind, nudge, ...rest } = what;
		const sheet: DatasetSheet = {
			format: DATASET_FORMAT,
			kind,
			name: this.#name,
			nudge,
			created: this.#now().toISOString(),
			...rest,
			sha256,
		};
		writeFileSync(join(this.#folder, SHEET_FILE), `${JSON.stringify(sheet, null, "\t")}\n`);
		return sheet;
	}

	close(): void {
		this.#samples.close();
		this.#fates.close();
		this.#reviews?.close();
	}
}

export type Into = { readonly out: string; readonly now?: (() => Date) | undefined };

/** Makes one dataset at `out`, or nothing. */
export function writeDataset<T>({ out, now }: Into, fill: (draft: Drafting) => Promise<T>): Promise<T> {
	return inFreshFolder(out, async (fresh) => {
		const draft = new Draft(fresh, basename(resolve(out)), now ?? (() => new Date()));
		try {
			return await fill(draft);
		} finally {
			draft.close();
		}
	});
}

/** Makes several datasets as folders below `out`, or nothing. `fill` gets them in the order of the names. */
export function writeDatasets<T>(
	{ out, now }: Into,
	names: readonly string[],
	fill: (drafts: readonly Drafting[]) => Promise<T>,
): Promise<T> {
	return inFreshFolder(out, async (fresh) => {
		const drafts: Draft[] = [];
		try {
			for (const name of names) drafts.push(new Draft(join(fresh, name), name, now ?? (() => new Date())));
			return await fill(drafts);
		} finally {
			for (const draft of drafts) draft.close();
		}
	});
}

async function inFreshFolder<T>(out: string, fill: (fresh: string) => Promise<T>): Promise<T> {
	const target = resolve(out);
	assertFree(target);
	const parent = dirname(target);
	const fresh = join(parent, `.${basename(target)}-${process.pid}-${Date.now().toString(36)}`);
	try {
		mkdirSync(parent, { recursive: true });
		mkdirSync(fresh);
	} catch (error) {
		throw new DatasetError(
			`${out} cannot be made: ${(error as Error).message}. Name another folder with --out`,
		);
	}
	try {
		const made = await fill(fresh);
		assertFree(target);
		if (existsSync(target)) rmdirSync(target);
		renameSync(fresh, target);
		return made;
	} catch (error) {
		rmSync(fresh, { recursive: true, force: true });
		throw error;
	}
}

/** A source's folder as the dataset's sheet names it: the two may be moved together. */
export function seenFrom(out: string, folder: string): string {
	return relative(resolve(out), resolve(folder)) || ".";
}
