/** One rollout in a row: which, what it came to, what it took, and its answer; of one in flight the last words of its text. */
import type { OutcomeVerdict } from "../../trace/events.ts";
import { visibleLine } from "../../trace/visible.ts";
import { verdictToken } from "../session/timeline.ts";
import { pad, widthOf } from "../text/cells.ts";
import type { Token } from "../theme/theme.ts";
import { type Line, type Run, textLines } from "../views/line.ts";
import { cell } from "../views/pane.ts";
import type { RunRow } from "./run-rows.ts";

/** Tells a verdict without colour. */
export const MARKS: Readonly<Record<OutcomeVerdict | "in flight", string>> = {
	"in flight": ">",
	correct: "+",
	wrong: "x",
	"no answer": "-",
	unparseable: "?",
	unchecked: ".",
};

type Widths = {
	readonly problem: number;
	readonly verdict: number;
	readonly time: number;
	readonly answer: number;
};

const FIXED = 2 + 5 + 8 + 4 + 4;
const WORDS_LEAST = 12;

/** What there is no room for is left out: the answer, the verdict's name (its mark stays), the time. */
function widths(columns: number): Widths {
	const verdict = columns >= 74 ? 13 : 0;
	const time = columns >= 50 ? 8 : 0;
	const room = columns - FIXED - verdict - time;
	const problem = Math.max(6, Math.min(28, Math.floor(room * 0.46)));
	const answer = room - problem;
	return answer >= WORDS_LEAST
		? { problem, verdict, time, answer }
		: { problem: Math.max(6, room), verdict, time, answer: 0 };
}

export function rowHeader(columns: number): Line {
	const { problem, verdict, time, answer } = widths(columns);
	return [
		["dim", pad("  problem", problem + 2)],
		["dim", pad("    #", 5)],
		["dim", pad(verdict > 0 ? "  verdict" : "", verdict)],
		["dim", pad("  tokens", 8)],
		["dim", pad("  py", 4)],
		["dim", pad("   h", 4)],
		["dim", pad("    time", time)],
		["dim", pad("  answer", answer)],
	];
}

export function rowOf(row: RunRow, columns: number, nowMs: number): Line {
	const { problem, verdict, time, answer } = widths(columns);
	const facts =
		row.is === "ended"
			? {
					is: row.entry.verdict,
					id: row.entry.problem.id,
					sample: row.entry.sample,
					tokens: row.entry.tokens,
					calls: row.entry.calls,
					hints: row.entry.hints,
					ms: row.entry.ms,
					token: verdictToken(row.entry.verdict),
					words: answerOf(row.entry),
				}
			: {
					is: "in flight" as const,
					id: row.live.problem,
					sample: row.live.sample,
					tokens: row.live.tokens,
					calls: row.live.calls,
					hints: row.live.hints,
					ms: Math.max(0, nowMs - row.live.begun),
					token: "by-model" as Token,
					words: lastWords(row.live.tail.spans, answer - 2),
				};
	return [
		[facts.token, `${MARKS[facts.is]} `],
		["sheet", pad(visibleLine(facts.id), problem)],
		cell("dim", String(facts.sample), 5, true),
		[facts.token, pad(verdict > 0 ? `  ${facts.is}` : "", verdict)],
		cell("sheet", String(facts.tokens), 8, true),
		cell(facts.calls > 0 ? "sheet" : "dim", String(facts.calls), 4, true),
		cell(facts.hints > 0 ? "hint" : "dim", String(facts.hints), 4, true),
		cell("dim", shortTime(facts.ms), time, true),
		[row.is === "ended" ? "sheet" : "dim", pad(`  ${facts.words}`, answer)],
	] satisfies Run[];
}

function answerOf({
	answer,
	problem: { gold },
	verdict,
	end,
}: Extract<RunRow, { is: "ended" }>["entry"]): string {
	const said = answer === undefined ? "" : visibleLine(answer);
	const why = end === "eos" ? "" : ` (${end})`;
	const wanted = verdict !== "correct" && verdict !== "unchecked" && gold !== undefined;
	return `${said}${wanted ? `${said === "" ? "" : ", "}gold ${visibleLine(gold)}` : ""}${why}`;
}

/** What of a trace's end fits into so many cells. */
export function lastWords(spans: readonly { readonly text: string }[], columns: number): string {
	if (columns < 4) return "";
	let text = "";
	for (let i = spans.length - 1; i >= 0 && text.length < 4 * columns; i--) text = spans[i]!.text + text;
	const line = visibleLine(text.slice(-4 * columns));
	if (widthOf(line) <= columns) return line;
	const rows = textLines(line, columns - 4);
	const last = rows.at(-1);
	const said = typeof last === "string" ? last : "";
	const before = rows.at(-2);
	const more = typeof before === "string" ? before : "";
	// The last row of a wrapped text may be one word: as much before it as there is room for.
	const both = more === "" ? said : `${more} ${said}`;
	let cut = both;
	while (widthOf(cut) > columns - 4) cut = cut.slice(Math.max(1, cut.indexOf(" ") + 1));
	return `... ${cut}`;
}

/** In at most seven cells: "0.8 s", "14 s", "3 m 20", "2 h 05". */
export function shortTime(ms: number): string {
	if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
	const seconds = Math.round(ms / 1_000);
	if (seconds < 100) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 100) return `${minutes} m ${String(seconds % 60).padStart(2, "0")}`;
	const hours = Math.floor(minutes / 60);
	return hours < 100 ? `${hours} h ${String(minutes % 60).padStart(2, "0")}` : `${hours} h`;
}
