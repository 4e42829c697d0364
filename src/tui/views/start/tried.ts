/**
 * What earlier sessions came to on a problem, from their summaries alone. A problem is known by its id and the beginning
 * of its text, since two files may use one id for different problems.
 */
import type { Problem } from "../../../trace/events.ts";
import type { Shelved } from "../../../trace/shelf.ts";
import type { Token } from "../../theme/theme.ts";

export type Tried = {
	readonly sessions: number;
	/** Right without a hint. */
	readonly alone: number;
	/** Right with hints. */
	readonly hinted: number;
	readonly wrong: number;
	/** No answer, or none that could be read or checked. */
	readonly unclear: number;
	/** Not at their end. */
	readonly open: number;
};

/** A summary keeps this much of a problem, or more. */
const KNOWN_UNITS = 200;

export class TriedProblems {
	readonly #byProblem = new Map<string, Tried>();

	constructor(shelf: readonly Shelved[]) {
		for (const { summary } of shelf) {
			if (summary?.problemId === undefined || summary.problem === undefined) continue;
			const key = keyOf(summary.problemId, summary.problem);
			const tried = this.#byProblem.get(key) ?? NOTHING;
			const { verdict, hints } = summary;
			this.#byProblem.set(key, {
				sessions: tried.sessions + 1,
				alone: tried.alone + Number(verdict === "correct" && hints === 0),
				hinted: tried.hinted + Number(verdict === "correct" && hints > 0),
				wrong: tried.wrong + Number(verdict === "wrong"),
				unclear:
					tried.unclear + Number(verdict !== undefined && verdict !== "correct" && verdict !== "wrong"),
				open: tried.open + Number(verdict === undefined),
			});
		}
	}

	/** No session was about a problem. */
	get empty(): boolean {
		return this.#byProblem.size === 0;
	}

	of(problem: Pick<Problem, "id" | "problem">): Tried | undefined {
		return this.#byProblem.get(keyOf(problem.id, problem.problem));
	}
}

const NOTHING: Tried = { sessions: 0, alone: 0, hinted: 0, wrong: 0, unclear: 0, open: 0 };

const keyOf = (id: string, text: string): string => `${id}\n${text.slice(0, KNOWN_UNITS)}`;

/** The best that was reached, in at most ten cells: what a list shows. */
export function best(tried: Tried | undefined): { readonly says: string; readonly token: Token } {
	if (!tried) return { says: "", token: "dim" };
	if (tried.alone > 0) return { says: "correct", token: "correct" };
	if (tried.hinted > 0) return { says: "with hints", token: "correct" };
	if (tried.wrong > 0) return { says: "wrong", token: "wrong" };
	if (tried.unclear > 0) return { says: "unclear", token: "unknown" };
	return { says: "begun", token: "dim" };
}

/** "3 sessions: 1 correct with hints, 2 wrong" */
export function triedInWords({ sessions, alone, hinted, wrong, unclear, open }: Tried): string {
	const parts = [
		[alone, "correct without hints"],
		[hinted, "correct with hints"],
		[wrong, "wrong"],
		[unclear, "without a clear answer"],
		[open, "not at the end"],
	] as const;
	const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
	return `${sessions} ${sessions === 1 ? "session" : "sessions"}: ${said.join(", ")}`;
}
