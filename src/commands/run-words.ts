/** What a run came to, in words. Text of a model or a file reaches the terminal only through `visibleLine`. */
import { basename } from "node:path";
import type { RunSheet } from "../data/run-sheet.ts";
import { type RunSummary, SOLVED } from "../data/run-summary.ts";
import { visibleLine } from "../trace/visible.ts";

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function sheetLines({ settings, problems, samples, nudge, created, hash }: RunSheet): string[] {
	const { sampling, budgets } = settings;
	const rows: [string, string][] = [
		["model", settings.model + (settings.exact ? "" : " (not exact)")],
		["hints", settings.policy],
		[
			"sampling",
			Object.entries({ ...sampling })
				.map(([name, value]) => `${name} ${value}`)
				.join(", "),
		],
		[
			"budgets",
			Object.entries(budgets)
				.map(([name, value]) => `${name} ${value}`)
				.join(", "),
		],
		["dialect", settings.dialect],
		["problems", problems.map(({ file, problems }) => `${basename(file)} (${problems})`).join(", ")],
		["samples", `${samples} of each problem`],
		["made by", `nudge ${nudge}, ${created}, settings ${hash}`],
	];
	if (settings.system !== undefined) rows.push(["system", settings.system]);
	if (settings.instruction !== undefined) rows.push(["instruction", settings.instruction]);
	return rows.map(([name, value]) => `${name.padEnd(12)}${visibleLine(value)}`);
}

export function summaryLines(summary: RunSummary): string[] {
	const { accuracy, interval, verdicts, ends } = summary;
	const counted = (counts: Readonly<Record<string, number>>): string =>
		Object.entries(counts)
			.filter(([, count]) => count > 0)
			.map(([name, count]) => `${name} ${count}`)
			.join(", ") || "none";
	const between = interval
		? ` (95 %: ${percent(interval[0])} to ${percent(interval[1])}, clustered by problem)`
		: "";
	return [
		`accuracy    ${accuracy === undefined ? "nothing was checked" : percent(accuracy) + between}`,
		`verdicts    ${counted(verdicts)}`,
		`python      ${percent(summary.withPython)} of the rollouts, ${summary.calls} calls`,
		`hints       ${summary.hints}`,
		`tokens      ${summary.meanTokens.toFixed(1)} sampled on average`,
		`ended by    ${counted(ends)}`,
	];
}

/** How many problems are solved how often. */
export function solvedLines({ solved }: RunSummary): string[] {
	const most = Math.max(1, ...Object.values(solved));
	return SOLVED.map((name) => {
		const bar = "#".repeat(Math.round((30 * solved[name]) / most));
		return `  ${name.padEnd(10)}${String(solved[name]).padStart(6)}  ${bar}`.trimEnd();
	});
}
