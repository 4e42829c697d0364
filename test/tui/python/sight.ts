/** A pane as a person has it: keys go in, rows are read. */
import { expect } from "vitest";
import type { PythonHost } from "../../../src/python/host.ts";
import { openPtyInterpreter } from "../../../src/python/pty.ts";
import { type PaneOptions, PythonPane } from "../../../src/tui/python/pane.ts";
import type { Key } from "../../../src/tui/term/input.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";

export const COLUMNS = 60;
export const ROWS = 20;
const KEY: Key = { name: "x", ctrl: false, alt: false, shift: false };

export type Sight = {
	readonly pane: PythonPane;
	/** Bytes as the terminal sends them for keys. */
	readonly type: (bytes: string) => void;
	/** What stands in the pane: rows without styles and trailing blanks. */
	readonly lines: () => string[];
	readonly title: () => string;
	readonly until: (what: RegExp) => Promise<void>;
	readonly untilTitle: (what: RegExp) => Promise<void>;
	/** "now" and "soon", as the pane told of changes. */
	readonly told: string[];
};

export function sightOf(open: PaneOptions["open"], options: Partial<PaneOptions> = {}): Sight {
	const told: string[] = [];
	const pane = new PythonPane({
		paint: paintOf(BARE, "none"),
		depth: "none",
		open,
		onChange: (when) => told.push(when),
		keys: () => ({ leave: "Ctrl+]", restart: "F8" }),
		...options,
	});
	pane.resize(COLUMNS, ROWS);
	const lines = (): string[] => {
		const all = pane.rows(COLUMNS, ROWS).map((row) => row.replace(/\x1b\[[\d;]*m/g, "").trimEnd());
		while (all.at(-1) === "") all.pop();
		return all;
	};
	const title = (): string => pane.title(COLUMNS, true).trimEnd();
	const poll = { timeout: 15_000, interval: 15 };
	return {
		pane,
		type: (bytes) => pane.key(KEY, bytes),
		lines,
		title,
		until: (what) => expect.poll(() => lines().join("\n"), poll).toMatch(what),
		untilTitle: (what) => expect.poll(title, poll).toMatch(what),
		told,
	};
}

/** With a Python that is there already. */
export async function withPane(host: PythonHost, use: (sight: Sight) => Promise<void>): Promise<void> {
	const sight = sightOf((size) => openPtyInterpreter(host, size));
	try {
		sight.pane.start();
		await sight.until(/^>>>/);
		await use(sight);
	} finally {
		await sight.pane.close();
	}
}
