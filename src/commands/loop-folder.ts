/**
 * What lies in a loop's folder: `loop.json`, the plan that it was begun with; in `done/` a record of each stage that ended
 * well, with the words that it ran; a folder for each stage. A file here is whole or absent.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { folderOf, type LoopPlan, type Stage } from "../train/loop-plan.ts";
import { FINAL } from "../train/run-folder.ts";
import { CommandError } from "./command.ts";

export const PLAN_FILE = "loop.json";
export const PAGE_FILE = "loop.md";
export const FORMAT = 1;

export type Sheet = {
	readonly format: number;
	readonly nudge: string;
	readonly created: string;
	readonly plan: LoopPlan;
};
export type Done = { readonly words: readonly string[]; readonly seconds: number; readonly at: string };

export function readSheet(folder: string): Sheet | undefined {
	const file = join(folder, PLAN_FILE);
	if (!existsSync(file)) return undefined;
	try {
		const sheet = JSON.parse(readFileSync(file, "utf8")) as Partial<Sheet>;
		if (sheet.format === FORMAT && sheet.plan) return sheet as Sheet;
	} catch (error) {
		throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
	}
	throw new CommandError(
		`${file} is of another format than this nudge knows (${FORMAT}): use the nudge that made it`,
	);
}

export function recordOf(folder: string, stage: Stage): string {
	return join(folder, "done", `${folderOf(stage).replaceAll("/", "-")}.json`);
}

export function doneOf(folder: string, stage: Stage, words: readonly string[]): Done | undefined {
	let done: Done;
	try {
		done = JSON.parse(readFileSync(recordOf(folder, stage), "utf8")) as Done;
	} catch {
		return undefined;
	}
	// A model that is served by another now is the same model.
	const same = (list: readonly string[]): string =>
		JSON.stringify(list.filter((_, i) => list[i - 1] !== "--engine"));
	if (same(done.words) !== same(words)) return undefined;
	if (existsSync(join(folder, folderOf(stage)))) return done;
	rmSync(recordOf(folder, stage));
	return undefined;
}

/** The models of the first seed as LOOP:STAGE, those of the others with @SEED behind; a loop from the tiny model is called tiny. */
export function named(folder: string, plan: LoopPlan): Record<string, string> {
	const loop = plan.engine === "embedded" ? "tiny" : basename(folder).replaceAll(/[^\w.-]/g, "-");
	const found: Record<string, string> = {};
	for (const [index, seed] of plan.seeds.entries())
		for (const id of ["start-0", "start", "no-tool"] as const) {
			const model = join(folder, folderOf({ id, seed }), FINAL, "model.gguf");
			if (existsSync(model)) found[`${loop}:${id}${index === 0 ? "" : `@${seed}`}`] = model;
		}
	return found;
}

export function put(file: string, words: string): void {
	mkdirSync(dirname(file), { recursive: true });
	const part = `${file}.${process.pid}`;
	writeFileSync(part, words);
	renameSync(part, file);
}
