/**
 * Keeps a library up with its files while a session runs. A change counts once nothing more has changed for a moment, and
 * only when the whole library reads without mistakes: until then the last good one is in force, and the mistakes are told.
 * Editors that write a new file and rename it over the old one are no different from others: everything is read anew.
 */
import { existsSync } from "node:fs";
import { dirname, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
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
		// Going back to what was good before is news after a mistake, the same mistake again is not.
		const now = JSON.stringify(problems);
		if (now !== last) onMistakes(problems);
		last = now;
	};

	const dirs = layers.map((layer) => layer.dir.replace(/[\\/]+$/, ""));
	let watched: string[];
	const open = (): FSWatcher => {
		watched = dirs.map(nearestThere);
		return watch(watched, {
			ignoreInitial: true,
			depth: 0,
			// Hint files, and on the way to a folder that is not there yet the folders that it will be in.
			ignored: (path) =>
				!dirs.some((dir) => `${dir}${sep}`.startsWith(`${path}${sep}`)) &&
				!(dirs.includes(dirname(path)) && /[\\/][^.\\/][^\\/]*\.ya?ml$/.test(path)),
		})
			.on("unlinkDir", () => {
				// Also one that comes back at once is another folder.
				watched = [];
			})
			.on("all", settle)
			.on("error", (error) => {
				const message = `edits of the hints are not seen any more: ${(error as Error).message}`;
				onMistakes([{ file: dirs.join(", "), line: 1, column: 1, severity: "warning", message }]);
			});
	};
	const settle = (): void => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			if (closed) return;
			if (dirs.some((dir, index) => nearestThere(dir) !== watched[index])) {
				// A folder came or went: watch what is there now, and read once that is so.
				void watcher.close();
				watcher = open().once("ready", settle);
			}
			read();
		}, debounceMs);
	};
	let watcher = open();
	const ready = new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
	return {
		get library() {
			return library;
		},
		ready,
		async close() {
			closed = true;
			clearTimeout(timer);
			await watcher.close();
		},
	};
}

/** The folder itself, or the nearest above it that exists. */
function nearestThere(dir: string): string {
	let at = dir;
	while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
	return at;
}

/** Equal for libraries that say the same. */
function fingerprint(library: Library): string {
	return JSON.stringify([library.hints, library.frames, [...library.dialects.values()], library.problems]);
}
