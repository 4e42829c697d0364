/** A session as one row of a list: as many columns as there is room for, what it was about last. */
import type { Shelved } from "../../../trace/shelf.ts";
import type { Summary } from "../../../trace/summary.ts";
import { visibleLine } from "../../../trace/visible.ts";
import { verdictToken } from "../../session/timeline.ts";
import type { Token } from "../../theme/theme.ts";
import { ago } from "../ago.ts";
import type { Line, Run } from "../line.ts";
import { cell } from "../pane.ts";

type Column = {
	readonly title: string;
	readonly width: number;
	/** Left out where the list has fewer columns than this. */
	readonly from: number;
	/** Numbers stand at the right. */
	readonly end?: true;
	readonly of: (entry: Shelved, nowMs: number) => string;
	readonly token?: (entry: Shelved) => Token;
};

const GAP = "  ";

const COLUMNS: readonly Column[] = [
	{ title: "id", width: 13, from: 60, of: ({ id }) => id },
	{
		title: "age",
		width: 8,
		from: 0,
		of: ({ summary }, now) => ago(summary?.created, now),
		token: () => "dim",
	},
	{
		title: "verdict",
		width: 11,
		from: 0,
		of: verdictOf,
		token: ({ summary }) => (summary ? tokenOf(summary) : "error"),
	},
	{
		title: "mark",
		width: 8,
		from: 96,
		of: ({ summary }) => summary?.mark ?? "",
		token: ({ summary }) => (summary?.mark === "accepted" ? "correct" : "wrong"),
	},
	{ title: "hints", width: 5, from: 88, end: true, of: ({ summary }) => count(summary?.hints) },
	{ title: "calls", width: 5, from: 88, end: true, of: ({ summary }) => count(summary?.calls) },
	{
		title: "model",
		width: 16,
		from: 116,
		of: ({ summary }) => visibleLine(summary?.model ?? ""),
		token: () => "dim",
	},
];

const LAST_TITLE = "name and problem";

/** What a row and the header have in common; `columns` is without the list's own mark. */
export function sessionHeader(columns: number): Line {
	const cells = COLUMNS.filter(({ from }) => columns >= from);
	return [
		...cells.flatMap(({ title, width, end }): Run[] => [cell("dim", title, width, end), ["dim", GAP]]),
		["dim", LAST_TITLE],
	];
}

export function sessionRow(entry: Shelved, columns: number, nowMs: number): Line {
	const cells = COLUMNS.filter(({ from }) => columns >= from);
	return [
		...cells.flatMap(({ width, end, of, token }): Run[] => [
			cell(token?.(entry) ?? "sheet", of(entry, nowMs), width, end),
			["sheet", GAP],
		]),
		...aboutOf(entry, columns),
	];
}

function verdictOf({ summary }: Shelved): string {
	if (!summary) return "unreadable";
	if (summary.verdict) return summary.verdict;
	return summary.open ? "open" : "ended";
}

function tokenOf({ verdict, open }: Summary): Token {
	return verdict ? verdictToken(verdict) : open ? "info" : "dim";
}

/** Name, tags, then the problem; a mark where lists have no column for it, and what is damaged. */
function aboutOf({ summary, trouble }: Shelved, columns: number): Run[] {
	if (!summary) return [["error", visibleLine(trouble ?? "")]];
	const { name, tags, problemId, problem, mark, damaged } = summary;
	const runs: Run[] = [];
	if (damaged > 0) runs.push(["warning", `damaged${GAP}`]);
	if (mark !== undefined && columns < 96)
		runs.push([mark === "accepted" ? "correct" : "wrong", `${mark}${GAP}`]);
	if (name !== undefined) runs.push(["title", `${visibleLine(name)}${GAP}`]);
	if (tags.length > 0) runs.push(["key", `${tags.map((tag) => `#${visibleLine(tag)}`).join(" ")}${GAP}`]);
	if (problemId !== undefined && problemId !== "typed") runs.push(["dim", `${visibleLine(problemId)}${GAP}`]);
	runs.push(["sheet", visibleLine(problem ?? "")]);
	return runs;
}

const count = (value: number | undefined): string => (value === undefined ? "" : String(value));
