/** Texts that say all that is known: of an entry of the timeline, of the problem, of how a trace ended. */
import type { Problem } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { segmentsOf, trainedLine, trainedOf } from "../../trace/sample.ts";
import { sayLed } from "../session/led-to.ts";
import { duration, type Entry, verdictToken } from "../session/timeline.ts";
import type { Desk } from "../view.ts";
import { type Fact, factLines, type Line, textLines } from "./line.ts";
import { textSheet } from "./text-sheet.ts";

export function entrySheet(options: {
	readonly desk: Desk;
	readonly entry: Entry;
	readonly branch: Branch;
}): void {
	const { desk, entry, branch } = options;
	textSheet({
		desk,
		title: `${entry.place}${entry.what === "" ? "" : `: ${entry.what}`}`,
		lines: (columns) => entryLines(entry, branch, columns),
	});
}

/** A part of a text sheet: what follows is of one kind. */
function part(name: string, lines: readonly Line[]): Line[] {
	return lines.length === 0 ? [] : ["", [["title", name]], ...lines];
}

const textPart = (
	name: string,
	text: string,
	columns: number,
	token: Parameters<typeof textLines>[2],
): Line[] => (text === "" ? [] : part(name, textLines(text.replace(/\n$/, ""), columns, token)));

export function entryLines(entry: Entry, branch: Branch, columns: number): Line[] {
	const { event } = entry;
	const facts = (...more: Fact[]): Line[] =>
		factLines(
			[...more, ["by", entry.who], ["stands at", `${entry.at} of ${branch.length} characters`]],
			columns,
		);
	switch (event.type) {
		case "hint": {
			const proposal = branch.proposals.findLast(({ at }) => at === event.at);
			const decision = branch.decisions.findLast(({ at }) => at === event.at);
			return [
				...facts(
					["hint", event.hint || "written by hand"],
					["kind", event.kind],
					["where", entry.place],
					["wording", event.wording],
					["proposed", proposal?.reason],
					["decided", decision && `${decision.decision}: ${decision.reason}`],
					["led to", (entry.led && sayLed(entry.led)) || "nothing yet"],
					["tokens", event.ids && String(event.ids.length)],
				),
				...textPart("What went in", event.text, columns, "hint"),
				...(proposal && proposal.text !== event.text
					? textPart("What was proposed", proposal.text, columns, "pending")
					: []),
			];
		}
		case "decision": {
			const proposal = branch.proposals.findLast(({ at }) => at === event.at);
			return [
				...facts(
					["decided", `${event.decision}${event.reason === "" ? "" : `: ${event.reason}`}`],
					["hint", event.hint ?? proposal?.hint],
					["kind", proposal?.kind],
					["where", entry.place],
					["proposed", proposal?.reason],
				),
				...textPart("What would have gone in", proposal?.text ?? "", columns, "vetoed"),
			];
		}
		case "marker": {
			const decision = branch.decisions.findLast(({ at }) => at === event.at);
			return facts(
				["marker", event.marker],
				["word", event.word],
				["number", `${event.index + 1} of its kind`],
				["nothing went in", decision?.reason],
			);
		}
		case "call": {
			const { code, output } = event.call;
			return [
				...facts(
					["verdict", output?.verdict ?? "runs", output?.verdict === "ok" ? "output" : "failure"],
					["time", output && duration(output.durationMs)],
					["variables", output?.stateLost ? "lost: Python was started anew" : undefined],
				),
				...textPart("Code", code, columns, "code"),
				...textPart("Output", output?.text ?? "", columns, output?.verdict === "ok" ? "output" : "failure"),
			];
		}
		case "edited":
			return [...facts(), ...textPart("Text", event.text, columns, "edit")];
		case "pending": {
			const { proposal, note } = event.pending;
			return [
				...facts(
					["hint", proposal.hint],
					["kind", proposal.kind],
					["where", entry.place],
					["wording", proposal.wording],
					["proposed", proposal.reason],
					["note", note],
				),
				...textPart("What would go in", proposal.text, columns, "pending"),
			];
		}
		case "notice":
			return [...facts(["level", event.level]), ...textPart("Notice", event.text, columns, event.level)];
		case "end":
		case "outcome":
			return endLines(branch, undefined, columns);
	}
}

/** The verdict, the answer against the gold one, what hints led to and what it cost. */
export function endLines(branch: Branch, problem: Problem | undefined, columns: number): Line[] {
	const { end, outcome, usage, hints, calls } = branch;
	const verdicts = calls.map(({ output }) => output?.verdict ?? "runs");
	const trained = trainedOf(segmentsOf(branch), end?.reason === "eos" ? end.eos : undefined);
	return factLines(
		[
			["verdict", outcome?.verdict ?? "none yet", verdictToken(outcome?.verdict)],
			["answer", outcome?.answer],
			["gold answer", problem?.answer],
			["why", outcome?.reason],
			["ended", end && `${ENDS[end.reason]}${end.message === undefined ? "" : `: ${end.message}`}`],
			[
				"hints",
				`${hints.length}${hints.length === 0 ? "" : `: ${hints.map(({ kind, hint }) => kind || hint || "by hand").join(", ")}`}`,
			],
			["blocks", `${calls.length}${calls.length === 0 ? "" : `: ${verdicts.join(", ")}`}`],
			["sampled", usage && `${usage.sampledTokens} tokens in ${duration(usage.durationMs)}`],
			["as a sample", Object.keys(trained).length === 0 ? "nothing to train on" : trainedLine(trained)],
		],
		columns,
	);
}

const ENDS = {
	eos: "the model ended its turn",
	tokens: "the token budget is used up",
	time: "the time is used up",
	context: "the context is full",
	interrupted: "broken off",
	engine: "the engine failed",
} as const;

export function endSheet(options: {
	readonly desk: Desk;
	readonly branch: Branch;
	readonly problem?: Problem;
}): void {
	const { desk, branch, problem } = options;
	textSheet({
		desk,
		title: `The end: ${branch.outcome?.verdict ?? "no verdict yet"}`,
		lines: (columns) => endLines(branch, problem, columns),
	});
}

export function problemSheet(options: { readonly desk: Desk; readonly problem: Problem }): void {
	const { desk, problem } = options;
	textSheet({
		desk,
		title: `Problem ${problem.id}`,
		lines: (columns) => problemLines(problem, columns),
		copies: problem.problem,
	});
}

export function problemLines(problem: Problem, columns: number): Line[] {
	const { tests, choices = [] } = problem;
	return [
		...textLines(problem.problem, columns),
		...choices.flatMap((choice) => textLines(`- ${choice}`, columns)),
		"",
		...factLines(
			[
				["domain", problem.domain],
				["gold answer", problem.answer ?? (tests ? undefined : "none: the answer cannot be checked")],
				[
					"checked by",
					tests &&
						(Array.isArray(tests) ? counted(tests.length, "test") : `the tests of ${tests.entry_point}`),
				],
				["source", problem.source],
			],
			columns,
		),
	];
}

function counted(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? "" : "s"}`;
}
