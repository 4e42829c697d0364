/** What is being made ready behind the page, with how far it is. A mark tells what stands: ~ working, + ready, ! failed. */
import type { Token } from "../../theme/theme.ts";
import { type Line, lineWidth, type Run, runsOf, textLines } from "../line.ts";

export type Readiness = {
	readonly what: "engine" | "python";
	readonly state: "working" | "ready" | "failed";
	/** A sentence: "nudge-tiny is loading". */
	readonly says: string;
	readonly done?: number;
	readonly total?: number;
};

const LOOKS: Readonly<Record<Readiness["state"], readonly [mark: string, token: Token]>> = {
	working: ["~ ", "info"],
	ready: ["+ ", "dim"],
	failed: ["! ", "error"],
};

const BAR = 10;
/** Rows of one failure; the whole of it stands in the message line when it happens. */
const MOST_ROWS = 4;
const GAP = "   ";

/** In one row where both fit, else in one each; a failure may take some more. */
export function readinessLines(readiness: readonly Readiness[], columns: number): Line[] {
	if (readiness.length === 0) return [];
	const runs = readiness.map((one) => oneOf(one, true));
	for (const each of [runs, readiness.map((one) => oneOf(one, false))]) {
		const together = each.flatMap((one, i): Run[] => (i === 0 ? one : [["sheet", GAP], ...one]));
		const fits = lineWidth(together) <= columns;
		if (fits && readiness.every(({ state }) => state !== "failed")) return [together];
	}
	return readiness.flatMap((one, i): Line[] => {
		if (one.state !== "failed") return [runs[i]!];
		const [mark, token] = LOOKS.failed;
		const lines = textLines(one.says, Math.max(10, columns - mark.length), token).slice(0, MOST_ROWS);
		return lines.map((line, row): Line => [[token, row === 0 ? mark : "  "], ...runsOf(line)]);
	});
}

function oneOf({ state, says, done, total }: Readiness, withBar: boolean): Run[] {
	const [mark, token] = LOOKS[state];
	const runs: Run[] = [
		[token, mark],
		[state === "working" ? "sheet" : token, says],
	];
	if (state === "working" && done !== undefined && total !== undefined && total > 0) {
		const full = Math.max(0, Math.min(BAR, Math.round((done / total) * BAR)));
		const said = says.includes(`${done} of ${total}`) ? "" : ` ${amount(done, total)}`;
		const bar = withBar ? ` [${"=".repeat(full)}${" ".repeat(BAR - full)}]` : "";
		runs.push(["dim", bar + said]);
	}
	return runs;
}

/** "3 of 9"; large amounts are bytes or the like, of which only the share says something. */
function amount(done: number, total: number): string {
	return total <= 999 ? `${done} of ${total}` : `${Math.floor((done / total) * 100)} %`;
}
