/**
 * What a loop came to: for each model its accuracy with interval, how often it used Python, how long it thought, and how
 * accuracy changes with the rounds of hints. Runs of several seeds are one: their rollouts of a problem are its cluster
 * (src/data/run-summary.ts says how the interval is made), so that neither seeds nor problems are counted as more than they are.
 */
import { existsSync } from "node:fs";
import { readRollouts, rolloutFiles } from "../data/run-folder.ts";
import { type RunSummary, Summing } from "../data/run-summary.ts";
import { rescored } from "../data/scores.ts";

export type Row = { readonly name: string; readonly seeds: number; readonly summary: RunSummary };

/** Of the runs that are there; undefined where there is none. */
export async function rowOf(
	name: string,
	folders: readonly string[],
	signal?: AbortSignal,
): Promise<Row | undefined> {
	const there = folders.filter((folder) => existsSync(folder) && rolloutFiles(folder).length > 0);
	if (there.length === 0) return undefined;
	const summing = new Summing();
	for (const folder of there) {
		const again = await rescored(folder, signal);
		const seen = new Set<string>();
		for (const file of rolloutFiles(folder))
			await readRollouts(
				file,
				(rollout) => {
					if (seen.has(rollout.key)) return;
					seen.add(rollout.key);
					summing.add({ ...rollout, ...again.get(rollout.key) });
				},
				signal,
			);
	}
	return { name, seeds: there.length, summary: summing.summary() };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}`;

/** Markdown. */
export function loopTable(rows: readonly Row[]): string[] {
	return [
		"| model | accuracy % [95 %] | uses Python % | mean tokens | problems x seeds |",
		"| --- | --- | --- | --- | --- |",
		...rows.map(({ name, seeds, summary }) => {
			const { accuracy, interval, withPython, meanTokens, problems } = summary;
			const between = interval ? ` [${percent(interval[0])}, ${percent(interval[1])}]` : "";
			const right = accuracy === undefined ? "nothing was checked" : percent(accuracy) + between;
			return `| ${name} | ${right} | ${percent(withPython)} | ${Math.round(meanTokens)} | ${problems} x ${seeds} |`;
		}),
	];
}

/** Accuracy by model (rows) and rounds of hints (columns). */
export function roundsTable(
	rounds: readonly number[],
	models: readonly { readonly name: string; readonly byRounds: ReadonlyMap<number, Row> }[],
): string[] {
	const cell = (row: Row | undefined): string => {
		const { accuracy, interval } = row?.summary ?? {};
		if (accuracy === undefined) return "";
		return interval
			? `${percent(accuracy)} [${percent(interval[0])}, ${percent(interval[1])}]`
			: percent(accuracy);
	};
	return [
		`| hint rounds | ${rounds.join(" | ")} |`,
		`| --- |${rounds.map(() => " --- |").join("")}`,
		...models.map(
			({ name, byRounds }) => `| ${name} | ${rounds.map((count) => cell(byRounds.get(count))).join(" | ")} |`,
		),
	];
}

/** Whether the paper's order is seen: base <= RFT without tools << Hint-infer < START-0 <= START. */
export function orderSays(rows: readonly Row[]): string[] {
	const of = (name: string): RunSummary | undefined => rows.find((row) => row.name === name)?.summary;
	const says: string[] = [];
	const pairs = [
		["base", "RFT without tools"],
		["RFT without tools", "Hint-infer"],
		["Hint-infer", "START-0"],
		["START-0", "START"],
	] as const;
	for (const [low, high] of pairs) {
		const [a, b] = [of(low), of(high)];
		if (a?.accuracy === undefined || b?.accuracy === undefined) continue;
		const apart =
			a.interval && b.interval && (a.interval[1] < b.interval[0] || b.interval[1] < a.interval[0]);
		const which = a.accuracy === b.accuracy ? "equal to" : a.accuracy < b.accuracy ? "below" : "ABOVE";
		const word = apart ? `clearly ${which}` : which;
		const sure = apart || a.accuracy === b.accuracy ? "" : ", within the intervals";
		says.push(`- ${low} is ${word} ${high} (${percent(a.accuracy)} and ${percent(b.accuracy)}${sure}).`);
	}
	return says;
}
