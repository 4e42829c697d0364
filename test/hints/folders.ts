/** Folders of hint files for tests, gone when the test is over. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A fresh folder with these files. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
	const dir = mkdtempSync(join(tmpdir(), "nudge-hints-"));
	onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(dir, name)), { recursive: true });
		writeFileSync(join(dir, name), text);
	}
	return dir;
}

/** A hint file with one good hint; `extra` goes in behind it. */
export function hintFile(id: string, extra = ""): string {
	return `hints:
  - id: ${id}
    kind: check
    domain: math
    markers: [after-word, before-end]
    wordings:
      - maybe I can use Python to check this
${extra}`;
}
