/**
 * A trace to read, as a screen of sessions takes it: the events that make it (a session, a branch, what is in it), which
 * may be replaced by those of another trace or grow at their end. Nothing in it can be changed by whoever reads.
 */
import type { TraceEvent } from "../trace/events.ts";
import { Fold, mainBranch, type SessionState } from "../trace/fold.ts";
import { Fixed, hintsOf } from "./fixed.ts";
import type { HintSettings, LiveStatus } from "./live.ts";

export class Still extends Fixed {
	#fold = new Fold();
	#id: string;
	#growing = false;

	constructor(id: string, events: Iterable<TraceEvent>, growing = false) {
		super("this trace is only read: take it up as a session to change it");
		this.#id = id;
		this.#growing = growing;
		for (const event of events) this.#fold.apply(event);
	}

	get id(): string {
		return this.#id;
	}

	get state(): SessionState {
		return this.#fold.state;
	}

	get branch(): string {
		return mainBranch(this.state)?.id ?? "main";
	}

	get hints(): HintSettings {
		return hintsOf(this.state.branches.get(this.branch)?.settings);
	}

	get status(): LiveStatus {
		return this.#growing ? "thinking" : "ended";
	}

	/** Another trace, or the same made anew. */
	show(id: string, events: Iterable<TraceEvent>, growing = false): void {
		this.#id = id;
		this.#growing = growing;
		this.#fold = new Fold();
		for (const event of events) this.#fold.apply(event);
		this.tell({ type: "branch" });
		this.tell({ type: "status" });
	}

	/** What came behind it. */
	add(events: Iterable<TraceEvent>): void {
		for (const event of events) {
			this.#fold.apply(event);
			this.tell({ type: "event", event });
		}
	}
}
