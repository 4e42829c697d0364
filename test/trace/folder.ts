import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

/** A fresh folder, gone after the test. */
export function freshFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "nudge-trace-"));
	folders.push(folder);
	return folder;
}

const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
