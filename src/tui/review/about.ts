/** Texts about a sample: all that is known of it and was decided, and each of its edits before and after. */

import type { ReviewEvent } from "../../data/dataset/review.ts";
import type { Looked, ReviewBook } from "../../data/dataset/review-book.ts";
import { piecesOf, standingEdits, textOfSample } from "../../data/dataset/review-edits.ts";
import { blockVerdict, saidOf } from "../../data/dataset/review-trace.ts";
import type { Why } from "../../data/dataset/why.ts";
import { trainedLine } from "../../trace/sample.ts";
import { visibleLine } from "../../trace/visible.ts";
import { verdictToken } from "../session/timeline.ts";
import { type Fact, factLines, type Line, textLines } from "../views/line.ts";

const part = (name: string): Line[] => ["", [["title", name]]];

/** `why`: what became of the rollouts of its question, where that is known. */
export function aboutLines(book: ReviewBook, looked: Looked, why: Why | undefined, columns: number): Line[] {
	const { sample, decision, notes, misfits, events } = looked;
	const outputs = piecesOf(sample).filter(({ segment }) => segment.kind === "output");
	const dialect = book.dialectOf(sample);
	const ran = outputs.map(({ segment }) => blockVerdict(saidOf(segment.text, dialect)));
	const boxes = textOfSample(sample).match(/\\f?box(?:ed)?\s*\{/g)?.length ?? 0;
	const facts: Fact[] = [
		["domain", sample.domain],
		["source", sample.source],
		["gold answer", sample.gold ?? "none"],
		["answer", sample.answer],
		["verdict", sample.verdict, verdictToken(sample.verdict)],
		["ended by", sample.end ?? "nothing: it is open"],
		["blocks", ran.length === 0 ? "none" : `${ran.length}: ${ran.join(", ")}`],
		["boxed", boxes === 1 ? "one answer" : `${boxes} answers`],
		["hints", sample.hints.map(({ kind, id }) => kind || id).join(", ") || "none"],
		["length", sample.n_tokens === undefined ? undefined : `${sample.n_tokens} tokens`],
		["trains", trainedLine(sample.trained).replace(/^trained: /, "")],
		["model", `${sample.model}, ${sample.policy}`],
		["id", sample.id],
	];
	return [
		...textLines(sample.problem, columns),
		"",
		...factLines(facts, columns),
		...part("The rules"),
		...ruleLines(book, why, sample.id, columns),
		...part("The review"),
		...factLines(
			[
				["now", decision ?? "undecided"],
				...notes.map((note): Fact => ["note", note]),
				...misfits.map((misfit): Fact => ["left out", misfit, "warning"]),
			],
			columns,
		),
		...events.flatMap((event) => textLines(eventSays(event), columns, "dim")),
	];
}

function ruleLines(book: ReviewBook, why: Why | undefined, id: string, columns: number): Line[] {
	const dropping = book.sheet.waterfall.steps.map((step) => step.id).join(", ");
	const made = textLines(
		dropping === "" ? "The dataset was made without rules." : `It passed ${dropping}.`,
		columns,
	);
	if (!why) return made;
	const others = why.rollouts.filter((one) => one.id !== id);
	const dropped = new Map<string, number>();
	for (const { fate, step, chosen } of others) {
		const what = fate === "dropped" ? (step ?? "a rule") : chosen ? "a sample too" : "not chosen";
		dropped.set(what, (dropped.get(what) ?? 0) + 1);
	}
	const counts = [...dropped].map(([what, count]) => `${what} ${count}`).join(", ");
	const other = others.length === 0 ? "" : ` Of ${others.length} more of its question: ${counts}.`;
	return [...made, ...(other === "" ? [] : textLines(other.trim(), columns, "dim"))];
}

/** One event in a line. */
export function eventSays(event: ReviewEvent): string {
	const when = event.at.slice(0, 16).replace("T", " ");
	const why = event.why === undefined ? "" : `: ${visibleLine(event.why)}`;
	return `${when}  ${visibleLine(event.by)} ${DEEDS[event.do](event)}${why}`;
}

const first = (text: string): string => {
	const line = visibleLine(text.trim());
	return line.length > 40 ? `${line.slice(0, 39)}...` : line;
};

const DEEDS: Readonly<Record<ReviewEvent["do"], (event: ReviewEvent) => string>> = {
	accept: () => "accepted it",
	reject: () => "rejected it",
	clear: () => "took the decision back",
	undo: () => "took the last edit back",
	note: (event) => (event.do === "note" ? `noted: ${visibleLine(event.text)}` : "noted"),
	edit: (event) => {
		if (event.do !== "edit") return "edited it";
		if (event.text === "") return `took out ${event.was.length} characters, "${first(event.was)}"`;
		if (event.was === "") return `put in "${first(event.text)}"`;
		return `changed "${first(event.was)}" to "${first(event.text)}"`;
	},
};

const MOST_LINES = 400;

/** Every edit that stands: the lines that it changed, before (-) and after (+). */
export function diffLines({ before, events }: Looked, columns: number): Line[] {
	const lines: Line[] = [];
	for (const { edit, before: was, after } of standingEdits(before, events)) {
		const why = edit.why === undefined ? "" : `: ${visibleLine(edit.why)}`;
		const line = was.slice(0, edit.from).split("\n").length;
		const when = edit.at.slice(0, 16).replace("T", " ");
		if (lines.length > 0) lines.push("");
		lines.push([["title", `line ${line} - ${visibleLine(edit.by)}, ${when}${why}`]]);
		const old = around(was, edit.from, edit.from + edit.was.length);
		const now = around(after, edit.from, edit.from + edit.text.length);
		lines.push(...signed("- ", old, columns, "wrong"));
		// Whole lines that were taken out leave nothing.
		const whole =
			edit.text === "" && edit.was.endsWith("\n") && (edit.from === 0 || was[edit.from - 1] === "\n");
		if (!whole) lines.push(...signed("+ ", now, columns, "edit"));
	}
	return lines.length === 0 ? ["No edit stands."] : lines;
}

/** The whole lines that a change touches. */
function around(text: string, from: number, to: number): string {
	const begin = text.lastIndexOf("\n", from - 1) + 1;
	const last = to > from && text[to - 1] === "\n" ? to - 1 : to;
	const end = text.indexOf("\n", last);
	return text.slice(begin, end < 0 ? text.length : end);
}

function signed(sign: string, text: string, columns: number, token: "wrong" | "edit"): Line[] {
	const all = text.split("\n");
	const shown = all.slice(0, MOST_LINES);
	const lines = shown.flatMap((line) =>
		(line === "" ? [""] : textLines(line, columns - 2)).map(
			(row): Line => [
				[token, `${sign}${typeof row === "string" ? row : row.map(([, one]) => one).join("")}`],
			],
		),
	);
	const more = all.length - shown.length;
	return more > 0 ? [...lines, [["dim", `  and ${more} more lines`]]] : lines;
}
