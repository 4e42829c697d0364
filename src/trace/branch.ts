/**
 * One branch of a session: what is shown of it (`Branch`) and how it grows and is cut (`Growth`, used by the fold alone).
 *
 * What always holds: `spans`, `length`, `markers`, `hints`, `calls` and so on speak of the same text at any instant. A cut
 * takes from all of them; a fork shares nothing that can change.
 */
import type { BlockVerdict, EventOf, TraceSettings, TraceUsage, Who } from "./events.ts";
import { SPAN_OF } from "./events.ts";
import { idsOf, type Prefix, type Span, SpanList, textOf } from "./span.ts";

/** A block of code that ran or began to run. `at` is the trace's length when it began. */
export type Call = {
	readonly at: number;
	readonly block: number;
	readonly code: string;
	/** Undefined while it runs, or when the program died during it. */
	readonly output?: {
		readonly text: string;
		readonly verdict: BlockVerdict;
		readonly durationMs: number;
		readonly stateLost: boolean;
	};
};

export type Branch = {
	readonly id: string;
	readonly parent?: { readonly branch: string; readonly at: number };
	readonly settings: TraceSettings;
	readonly by: Who;
	readonly t: number;
	/** Its own, else the parent's. */
	readonly header?: Prefix;
	/** The whole text, inherited and own. */
	readonly spans: readonly Span[];
	/** UTF-16 units of the whole text. */
	readonly length: number;
	/** What follows is of the text that still stands: what a cut took away is gone here too (the journal has it). */
	readonly markers: readonly EventOf<"marker">[];
	readonly proposals: readonly EventOf<"proposal">[];
	readonly decisions: readonly EventOf<"decision">[];
	readonly hints: readonly EventOf<"hint">[];
	readonly calls: readonly Call[];
	readonly notices: readonly EventOf<"notice">[];
	/** Number of the last request of this branch that text came from; -1 before any. */
	readonly lastSegment: number;
	/** Why it stopped; undefined while it grows. Text that comes later takes it away. */
	readonly end?: EventOf<"end">;
	readonly outcome?: EventOf<"outcome">;
	/** As the last `end` or `outcome` said it; undefined before. */
	readonly usage?: TraceUsage;
};

/** What the engine continues for this branch: `ids` is there when the header and every span have them. */
export function prefixOf(branch: Branch): Prefix {
	const text = prefixText(branch);
	const ids = prefixIds(branch);
	return ids ? { text, ids } : { text };
}

export function prefixText({ header, spans }: Branch): string {
	return (header?.text ?? "") + textOf(spans);
}

export function prefixIds({ header, spans }: Branch): number[] | undefined {
	const own = idsOf(spans);
	if (!header?.ids || !own) return undefined;
	return [...header.ids, ...own];
}

/** Whether it may be taken up again: it has no end, or one that was forced on it. */
export function isOpen({ end }: Branch): boolean {
	return !end || end.reason === "interrupted" || end.reason === "engine";
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A branch while it grows; `view` is what the state shows of it. */
export class Growth {
	readonly list: SpanList;
	readonly markers: EventOf<"marker">[] = [];
	readonly proposals: EventOf<"proposal">[] = [];
	readonly decisions: EventOf<"decision">[] = [];
	readonly hints: EventOf<"hint">[] = [];
	readonly calls: Mutable<Call>[] = [];
	readonly notices: EventOf<"notice">[] = [];
	readonly view: Mutable<Branch>;

	constructor(event: EventOf<"branch">, from: Growth | undefined, at: number) {
		const inherited = from?.list.fork(at) ?? new SpanList();
		// Ids are a model's own: of another one's trace only the text is taken.
		const sameModel = from?.view.settings.model === event.settings.model;
		this.list = sameModel
			? inherited
			: new SpanList(inherited.spans.map(({ kind, text }) => ({ kind, text })));
		if (from) {
			for (const name of ["markers", "proposals", "decisions", "hints"] as const) {
				for (const item of from[name]) if (item.at < at) (this[name] as unknown[]).push(item);
			}
			for (const call of from.calls) if (call.at < at) this.calls.push({ ...call });
		}
		this.view = {
			id: event.branch,
			settings: event.settings,
			by: event.by,
			t: event.t,
			spans: this.list.spans,
			length: this.list.length,
			markers: this.markers,
			proposals: this.proposals,
			decisions: this.decisions,
			hints: this.hints,
			calls: this.calls,
			notices: this.notices,
			lastSegment: -1,
		};
		if (from && event.parent) this.view.parent = { branch: event.parent.branch, at };
		const header = from?.view.header;
		if (header) this.view.header = sameModel ? header : { text: header.text };
	}

	/** Appends to the text. The trace goes on, so what was said of its end no longer holds. */
	grow(span: Span): void {
		this.list.push(span);
		this.view.length = this.list.length;
		delete this.view.end;
		delete this.view.outcome;
	}

	cut(at: number): void {
		this.list.cut(at);
		this.view.length = this.list.length;
		for (const items of [this.markers, this.proposals, this.decisions, this.hints, this.calls]) {
			while (items.length > 0 && items.at(-1)!.at >= at) items.pop();
		}
	}
}

export function spanOf(event: EventOf<"tokens" | "hint" | "output" | "limit" | "edit">): Span {
	const span: Mutable<Span> = { kind: SPAN_OF[event.type], text: event.text };
	if (event.ids) span.ids = event.ids;
	if (event.type === "tokens" && event.ids && event.lens) span.lens = event.lens;
	return span;
}
