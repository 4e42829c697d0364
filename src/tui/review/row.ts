/** One sample in a row: how it stands, which it is, what it came to, and its question. */
import type { Progress } from "../../data/dataset/review-book.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import type { Standing } from "../../data/dataset/review-standing.ts";
import { visibleLine } from "../../trace/visible.ts";
import { MARKS } from "../runs/row.ts";
import { verdictToken } from "../session/timeline.ts";
import { pad, widthOf } from "../text/cells.ts";
import type { Token } from "../theme/theme.ts";
import type { Line, Run } from "../views/line.ts";
import { cell } from "../views/pane.ts";

type Widths = { readonly problem: number; readonly verdict: number; readonly words: number };

const FIXED = 10 + 8 + 4 + 4 + 4;

function widths(columns: number): Widths {
	const verdict = columns >= 74 ? 13 : 3;
	const problem = Math.max(6, Math.min(26, Math.floor((columns - FIXED - verdict) * 0.4)));
	return { problem, verdict, words: Math.max(0, columns - FIXED - verdict - problem) };
}

export function rowHeader(columns: number): Line {
	const { problem, verdict, words } = widths(columns);
	return [
		["dim", pad("review", 10)],
		["dim", pad("problem", problem)],
		["dim", pad(verdict > 3 ? "  verdict" : "", verdict)],
		["dim", pad("  tokens", 8)],
		["dim", pad("  py", 4)],
		["dim", pad("   h", 4)],
		["dim", pad("   ~", 4)],
		["dim", pad(words > 10 ? "  question" : "", words)],
	];
}

export const DECIDED: Readonly<Record<"accepted" | "rejected" | "none", readonly [string, Token]>> = {
	accepted: ["+ yes", "correct"],
	rejected: ["x no", "wrong"],
	none: [".", "dim"],
};

export function rowOf(entry: SampleEntry, { decision, edits, notes, why }: Standing, columns: number): Line {
	const { problem, verdict, words } = widths(columns);
	const [said, token] = DECIDED[decision ?? "none"];
	const mark = verdict > 3 ? `  ${entry.verdict}` : `  ${MARKS[entry.verdict]}`;
	const about = why ? `${why} - ` : "";
	return [
		[token, pad(`${said}${notes > 0 ? " w" : ""}`, 10)],
		["sheet", pad(visibleLine(entry.question), problem)],
		[verdictToken(entry.verdict), pad(mark, verdict)],
		cell("sheet", String(entry.tokens), 8, true),
		cell(entry.calls > 0 ? "sheet" : "dim", String(entry.calls), 4, true),
		cell(entry.hints > 0 ? "hint" : "dim", String(entry.hints), 4, true),
		cell(edits > 0 ? "edit" : "dim", edits > 0 ? String(edits) : "", 4, true),
		["dim", pad(words > 4 ? `  ${visibleLine(`${about}${entry.asks}`)}` : "", words)],
	] satisfies Run[];
}

/** How far the review is, in one row: a bar and the counts. */
export function progressRow({ of, accepted, rejected, edited, undecided }: Progress, columns: number): Line {
	const counts: Run[] = [
		["correct", `+ accepted ${accepted}`],
		["sheet", "  "],
		["wrong", `x rejected ${rejected}`],
		["sheet", "  "],
		["edit", `~ edited ${edited}`],
		["sheet", "  "],
		["dim", `. undecided ${undecided} of ${of}`],
	];
	const used = counts.reduce((sum, [, text]) => sum + widthOf(text), 0);
	const room = Math.min(40, columns - used - 6);
	if (room < 8 || of === 0) return [["sheet", " "], ...counts];
	const cells = (count: number): number => Math.round((room * count) / of);
	const [yes, no] = [cells(accepted), cells(rejected)];
	return [
		["sheet", " ["],
		["correct", "+".repeat(yes)],
		["wrong", "x".repeat(Math.min(no, room - yes))],
		["dim", ".".repeat(Math.max(0, room - yes - no))],
		["sheet", "]  "],
		...counts,
	];
}
