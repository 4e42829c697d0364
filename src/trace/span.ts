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
