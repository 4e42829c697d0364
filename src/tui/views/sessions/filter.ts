/**
 * What is written above a list of sessions: words, and conditions `verdict:wrong`, `mark:accepted`, `tag:x`, `open:`,
 * `damaged:`. The beginning of a value is enough ("verdict:w"), and a condition without its value holds of all that have
 * one, so that nothing flickers away while it is being typed.
 */
import type { Shelved } from "../../../trace/shelf.ts";
import type { Summary } from "../../../trace/summary.ts";
import { type Haystack, rankOf, wordsOf } from "../word-filter.ts";

/** For help: what can be written. */
export const CONDITIONS = ["verdict:", "mark:", "tag:", "model:", "open:", "damaged:"] as const;

type Condition = (entry: Shelved) => boolean;

export function sessionFilter(query: string): (entry: Shelved) => boolean {
	const words: string[] = [];
	const conditions: Condition[] = [];
	for (const word of wordsOf(query)) {
		const condition = conditionOf(word);
		if (condition) conditions.push(condition);
		else words.push(word);
	}
	return (entry) =>
		conditions.every((holds) => holds(entry)) && rankOf(words, haystackOf(entry)) !== undefined;
}

function conditionOf(word: string): Condition | undefined {
	const colon = word.indexOf(":");
	if (colon < 0) return undefined;
	const wanted = word.slice(colon + 1);
	const of =
		(valuesOf: (summary: Summary) => readonly (string | undefined)[]): Condition =>
		({ summary }) =>
			summary !== undefined &&
			valuesOf(summary).some((value) => value !== undefined && fold(value).startsWith(wanted));
	switch (word.slice(0, colon)) {
		case "verdict":
			return wanted === ""
				? () => true
				: of(({ verdict, open }) => [verdict ?? "none", verdict === undefined && open ? "open" : undefined]);
		case "mark":
			return of(({ mark }) => [mark ?? (wanted === "" ? undefined : "none")]);
		case "tag":
			return of(({ tags }) => tags);
		case "model":
			return of(({ model }) => [model]);
		case "open":
			return ({ summary }) => summary?.open === true;
		case "damaged":
			return ({ summary }) => summary === undefined || summary.damaged > 0;
		default:
			// A word with a colon in it: "12:30".
			return undefined;
	}
}

/** Conditions are words: "no answer" is written "no-answer". */
const fold = (value: string): string => value.toLowerCase().replaceAll(" ", "-");

const haystacks = new WeakMap<Shelved, Haystack>();

function haystackOf(entry: Shelved): Haystack {
	let haystack = haystacks.get(entry);
	if (!haystack) {
		const { id, summary, trouble } = entry;
		const name = [id, summary?.name, summary?.problemId].filter(Boolean).join(" ").toLowerCase();
		const rest = [summary?.tags.join(" "), summary?.model, summary?.domain, summary?.problem, trouble];
		haystack = { name, text: `${name} ${rest.filter(Boolean).join(" ").toLowerCase()}` };
		haystacks.set(entry, haystack);
	}
	return haystack;
}
