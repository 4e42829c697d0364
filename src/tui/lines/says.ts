/** What happens in a trace, in words that mean something by themselves. Texts of others stand in them as they are. */
import type { Pending } from "../../reason/live.ts";
import type { EventOf, Problem } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { visibleLine } from "../../trace/visible.ts";
import { sayLed } from "../session/led-to.ts";
import { type Entry, placeOf } from "../session/timeline.ts";
import type { Choices } from "../views/start/choices.ts";

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** "12 milliseconds", "1.5 seconds", "2 minutes 3 seconds". */
export function inTime(ms: number): string {
	if (ms < 1_000) return counted(Math.round(ms), "millisecond");
	if (ms < 120_000) {
		const seconds = Number((ms / 1_000).toFixed(1));
		return counted(seconds, "second");
	}
	const seconds = Math.round(ms / 1_000);
	return `${counted(Math.floor(seconds / 60), "minute")} ${counted(seconds % 60, "second")}`;
}

const FENCE = /^\s*(?:`{3,}|~{3,})\s*\{?\.?(\w*)/;

/** A text of several lines without the fences in it; `opens`: it ends in code that is to be written on. */
export function withoutFences(text: string): { readonly lines: readonly string[]; readonly opens: boolean } {
	const lines: string[] = [];
	let opens = false;
	for (const line of text.split("\n")) {
		if (FENCE.test(line)) opens = !opens;
		else if (line.trim() !== "") lines.push(line.trimEnd());
	}
	return { lines, opens };
}

/** Of a hint that a person wrote. */
const OWN_KIND = "by-hand";

/** "Hint after Wait, self-reflection, by you: let me check that." */
export function hintSays(event: EventOf<"hint">, word: string | undefined): string {
	const place = placeOf(event.marker, word);
	const kind = event.kind === OWN_KIND ? "" : visibleLine(event.kind || event.hint);
	const named = kind === "" ? "" : `, ${kind}`;
	if (place === "by hand")
		return withHead(kind === "" ? "Your own hint" : `Hint put in by you${named}`, event.text);
	return withHead(`Hint ${visibleLine(place)}${named}${event.by === "person" ? ", by you" : ""}`, event.text);
}

/** One line where the text has one, else a heading and its lines. */
function withHead(head: string, text: string): string {
	const { lines, opens } = withoutFences(text);
	const said = lines.length === 0 && opens ? ["it opens a block of code."] : lines.map((line) => line.trim());
	if (said.length <= 1) return `${head}: ${said[0] ?? "nothing."}`;
	return [`${head}:`, ...said].join("\n");
}

export function outputSays(
	event: Pick<EventOf<"output">, "block" | "verdict" | "durationMs" | "output" | "stateLost">,
): string {
	const { block, verdict, durationMs, output, stateLost } = event;
	const lost = stateLost ? ", its variables are lost" : "";
	const head = `Output of block ${block}, ${verdict}, ${inTime(durationMs)}${lost}`;
	return blockOf(head, output);
}

/** One line where that is all, else a heading, the lines, and their end. */
export function blockOf(head: string, text: string): string {
	const lines = text.split("\n").filter((line) => line.trim() !== "");
	if (lines.length === 0) return `${head}: nothing.`;
	if (lines.length === 1) return `${head}: ${lines[0]}`;
	return [`${head}:`, ...lines, "End of the output."].join("\n");
}

export function vetoSays(event: EventOf<"decision">, branch: Branch | undefined): string {
	const kind = branch?.proposals.findLast(({ at }) => at === event.at)?.kind ?? event.hint ?? "";
	const what = kind === "" ? "The hint" : `The hint, ${visibleLine(kind)},`;
	if (event.reason === "undone") return `${what} is undone.`;
	const why = event.reason === "" || event.reason === "vetoed" ? "" : `: ${visibleLine(event.reason)}`;
	return `${what} was vetoed${event.by === "person" ? " by you" : ""}${why}.`;
}

/** With what can be said to it. `again`: another wording, or another hint, for the place that was told before. */
export function proposalSays(pending: Pending, now: number, again = false): string {
	const { proposal, marker, note } = pending;
	const place = visibleLine(placeOf(marker.kind, marker.word));
	const named = [...new Set([proposal.kind, proposal.hint])].map(visibleLine).join(", ");
	const { lines, opens } = withoutFences(proposal.text);
	const text = lines.map((line) => line.trim()).join(" ");
	const code = opens ? `${text === "" ? "" : " "}Then a block of Python is opened.` : "";
	return [
		again ? `Now ${named}.` : `A hint is proposed ${place}: ${named}.`,
		...(note === undefined ? [] : [`Note: ${visibleLine(note)}.`]),
		...(again ? [] : [`The reason: ${visibleLine(proposal.reason)}.`]),
		`It would say: ${text}${code}`,
		...clockSays(pending, now),
		...(again ? [] : ["Say insert, edit, other wording, other hint, veto or veto kind."]),
	].join("\n");
}

/** Empty where it waits for as long as it takes. */
export function clockSays({ until }: Pending, now: number): readonly string[] {
	if (until === undefined) return [];
	return [
		`It goes in by itself in ${inTime(Math.max(0, until - now))} unless you say veto; pause gives you time.`,
	];
}

const ENDS: Readonly<Record<EventOf<"end">["reason"], string>> = {
	eos: "The model ended its turn",
	tokens: "The token budget is used up",
	time: "The time is used up",
	context: "The context is full",
	interrupted: "Stopped here; it can be taken up again",
	engine: "The engine failed; it can be tried again",
};

/** Why is said by itself while the session is live. */
export function endSays({ reason, message }: EventOf<"end">, withMessage: boolean): string {
	const why = withMessage && message !== undefined ? `: ${visibleLine(message)}` : "";
	return `${ENDS[reason] ?? reason}${why}.`;
}

/** "End. The verdict is correct: answer 110968, gold answer 110968. 2 hints, 2 calls, 310 tokens in 4.1 seconds." */
export function outcomeSays(branch: Branch, problem: Problem): string {
	const { outcome, usage, hints, calls } = branch;
	if (!outcome) return "There is no verdict yet.";
	const { verdict, answer, reason } = outcome;
	const facts = [
		...(answer === undefined ? [] : [`answer ${visibleLine(answer)}`]),
		...(problem.answer === undefined ? [] : [`gold answer ${visibleLine(problem.answer)}`]),
		...(reason === undefined ? [] : [visibleLine(reason)]),
	];
	const byYou = hints.filter(({ by }) => by === "person").length;
	const cost = [
		`${counted(hints.length, "hint")}${byYou === 0 ? "" : byYou < hints.length ? `, ${byYou} of them by you` : " by you"}`,
		counted(calls.length, "call"),
		...(usage ? [`${counted(usage.sampledTokens, "token")} in ${inTime(usage.durationMs)}`] : []),
	];
	return `End. The verdict is ${verdict}${facts.length === 0 ? "" : `: ${facts.join(", ")}`}. ${cost.join(", ")}.`;
}

/** "auto, 1 round, 1 word, each hint announced 10 seconds before it goes in" */
export function policySays({
	mode,
	rounds,
	words,
	vetoMs,
}: Pick<Choices, "mode" | "rounds" | "words" | "vetoMs">): string {
	if (mode === "off") return "off: no hints but your own";
	const most = `${counted(rounds, "hint")} before the end of thinking, ${counted(words, "hint")} after reflection words`;
	if (mode === "ask") return `ask: ${most}, each waits for you`;
	return `auto: ${most}${vetoMs > 0 ? `, each is announced ${inTime(vetoMs)} before it goes in` : ""}`;
}

const NAMES: Partial<Record<Entry["kind"], string>> = {
	hint: "hint ",
	veto: "hint ",
	pending: "hint ",
	marker: "marker ",
	outcome: "verdict ",
};

/** One entry of the timeline; `line` is the number of the unit that stands there. */
export function entrySays(entry: Entry, line: number | undefined): string {
	const { kind, place, what, who, led } = entry;
	const name = NAMES[kind] ?? "";
	const by = kind !== "hint" && kind !== "veto" ? "" : who === "person" ? ", by you" : ", by the policy";
	const to = led === undefined ? "" : sayLed(led);
	return [
		`${name}${visibleLine(place)}`,
		...(what === "" ? [] : [`, ${visibleLine(what)}`]),
		by,
		...(line === undefined ? [] : [`, line ${line}`]),
		...(to === "" ? [] : [`, led to ${visibleLine(to)}`]),
	].join("");
}

/** A URL may carry a password. */
export const withoutPassword = (engine: string): string =>
	engine.replace(/(https?:\/\/)[^/@]*@/, "$1[hidden]@");
