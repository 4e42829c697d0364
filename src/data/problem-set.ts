/**
 * A set of problems that somebody chooses from: the problems of one or more files, loaded behind whatever is shown.
 *
 * What always holds: `problems` only grows and keeps the files' order, so an index once seen stays what it is; an id is
 * there once; a line that is no problem is counted and, up to a limit, kept with its file and line. Loading takes the
 * event loop for a few milliseconds at a time. Tests can be far larger than the rest of a problem (those of a programming
 * contest have hundreds of megabytes), so large ones are not held: `whole` reads the problem again.
 */
import { basename } from "node:path";
import type { Domain, Problem } from "../trace/events.ts";
import { BUNDLED, ProblemError, type ReadOptions, readRows } from "./problems.ts";

/** A problem as a list holds it. */
export type Listed = Problem & {
	/** Why a verdict on it would mean little. */
	readonly doubt?: string;
	/** Tests that are too large to be held: what `whole` brings. */
	readonly largeTests?: true;
};

export type Mistake = {
	readonly file: string;
	/** Absent where the file itself cannot be read. */
	readonly line?: number;
	readonly says: string;
};

export type SetOptions = {
	/** How long loading takes the event loop before others have their turn. */
	readonly sliceMs?: number;
	/** Characters of tests that are held with a problem. */
	readonly heldTests?: number;
	/** Mistakes that are kept; all are counted. */
	readonly keptMistakes?: number;
	/** Which field of the files is what, where that is not to be found out. */
	readonly map?: ReadOptions["map"];
};

const SLICE_MS = 6;
const HELD_TESTS = 16_384;
const KEPT_MISTAKES = 500;

export class ProblemSet {
	readonly files: readonly string[];
	/** "bundled", a file's name, or "3 files". */
	readonly name: string;
	/** Only these count for `next`; undefined is all. */
	domain: Domain | undefined;
	readonly #problems: Listed[] = [];
	readonly #places = new Map<string, { readonly index: number; readonly file: string }>();
	readonly #mistakes: Mistake[] = [];
	readonly #listeners = new Set<() => void>();
	readonly #stop = new AbortController();
	readonly #options: Required<Omit<SetOptions, "map">>;
	readonly #map: ReadOptions["map"];
	#mapping: string | undefined;
	#mistakeCount = 0;
	#taken: string | undefined;
	#loading = true;
	/** Resolves when all files are read, whatever was in them. */
	readonly loaded: Promise<void>;

	constructor(files: readonly string[] = BUNDLED, { map, ...options }: SetOptions = {}) {
		this.#map = map;
		this.files = files;
		this.name = nameOf(files);
		this.#options = { sliceMs: SLICE_MS, heldTests: HELD_TESTS, keptMistakes: KEPT_MISTAKES, ...options };
		this.loaded = this.#load();
	}

	get problems(): readonly Listed[] {
		return this.#problems;
	}

	get loading(): boolean {
		return this.#loading;
	}

	/** The first of them; `mistakeCount` may be larger. */
	get mistakes(): readonly Mistake[] {
		return this.#mistakes;
	}

	get mistakeCount(): number {
		return this.#mistakeCount;
	}

	/** What the fields of the file are taken for; undefined where they are nudge's own. Of several files, the last one read. */
	get mapping(): string | undefined {
		return this.#mapping;
	}

	/** Told when more was read, and at the end. Returns what ends it. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	has(id: string): boolean {
		return this.#places.has(id);
	}

	/**
	 * The problem after another one, of the set's domain; reads on as far as needed. After a problem that is not of this
	 * set (one that was typed) it goes on after the last one that was taken of it. Undefined: there is no more.
	 */
	async next(id?: string): Promise<Problem | undefined> {
		if (id !== undefined && !this.#places.has(id)) await this.loaded;
		const after = this.#places.get(id ?? "") ?? this.#places.get(this.#taken ?? "");
		for (let index = (after?.index ?? -1) + 1; ; index++) {
			if (index >= this.#problems.length) {
				if (!this.#loading) return undefined;
				await this.#more();
				index--;
				continue;
			}
			const problem = this.#problems[index]!;
			if (this.domain === undefined || problem.domain === this.domain) return this.whole(problem);
		}
	}

	/** The problem with all that it is checked against. Throws ProblemError where its file no longer has it. */
	async whole(listed: Listed): Promise<Problem> {
		const { doubt, largeTests, ...problem } = listed;
		this.#taken = listed.id;
		if (!largeTests) return problem;
		const file = this.#places.get(listed.id)?.file;
		if (file === undefined) throw new ProblemError(`${listed.id} is no problem of ${this.name}`);
		for await (const row of readRows(file, undefined, { map: this.#map })) {
			if ("problem" in row && row.problem.id === listed.id) return row.problem;
		}
		throw new ProblemError(`${file} no longer holds the problem "${listed.id}": load the set anew`);
	}

	/** Ends the loading. What is there stays. */
	close(): void {
		this.#stop.abort();
	}

	#more(): Promise<void> {
		return new Promise((resolve) => {
			const end = this.subscribe(() => {
				end();
				resolve();
			});
		});
	}

	async #load(): Promise<void> {
		// Whoever made the set subscribes before the first news.
		await Promise.resolve();
		let sliceEnd = performance.now() + this.#options.sliceMs;
		for (const file of this.files) {
			try {
				const onMapping = (says: string | undefined): void => {
					this.#mapping = says;
				};
				for await (const row of readRows(file, this.#stop.signal, { map: this.#map, onMapping })) {
					if ("mistake" in row) this.#mistake({ file: row.file, line: row.line, says: row.mistake });
					else this.#add(row.problem, row.doubt, file, row);
					if (performance.now() < sliceEnd) continue;
					this.#tell();
					await new Promise(setImmediate);
					if (this.#stop.signal.aborted) break;
					sliceEnd = performance.now() + this.#options.sliceMs;
				}
			} catch (error) {
				if (this.#stop.signal.aborted) break;
				this.#mistake({ file, says: error instanceof Error ? error.message : String(error) });
			}
		}
		this.#loading = false;
		this.#tell();
	}

	#add(
		problem: Problem,
		doubt: string | undefined,
		source: string,
		{ file, line }: { readonly file: string; readonly line: number },
	): void {
		if (this.#places.has(problem.id)) {
			this.#mistake({ file, line, says: `the id "${problem.id}" is already that of another problem` });
			return;
		}
		this.#places.set(problem.id, { index: this.#problems.length, file: source });
		const { tests, ...rest } = problem;
		const large = tests !== undefined && sizeOf(tests) > this.#options.heldTests;
		this.#problems.push({
			...(large ? { ...rest, largeTests: true as const } : problem),
			...(doubt === undefined ? {} : { doubt }),
		});
	}

	#mistake(mistake: Mistake): void {
		this.#mistakeCount++;
		if (this.#mistakes.length < this.#options.keptMistakes) this.#mistakes.push(mistake);
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}

function sizeOf(tests: NonNullable<Problem["tests"]>): number {
	if ("entry_point" in tests) return tests.test.length;
	let size = 0;
	for (const { input, output } of tests) size += input.length + output.length;
	return size;
}

function nameOf(files: readonly string[]): string {
	if (files.length === BUNDLED.length && files.every((file, i) => file === BUNDLED[i])) return "bundled";
	return files.length === 1 ? basename(files[0]!) : `${files.length} files`;
}
