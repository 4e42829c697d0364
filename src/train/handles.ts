/**
 * What is remembered here of a job that was started: `handle.json` in its folder on this machine, and a link in the folder of all
 * jobs where it lies elsewhere. The file appears whole.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Handle } from "./launcher.ts";

export const HANDLE_FILE = "handle.json";

export function writeHandle(folder: string, handle: Handle): void {
	const part = join(folder, `${HANDLE_FILE}.${process.pid}`);
	writeFileSync(part, `${JSON.stringify(handle, null, "\t")}\n`);
	renameSync(part, join(folder, HANDLE_FILE));
}

/** Undefined for a job that was never started. */
export function readHandle(folder: string): Handle | undefined {
	try {
		return JSON.parse(readFileSync(join(folder, HANDLE_FILE), "utf8")) as Handle;
	} catch {
		return undefined;
	}
}

/** Makes a job that lies elsewhere show among the others. */
export function register(home: string, id: string, folder: string): void {
	const place = join(home, id);
	if (folder === place || existsSync(place)) return;
	mkdirSync(home, { recursive: true });
	symlinkSync(folder, place, "dir");
}

/** An id that no job here has: two may be made within a second. */
export function freeId(home: string, id: string): string {
	for (let count = 1; ; count++) {
		const free = count === 1 ? id : `${id}-${count}`;
		if (!existsSync(join(home, free))) return free;
	}
}
