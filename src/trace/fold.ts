/**
 * The state of a session: the fold of its journal's events and of nothing else.
 *
 * What always holds: any prefix of a journal folds to a valid state; the same events in the same order give the same
 * state, whether applied one by one or loaded; the time is linear in the text (a branch costs its inherited text once).
 * What does not fit (an unknown type, a branch that was never opened, an offset outside the text) is counted or listed
 * and otherwise left out: nothing here throws because of what a journal holds.
 */
import { type Branch, Growth, type Mutable, spanOf } from "./branch.ts";
import type { EventOf, Problem, TraceEvent } from "./events.ts";

export { type Branch, type Call, isOpen, prefixIds, prefixOf, prefixText } from "./branch.ts";

export type Mark = EventOf<"mark">["mark"];

export type SessionState = {
	/** The first line; undefined only when it is damaged or not yet written. */
	readonly session?: EventOf<"session">;
	readonly problem?: Problem;
	readonly branches: ReadonlyMap<string, Branch>;
	/** The branch that an event was last about. */
	readonly current?: string;
	readonly name?: string;
	readonly tags: ReadonlySet<string>;
	readonly notes: readonly { readonly t: number; readonly text: string }[];
	/** By branch; `none` is not kept. */
	readonly marks: ReadonlyMap<string, Exclude<Mark, "none">>;
	/** Time of the last event. */
	readonly updated?: number;
	/** Events of types that this version does not know. */
	readonly unknown: number;
	/** What did not fit, in words. */
	readonly misfits: readonly string[];
};

export class Fold {
	/** Always the same object: it shows the session as it stands. */
	readonly state: SessionState;
	readonly #state: Mutable<SessionState>;
	readonly #branches = new Map<string, Growth>();
	readonly #views = new Map<string, Branch>();
	readonly #tags = new Set<string>();
	readonly #notes: { t: number; text: string }[] = [];
	readonly #marks = new Map<string, Exclude<Mark, "none">>();
	readonly #misfits: string[] = [];

	constructor() {
		this.#state = {
			branches: this.#views,
			tags: this.#tags,
			notes: this.#notes,
			marks: this.#marks,
			misfits: this.#misfits,
			unknown: 0,
		};
		this.state = this.#state;
	}

	apply(event: TraceEvent): void {
		this.#state.updated = event.t;
		switch (event.type) {
			case "session":
				if (this.#state.session) {
					this.#misfit("a second session line");
					return;
				}
				this.#state.session = event;
				this.#state.problem = event.problem;
				return;
			case "name":
				this.#state.name = event.name;
				return;
			case "tag":
				if (event.on) this.#tags.add(event.tag);
				else this.#tags.delete(event.tag);
				return;
			case "note":
				this.#notes.push({ t: event.t, text: event.text });
				return;
			case "mark":
				if (event.mark === "none") this.#marks.delete(event.branch);
				else this.#marks.set(event.branch, event.mark);
				return;
			case "branch":
				this.#open(event);
				return;
			case "header":
			case "tokens":
			case "marker":
			case "proposal":
			case "decision":
			case "hint":
			case "call":
			case "output":
			case "limit":
			case "edit":
			case "notice":
			case "end":
			case "outcome": {
				const growth = this.#branches.get(event.branch);
				if (!growth) {
					this.#misfit(`${event.type} of branch ${event.branch}, which was never opened`);
					return;
				}
				this.#state.current = event.branch;
				this.#grow(growth, event);
				return;
			}
			default:
				// A type of a later version.
				event satisfies never;
				this.#state.unknown++;
		}
	}

	#misfit(what: string): void {
		this.#misfits.push(what);
	}

	#open(event: EventOf<"branch">): void {
		if (this.#branches.has(event.branch)) {
			this.#misfit(`branch ${event.branch} opened twice`);
			return;
		}
		const parent = event.parent && this.#branches.get(event.parent.branch);
		if (event.parent && !parent) {
			this.#misfit(`branch ${event.branch} grows out of ${event.parent.branch}, which was never opened`);
			return;
		}
		const growth = new Growth(event, parent, this.#within(event.parent?.at ?? 0, parent, "a branch"));
		this.#branches.set(event.branch, growth);
		this.#views.set(event.branch, growth.view);
		this.#state.current = event.branch;
	}

	/** The offset, held inside the text that is there. */
	#within(at: number, growth: Growth | undefined, what: string): number {
		const length = growth?.list.length ?? 0;
		const held = Math.min(Math.max(0, Math.trunc(at)), length);
		if (held !== at) this.#misfit(`${what} at ${at} of ${growth?.view.id ?? "nothing"}, which has ${length}`);
		return held;
	}

	#grow(
		growth: Growth,
		event: Exclude<TraceEvent, EventOf<"session" | "branch" | "name" | "tag" | "note" | "mark">>,
	): void {
		const { view } = growth;
		switch (event.type) {
			case "header":
				view.header = event.ids ? { text: event.text, ids: event.ids } : { text: event.text };
				return;
			case "tokens":
				view.lastSegment = event.segment;
				growth.grow(spanOf(event));
				return;
			case "marker":
				growth.markers.push(event);
				return;
			case "proposal":
				growth.proposals.push(event);
				return;
			case "decision":
				growth.decisions.push(event);
				return;
			case "hint":
				if (event.at !== view.length) {
					this.#misfit(`a hint for ${event.at} of ${view.id} was put at its end, ${view.length}`);
				}
				growth.hints.push(event.at === view.length ? event : { ...event, at: view.length });
				growth.grow(spanOf(event));
				return;
			case "call":
				// A block that was broken off before it answered is begun anew: that is one call.
				if (growth.calls.at(-1)?.block === event.block && !growth.calls.at(-1)?.output) growth.calls.pop();
				growth.calls.push({ at: view.length, block: event.block, code: event.code });
				return;
			case "output": {
				const call = growth.calls.findLast(({ block, output }) => block === event.block && !output);
				if (call) {
					const { output: text, verdict, durationMs, stateLost = false } = event;
					call.output = { text, verdict, durationMs, stateLost };
				} else {
					this.#misfit(`output of block ${event.block} of ${view.id}, which did not begin`);
				}
				growth.grow(spanOf(event));
				return;
			}
			case "limit":
				growth.grow(spanOf(event));
				return;
			case "edit":
				growth.cut(this.#within(event.at, growth, "an edit"));
				growth.grow(spanOf(event));
				return;
			case "notice":
				growth.notices.push(event);
				return;
			case "end":
				view.end = event;
				if (event.usage) view.usage = event.usage;
				return;
			case "outcome":
				view.outcome = event;
				if (event.usage) view.usage = event.usage;
				return;
		}
	}
}

export function fold(events: Iterable<TraceEvent>): SessionState {
	const fold = new Fold();
	for (const event of events) fold.apply(event);
	return fold.state;
}

/** The branch that speaks for the session: the last accepted one, else the last with an outcome, else the current one. */
export function mainBranch(state: SessionState): Branch | undefined {
	let main: Branch | undefined;
	let best = -1;
	for (const branch of state.branches.values()) {
		const mark = state.marks.get(branch.id);
		const rank = mark === "accepted" ? 3 : mark === "rejected" ? 0 : branch.outcome ? 2 : 1;
		const wins =
			rank > best || (rank === best && (rank === 1 ? branch.id === state.current : newer(branch, main)));
		if (!wins) continue;
		main = branch;
		best = rank;
	}
	return main;
}

function newer(branch: Branch, than: Branch | undefined): boolean {
	return (branch.outcome?.t ?? branch.t) >= (than?.outcome?.t ?? than?.t ?? 0);
}
