/**
 * The tests of a run's problems, which its rollouts do not hold: read from the problem files that `run.json` names, or
 * from where they are now, and laid by in a temporary file, since those of a contest may be larger than memory.
 *
 * What always holds: the problems are those of the run, to the byte (their hash is compared); memory holds a place for
 * each problem and no more; the temporary file has no name, so nothing of it is left whatever ends this process.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { CodeTests } from "../trace/events.ts";
import { RunError, type RunSheet, surveyed } from "./run-sheet.ts";

export class TestShelf {
	readonly #descriptor: number;
	readonly #places = new Map<string, { readonly at: number; readonly length: number }>();
	#bytes = 0;
	#last: { readonly id: string; readonly tests: CodeTests } | undefined;

	private constructor() {
		const folder = mkdtempSync(join(tmpdir(), "nudge-tests-"));
		try {
			this.#descriptor = openSync(join(folder, "tests"), "w+");
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}

	/** `moved`: where the files are now, in any order; without, where the run says. */
	static async of(
		folder: string,
		{ problems, reading }: Pick<RunSheet, "problems" | "reading">,
		moved: readonly string[],
		signal?: AbortSignal,
	): Promise<TestShelf> {
		const named = problems.map(({ file }) => (isAbsolute(file) ? file : resolve(folder, file)));
		const files = moved.length > 0 ? moved : named;
		const away = files.filter((file) => !existsSync(file.replace(/:[^/]*$/, "")) && !existsSync(file));
		if (away.length > 0)
			throw new RunError(
				`the problems of ${folder} have tests, and ${away.join(", ")} is not there to read them from: say where with --problems FILE`,
			);
		const shelf = new TestShelf();
		try {
			const { files: found } = await surveyed(files, signal, {
				...reading,
				onProblem: ({ id, tests }) => {
					if (tests) shelf.#put(id, tests);
				},
			});
			for (const { sha256 } of problems)
				if (!found.some((one) => one.sha256 === sha256))
					throw new RunError(
						`${files.join(", ")} does not hold the problems that ${folder} was sampled from: they were changed since. Say with --problems FILE where the old ones are.`,
					);
			return shelf;
		} catch (error) {
			shelf.close();
			throw error;
		}
	}

	/** Those of a problem; undefined where it has none. */
	tests(id: string): CodeTests | undefined {
		if (this.#last?.id === id) return this.#last.tests;
		const place = this.#places.get(id);
		if (!place) return undefined;
		const bytes = Buffer.allocUnsafe(place.length);
		for (let from = 0; from < bytes.length; ) {
			const read = readSync(this.#descriptor, bytes, from, bytes.length - from, place.at + from);
			if (read === 0) throw new RunError("the tests that were laid by are cut off: is the disk full?");
			from += read;
		}
		const tests = JSON.parse(bytes.toString("utf8")) as CodeTests;
		this.#last = { id, tests };
		return tests;
	}

	close(): void {
		closeSync(this.#descriptor);
	}

	#put(id: string, tests: CodeTests): void {
		const bytes = Buffer.from(JSON.stringify(tests));
		for (let from = 0; from < bytes.length; )
			from += writeSync(this.#descriptor, bytes, from, bytes.length - from, this.#bytes + from);
		this.#places.set(id, { at: this.#bytes, length: bytes.length });
		this.#bytes += bytes.length;
	}
}
