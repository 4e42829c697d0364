/**
 * A trace is ONE assistant turn, kept as a list of spans. What the model is continued from is always
 * `header + spans`, byte for byte, and token for token where the engine has ids.
 *
 * Invariant of every span: where `ids` is there, the ids detokenise to exactly `text`; where `lens` is there too,
 * `lens[i]` is how many UTF-16 units of `text` the i-th id completes, so `sum(lens) === text.length`.
 * (An id that ends inside a character has length 0; the id that completes the character has the whole of it.)
 */

/** Who wrote a span: the model (sampled), the library or a person (hint), the interpreter (output), a person rewriting (edit). */
export type SpanKind = "model" | "hint" | "output" | "edit";

export type Span = {
	readonly kind: SpanKind;
	readonly text: string;
	readonly ids?: readonly number[];
	readonly lens?: readonly number[];
};

/** What an engine continues: text, and the same as token ids where the engine has them. */
export type Prefix = { readonly text: string; readonly ids?: readonly number[] };

/**
 * The first `length` units of a span, as one span or two: what whole ids cover keeps them, and a token that the cut
 * goes through (or may go through) leaves its text without ids, to be tokenised again.
 *
 * "May": an id can complete one character and hold the first bytes of the next one, and `lens` does not show that.
 * So ids are kept up to a place that an ASCII character follows (no id holds a part of one), or the end of the span.
 */
export function cutSpan(span: Span, length: number): Span[] {
	const { kind, ids, lens } = span;
	const text = span.text.slice(0, Math.max(0, length));
	if (text === "") return [];
	if (!ids) return [{ kind, text }];
	const whole = text.length === span.text.length;
	if (!lens) return [whole ? span : { kind, text }];
	let units = 0;
	let kept = 0;
	while (kept < ids.length && units < text.length && units + lens[kept]! <= text.length)
		units += lens[kept++]!;
	while (kept > 0 && (lens[kept - 1] === 0 || span.text.charCodeAt(units) > 0x7f)) units -= lens[--kept]!;
	if (whole && kept === ids.length) return [span];
	const parts: Span[] = [];
	if (units > 0) {
		parts.push({ kind, text: text.slice(0, units), ids: ids.slice(0, kept), lens: lens.slice(0, kept) });
	}
	if (units < text.length) parts.push({ kind, text: text.slice(units) });
	return parts;
}

export function textOf(spans: readonly Span[]): string {
	let text = "";
	for (const span of spans) text += span.text;
	return text;
}

/** The ids of all spans in a row; undefined unless every span with text has them. */
export function idsOf(spans: readonly Span[]): number[] | undefined {
	const ids: number[] = [];
	for (const span of spans) {
		if (!span.ids && span.text !== "") return undefined;
		for (const id of span.ids ?? []) ids.push(id);
	}
	return ids;
}

type Growing = { kind: SpanKind; text: string; ids?: number[]; lens?: number[] };

function copyOf(span: Span): Growing {
	const copy: Growing = { kind: span.kind, text: span.text };
	if (span.ids) copy.ids = [...span.ids];
	if (span.lens) copy.lens = [...span.lens];
	return copy;
}

/**
 * Spans that grow at their end. Neighbouring model text joins one span where both have ids (and lengths) or neither has.
 * Only the last span ever changes, and it belongs to this list alone, so a fork shares all the others.
 */
export class SpanList {
	/** Always the same array: it shows the list as it stands. */
	readonly spans: readonly Span[];
	readonly #spans: Growing[];
	#length = 0;

	constructor(spans: readonly Span[] = []) {
		this.#spans = [];
		this.spans = this.#spans;
		for (const span of spans) this.push(span);
	}

	/** UTF-16 units of text. */
	get length(): number {
		return this.#length;
	}

	push(next: Span): void {
		if (next.text === "" && !next.ids?.length) return;
		this.#length += next.text.length;
		const last = this.#spans.at(-1);
		const joins =
			last?.kind === "model" &&
			next.kind === "model" &&
			(last.ids === undefined) === (next.ids === undefined) &&
			(last.lens === undefined) === (next.lens === undefined);
		if (!joins) {
			this.#spans.push(copyOf(next));
			return;
		}
		last.text += next.text;
		for (const id of next.ids ?? []) last.ids!.push(id);
		for (const len of next.lens ?? []) last.lens!.push(len);
	}

	/** Drops everything from the offset on. */
	cut(at: number): void {
		const kept = this.fork(at);
		this.#spans.splice(0, this.#spans.length, ...kept.#spans);
		this.#length = kept.#length;
	}

	/** A list of its own with the text before the offset. */
	fork(at: number): SpanList {
		const fork = new SpanList();
		for (const span of this.#spans) {
			const left = at - fork.#length;
			if (left <= 0) break;
			const parts = span.text.length < left ? [span] : cutSpan(span, left);
			for (const part of parts) {
				fork.#spans.push(part as Growing);
				fork.#length += part.text.length;
			}
		}
		const last = fork.#spans.pop();
		if (last) fork.#spans.push(copyOf(last));
		return fork;
	}
}
