/**
 * What people decided about the samples of a dataset: `reviews.jsonl`, append-only, and the samples as they stand after it.
 *
 * What always holds: `samples.jsonl` never changes; a sample as reviewed is the fold of its own events, in their order.
 * Text that a person changed becomes a segment of kind `edit` with who, when, why and what was there; what stands before
 * and after it keeps its kind and, where lengths are known, its ids. Neither the prompt nor what Python said can be
 * rewritten: an output can only be taken out whole. An event that does not fit the text is left out and told.
 */
import { countsOf, type Edited, type Sample, type Segment } from "../../trace/sample.ts";
import { cutSpan, type Span } from "../../trace/span.ts";

type Event<Do extends string, Fields = object> = {
	readonly do: Do;
	/** The sample's id. */
	readonly sample: string;
	/** Who. */
	readonly by: string;
	/** When: ISO 8601, UTC. */
	readonly at: string;
	readonly why?: string;
} & Fields;

export type ReviewEvent =
	| Event<"accept">
	| Event<"reject">
	/** Neither accepted nor rejected any more. */
	| Event<"clear">
	/** `from` counts UTF-16 units of the assistant's text (all segments but the prompt) as it stood then; `was` stood there. */
	| Event<"edit", { readonly from: number; readonly was: string; readonly text: string }>
	/** Takes the last edit of the sample back that still stands. */
	| Event<"undo">
	| Event<"note", { readonly text: string }>;

export type Decision = "accepted" | "rejected";

export type Reviewed = {
	readonly sample: Sample;
	readonly decision?: Decision;
	/** Edits that stand. */
	readonly edits: number;
	readonly notes: readonly string[];
	/** Events that did not fit, in words. */
	readonly misfits: readonly string[];
};

export function reviewed(sample: Sample, events: readonly ReviewEvent[]): Reviewed {
	let decision: Extract<ReviewEvent, { do: "accept" | "reject" }> | undefined;
	const stack: Segment[][] = [[...sample.segments]];
	const notes: string[] = [];
	const misfits: string[] = [];
	for (const event of events) {
		switch (event.do) {
			case "accept":
			case "reject":
				decision = event;
				break;
			case "clear":
				decision = undefined;
				break;
			case "note":
				notes.push(event.text);
				break;
			case "undo":
				if (stack.length > 1) stack.pop();
				else misfits.push("there was no edit to take back");
				break;
			case "edit": {
				const edited = editSegments(stack.at(-1)!, event);
				if (typeof edited === "string") misfits.push(edited);
				else stack.push(edited);
				break;
			}
			default:
				event satisfies never;
				misfits.push("an event of a later version");
		}
	}
	const segments = stack.at(-1)!;
	const said: Decision | undefined = decision && (decision.do === "accept" ? "accepted" : "rejected");
	const { n_tokens: _, ...rest } = sample;
	return {
		sample: {
			...(stack.length > 1 ? { ...rest, segments, ...countsOf(segments, endOf(sample)) } : sample),
			...(decision &&
				said && {
					review: {
						decision: said,
						by: decision.by,
						...(decision.why !== undefined && { why: decision.why }),
					},
				}),
		},
		...(said && { decision: said }),
		edits: stack.length - 1,
		notes,
		misfits,
	};
}

/** The text of the token that ended the turn, which has no id in its segment. */
function endOf({ end, segments }: Sample): string | undefined {
	const last = segments.at(-1);
	return end === "eos" && last?.kind === "model" && !last.ids ? last.text : undefined;
}

/** Segments with a part of the assistant's text replaced, or why that cannot be. */
export function editSegments(
	segments: readonly Segment[],
	{ from, was, text, by, at, why }: Extract<ReviewEvent, { do: "edit" }>,
): Segment[] | string {
	if (was === text) return "nothing was changed";
	if (was.length === 0 && text.length === 0) return "nothing was changed";
	const to = from + was.length;
	const edit: Edited = { by, at, was, ...(why !== undefined && { why }) };
	const made: Segment = { kind: "edit", text, train: true, edited: edit };
	const result: Segment[] = [];
	let place = 0;
	let put = false;
	let removed = "";
	const putEdit = (): void => {
		if (!put && text !== "") result.push(made);
		put = true;
	};
	for (const segment of segments) {
		if (segment.kind === "prompt") {
			result.push(segment);
			continue;
		}
		const start = place;
		const end = start + segment.text.length;
		place = end;
		if (end <= from || start >= to) {
			// Text that is only put in stands before what begins at its place.
			if (start >= to && start >= from) putEdit();
			if (start < from && end > from && was === "") {
				if (segment.kind === "output") return "what Python said cannot be rewritten";
				result.push(...part(segment, 0, from - start));
				putEdit();
				result.push(...part(segment, from - start, segment.text.length));
			} else result.push(segment);
			continue;
		}
		const [a, b] = [Math.max(from, start) - start, Math.min(to, end) - start];
		if (segment.kind === "output" && (a > 0 || b < segment.text.length))
			return "what Python said cannot be rewritten, only taken out whole";
		removed += segment.text.slice(a, b);
		result.push(...part(segment, 0, a));
		putEdit();
		result.push(...part(segment, b, segment.text.length));
	}
	if (from > place || from < 0) return "it is about a place that the text does not have";
	putEdit();
	if (removed !== was) return "the text that it changes is not there any more";
	if (!result.some(({ train }) => train)) return "nothing would be left to train on";
	return result;
}

/** A part of a segment, with the ids of what it has whole. */
function part(segment: Segment, from: number, to: number): Segment[] {
	const { text, ids, lens, kind, train, edited } = segment;
	if (from >= to) return [];
	if (from === 0 && to === text.length) return [segment];
	const rest = { train, ...(edited && { edited }) };
	const bare = { kind, text: text.slice(from, to), ...rest };
	if (kind === "prompt" || !ids || !lens) return [bare];
	const span: Span = { kind, text, ids, lens };
	const head = cutSpan(span, to);
	if (from === 0) return head.map((piece) => ({ ...piece, ...rest }));
	// From the first whole id on: what stands before it has none.
	const pieces: Segment[] = [];
	let units = 0;
	for (const piece of head) {
		const end = units + piece.text.length;
		if (end > from) pieces.push(...behind({ ...piece, ...rest }, Math.max(0, from - units)));
		units = end;
	}
	return pieces;
}

/** What follows a cut: the id that the cut goes through loses its place, all behind it stay. */
function behind(segment: Segment, cut: number): Segment[] {
	const { text, ids, lens } = segment;
	if (cut === 0) return [segment];
	const { ids: _, lens: __, ...bare } = segment;
	if (!ids || !lens) return [{ ...bare, text: text.slice(cut) }];
	let units = 0;
	let first = 0;
	while (first < ids.length && units < cut) units += lens[first++]!;
	// An id of length 0 belongs to the character that a later one completes; a place before ASCII is the start of an id.
	while (first < ids.length && (lens[first] === 0 || (units < text.length && text.charCodeAt(units) > 0x7f)))
		units += lens[first++]!;
	const pieces: Segment[] = [];
	if (units > cut) pieces.push({ ...bare, text: text.slice(cut, units) });
	if (units < text.length)
		pieces.push({ ...bare, text: text.slice(units), ids: ids.slice(first), lens: lens.slice(first) });
	return pieces;
}

/** The smallest change that makes one text of another: what both begin and end with is left alone, whole characters and words. */
export function changeBetween(
	was: string,
	now: string,
): { readonly from: number; readonly was: string; readonly text: string } | undefined {
	if (was === now) return undefined;
	const most = Math.min(was.length, now.length);
	let head = 0;
	while (head < most && was.charCodeAt(head) === now.charCodeAt(head)) head++;
	let tail = 0;
	while (
		tail < most - head &&
		was.charCodeAt(was.length - 1 - tail) === now.charCodeAt(now.length - 1 - tail)
	)
		tail++;
	const inWord = (text: string, at: number): boolean =>
		at > 0 &&
		at < text.length &&
		/[\p{L}\p{N}\p{M}_\ud800-\udfff]/u.test(text[at - 1]!) &&
		/\S/.test(text[at]!);
	while (head > 0 && (inWord(was, head) || inWord(now, head))) head--;
	while (tail > 0 && (inWord(was, was.length - tail) || inWord(now, now.length - tail))) tail--;
	return { from: head, was: was.slice(head, was.length - tail), text: now.slice(head, now.length - tail) };
}

export function parseReview(line: string): ReviewEvent | string {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return "not JSON";
	}
	const event = value as Partial<ReviewEvent> | null;
	if (typeof event !== "object" || event === null || typeof event.sample !== "string")
		return "no review: it names no sample";
	if (typeof event.do !== "string" || typeof event.by !== "string" || typeof event.at !== "string")
		return "no review: it lacks what was done, by whom or when";
	if (
		event.do === "edit" &&
		(typeof event.from !== "number" || typeof event.was !== "string" || typeof event.text !== "string")
	)
		return "no review: an edit needs from, was and text";
	return event as ReviewEvent;
}
