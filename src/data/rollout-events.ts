/**
 * A rollout as the events of a session: what the panes of a session show, what an export is made of, and what a session is
 * begun with that takes the rollout up. The same for one that is still being made, as far as its process tells of it.
 *
 * What always holds: the fold of the events has the header, spans (with their ids), hints, calls, end and outcome of the
 * rollout, byte for byte.
 */
import {
	type EventOf,
	JOURNAL_VERSION,
	type Problem,
	type TraceEvent,
	type TraceSettings,
} from "../trace/events.ts";
import type { Rollout } from "./rollout.ts";
import type { InFlight, Tail } from "./run-now.ts";
import type { RunSheet } from "./run-sheet.ts";

const BRANCH = "main";
/** The word at the end of a text: the one that a hint stands after. */
const WORD = /([\p{L}'-]+)[^\p{L}]*$/u;
const WORD_UNITS = 64;

/** Of nudge and of what the figures depend on: those of the run. */
export type Made = Pick<RunSheet, "nudge" | "environment">;

/** `id` is the session's; `problem` in place of the rollout's own, where more is known of it (its tests). */
export function* eventsOfRollout(
	rollout: Rollout,
	id: string,
	{ nudge, environment }: Made,
	problem: Problem = rollout.problem,
): Generator<TraceEvent, void> {
	const begun = Date.parse(rollout.begun);
	const t = Number.isNaN(begun) ? 0 : begun;
	yield { type: "session", t, version: JOURNAL_VERSION, id, problem, nudge, environment };
	yield* branchOfRollout(rollout, id);
}

/** The same without the session's first line. */
export function* branchOfRollout(rollout: Rollout, session: string): Generator<TraceEvent, void> {
	const { settings, header, spans, hints, calls, end, verdict, answer, why, usage } = rollout;
	const begun = Date.parse(rollout.begun);
	const on = { branch: BRANCH, t: Number.isNaN(begun) ? 0 : begun };
	yield { type: "branch", ...on, settings, by: "policy" };
	if (header) yield { type: "header", ...on, ...header };
	const hintAt = new Map(hints.map((hint) => [hint.at, hint]));
	const callAt = new Map(calls.map((call) => [call.at, call]));
	let at = 0;
	let before = "";
	for (const { kind, text, ids, lens } of spans) {
		const own = { text, ...(ids ? { ids } : {}) };
		const call = callAt.get(at);
		if (kind === "model") yield { type: "tokens", ...on, ...own, ...(lens ? { lens } : {}), segment: 0 };
		else if (kind === "edit") yield { type: "edit", ...on, at, ...own };
		else if (kind === "hint") {
			const unknown = { hint: "", kind: "", wording: "", marker: "", by: "policy" } as const;
			const hint = hintAt.get(at);
			const word = hint?.marker === "after-word" ? WORD.exec(before)?.[1] : undefined;
			if (word !== undefined) yield { type: "marker", ...on, marker: "after-word", at, word, index: 0 };
			yield { type: "hint", ...on, ...unknown, ...hint, at, ...own };
		} else if (call?.output) {
			const { block, code, output } = call;
			yield { type: "call", ...on, block, code };
			const { verdict, durationMs, stateLost, text: said } = output;
			yield { type: "output", ...on, block, ...own, output: said, verdict, durationMs, stateLost };
		} else yield { type: "limit", ...on, block: call?.block ?? 0, ...own };
		at += text.length;
		before = text.slice(-WORD_UNITS);
	}
	const over = { branch: BRANCH, t: on.t + (usage.durationMs ?? 0) };
	yield { type: "end", ...over, ...end, usage };
	const reason = why === undefined ? {} : { reason: why };
	yield {
		type: "outcome",
		...over,
		verdict,
		...(answer === undefined ? {} : { answer }),
		...reason,
		usage,
		session,
	};
}

/** What every rollout of a run is made with; the engine's address is no part of it. */
export function settingsOfRun({ settings }: RunSheet): TraceSettings {
	const { library: _, python: __, ...own } = settings;
	return { engine: "", ...own };
}

/** A rollout in flight, put together from what its process tells of it once a second. */
export class Growing {
	readonly #sheet: RunSheet;
	/** Where in the trace that begins what is known of it, and how far it is known. */
	#from = 0;
	#seen = 0;
	#begun: number | undefined;
	/** The last block of which something was told. */
	#block = 0;

	constructor(sheet: RunSheet) {
		this.#sheet = sheet;
	}

	/** Units at the beginning that were over when it was first looked at. */
	get missing(): number {
		return this.#from;
	}

	/** What is new; `anew`: all there is, in place of what was shown. */
	take(now: InFlight): { readonly anew: boolean; readonly events: TraceEvent[] } {
		const { tail, begun } = now;
		const goesOn = this.#begun === begun && tail.from <= this.#seen && tail.length >= this.#seen;
		if (goesOn) return { anew: false, events: [...this.#news(tail)] };
		this.#begun = begun;
		this.#from = tail.from;
		this.#seen = tail.from;
		this.#block = 0;
		const { nudge, environment } = this.#sheet;
		const problem: Problem = { id: now.problem, domain: "math", problem: now.asks };
		const on = { branch: BRANCH, t: begun };
		return {
			anew: true,
			events: [
				{ type: "session", t: begun, version: JOURNAL_VERSION, id: now.key, problem, nudge, environment },
				{ type: "branch", ...on, settings: settingsOfRun(this.#sheet), by: "policy" },
				...this.#news(tail),
			],
		};
	}

	*#news({ from, spans, hints, calls }: Tail): Generator<TraceEvent, void> {
		const on = { branch: BRANCH, t: this.#begun ?? 0 };
		let at = from;
		for (const { kind, text } of spans) {
			const end = at + text.length;
			const left = text.slice(Math.max(0, this.#seen - at));
			const place = Math.max(at, this.#seen) - this.#from;
			if (left !== "") {
				if (kind === "hint") {
					const hint = hints.find((one) => one.at === at);
					const marker = hint?.marker ?? "";
					if (hint?.word !== undefined)
						yield { type: "marker", ...on, marker, at: place, word: hint.word, index: 0 };
					const said = { hint: hint?.hint ?? "", kind: hint?.kind ?? "", wording: "", by: "policy" } as const;
					yield { type: "hint", ...on, at: place, text: left, ...said, marker };
				} else if (kind === "output") {
					const call = calls.find((one) => one.at === at);
					if (call?.verdict !== undefined) {
						yield* this.#call(call);
						const { block, verdict, ms = 0 } = call;
						yield { type: "output", ...on, block, text: left, output: left, verdict, durationMs: ms };
					} else yield { type: "limit", ...on, block: call?.block ?? 0, text: left };
				} else yield { type: "tokens", ...on, text: left, segment: 0 };
			}
			at = end;
		}
		this.#seen = Math.max(this.#seen, at);
		const running = calls.at(-1);
		if (running && running.verdict === undefined && running.at === at) yield* this.#call(running);
	}

	*#call({ block, code }: Tail["calls"][number]): Generator<EventOf<"call">, void> {
		if (block === this.#block) return;
		this.#block = block;
		yield { type: "call", branch: BRANCH, t: this.#begun ?? 0, block, code };
	}
}
