/**
 * The edits that a person makes by hand: what stands where in a sample's text, and the changes that one command makes (a
 * block taken out with its output, the tail behind the answer). Each is one `edit` event of review.ts.
 *
 * Places are UTF-16 units of the assistant's text, as in an edit. What Python said is never rewritten; what the change would
 * be, or why it cannot be, comes back as a value, and nothing here writes.
 */
import type { FenceDialect } from "../../hints/marker.ts";
import { extractAnswer } from "../../score/answer.ts";
import type { Sample, Segment } from "../../trace/sample.ts";
import { blocksOf, shapeOf } from "../rules/blocks.ts";
import { changeBetween, editSegments, type ReviewEvent } from "./review.ts";

export type Piece = { readonly segment: Segment; readonly from: number; readonly to: number };
export type Change = { readonly from: number; readonly was: string; readonly text: string };
export type Edit = Extract<ReviewEvent, { do: "edit" }>;

/** All but the prompt, with where each stands. */
export function piecesOf({ segments }: Pick<Sample, "segments">): Piece[] {
	const pieces: Piece[] = [];
	let at = 0;
	for (const segment of segments) {
		if (segment.kind === "prompt") continue;
		pieces.push({ segment, from: at, to: at + segment.text.length });
		at += segment.text.length;
	}
	return pieces;
}

export function textOfSample({ segments }: Pick<Sample, "segments">): string {
	return segments.flatMap(({ kind, text }) => (kind === "prompt" ? [] : [text])).join("");
}

/** The piece that a place is in; at the end of the text the last one. */
export function pieceAt(pieces: readonly Piece[], at: number): Piece | undefined {
	return pieces.find(({ to }) => at < to) ?? pieces.at(-1);
}

/** What makes `now` of what stands from one place to another; undefined: it is the same. */
export function rewriting(sample: Sample, from: number, to: number, now: string): Change | undefined {
	const change = changeBetween(textOfSample(sample).slice(from, to), now);
	return change && { ...change, from: from + change.from };
}

/**
 * What makes another whole text of a sample's: a change for each stretch between two outputs, those behind first, so that
 * each finds its place; or why it cannot be. Outputs that the new text lacks are taken out; one that it has in other words
 * is refused.
 */
export function rewritingAll(sample: Sample, now: string): Change[] | string {
	const text = textOfSample(sample);
	const changes: Change[] = [];
	let forged = false;
	let [old, fresh] = [0, 0];
	/** From where both texts are known to go together, up to an output that both have, or their ends. */
	const between = (oldEnd: number, freshEnd: number, gone: readonly Piece[]): void => {
		let kept = "";
		let at = old;
		const put = now.slice(fresh, freshEnd);
		for (const { segment, from, to } of gone) {
			const frame = /\S.*/.exec(segment.text)?.[0];
			if (frame !== undefined && put.includes(frame)) forged = true;
			kept += text.slice(at, from);
			at = to;
		}
		const change = changeBetween(kept + text.slice(at, oldEnd), put);
		// It is made when the outputs are gone: its place is that in what is left.
		if (change) changes.push({ ...change, from: old + change.from });
		for (const { segment, from } of gone) changes.push({ from, was: segment.text, text: "" });
	};
	let gone: Piece[] = [];
	for (const piece of piecesOf(sample)) {
		if (piece.segment.kind !== "output") continue;
		const found = now.indexOf(piece.segment.text, fresh);
		if (found < 0) {
			gone.push(piece);
			continue;
		}
		between(piece.from, found, gone);
		gone = [];
		old = piece.to;
		fresh = found + piece.segment.text.length;
	}
	between(text.length, now.length, gone);
	return forged ? "what Python said cannot be rewritten, only taken out whole" : changes.reverse();
}

/** Why an edit cannot be made by hand; undefined: it can. */
export function refused(sample: Sample, change: Change): string | undefined {
	const { segments } = sample;
	const to = change.from + change.was.length;
	const overOutput = piecesOf(sample).some(
		({ segment, from, to: end }) => segment.kind === "output" && from < to && end > change.from,
	);
	if (overOutput && change.text !== "") return "what Python said cannot be rewritten, only taken out whole";
	const edited = editSegments(segments, { do: "edit", sample: "", by: "", at: "", ...change });
	return typeof edited === "string" ? edited : undefined;
}

/** One that stands, with the text before it and behind it. */
export type Standing = { readonly edit: Edit; readonly before: string; readonly after: string };

/** The edits of a sample that were not taken back, in their order. */
export function standingEdits(sample: Sample, events: readonly ReviewEvent[]): Standing[] {
	const stack: { readonly segments: readonly Segment[]; readonly edit?: Edit }[] = [
		{ segments: sample.segments },
	];
	for (const event of events) {
		if (event.do === "undo" && stack.length > 1) stack.pop();
		if (event.do !== "edit") continue;
		const segments = editSegments(stack.at(-1)!.segments, event);
		if (typeof segments !== "string") stack.push({ segments, edit: event });
	}
	return stack.slice(1).map(({ segments, edit }, index) => ({
		edit: edit!,
		before: textOfSample(stack[index]!),
		after: textOfSample({ segments }),
	}));
}

/** The block that ran at a place, from its opening line to the end of what it printed; or why there is none. */
export function blockAt(sample: Sample, at: number, dialect: FenceDialect): Change | string {
	const outputs = piecesOf(sample).filter(({ segment }) => segment.kind === "output");
	const text = textOfSample(sample);
	const blocks = blocksOf(
		text,
		outputs.map(({ from }) => from),
		shapeOf(dialect),
	);
	for (const { from, to } of outputs) {
		const block = blocks.findLast(({ end, runnable }) => runnable && end <= from);
		const start = block && text.slice(block.end, from).trim() === "" ? block.start : from;
		if (at >= start && at < to) return { from: start, was: text.slice(start, to), text: "" };
	}
	return "no block that ran stands here: go to its code or its output first";
}

/** The code that led to each output, in their order; empty where it cannot be told. */
export function codeOf(sample: Sample, dialect: FenceDialect): string[] {
	const outputs = piecesOf(sample).filter(({ segment }) => segment.kind === "output");
	const text = textOfSample(sample);
	const blocks = blocksOf(
		text,
		outputs.map(({ from }) => from),
		shapeOf(dialect),
	);
	return outputs.map(({ from }) => {
		const block = blocks.findLast(({ end, runnable }) => runnable && end <= from);
		return block && text.slice(block.end, from).trim() === "" ? text.slice(block.from, block.to) : "";
	});
}

/** What ends a turn, where it has no ids to tell it by: `<|im_end|>` and its like, and `</s>`. */
const END_OF_TURN = /(?:<[|\uff5c][^<>\s]{1,40}[|\uff5c]>|<\/s>|<end_of_turn>)\n?$/;

/** The text of the token that ended the turn, at the end of the sample's text; empty where it was cut off. */
export function endOfTurn(sample: Sample): string {
	const last = sample.segments.at(-1);
	if (sample.end !== "eos" || !last || last.kind === "output") return "";
	const found = END_OF_TURN.exec(last.text)?.[0];
	if (found !== undefined) return found;
	// One token of its own: the last that has a length.
	const length = last.lens?.findLast((units) => units > 0);
	return length === undefined ? "" : last.text.slice(last.text.length - length);
}

/** Everything from a place on, but for the end of the turn; or why nothing is to be cut. */
export function tailFrom(sample: Sample, at: number): Change | string {
	const text = textOfSample(sample);
	const was = text.slice(at, text.length - endOfTurn(sample).length);
	if (was === "") return "nothing stands behind it";
	return { from: at, was, text: "" };
}

/** Marks that close a formula, and what ends a sentence. */
const SENTENCE_END = /^(?:\\\)|\\\]|[$*.!)\u3002])*/;

/**
 * What stands behind the final answer: from the end of the first sentence after the thinking that boxes it. A model that
 * goes on then repeats itself or doubts what it has.
 */
export function tailAfterAnswer(sample: Sample, thinkClose: string): Change | string {
	const text = textOfSample(sample);
	const final = extractAnswer(text, { thinkClose });
	if (!final) return "there is no answer in a box: go to its line and cut from there";
	if (text.includes(thinkClose) && !final.said)
		return "the answer was only thought, not given: nothing is cut";
	let at = text.includes(thinkClose) ? text.lastIndexOf(thinkClose) + thinkClose.length : final.at;
	for (; at <= final.at; at++) {
		const box = nextBox(text, at);
		if (box === undefined) break;
		if (box.answer === final.answer) {
			const rest = text.slice(box.end);
			const change = tailFrom(sample, box.end + (SENTENCE_END.exec(rest)?.[0].length ?? 0));
			if (typeof change === "string" || change.was.trim() === "") return "nothing stands behind the answer";
			return change;
		}
		at = box.from + 1;
	}
	return "nothing stands behind the answer";
}

function nextBox(text: string, from: number): { from: number; end: number; answer: string } | undefined {
	const begin = /\\f?box(?:ed)?[ \t\n]*\{/g;
	begin.lastIndex = from;
	const found = begin.exec(text);
	if (!found) return undefined;
	let depth = 1;
	let at = begin.lastIndex;
	for (; at < text.length && depth > 0; at++) {
		if (text[at] === "\\") at++;
		else if (text[at] === "{") depth++;
		else if (text[at] === "}") depth--;
	}
	return { from: found.index, end: at, answer: text.slice(begin.lastIndex, at - 1).trim() };
}

/** "edited in 2 places: 12 characters became 15". */
export function changedSays(changes: readonly Change[]): string {
	const was = changes.reduce((sum, change) => sum + change.was.length, 0);
	const now = changes.reduce((sum, change) => sum + change.text.length, 0);
	const places = changes.length === 1 ? "" : ` in ${changes.length} places`;
	return `edited${places}: ${was} characters became ${now}`;
}
