/**
 * What somebody wants to see of a run's rollouts, as they write it: words of the problem and the answer, and `field:value`.
 *
 * verdict:wrong,no  problem:p12  hint:KIND|none|any  end:tokens  calls:0  calls:>2  failed:>0  hints:1  tokens:>1000  seconds:>60
 * text:WORD or text:"two words" is looked for in the traces themselves: `text` says what, and somebody has to read them.
 */
import type { Entry } from "./run-index.ts";

export type Filterable = Pick<
	Entry,
	"problem" | "sample" | "calls" | "failed" | "hints" | "kinds" | "tokens" | "ms"
> &
	Partial<Pick<Entry, "verdict" | "answer" | "end">>;

export type RunFilter = {
	/** Nothing is asked for. */
	readonly all: boolean;
	test(entry: Filterable): boolean;
	/** In small letters: every one of them stands in the trace. */
	readonly texts: readonly string[];
	/** What could not be understood. */
	readonly mistakes: readonly string[];
};

export const FILTER_FIELDS = [
	"verdict",
	"problem",
	"sample",
	"hint",
	"end",
	"calls",
	"failed",
	"hints",
	"tokens",
	"seconds",
	"text",
] as const;

type Test = (entry: Filterable) => boolean;

const TERM = /(?:(\w+):)?(?:"([^"]*)"?|([^\s"]\S*)|(?<=:)(?=\s|$))/g;

export function runFilter(query: string): RunFilter {
	const tests: Test[] = [];
	const texts: string[] = [];
	const mistakes: string[] = [];
	for (const [, field, quoted, bare] of query.matchAll(TERM)) {
		const value = (quoted ?? bare ?? "").toLowerCase();
		if (field === undefined) {
			if (value !== "") tests.push(hasWord(value));
		} else if (field === "text") {
			if (value !== "") texts.push(value);
		} else if ((FILTER_FIELDS as readonly string[]).includes(field)) {
			// While it is being typed it asks for nothing yet.
			if (value === "") continue;
			const test = testOf(field as Field, value);
			if (test) tests.push(test);
			else mistakes.push(`${field}:${value} is no number: write ${field}:3, ${field}:>3 or ${field}:<3`);
		} else {
			// A word with a colon in it is a word.
			tests.push(hasWord(`${field}:${value}`.toLowerCase()));
		}
	}
	return {
		all: tests.length === 0 && texts.length === 0,
		test: (entry) => tests.every((test) => test(entry)),
		texts,
		mistakes,
	};
}

type Field = Exclude<(typeof FILTER_FIELDS)[number], "text">;

const hasWord =
	(word: string): Test =>
	({ problem, answer }) =>
		problem.words.includes(word) || answer?.toLowerCase().includes(word) === true;

function testOf(field: Field, value: string): Test | undefined {
	const options = value.split(",").filter((one) => one !== "");
	switch (field) {
		case "verdict":
			return ({ verdict }) => options.some((one) => (verdict ?? "in flight").startsWith(one));
		case "problem":
			return ({ problem }) => problem.id.toLowerCase().includes(value);
		case "hint":
			return ({ hints, kinds }) =>
				options.some((one) =>
					one === "none" ? hints === 0 : one === "any" ? hints > 0 : kinds.toLowerCase().includes(one),
				);
		case "end":
			return ({ end }) => options.some((one) => end?.startsWith(one) === true);
		case "seconds":
			return numberTest(value, ({ ms }) => ms / 1_000);
		default:
			return numberTest(value, (entry) => entry[field]);
	}
}

function numberTest(value: string, of: (entry: Filterable) => number): Test | undefined {
	const found = /^([<>]=?|=)?(\d+(?:\.\d+)?)$/.exec(value);
	if (!found) return undefined;
	const number = Number(found[2]);
	switch (found[1]) {
		case ">":
			return (entry) => of(entry) > number;
		case ">=":
			return (entry) => of(entry) >= number;
		case "<":
			return (entry) => of(entry) < number;
		case "<=":
			return (entry) => of(entry) <= number;
		default:
			return (entry) => of(entry) === number;
	}
}
