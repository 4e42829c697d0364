/**
 * Says when files in folders have changed and nothing more has for a moment. The folders need not be there yet, and may
 * come and go. Editors that write a new file and rename it over the old one are no different from others: whoever is told
 * reads everything anew.
 */
import { existsSync } from "node:fs";
import { basename, dirname, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";

export type FolderWatch = {
	/** Resolves when changes are seen from now on. */
	readonly ready: Promise<void>;
	close(): Promise<void>;
};

export function watchFolders(options: {
	readonly dirs: readonly string[];
	/** Which files in them count, by their names. */
	readonly wanted: (name: string) => boolean;
	/** How long nothing more must have changed. */
	readonly debounceMs?: number;
	/** Not called any more once it is closed. */
	readonly onChange: () => void;
	/** Changes are not seen any more. */
	readonly onError: (error: Error) => void;
}): FolderWatch {
	const { wanted, debounceMs = 150, onChange, onError } = options;
	const dirs = options.dirs.map((dir) => dir.replace(/[\\/]+$/, ""));
	let timer: NodeJS.Timeout | undefined;
	let closed = false;
	let watched: string[];

	const open = (): FSWatcher => {
		watched = dirs.map(nearestThere);
		return watch(watched, {
			ignoreInitial: true,
			depth: 0,
			// The files, and on the way to a folder that is not there yet the folders that it will be in.
			ignored: (path) =>
				!dirs.some((dir) => `${dir}${sep}`.startsWith(`${path}${sep}`)) &&
				!(dirs.includes(dirname(path)) && wanted(basename(path))),
		})
			.on("unlinkDir", () => {
				// Also one that comes back at once is another folder.
				watched = [];
			})
			.on("all", settle)
			.on("error", (error) => onError(error as Error));
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
			onChange();
		}, debounceMs);
	};
	let watcher = open();
	const ready = new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
	return {
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
