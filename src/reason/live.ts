/**
 * A session while somebody is at it: the tree of traces of one problem, the branch that is looked at, and the loop that
 * makes it grow. A screen shows it and hands on what a person does; it holds no logic of the loop itself.
 *
 * What always holds: an event is in the journal before anybody is told of it; at most one branch grows at a time; what a
 * person did is marked as theirs; rewinding never takes anything away, it opens a branch.
 */
import type { Answer } from "../hints/ask.ts";
import type { Hint } from "../hints/hint.ts";
import type { Marker } from "../hints/marker.ts";
import type { Proposal } from "../hints/policy.ts";
import type { Problem, TraceEvent } from "../trace/events.ts";
import type { Mark, SessionState } from "../trace/fold.ts";

export type LiveStatus =
	/** Not begun, or rewound: it waits for `goOn`. */
	| "ready"
	| "thinking"
	/** A block of the model runs in Python. */
	| "running"
	/** A proposed hint waits (`pending`). */
	| "asking"
	| "paused"
	/** Broken off by a person; `goOn` takes it up. */
	| "stopped"
	/** The engine, Python or the disk failed and that was said; `goOn` tries again. */
	| "failed"
	| "ended";

export type Pending = {
	readonly proposal: Proposal;
	readonly marker: Marker;
	/** Why the last answer could not be followed. */
	readonly note?: string;
	/** Milliseconds since the epoch at which it goes in by itself (policy auto with a moment to veto). */
	readonly until?: number;
};

export type HintSettings = {
	readonly mode: "auto" | "ask" | "off";
	readonly rounds: number;
	readonly words: number;
	/** How long auto shows a proposal before it goes in, in milliseconds; 0 does not wait. */
	readonly vetoMs: number;
};

/** A hint that a person puts in; `text` is what goes into the stream, frame and all. */
export type HandHint = {
	readonly text: string;
	/** Of the library, where it is from there. */
	readonly hint?: string;
	readonly kind?: string;
	readonly wording?: string;
};

export type LiveChange =
	/** It is in the journal. */
	| { readonly type: "event"; readonly event: TraceEvent }
	/** `status` or `pending` is another. */
	| { readonly type: "status" }
	/** Another branch is looked at: everything shown of the trace is to be made anew from `state`. */
	| { readonly type: "branch" }
	| { readonly type: "trouble"; readonly level: "info" | "warning" | "error"; readonly text: string };

export interface Live {
	readonly id: string;
	readonly problem: Problem;
	/** Always the same object, as it stands. */
	readonly state: SessionState;
	/** The branch that is looked at, and that grows. */
	readonly branch: string;
	readonly status: LiveStatus;
	readonly pending: Pending | undefined;
	readonly hints: HintSettings;
	/** Why what happened last is not on the disk, while it is not; then it waits in memory. */
	readonly unwritten: string | undefined;
	/** Returns what ends the subscription. */
	subscribe(listener: (change: LiveChange) => void): () => void;

	/** Begins, or goes on from where the branch stands; takes a paused, stopped or failed one up. */
	goOn(): void;
	/** Text that was shown stays; the request to the engine ends, and `goOn` continues it exactly. */
	pause(): void;
	/** Breaks the trace off (`end` with reason interrupted). Resolves when that is in the journal. */
	stop(): Promise<void>;

	/** Hints of the library that a person may put in now, and how one would read. */
	library(): readonly Hint[];
	preview(hint: string, wording: number): Proposal | { readonly skip: string };
	/** Puts a hint in where the trace stands, whatever it does; a trace that had ended grows on from there. */
	inject(hint: HandHint): Promise<void>;
	/** What becomes of `pending`. */
	answer(answer: Answer): void;
	/** Another policy from here on; said in the journal. */
	setHints(changes: Partial<HintSettings>): void;

	/** Opens a branch that shares the text before `at`, and waits there. Returns its name. */
	rewind(at: number): string;
	/** The same to before the last hint, which counts as vetoed there. Undefined: there is none. */
	undoHint(): string | undefined;
	/** Back to the branch that the last rewind left. Undefined: there was none. */
	undo(): string | undefined;
	/** Looks at another branch; one that grows is paused first. */
	switchTo(branch: string): void;

	/** The Python was begun afresh by a person: its earlier blocks run again before the next one. */
	pythonAfresh(): void;

	name(name: string): void;
	tag(tag: string, on: boolean): void;
	note(text: string): void;
	/** Of the branch that is looked at. */
	mark(mark: Mark): void;

	/** Ends what runs, closes the journal. The lab stays open. */
	close(): Promise<void>;
}
