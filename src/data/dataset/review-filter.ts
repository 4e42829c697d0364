/**
 * What somebody wants to see of a dataset's samples, as they write it: words of id, problem and answer, and `field:value`.
 *
 * decision:accepted|rejected|none  edited:yes|no  by:ada  note:yes  verdict:wrong  domain:math  hint:KIND|none|any
 * source:gsm8k  problem:p12  calls:0  hints:>1  tokens:>1000
 * text:WORD or text:"two words" is looked for in the texts themselves: `texts` says what, and somebody has to read them.
 */
import type { SampleEntry } from "./review-index.ts";
import type { Standing } from "./review-standing.ts";

export type SampleFilter = {
	/** Nothing is asked for. */
	readonly all: boolean;
	test(entry: SampleEntry, standing: Standing): boolean;
	/** In small letters: every one of them stands in the sample. */
	readonly texts: readonly string[];
	/** What could not be understood. */
	readonly mistakes: readonly string[];
};

export const SAMPLE_FIELDS = [
	"decision",
	"edited",
	"note",
	"by",
	"verdict",
	"domain",
	"hint",
	"source",
	"problem",
	"calls",
	"hints",
	"tokens",
	"text",
] as const;
type Field = Exclude<(typeof SAMPLE_FIELDS)[number], "text">;
type Test = (entry: SampleEntry, standing: Standing) => boolean;

const TERM = /(?:(\w+):)?(?:"([^"]*)"?|([^\s"]\S*)|(?<=:)(?=\s|$))/g;

export function sampleFilter(query: string): SampleFilter {
	const tests: Test[] = [];
	const texts: string[] = [];
	const mistakes: string[] = [];
	for (const [, field, quoted, bare] of query.matchAll(TERM)) {
		const value = (quoted ?? bare ?? "").toLowerCase();
		// While it is being typed it asks for nothing yet.
		if (value === "") continue;
		if (field === "text") texts.push(value);
		else if (field !== undefined && (SAMPLE_FIELDS as readonly string[]).includes(field)) {
			const test = testOf(field as Field, value);
			if (typeof test === "string") mistakes.push(test);
			else tests.push(test);
		} else {
			// A word with a colon in it is a word.
			const word = field === undefined ? value : `${field}:${value}`.toLowerCase();
			tests.push(({ words }) => words.includes(word));
		}
	}
	return {
		all: tests.length === 0 && texts.length === 0,
		test: (entry, standing) => tests.every((test) => test(entry, standing)),
		texts,
		mistakes,
	};
}

function testOf(field: Field, value: string): Test | string {
	const options = value.split(",").filter((one) => one !== "");
	const some = (of: (entry: SampleEntry) => string): Test => {
		return (entry) => options.some((one) => of(entry).toLowerCase().includes(one));
	};
	switch (field) {
		case "decision":
			return (_, { decision = "none" }) =>
				options.some(
					(one) => decision.startsWith(one) || (decision === "none" && "undecided".startsWith(one)),
				);
		case "edited":
			return yesNo(field, value, (_, { edits }) => edits > 0);
		case "note":
			return yesNo(field, value, (_, { notes }) => notes > 0);
		case "by":
			return (_, { by }) => by !== undefined && options.some((one) => by.toLowerCase().includes(one));
		case "verdict":
			return ({ verdict }) => options.some((one) => verdict.startsWith(one));
		case "domain":
			return some(({ domain }) => domain);
		case "source":
			return some(({ source }) => source);
		case "problem":
			return some(({ question }) => question);
		case "hint":
			return ({ hints, kinds }) =>
				options.some((one) =>
					one === "none" ? hints === 0 : one === "any" ? hints > 0 : kinds.toLowerCase().includes(one),
				);
		default:
			return numberTest(field, value);
	}
}

function yesNo(field: string, value: string, test: Test): Test | string {
	if ("yes".startsWith(value)) return test;
	if ("no".startsWith(value)) return (entry, standing) => !test(entry, standing);
	return `${field}: takes yes or no`;
}

function numberTest(field: "calls" | "hints" | "tokens", value: string): Test | string {
	const found = /^([<>]=?|=)?(\d+)$/.exec(value);
	if (!found) return `${field}:${value} is no number: write ${field}:3, ${field}:>3 or ${field}:<3`;
	const number = Number(found[2]);
	switch (found[1]) {
		case ">":
			return (entry) => entry[field] > number;
		case ">=":
			return (entry) => entry[field] >= number;
		case "<":
			return (entry) => entry[field] < number;
		case "<=":
			return (entry) => entry[field] <= number;
		default:
			return (entry) => entry[field] === number;
	}
}
