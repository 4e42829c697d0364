/** What an export says about masks and flaws, on screen and in its card alike. */
import type { Format } from "./format.ts";
import type { Named, Tally } from "./tally.ts";

const number = (count: number): string => count.toLocaleString("en-GB");

/** How well a format carries what trains. */
export function masksSay({ carries }: Format, { masked, samples }: Tally): string {
	if (carries === "tokens") return "carries the masks exactly";
	if (carries === "text") return "carries the masks; its reader tokenises each piece by itself";
	const lost = Object.entries(masked).map(([kind, chars]) => `${number(chars)} characters of ${NAMES[kind]}`);
	return lost.length === 0
		? `cannot carry masks; the ${samples} samples have nothing to mask but the prompt`
		: `CANNOT CARRY MASKS: whoever trains on the assistant's turn trains ${lost.join(" and ")}, which are not the model's to learn`;
}

const NAMES: Readonly<Record<string, string>> = {
	output: "outputs of Python",
	hint: "hints",
	model: "the model's words",
	edit: "edits",
};

/** What is not as it should be in samples that were exported nevertheless. */
export function flawsOf({ inexact, ends, unended, guessedTurns, thinkingTurns, samples }: Tally): string[] {
	const some = (count: number, says: string): string[] =>
		count === 0 ? [] : [`${count} of ${samples} samples ${says}`];
	return [
		...some(
			inexact.count,
			`come from an engine that is not exact (${namesOf(inexact)}): what the model was continued from is not known to the byte`,
		),
		...some(
			ends.added,
			"ended by themselves with a token that the engine did not report: the tokenizer's was put there",
		),
		...some(ends.missing, "ended by themselves and have no end-of-turn token to train"),
		...some(
			ends["not known"],
			"ended by themselves; whether with a trained token was not checked, as the engine does not say what ends a turn",
		),
		...some(unended, "did not end by themselves: a reader that writes an end of turn teaches to stop there"),
		...some(
			thinkingTurns,
			"have their thinking inside the turn, and templates such as those of DeepSeek-R1 and Qwen3 may cut it out of an assistant's message: look at what your reader makes of one",
		),
		...some(
			guessedTurns,
			"have a header of a template that is not known: their user's turn is the question alone, without system text and instruction",
		),
	];
}

export function namesOf({ count, first }: Named): string {
	return `${first.join(", ")}${count > first.length ? ", ..." : ""}`;
}
