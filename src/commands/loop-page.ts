/** The page of a loop: where it stands, what each stage yielded, and the tables of what was measured. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readDatasetSheet } from "../data/dataset/dataset.ts";
import { duration } from "../data/duration.ts";
import { loopTable, orderSays, type Row, roundsTable, rowOf } from "../eval/loop-table.ts";
import { folderOf, type LoopPlan, MODELS, planLoop, type Stage, wordsIn } from "../train/loop-plan.ts";
import { readFinal } from "../train/run-folder.ts";
import { doneOf } from "./loop-folder.ts";

/** The page that shows where the loop stands and what each stage yielded. */
export async function page(folder: string, plan: LoopPlan, now: Stage | undefined): Promise<string[]> {
	const stages = planLoop(plan);
	const lines = [
		`# Loop from ${plan.engine}`,
		"",
		`recipe ${plan.recipe} on ${plan.on}; ${plan.samples} samples a problem; seeds ${plan.seeds.join(", ")}`,
		"",
		"| stage | seed | state | time | yield |",
		"| --- | --- | --- | --- | --- |",
	];
	for (const stage of stages) {
		const done = doneOf(folder, stage, wordsIn(folder, stage));
		const running = now !== undefined && folderOf(now) === folderOf(stage);
		const state = done
			? "done"
			: running
				? "running"
				: existsSync(join(folder, folderOf(stage)))
					? "begun"
					: "";
		lines.push(
			`| ${stage.id} | ${stage.seed ?? "all"} | ${state} | ${done ? duration(done.seconds) : ""} | ${done ? await yieldOf(folder, stage) : ""} |`,
		);
	}
	const rows: Row[] = [];
	for (const model of MODELS) {
		const row = await rowOf(
			model,
			foldersOf(folder, stages, (measured) => measured.model === model && measured.rounds === undefined),
		);
		if (row) rows.push(row);
	}
	if (rows.length === 0) return lines;
	lines.push("", ...loopTable(rows));
	const byModel = [];
	for (const name of ["base", "START"]) {
		const byRounds = new Map<number, Row>();
		const zero = rows.find((row) => row.name === name);
		if (zero) byRounds.set(0, zero);
		for (const count of plan.rounds) {
			const row = await rowOf(
				name,
				foldersOf(folder, stages, ({ model, rounds }) => model === name && rounds === count),
			);
			if (row) byRounds.set(count, row);
		}
		if (byRounds.size > 1) byModel.push({ name, byRounds });
	}
	if (byModel.length > 0) lines.push("", ...roundsTable([0, ...plan.rounds], byModel));
	if (rows.length === MODELS.length) lines.push("", ...orderSays(rows));
	return lines;
}

async function yieldOf(folder: string, stage: Stage): Promise<string> {
	if (stage.kind !== "sample") return yielded(folder, stage);
	const row = await rowOf(stage.id, [join(folder, folderOf(stage))]);
	const { rollouts = 0, accuracy, withPython = 0 } = row?.summary ?? {};
	return `${rollouts} rollouts, ${accuracy === undefined ? "unchecked" : `${(100 * accuracy).toFixed(1)} % correct`}, ${(100 * withPython).toFixed(0)} % with Python`;
}

function foldersOf(
	folder: string,
	stages: readonly Stage[],
	wanted: (measured: NonNullable<Stage["measured"]>) => boolean,
): string[] {
	return stages
		.filter(
			(stage) => stage.measured && wanted(stage.measured) && doneOf(folder, stage, wordsIn(folder, stage)),
		)
		.map((stage) => join(folder, folderOf(stage)));
}

/** What a stage came to, in a few words. */
export function yielded(folder: string, stage: Stage): string {
	const at = join(folder, folderOf(stage));
	try {
		if (stage.kind === "dataset") {
			const { waterfall } = readDatasetSheet(at);
			return `${waterfall.samples} samples of ${waterfall.rollouts} rollouts`;
		}
		if (stage.kind === "train") {
			const final = readFinal(at);
			if (!final) return "no model yet";
			return `${final.steps} steps, ${final.tokens} tokens${final.loss === undefined ? "" : `, loss ${final.loss.toFixed(3)}`}`;
		}
	} catch (error) {
		return (error as Error).message;
	}
	return "sampled";
}
