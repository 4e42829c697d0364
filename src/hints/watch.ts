/**
 * Keeps a library up with its files while a session runs. A change counts once nothing more has changed for a moment, and
 * only when the whole library reads without mistakes: until then the last good one is in force, and the mistakes are told.
 */
import type { Diagnostic, Layer, Library } from "./hint.ts";
import { LibraryError } from "./hint.ts";
import { isHintFile } from "./layer.ts";
import { loadLibrary } from "./library.ts";
import { watchFolders } from "./watch-folders.ts";

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
	const { layers, onChange, onMistakes, debounceMs } = options;
	let library = options.library;
	let last = fingerprint(library);

	const read = (): void => {
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

	const dirs = layers.map((layer) => layer.dir);
	const { ready, close } = watchFolders({
		dirs,
		wanted: isHintFile,
		...(debounceMs !== undefined && { debounceMs }),
		onChange: read,
		onError: (error) => {
			const message = `edits of the hints are not seen any more: ${error.message}`;
			onMistakes([{ file: dirs.join(", "), line: 1, column: 1, severity: "warning", message }]);
		},
	});
	return {
		get library() {
			return library;
		},
		ready,
		close,
	};
}

/** Equal for libraries that say the same. */
function fingerprint(library: Library): string {
	return JSON.stringify([library.hints, library.frames, [...library.dialects.values()], library.problems]);
}
