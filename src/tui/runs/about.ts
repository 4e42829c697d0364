/** All that is known of a run, as a text to read. */
import { basename } from "node:path";
import { damageSays } from "../../data/run-folder.ts";
import type { RunWatch } from "../../data/run-watch.ts";
import { atOnce, percent, processLines, rateFacts, stateSays, verdictFacts } from "./standing.ts";

export function aboutRun(watch: RunWatch, nowMs: number): string {
	const { sheet, summary, folder, index } = watch;
	if (!sheet) return `${folder}: there is no run here yet`;
	const { settings, problems, samples, nudge, created, hash, environment } = sheet;
	const said = (of: object): string =>
		Object.entries(of)
			.map(([name, value]) => `${name} ${value}`)
			.join(", ");
	const lines = [
		`${folder}: ${stateSays(watch)}`,
		`${watch.done} of ${watch.total} rollouts${atOnce(watch) > 0 ? `; ${rateFacts(watch).join(", ")}` : ""}`,
		...processLines(watch, nowMs),
		"",
		`model     ${settings.model}${settings.exact ? "" : " (not exact)"}`,
		`hints     ${settings.policy}`,
		`sampling  ${said(settings.sampling)}`,
		`budgets   ${said(settings.budgets)}`,
		`dialect   ${settings.dialect}`,
		`problems  ${problems.map(({ file, problems }) => `${basename(file)} (${problems})`).join(", ")}`,
		`samples   ${samples} of each problem`,
		...(settings.system === undefined ? [] : [`system    ${settings.system}`]),
		...(settings.instruction === undefined ? [] : [`asks      ${settings.instruction}`]),
		`made by   nudge ${nudge}, ${created}, settings ${hash}`,
		`on        ${said(environment)}`,
	];
	if (summary && summary.rollouts > 0) {
		const { withPython, calls, hints, meanTokens, ends, problems, rollouts, solved } = summary;
		lines.push(
			"",
			...verdictFacts(summary).map(({ says }) => says),
			`python in ${percent(withPython)} of the rollouts, ${calls} calls; ${hints} hints; ${meanTokens.toFixed(1)} tokens each`,
			`ended by ${said(ends)}`,
			`${rollouts} rollouts of ${problems} problems; problems by the share that is right: ${said(solved)}`,
		);
	}
	if (index) {
		const { reader, duplicates, strangers } = index;
		if (duplicates > 0) lines.push(`${duplicates} rollouts are there twice and count once`);
		if (strangers > 0) lines.push(`${strangers} rollouts are of other settings and do not count`);
		if (reader.damaged > 0) {
			lines.push(`${reader.damaged} lines are damaged and owed again:`);
			lines.push(...reader.damage.slice(0, 10).map((one) => `  ${damageSays(one)}`));
		}
	}
	return lines.join("\n");
}
