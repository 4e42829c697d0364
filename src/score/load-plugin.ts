/**
 * A verifier that a user wrote: a JavaScript or TypeScript module whose default export is a ScorePlugin, or a function that
 * makes one. It runs as part of nudge, so a project's file may not choose one.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ScoreError } from "./mathverify.ts";
import type { ScorePlugin } from "./plugin.ts";

export async function loadPlugin(file: string): Promise<ScorePlugin> {
	if (!existsSync(file)) throw new ScoreError(`there is no verifier ${file}`);
	let made: unknown;
	try {
		const { default: exported } = (await import(pathToFileURL(file).href)) as { default?: unknown };
		made = typeof exported === "function" ? await exported() : exported;
	} catch (error) {
		throw new ScoreError(`the verifier ${file} cannot be loaded: ${(error as Error).message}`);
	}
	const plugin = made as Partial<ScorePlugin> | undefined;
	const wrong = mistakeIn(plugin);
	if (wrong)
		throw new ScoreError(
			`the verifier ${file} ${wrong}: its default export must be {id, version, says, applies, score} or a function that returns that (docs/scoring.md)`,
		);
	// Whoever edits the file need not think of its version: verdicts of another text are given anew.
	const text = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
	const own = plugin as ScorePlugin;
	return {
		id: own.id,
		version: own.version,
		says: own.says,
		settings: { ...own.settings, file: text },
		applies: (problem) => own.applies(problem),
		score: (problem, answer, context) => own.score(problem, answer, context),
		...(own.explain ? { explain: (problem, answer, context) => own.explain!(problem, answer, context) } : {}),
		...(own.close ? { close: () => own.close!() } : {}),
	};
}

function mistakeIn(plugin: Partial<ScorePlugin> | undefined): string | undefined {
	if (typeof plugin !== "object" || plugin === null) return "exports no verifier";
	if (typeof plugin.id !== "string" || !/^[a-z0-9][a-z0-9-]*$/.test(plugin.id))
		return "has no id of lower-case letters, digits and hyphens";
	if (typeof plugin.version !== "string" || plugin.version === "") return "has no version, a text";
	if (typeof plugin.says !== "string") return "does not say what it is (says, a text)";
	if (typeof plugin.applies !== "function") return "has no function applies";
	if (typeof plugin.score !== "function") return "has no function score";
	return undefined;
}
