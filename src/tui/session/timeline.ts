/**
 * The hint timeline: each marker that was seen, what was proposed there, what became of it and who decided, the blocks
 * that ran, and what each hint led to, in the order of the trace. Read from a branch as it stands; no state of its own.
 */
import type { Pending } from "../../reason/live.ts";
import type { EventOf, Who } from "../../trace/events.ts";
import type { Branch, Call } from "../../trace/fold.ts";
import type { Token } from "../theme/theme.ts";
import { type Led, ledTo } from "./led-to.ts";

export type EntryKind =
	| "marker"
	| "pending"
	| "hint"
	| "veto"
	| "block"
	| "edit"
	| "notice"
	| "end"
	| "outcome";

export type Entry = {
	/** The same entry keeps it while the trace grows. */
	readonly key: string;
	readonly kind: EntryKind;
	/** Where in the trace it stands: the offset that the thinking scrolls to. */
	readonly at: number;
	/** One character that tells the kind without colour. */
	readonly mark: string;
	readonly token: Token;
	/** Where: "after Wait", "before the end", "block 2". */
	readonly place: string;
	/** What: the hint's kind, a verdict, a notice. */
	readonly what: string;
	readonly who?: Who;
	readonly led?: Led;
	/** All that is known, for whoever looks closer. */
	readonly event: TimelineEvent;
};

export type TimelineEvent =
	| EventOf<"marker" | "hint" | "decision" | "notice" | "end" | "outcome">
	| { readonly type: "call"; readonly call: Call }
	| { readonly type: "edited"; readonly at: number; readonly text: string }
	| { readonly type: "pending"; readonly pending: Pending };

export function timelineOf(branch: Branch, pending?: Pending): Entry[] {
	const entries: (Entry & { readonly order: number })[] = [];
	let order = 0;
	const add = (entry: Entry, at = order++): void => {
		entries.push({ ...entry, order: at });
	};
	const hintAt = new Map(branch.hints.map((hint) => [hint.at, hint]));
	const vetoAt = new Map<number, EventOf<"decision">>();
	for (const decision of branch.decisions) {
		if (decision.decision === "veto") vetoAt.set(decision.at, decision);
	}
	for (const marker of branch.markers) {
		if (hintAt.has(marker.at) || vetoAt.has(marker.at) || pending?.marker.at === marker.at) continue;
		add({
			key: `marker ${marker.marker} ${marker.at}`,
			kind: "marker",
			at: marker.at,
			mark: ".",
			token: "marker",
			place: placeOf(marker.marker, marker.word),
			what: "",
			event: marker,
		});
	}
	const wordAt = new Map(branch.markers.map(({ at, word }) => [at, word]));
	for (const [index, hint] of branch.hints.entries()) {
		const decided = branch.decisions.findLast(({ at, decision }) => at === hint.at && decision !== "veto");
		const edited = decided?.decision === "edit";
		add({
			key: `hint ${hint.at}`,
			kind: "hint",
			at: hint.at,
			mark: edited ? "~" : "+",
			token: "hint",
			place: placeOf(hint.marker, wordAt.get(hint.at)),
			what: `${nameOfHint(hint)}${edited ? ", edited" : ""}`,
			who: hint.by,
			led: ledTo(branch, hint, branch.hints[index + 1]?.at),
			event: hint,
		});
	}
	for (const decision of vetoAt.values()) {
		if (hintAt.has(decision.at)) continue;
		const proposal = branch.proposals.findLast(({ at }) => at === decision.at);
		add({
			key: `veto ${decision.at}`,
			kind: "veto",
			at: decision.at,
			mark: "x",
			token: "vetoed",
			place: placeOfVeto(
				decision,
				branch.markers.findLast(({ at }) => at === decision.at),
			),
			what: `${nameOfHint({ kind: proposal?.kind ?? "", hint: decision.hint ?? "hint" })}, ${decision.reason === "undone" ? "undone" : "vetoed"}`,
			who: decision.by,
			event: decision,
		});
	}
	for (const call of branch.calls) {
		const verdict = call.output?.verdict;
		add({
			key: `block ${call.block} ${call.at}`,
			kind: "block",
			at: call.at,
			mark: "#",
			token: verdict === undefined ? "pending" : verdict === "ok" ? "output" : "failure",
			place: `block ${call.block}`,
			what: call.output ? `${call.output.verdict}  ${duration(call.output.durationMs)}`.trimEnd() : "runs",
			event: { type: "call", call },
		});
	}
	let at = 0;
	for (const span of branch.spans) {
		if (span.kind === "edit") {
			add({
				key: `edit ${at}`,
				kind: "edit",
				at,
				mark: "~",
				token: "edit",
				place: "edited",
				what: firstWords(span.text),
				who: "person",
				event: { type: "edited", at, text: span.text },
			});
		}
		at += span.text.length;
	}
	if (pending) {
		add({
			key: `pending ${pending.marker.at}`,
			kind: "pending",
			at: pending.marker.at,
			mark: "?",
			token: "pending",
			place: placeOf(pending.marker.kind, pending.marker.word),
			what: pending.proposal.kind,
			who: "policy",
			event: { type: "pending", pending },
		});
	}
	entries.sort((a, b) => a.at - b.at || rank(a) - rank(b) || a.order - b.order);
	if (branch.outcome) entries.push({ ...outcomeEntry(branch.outcome, branch.length), order: order++ });
	return entries;
}

/** At one place: a block before the hint that follows its output, a veto before the hint that a later try put in. */
function rank({ kind }: Entry): number {
	return kind === "block" ? 2 : kind === "hint" || kind === "pending" ? 1 : 0;
}

function outcomeEntry(outcome: EventOf<"outcome">, at: number): Entry {
	return {
		key: "outcome",
		kind: "outcome",
		at,
		mark: "=",
		token: verdictToken(outcome.verdict),
		place: outcome.verdict,
		what: outcome.answer ?? outcome.reason ?? "",
		event: outcome,
	};
}

export function verdictToken(verdict: EventOf<"outcome">["verdict"] | undefined): Token {
	return verdict === "correct"
		? "correct"
		: verdict === "wrong" || verdict === "no answer"
			? "wrong"
			: "unknown";
}

/** Where a branch begins at a marker, that belongs to the branch before it. */
function placeOfVeto({ hint }: EventOf<"decision">, marker: EventOf<"marker"> | undefined): string {
	if (hint === BY_HAND) return placeOf("");
	return marker ? placeOf(marker.marker, marker.word) : "hint";
}

/** A marker in words. */
export function placeOf(marker: string, word?: string): string {
	if (word !== undefined) return `after ${word}`;
	switch (marker) {
		case "before-code":
			return "before code";
		case "before-end":
			return "before end";
		case "anywhere":
		case "":
			return "by hand";
		default:
			return marker;
	}
}

/** Empty where it is not known. */
export function duration(ms: number): string {
	if (Number.isNaN(ms)) return "";
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
	return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

const firstWords = (text: string): string => text.trim().slice(0, 60);

/** The kind of a hint of the library; a person's own has none. */
export function nameOfHint({ kind, hint }: Pick<EventOf<"hint">, "kind" | "hint">): string {
	const name = kind || hint;
	return name === BY_HAND || name === "" ? "written" : name;
}
const BY_HAND = "by-hand";
