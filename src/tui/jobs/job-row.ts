/** A job in one line, and all that is known of one in several. */
import { visibleLine } from "../../trace/visible.ts";
import { madeBy, stateWords, stepWords } from "../../train/job-words.ts";
import { checkpointsIn, type JobState, type Metric, readFinal } from "../../train/run-folder.ts";
import { pad } from "../text/cells.ts";
import { curve } from "../text/curve.ts";
import type { Token } from "../theme/theme.ts";
import { ago } from "../views/ago.ts";
import { type Fact, factLines, type Line, type Run } from "../views/line.ts";
import { cell } from "../views/pane.ts";
import type { JobRow } from "./jobs-watch.ts";

const STATE_TOKENS: Readonly<Record<JobState["state"], Token>> = {
	waiting: "pending",
	running: "by-model",
	done: "correct",
	stopped: "warning",
	cancelled: "dim",
	failed: "wrong",
	lost: "wrong",
	unknown: "warning",
};

const WIDTHS = { state: 11, step: 12, loss: 8, target: 11, age: 8 } as const;
const NAME_LEAST = 16;
const WIDE = 110;
const SAYS_LEAST = 24;

function widths(columns: number): { readonly name: number; readonly says: number } {
	const fixed = Object.values(WIDTHS).reduce((sum, width) => sum + width, 0);
	const left = Math.max(NAME_LEAST, columns - fixed);
	if (columns < WIDE) return { name: left, says: 0 };
	const name = Math.min(44, left - SAYS_LEAST);
	return { name, says: left - name };
}

export function jobHeader(columns: number): Line {
	const { name, says } = widths(columns);
	return [
		["dim", pad("job", name)],
		["dim", pad("  state", WIDTHS.state)],
		cell("dim", "step", WIDTHS.step, true),
		cell("dim", "loss", WIDTHS.loss, true),
		["dim", pad("  target", WIDTHS.target)],
		cell("dim", "age", WIDTHS.age, true),
		["dim", pad(says > 0 ? "  says" : "", says)],
	];
}

export function jobLine(row: JobRow, last: Metric | undefined, columns: number, now: number): Line {
	const { name, says } = widths(columns);
	const { job, state, trouble, doing } = row;
	const words = doing ?? trouble ?? ("says" in state ? (state.says ?? "") : "");
	// Where there is no room for why, a mark says that there is something to say.
	const mark = trouble === undefined ? " " : "!";
	return [
		["sheet", pad(visibleLine(job.id), name)],
		[
			doing === undefined ? STATE_TOKENS[state.state] : "info",
			pad(` ${mark}${doing === undefined ? state.state : "..."}`, WIDTHS.state),
		],
		cell("sheet", last ? `${last.step}/${last.max_steps}` : "-", WIDTHS.step, true),
		cell("sheet", typeof last?.loss === "number" ? last.loss.toFixed(3) : "-", WIDTHS.loss, true),
		["sheet", pad(`  ${visibleLine(job.sheet.target.name)}`, WIDTHS.target)],
		cell("dim", ago(Date.parse(job.sheet.created), now), WIDTHS.age, true),
		[trouble === undefined ? "dim" : "warning", pad(says > 2 ? `  ${visibleLine(words)}` : "", says)],
	];
}

/** What is known, names beside what they are. */
export function jobFacts(row: JobRow, steps: readonly Metric[], columns: number, now: number): Line[] {
	const { job, state, trouble, doing, seenAt } = row;
	const { sheet, handle, folder } = job;
	const { data } = sheet;
	const tokens = data.tokens === undefined ? "" : `, ${data.tokens.toLocaleString("en")} tokens`;
	const last = steps.at(-1);
	const fetched = handle?.kind !== "local" && readFinal(folder) !== undefined;
	const facts: Fact[] = [
		["state", stateWords(state), STATE_TOKENS[state.state]],
		[
			"trouble",
			trouble &&
				`${visibleLine(trouble)}${seenAt === undefined ? "" : ` (seen ${ago(Date.parse(seenAt), now)} ago)`}`,
			"warning",
		],
		["now", doing, "info"],
		[
			"data",
			`${data.name} (${data.kind}): ${data.samples} ${data.kind === "problems" ? "problems" : "samples"}${tokens}`,
		],
		[sheet.kind === "sample" ? "sampling" : "recipe", madeBy(sheet)],
		[
			"where",
			`${sheet.target.name} (${sheet.target.kind})${handle ? `, ${handle.id}, attempt ${handle.attempt}` : ""}`,
		],
		["step", last && stepWords(last, { step: steps[0]!.step, at: Date.parse(steps[0]!.t) })],
		["fetched", fetched ? "the model is here" : undefined],
	];
	return factLines(facts, columns);
}

/** All of it, for a sheet. */
export function jobAbout(row: JobRow, steps: readonly Metric[], columns: number, now: number): Line[] {
	const { folder, handle, sheet } = row.job;
	const { shape } = sheet;
	const recipe = sheet.kind === "sample" ? undefined : sheet.recipe;
	const checkpoints = checkpointsIn(folder);
	return [
		...jobFacts(row, steps, columns, now),
		...factLines(
			[
				["shape", `${shape.nodes} x ${shape.gpusPerNode > 0 ? `${shape.gpusPerNode} GPUs` : "CPU"}`],
				["rate", recipe?.["learning-rate"].toExponential()],
				["epochs", recipe && String(recipe.epochs)],
				["made", `${sheet.created} by nudge ${sheet.nudge}`],
				["here", folder],
				["there", handle && handle.kind !== "local" ? handle.folder : undefined],
				["saved", checkpoints.length > 0 ? `here: steps ${checkpoints.join(", ")}` : undefined],
			],
			columns,
		),
	];
}

export type What = "loss" | "grad_norm" | "learning_rate" | "tokens_per_second";
export const WHATS: readonly What[] = ["loss", "grad_norm", "learning_rate", "tokens_per_second"];

export function curveLines(
	steps: readonly Metric[],
	what: What,
	{ columns, rows, unicode }: { readonly columns: number; readonly rows: number; readonly unicode: boolean },
): Line[] {
	const points = steps.flatMap((metric) => {
		const y = metric[what];
		return typeof y === "number" ? [{ x: metric.step, y }] : [];
	});
	if (points.length < 2 || rows < 3) return [];
	return curve(points, { columns, rows: rows - 1, unicode }).map((line): readonly Run[] => [["text", line]]);
}
