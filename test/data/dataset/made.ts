/** Runs on disk for tests of datasets, with rollouts that are put into files however a test likes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fate } from "../../../src/data/dataset/dataset.ts";
import type { Making } from "../../../src/data/dataset/from-runs.ts";
import { type Recipe, readRecipe } from "../../../src/data/recipe.ts";
import { keyOf, type Rollout } from "../../../src/data/rollout.ts";
import { ruleContext } from "../../../src/data/rules/context.ts";
import { putSheet, type RunSheet } from "../../../src/data/run-sheet.ts";
import type { OutcomeVerdict } from "../../../src/trace/events.ts";
import type { Sample } from "../../../src/trace/sample.ts";
import { rolloutOf, sheetFor } from "../rollouts.ts";

export const PLAIN_SHEET = sheetFor(64);
export const HINTED_SHEET = sheetFor(64, { policy: "auto rounds=1" });

export type Told = {
	readonly question: string;
	readonly sample: number;
	readonly verdict: OutcomeVerdict;
	/** Blocks, each true where it ran without an error. */
	readonly ran?: readonly boolean[];
	readonly tokens?: number;
	/** Two with the same words say the same. */
	readonly words?: string;
};

export function toldRollout(
	sheet: RunSheet,
	{ question, sample, verdict, ran = [], tokens = 5, words }: Told,
): Rollout {
	const base = rolloutOf(question, sample, verdict, sheet.hash);
	const text = `${words ?? `${question} ${sample}`}\n`;
	return {
		...base,
		key: keyOf(question, sheet.hash, sample),
		settings: { ...base.settings, policy: sheet.settings.policy },
		usage: { ...base.usage, calls: ran.length },
		calls: ran.map((ok, block) => ({
			at: 0,
			block,
			code: "1\n",
			output: { text: "", verdict: ok ? "ok" : "error", durationMs: 1, stateLost: false },
		})),
		spans: [
			{
				kind: "model",
				text,
				ids: Array.from({ length: tokens }, (_, index) => index),
				lens: Array.from({ length: tokens }, (_, index) => (index === 0 ? text.length : 0)),
			},
		],
	};
}

/** A run whose files hold these lines. */
export function makeRun(folder: string, sheet: RunSheet, files: readonly (readonly string[])[]): string {
	mkdirSync(folder, { recursive: true });
	putSheet(folder, sheet, "new");
	for (const [index, lines] of files.entries())
		writeFileSync(
			join(folder, `rollouts-${index + 1}of${files.length}.jsonl`),
			lines.map((line) => `${line}\n`).join(""),
		);
	return folder;
}

/** A recipe in which only these rules apply. */
export function recipeWith(...rules: readonly string[]): Recipe {
	const recipe = readRecipe("start", ".");
	return {
		...recipe,
		rules: Object.fromEntries(
			Object.entries(recipe.rules).map(([id, own]) => [id, { ...own, on: rules.includes(id) }]),
		),
	};
}

export function makingAt(out: string, recipe: Recipe, changes: Partial<Making> = {}): Making {
	return {
		out,
		recipe,
		nudge: "0",
		now: () => new Date(0),
		context: ruleContext({ env: { NUDGE_HOME: "/nowhere" }, cwd: "/" }),
		...changes,
	};
}

const rows = <T>(file: string): T[] =>
	readFileSync(file, "utf8")
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as T);

export const samplesIn = (folder: string): Sample[] => rows(join(folder, "samples.jsonl"));
export const fatesIn = (folder: string): Fate[] => rows(join(folder, "fates.jsonl"));
export const bytesIn = (folder: string): string => readFileSync(join(folder, "samples.jsonl"), "latin1");
