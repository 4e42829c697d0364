/**
 * Engines that a loop made: every model that it trained and that the embedded engine can run has a name, LOOP:STAGE
 * (tiny:start), and is chosen like any other engine.
 *
 * What always holds: only what is there is offered; the file appears whole.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { homes } from "../trace/home.ts";
import type { EngineConfig } from "./spec.ts";

const FILE = "checkpoints.json";

const fileOf = (env: NodeJS.ProcessEnv): string => join(homes(env).data, FILE);

/** Name to GGUF file, as it was written, whether the files are still there or not. */
function namesIn(env: NodeJS.ProcessEnv): Record<string, string> {
	try {
		const found = JSON.parse(readFileSync(fileOf(env), "utf8")) as unknown;
		if (typeof found !== "object" || found === null) return {};
		const entries = Object.entries(found).filter(
			(entry): entry is [string, string] => typeof entry[1] === "string",
		);
		return Object.fromEntries(entries);
	} catch {
		// None was made yet, or the file is damaged: the models can still be named by their paths.
		return {};
	}
}

/** By name, as engines of a configuration are. */
export function checkpointEngines(env: NodeJS.ProcessEnv): Readonly<Record<string, EngineConfig>> {
	const there = Object.entries(namesIn(env)).filter(([, path]) => existsSync(path));
	return Object.fromEntries(there.map(([name, path]) => [name, { type: "embedded", path }]));
}

/** Gives models names; one that had the name before gives it up. */
export function nameCheckpoints(env: NodeJS.ProcessEnv, models: Readonly<Record<string, string>>): void {
	const file = fileOf(env);
	mkdirSync(dirname(file), { recursive: true });
	const part = `${file}.${process.pid}`;
	writeFileSync(part, `${JSON.stringify({ ...namesIn(env), ...models }, null, "\t")}\n`);
	renameSync(part, file);
}
