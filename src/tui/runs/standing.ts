/** How a run stands, in words of a few cells: for the head of its screen, the list of runs, and lines without a screen. */

import type { RunSummary } from "../../data/run-summary.ts";
import type { RunWatch, WatchState } from "../../data/run-watch.ts";
import { visibleLine } from "../../trace/visible.ts";
import { widthOf } from "../text/cells.ts";
import type { Line, Run } from "../views/line.ts";
import { shortTime } from "./row.ts";

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const STATES: Readonly<Record<WatchState, string>> = {
	waiting: "not begun",
	sampling: "sampling",
	silent: "silent",
	owed: "stopped",
	done: "done",
};

export function stateSays(watch: RunWatch): string {
	const { index, state } = watch;
	if (watch.looked === 0 && !index) return "reading";
	if (index && !index.caughtUp) return `reading ${percent(index.share)}`;
	return STATES[state];
}

/** "2 of 8 shards on node1, node2". */
export function placesSay({ processes }: RunWatch): string {
	if (processes.length === 0) return "";
	const count = Number(processes[0]?.shard.split("/")[1] ?? 1);
	const hosts = [...new Set(processes.map(({ host }) => host))];
	const where = hosts.length > 3 ? `${hosts.length} machines` : hosts.map(visibleLine).join(", ");
	const which =
		count === 1
			? ""
			: processes.length === 1
				? `shard ${processes[0]!.shard} `
				: `${processes.length} of ${count} shards `;
	return `${which}on ${where}`;
}

export const atOnce = ({ processes }: RunWatch): number =>
	processes.reduce((sum, { level }) => sum + level, 0);

/** Figures of what goes on now. */
export function rateFacts(watch: RunWatch): string[] {
	if (watch.processes.length === 0) return [];
	const { rollouts, tokens, calls, leftMs } = watch.rates;
	return [
		`${leftMs === undefined ? "time left unknown" : `${longTime(leftMs)} left`}`,
		`${rateSays(rollouts)} rollouts/s`,
		`${Math.round(tokens)} tok/s`,
		`${rateSays(calls)} calls/s`,
		`${atOnce(watch)} at once`,
	];
}

/** "5.3", "0.071": three digits or so, whatever the size. */
export function rateSays(rate: number): string {
	if (rate === 0) return "0";
	return rate >= 100 ? String(Math.round(rate)) : rate >= 1 ? rate.toFixed(1) : rate.toPrecision(2);
}

export function longTime(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1_000));
	if (seconds < 100) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 100) return `${minutes} min`;
	const hours = Math.round(minutes / 60);
	return hours < 100
		? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`
		: `${Math.round(hours / 24)} days`;
}

/** Done of all, rates as far as they fit, and in the room that is left a bar. */
export function progressLine(watch: RunWatch, columns: number): Line {
	const { done, total } = watch;
	if (watch.state === "waiting") return [["dim", " nothing yet"]];
	const share = total === 0 ? 0 : done / total;
	const counted = `${done} of ${total} (${percent(share)})`;
	let left = columns - widthOf(counted) - 1;
	const facts: Run[] = [];
	for (const fact of rateFacts(watch)) {
		if (widthOf(fact) + 2 > left) break;
		facts.push(["sheet", `  ${fact}`]);
		left -= widthOf(fact) + 2;
	}
	const width = Math.min(MOST_BAR, left - 3);
	const runs: Run[] = [
		["sheet", " "],
		["title", counted],
	];
	if (width < LEAST_BAR) return [...runs, ...facts];
	const filled = Math.min(width, Math.floor(share * width));
	return [
		...runs,
		["rule", " ["],
		["correct", "#".repeat(filled)],
		["rule", `${".".repeat(width - filled)}]`],
		...facts,
	];
}

const MOST_BAR = 30;
const LEAST_BAR = 4;

/** Shares of the verdicts, the correct one with its interval. */
export function verdictFacts(
	summary: RunSummary,
): { readonly token: "correct" | "wrong" | "unknown"; readonly says: string }[] {
	const { verdicts, rollouts, checked, accuracy, interval } = summary;
	if (rollouts === 0) return [];
	const between = interval
		? ` (95 %: ${(100 * interval[0]).toFixed(1)} to ${(100 * interval[1]).toFixed(1)})`
		: "";
	const facts: { token: "correct" | "wrong" | "unknown"; says: string }[] = [];
	if (accuracy !== undefined)
		facts.push({ token: "correct", says: `+ correct ${percent(accuracy)}${between}` });
	const marks = [
		["x", "wrong", "wrong"],
		["-", "no answer", "wrong"],
		["?", "unparseable", "unknown"],
	] as const;
	for (const [mark, verdict, token] of marks) {
		const count = verdicts[verdict];
		if (count > 0) facts.push({ token, says: `${mark} ${verdict} ${percent(count / checked)}` });
	}
	// Shares are of those that could be checked.
	if (verdicts.unchecked > 0) facts.push({ token: "unknown", says: `. ${verdicts.unchecked} unchecked` });
	return facts;
}

export function verdictLine(watch: RunWatch, columns: number): Line {
	const { summary } = watch;
	if (watch.state === "waiting") return "";
	if (!summary || summary.rollouts === 0) return [["dim", " no rollout has ended yet"]];
	const facts: Run[] = verdictFacts(summary).map(({ token, says }): Run => [token, says]);
	const { withPython, hints, rollouts, meanTokens } = summary;
	facts.push(["dim", `python in ${percent(withPython)}`]);
	facts.push(["dim", `${(hints / rollouts).toFixed(1)} hints`]);
	facts.push(["dim", `${Math.round(meanTokens)} tokens each`]);
	const runs: Run[] = [];
	let left = columns;
	for (const [token, says] of facts) {
		const text = `${runs.length === 0 ? " " : "  "}${says}`;
		if (widthOf(text) > left) break;
		runs.push([token, text]);
		left -= widthOf(text);
	}
	return runs;
}

/** Shards and engines, one line each: what each does now. */
export function processLines(watch: RunWatch, nowMs: number): string[] {
	const lines: string[] = [];
	for (const one of [...watch.processes, ...watch.gone]) {
		const gone = watch.gone.includes(one);
		const { shard, host, pid, done, total, level, tokensPerSecond, engines = [] } = one;
		const since = Math.max(0, nowMs - Date.parse(one.updated));
		const how = gone
			? `silent for ${shortTime(since)}`
			: `${level} at once, ${Math.round(tokensPerSecond)} tokens/s`;
		lines.push(`shard ${shard} on ${visibleLine(host)} (pid ${pid}): ${done} of ${total}, ${how}`);
		if (gone) continue;
		for (const { name, state, running, level, tokensPerSecond } of engines) {
			const at =
				running === undefined ? "" : `, ${running}${level === undefined ? "" : ` of ${level}`} at once`;
			const rate = tokensPerSecond === undefined ? "" : `, ${Math.round(tokensPerSecond)} tokens/s`;
			lines.push(`  engine ${visibleLine(name)}: ${visibleLine(state)}${at}${rate}`);
		}
	}
	return lines;
}
