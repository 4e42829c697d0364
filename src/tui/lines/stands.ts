/** Where a session stands, in words: the status line, the branches, what is to be done next. */
import type { HintSettings, LiveStatus } from "../../reason/live.ts";
import type { Branch, SessionState } from "../../trace/fold.ts";
import { visibleLine } from "../../trace/visible.ts";
import { counted } from "./says.ts";

const STATES: Readonly<Record<LiveStatus, string>> = {
	ready: "It waits to begin or to go on",
	thinking: "The model thinks",
	running: "A block runs in Python",
	asking: "A proposed hint waits",
	paused: "Paused",
	stopped: "Stopped",
	failed: "It failed; going on tries again",
	ended: "Ended",
};

/** The status line in words. */
export function statusSays(facts: {
	readonly status: LiveStatus;
	readonly branch: Branch | undefined;
	readonly hints: HintSettings;
	readonly lines: number;
	readonly tokens: number;
	readonly perSecond: number | undefined;
	readonly waits: string | undefined;
}): string {
	const { status, branch, hints, lines, tokens, perSecond, waits } = facts;
	const verdict = status === "ended" && branch?.outcome ? `, the verdict is ${branch.outcome.verdict}` : "";
	const said = [`${STATES[status]}${verdict}.`];
	if (waits !== undefined) said.push(sentenceOf(waits));
	if (branch) {
		const { budgets, sampling, model, exact } = branch.settings;
		const rounds = branch.hints.filter(({ marker }) => marker === "before-end").length;
		const speed = perSecond === undefined ? "" : `, ${Math.round(perSecond)} a second`;
		said.push(
			`Branch ${visibleLine(branch.id)}, ${counted(lines, "line")}.`,
			`${counted(tokens, "token")}${speed}, ${Math.max(0, budgets.maxTokens - tokens)} left.`,
			`${rounds} of ${counted(hints.rounds, "round")}, ${branch.calls.length} of ${counted(budgets.maxCalls, "call")}.`,
			`Engine ${visibleLine(model)}${exact ? "" : ", inexact: what the model continues from cannot be known to the byte"}.`,
			`Seed ${sampling.seed}, temperature ${sampling.temperature}.`,
		);
	}
	said.push(`The policy is ${hints.mode}.`);
	return said.join(" ");
}

const sentenceOf = (text: string): string => `${visibleLine(text)}.`;

/** A branch in a list: "b2, out of main after line 12, 2 hints, 1 call, correct". */
export function branchSays(
	branch: Branch,
	state: SessionState,
	current: string,
	lineOf: (branch: Branch, at: number) => number,
): string {
	const { id, parent, hints, calls, outcome } = branch;
	const mark = state.marks.get(id);
	const from = parent && state.branches.get(parent.branch);
	return [
		`${visibleLine(id)}${id === current ? ", the one you are in" : ""}`,
		...(from ? [`out of ${visibleLine(from.id)} after line ${lineOf(from, parent.at)}`] : []),
		counted(hints.length, "hint"),
		counted(calls.length, "call"),
		outcome?.verdict ?? "open",
		...(mark ? [`marked ${mark}`] : []),
	].join(", ");
}

const WAITS: Partial<Record<LiveStatus, string>> = {
	ready: " It waits: Enter goes on, undo goes back.",
	paused: " It is paused: Enter goes on.",
	stopped: " It was broken off: Enter goes on.",
	ended: " It has ended.",
};

/** Another branch is looked at: "Branch b2 of 2, 12 lines. It waits: Enter goes on, undo goes back." */
export function turnedSays(branch: string, state: SessionState, lines: number, status: LiveStatus): string {
	const { size } = state.branches;
	const of = size > 1 ? ` of ${size}` : "";
	return `Branch ${visibleLine(branch)}${of}, ${counted(lines, "line")}.${WAITS[status] ?? ""}`;
}

/** What one may want at the end of a trace. */
export const AFTER_END =
	"Now: next, hint, write, rewind, mark accepted, export, sessions, new, or quit. help says more.";
