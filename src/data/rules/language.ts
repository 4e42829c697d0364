/**
 * Thinking that falls into another language, as far as its script shows it: letters outside the scripts of the problem.
 * (A change between languages of one script, English and French, is not seen.)
 */
import { model } from "./examples.ts";
import { percent, plural, rule } from "./rule.ts";
import { asciiLetters, countOthers, firstOutside, SCRIPT_COUNT, SCRIPTS } from "./scripts.ts";

/** A script with this share of the problem's letters is one of the problem's. */
const HOME_SHARE = 0.05;
const LATIN = SCRIPTS.indexOf("Latin");
const JAPANESE = ["Hiragana", "Katakana", "Han"].map((name) => SCRIPTS.indexOf(name as "Han"));

type Options = { share: number; letters: number; allow: readonly string[] };

export const language = rule<Options>({
	id: "language",
	says: "letters of scripts that the problem does not use (language mixing)",
	details:
		"Only prose is looked at: no code, no outputs. Letters that are set for mathematics (ℝ, 𝑥) have no script. Latin is allowed by itself because formulas are written in it; without it in allow, thinking in English about a Chinese problem is dropped as well.",
	source:
		"arXiv 2501.12948, rejection sampling (traces with mixed languages are filtered out); scripts by https://www.unicode.org/reports/tr24/",
	on: true,
	options: {
		share: {
			type: "number",
			unit: "of the letters",
			least: 0,
			most: 1,
			default: 0.005,
			says: "letters of foreign scripts, at most",
		},
		letters: {
			type: "integer",
			unit: "letters",
			least: 0,
			default: 4,
			says: "so many letters of foreign scripts are always let through",
		},
		allow: {
			type: "list",
			choices: SCRIPTS,
			default: ["Latin", "Greek"],
			says: "scripts that are never foreign",
		},
	},
	examples: [
		{
			says: "English with Greek and mathematical letters",
			case: "Let α + β = π over ℝ, so 𝑥 ∈ ℤ and \\alpha = 1.",
			drops: false,
		},
		{
			says: "the thinking goes on in Chinese",
			case: "Okay, so 6 times 7. 让我们再检查一遍计算。 It is \\boxed{42}.",
			drops: true,
		},
		{
			says: "a name is no language",
			case: "By Чебышёв's bound, \\boxed{42}.",
			options: { letters: 8 },
			drops: false,
		},
		{
			says: "a Chinese problem is thought about in Chinese",
			case: {
				problem: { id: "q", domain: "math", problem: "六乘以七等于多少?", answer: "42" },
				spans: [model("六乘以七等于四十二。\n</think>\n\\boxed{42}")],
			},
			drops: false,
		},
		{
			says: "the same in English, where Latin is not allowed",
			case: {
				problem: { id: "q", domain: "math", problem: "六乘以七等于多少?", answer: "42" },
				spans: [model("Six times seven is forty-two.\n</think>\n\\boxed{42}")],
			},
			options: { allow: ["Greek"] },
			drops: true,
		},
		{
			says: "a text in the code is none of the thinking",
			case: "```python\nprint('привет, привет, привет')\n```\nIt is \\boxed{42}.",
			drops: false,
		},
	],
	make: ({ share, letters, allow }) => {
		const allowed = new Set(allow.map((name) => SCRIPTS.indexOf(name as "Han")));
		const latin = allowed.has(LATIN);
		const counts = new Uint32Array(SCRIPT_COUNT);
		return {
			check: (reading) => {
				// In most traces there is nothing that could be foreign.
				if (reading.ascii && latin) return undefined;
				const { text, prose } = reading;
				const { problem } = reading.rollout;
				counts.fill(0);
				for (const { from, to } of prose) {
					countOthers(text, from, to, counts);
					if (!latin) counts[LATIN]! += asciiLetters(text, from, to);
				}
				if (sum(counts, allowed) <= letters) return undefined;
				if (latin) for (const { from, to } of prose) counts[LATIN]! += asciiLetters(text, from, to);
				const home = new Set([...allowed, ...homeOf(problem.problem, problem.choices)]);
				const foreign = sum(counts, home);
				const all = sum(counts);
				if (foreign <= letters || foreign <= share * all) return undefined;
				let worst = -1;
				for (let script = 0; script < SCRIPT_COUNT; script++)
					if (!home.has(script) && (counts[script] as number) > (counts[worst] ?? 0)) worst = script;
				let first: string | undefined;
				for (const { from, to } of prose) first ??= firstOutside(text, from, to, home);
				return `${plural(foreign, "letter")} of other scripts (${percent(foreign / all)} of ${all}; most are ${SCRIPTS[worst] ?? "of a rare script"}), first "${first}"`;
			},
		};
	},
});

function sum(counts: Uint32Array, without?: ReadonlySet<number>): number {
	let all = 0;
	for (let script = 0; script < SCRIPT_COUNT; script++)
		if (!without?.has(script)) all += counts[script] as number;
	return all;
}

function homeOf(problem: string, choices?: readonly string[]): number[] {
	const counts = new Uint32Array(SCRIPT_COUNT);
	for (const text of [problem, ...(Array.isArray(choices) ? choices : [])].map(String)) {
		countOthers(text, 0, text.length, counts);
		counts[LATIN]! += asciiLetters(text, 0, text.length);
	}
	const all = sum(counts);
	const home: number[] = [];
	counts.forEach((count, script) => {
		if (count > 0 && count >= HOME_SHARE * all) home.push(script);
	});
	if (home.includes(JAPANESE[0] as number) || home.includes(JAPANESE[1] as number)) home.push(...JAPANESE);
	return home.length === 0 ? [LATIN] : home;
}
