/** The status line: what the trace does now, and its budgets. What does not fit is left out from the end. */
import type { HintSettings, LiveStatus } from "../../reason/live.ts";
import type { TraceSettings } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { visibleLine } from "../../trace/visible.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import type { Paint, Token } from "../theme/theme.ts";
import { verdictToken } from "./timeline.ts";

export type StatusFacts = {
	readonly status: LiveStatus | "replay";
	readonly branch: Branch | undefined;
	readonly settings: TraceSettings | undefined;
	readonly hints: HintSettings;
	readonly tokens: number;
	readonly perSecond: number | undefined;
	/** The disk refuses what happened last. */
	readonly unwritten: boolean;
	/** Set while something is waited for: "the model is loading". */
	readonly waits?: string;
};

/** A word and a mark for each state. */
const STATES: Readonly<Record<StatusFacts["status"], readonly [string, Token]>> = {
	ready: ["o ready", "status-strong"],
	thinking: ["> thinking", "status-strong"],
	running: ["# Python runs", "by-model"],
	asking: ["? a hint waits", "pending"],
	paused: ["= paused", "warning"],
	stopped: ["= stopped", "warning"],
	failed: ["! failed", "error"],
	ended: [". ended", "status-strong"],
	replay: ["> replay", "status-strong"],
};

/** Of what is waited for, so that budgets and engine still have room. */
const MOST_WAITS = 60;

type Part = { readonly text: string; readonly token: Token };

export function statusRow(facts: StatusFacts, columns: number, paint: Paint): string {
	let left = columns - 1;
	let row = " ";
	for (const [index, { text, token }] of parts(facts).entries()) {
		const gap = index === 0 ? "" : "  ";
		const width = widthOf(gap) + widthOf(text);
		if (width > left) break;
		row += gap + (token === "status" ? text : paint(token, text));
		left -= width;
	}
	return paint.over("status", row + pad("", left));
}

function parts({
	status,
	unwritten,
	branch,
	settings,
	hints,
	tokens,
	perSecond,
	waits,
}: StatusFacts): Part[] {
	const said: Part[] = [];
	const add = (text: string, token: Token = "status"): void => {
		said.push({ text, token });
	};
	const outcome = branch?.outcome;
	if (outcome && status === "ended") add(`= ${outcome.verdict}`, verdictToken(outcome.verdict));
	else add(...STATES[status]);
	if (unwritten) add("! not saved", "error");
	if (waits) add(fit(visibleLine(waits), MOST_WAITS), "warning");
	if (!settings) return said;
	const { budgets, sampling } = settings;
	const speed = perSecond === undefined ? "" : ` ${Math.round(perSecond)}/s`;
	add(`${tokens} tok${speed}`, "status-strong");
	add(`left ${Math.max(0, budgets.maxTokens - tokens)}`);
	const rounds = branch?.hints.filter(({ marker }) => marker === "before-end").length ?? 0;
	add(`rounds ${rounds}/${hints.rounds}`);
	add(`calls ${branch?.calls.length ?? 0}/${budgets.maxCalls}`);
	add(`hints ${hints.mode}`);
	add(visibleLine(settings.model));
	if (!settings.exact) add("INEXACT", "warning");
	add(`seed ${sampling.seed}`);
	if (sampling.temperature > 0) add(`T ${sampling.temperature}`);
	return said;
}
