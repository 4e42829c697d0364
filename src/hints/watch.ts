/**
 * Keeps a library up with its files while a session runs. A change counts once nothing more has changed for a moment, and
 * only when the whole library reads without mistakes: until then the last good one is in force, and the mistakes are told.
 * Editors that write a new file and rename it over the old one are no different from others: everything is read anew.
 */
import { basename } from "node:path";
import { watch } from "chokidar";
import type { Diagnostic, Layer, Library } from "./hint.ts";
import { LibraryError } from "./hint.ts";
import { loadLibrary } from "./library.ts";

export type WatchOptions = {
	readonly layers: readonly Layer[];
	/** The library at the start, already in force. */
	readonly library: Library;
	readonly onChange: (library: Library) => void;
	/** An edit with mistakes; the library in force stays. */
	readonly onMistakes: (problems: readonly Diagnostic[]) => void;
	readonly debounceMs?: number;
};

export type LibraryWatch = {
	/** The library in force: the last one that was good. */
	readonly library: Library;
	/** Resolves when changes are seen from now on. */
	readonly ready: Promise<void>;
	close(): Promise<void>;
};

export function watchLibrary(options: WatchOptions): LibraryWatch {
	const { layers, onChange, onMistakes, debounceMs = 150 } = options;
	let library = options.library;
	let last = fingerprint(library);
	let timer: NodeJS.Timeout | undefined;
	let closed = false;

	const read = (): void => {
		if (closed) return;
		let problems: readonly Diagnostic[];
		try {
			const next = loadLibrary(layers);
			problems = next.problems.filter((one) => one.severity === "error");
			if (problems.length === 0) {
				const now = fingerprint(next);
				library = next;
				if (now !== last) onChange(next);
				last = now;
				return;
			}
		} catch (error) {
			const file = layers[0]?.dir ?? "";
			const message = (error as Error).message;
			problems =
				error instanceof LibraryError && error.problems.length > 0
					? error.problems
					: [{ file, line: 1, column: 1, severity: "error", message }];
		}
		onMistakes(problems);
		// Going back to what was good before is news after a mistake.
		last = "";
	};

	const watcher = watch(
		layers.map((layer) => layer.dir),
		{
			ignoreInitial: true,
			depth: 0,
			ignored: (path, stats) => stats?.isFile() === true && !/^[^.].*\.ya?ml$/.test(basename(path)),
		},
	);
	watcher.on("all", () => {
		clearTimeout(timer);
		timer = setTimeout(read, debounceMs);
	});
	watcher.on("error", (error) => {
		onMistakes([
			{
				file: layers.map((layer) => layer.dir).join(", "),
				line: 1,
				column: 1,
				severity: "warning",
				message: `edits of the hints are not seen any more: ${(error as Error).message}`,
			},
		]);
	});
	return {
		get library() {
			return library;
		},
		ready: new Promise((resolve) => watcher.once("ready", () => resolve())),
		async close() {
			closed = true;
			clearTimeout(timer);
			await watcher.close();
		},
	};
}

/** Equal for libraries that say the same. */
function fingerprint(library: Library): string {
	return JSON.stringify([library.hints, library.frames, [...library.dialects.values()], library.problems]);
}
