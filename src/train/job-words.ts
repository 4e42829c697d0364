/** What a job will be, how far it is and how it ended, in words for a person: on the command line and on the screen. */
import { duration } from "../data/duration.ts";
import { visibleLine } from "../trace/visible.ts";
import type { JobPlan } from "./job.ts";
import type { AnySheet, JobSheet, JobState, Metric } from "./run-folder.ts";

/** What a state says: "waiting (PENDING (Resources))". */
export const stateWords = (state: JobState): string =>
	"says" in state && state.says !== undefined ? `${state.state} (${visibleLine(state.says)})` : state.state;

/** What will run where. */
export function planLines(
	{ data, shape, target, recipe }: JobSheet,
	{ base }: Pick<JobPlan, "base">,
): string[] {
	const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
	const on =
		recipe.shape["cpu-processes"] > 0
			? `${many(shape.nodes, "machine")}, without GPUs, ${many(recipe.resolved.processes, "process")}`
			: `${many(shape.nodes, "machine")} x ${many(shape.gpusPerNode, "GPU")}`;
	const known =
		base.kind === "hub"
			? ` at ${base.revision.slice(0, 12)}`
			: base.kind === "folder"
				? ` (sha256 ${base.sha256.slice(0, 12)})`
				: " (on the target)";
	return [
		`train       ${visibleLine(recipe.base.model)}${known}`,
		`on          ${visibleLine(data.name)} (${visibleLine(data.kind)}): ${many(data.samples, "sample")}${data.tokens === undefined ? "" : `, ${data.tokens.toLocaleString("en")} tokens`}`,
		`recipe      ${recipe.name}: ${recipe.method === "full" ? "all parameters" : `adapters of rank ${recipe.lora.rank}`}, learning rate ${short(recipe["learning-rate"])}, ${many(recipe.epochs, "epoch")}, ${recipe.batch.sequences} sequences a step`,
		`where       ${target.name} (${target.kind}): ${on}`,
	];
}

/** 7e-6 rather than 0.000007. */
function short(rate: number): string {
	return rate < 1e-3 ? rate.toExponential() : String(rate);
}

/** What makes it: a recipe and its base, or how it is sampled. */
export function madeBy(sheet: AnySheet): string {
	if (sheet.kind === "sample") {
		const { shards, limit, rollouts, words } = sheet.sampling;
		const most = limit === undefined ? "" : `, ${limit} at once`;
		return `${rollouts} rollouts in ${shards} shard${shards === 1 ? "" : "s"}${most}: nudge ${words.join(" ")}`;
	}
	const { name, base } = sheet.recipe;
	return `${name}, base ${base.model}${base.revision ? ` at ${base.revision.slice(0, 12)}` : ""}`;
}

/** "step 12 of 111 | loss 0.523 | rate 4.6e-4 | 420 tokens/s | 4 min left"; time left by the clock of the metrics. */
export function stepWords(
	{ step, max_steps: most, t, loss, learning_rate: rate, tokens_per_second: speed }: Metric,
	first: { readonly step: number; readonly at: number },
): string {
	const took = Date.parse(t) - first.at;
	const left = step > first.step ? (took / (step - first.step)) * (most - step) : undefined;
	return [
		`step ${step} of ${most}`,
		`loss ${typeof loss === "number" ? loss.toFixed(4) : "not finite"}`,
		...(rate === undefined ? [] : [`rate ${rate.toExponential(1)}`]),
		...(speed === undefined ? [] : [`${Math.round(speed)} tokens/s`]),
		...(left === undefined ? [] : [`${duration(left / 1000)} left`]),
	].join(" | ");
}

/** How it ended, and what to do next. */
export function endLines(
	state: JobState,
	{ id, kind }: Pick<AnySheet, "id" | "kind">,
	final: string,
	here: boolean,
): string[] {
	if (kind === "sample" && state.state === "done")
		return [`${id} is done. nudge jobs fetch ${id} brings the run here`];
	if (kind === "sample" && state.state !== "waiting" && state.state !== "running")
		return [`${id}: ${stateWords(state)}`, `nudge jobs resume ${id} starts the shards that owe something`];
	switch (state.state) {
		case "done":
			return here
				? [
						`${id} is done: ${final}`,
						`nudge --engine ${final}/model.gguf talks to it, where the recipe made a GGUF file`,
					]
				: [`${id} is done. nudge jobs fetch ${id} brings the model here`];
		case "stopped":
			return [`${id} stopped: ${state.says}`, `nudge jobs resume ${id} goes on from its last checkpoint`];
		case "cancelled":
			return [`${id} was cancelled; nudge jobs resume ${id} goes on from its last checkpoint`];
		case "failed":
			return [
				`${id} failed${state.code === undefined ? "" : ` (exit code ${state.code})`}: ${visibleLine(state.says)}`,
				`nudge jobs logs ${id} shows what it printed; nudge jobs resume ${id} goes on from its last checkpoint`,
			];
		case "lost":
			return [`${id} is lost: ${state.says}`, `nudge jobs resume ${id} goes on from its last checkpoint`];
		default:
			return [`${id}: ${state.state}`];
	}
}
