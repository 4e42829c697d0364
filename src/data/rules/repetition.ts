/**
 * Text that goes round in circles. Prose and code are measured apart: a trace of START runs its program, mends it and
 * gives it again as its answer, and that is no loop.
 *
 * Counted with hashes in one pass: a regular expression that looks for repeats takes seconds on a few pages.
 */
import { REFLECTION_WORDS } from "../../reason/request.ts";
import { calls, model, output } from "./examples.ts";
import type { Block, Part, Reading } from "./reading.ts";
import { percent, plural, rule } from "./rule.ts";
import { Tally } from "./tally.ts";
import { eachWord, mixed } from "./words.ts";

type Options = {
	share: number;
	words: number;
	min_words: number;
	line_times: number;
	line_characters: number;
	code_line_times: number;
	code_times: number;
};

/** A line of doubt is no longer than this. */
const SHORT_LINE = 80;
const steps = Array.from({ length: 8 }, (_, i) => `57-9*${i}=${57 - 9 * i}, and 5 does not divide it.`).join(
	" ",
);
const loop =
	"So the sum is 12 and we add 30 to it, which gives 42 again, and then we go on with the next step. ";

export const repetition = rule<Options>({
	id: "repetition",
	says: "the thinking repeats itself: word sequences, lines or whole blocks of code",
	details:
		"Outputs are left out. Word sequences and lines are counted in prose; code is counted for itself, because a program that is run, mended and given as the answer stands there several times. A short line that begins with a word of doubt (Wait, Alternatively, ...) comes all the more often the longer somebody thinks, so it counts only where it follows itself.",
	source:
		"1 - unique/total word n-grams as in https://github.com/huggingface/open-r1 (rewards.py); lines as in allenai/open-instruct's filter of repetitions",
	on: true,
	options: {
		share: {
			type: "number",
			unit: "of the word sequences",
			least: 0,
			most: 1,
			default: 0.2,
			says: "word sequences of the prose that were there before, at most",
		},
		words: { type: "integer", unit: "words", least: 2, default: 20, says: "length of a word sequence" },
		min_words: {
			type: "integer",
			unit: "words",
			least: 0,
			default: 200,
			says: "word sequences are counted in a prose of so many words or more: going through a short sum twice is no loop",
		},
		line_times: {
			type: "integer",
			unit: "times",
			least: 2,
			default: 8,
			says: "drop where a line of the prose occurs so often",
		},
		line_characters: {
			type: "integer",
			unit: "characters",
			least: 1,
			default: 20,
			says: "lines and blocks of code shorter than this are not counted",
		},
		code_line_times: {
			type: "integer",
			unit: "times",
			least: 2,
			default: 32,
			says: "drop where a line occurs so often in one block of code",
		},
		code_times: {
			type: "integer",
			unit: "times",
			least: 2,
			default: 4,
			says: "drop where the same block of code was written so often",
		},
	},
	examples: [
		{ says: "nothing comes again", case: {}, drops: false },
		{ says: "a passage in circles, in one line", case: `Let me see. ${loop.repeat(10)}`, drops: true },
		{
			says: "the same, where it may",
			case: `Let me see. ${loop.repeat(10)}`,
			options: { share: 0.9 },
			drops: false,
		},
		{
			says: "a short sum that is gone through twice",
			case: `57-9*0=57, which 5 does not divide. ${steps} So it is 1. Wait, once more to be sure: ${steps} Again 1.`,
			drops: false,
		},
		{
			says: "a line eight times among others",
			case: Array.from(
				{ length: 8 },
				(_, i) => `Case ${i}: ${"abcdefgh"[i]} is ${i * i}.\nThis gives no solution here.`,
			).join("\n"),
			drops: true,
		},
		{
			says: "doubts in the same words, between thoughts that differ",
			case: Array.from(
				{ length: 9 },
				(_, i) => `With x = ${i} the sum is ${i * 17 + 3}.\nWait, let me check that again.`,
			).join("\n"),
			drops: false,
		},
		{
			says: "a doubt that only leads to itself",
			case: `Six times seven is 42.\n${"Wait, let me check that again.\n".repeat(8)}`,
			drops: true,
		},
		{ says: "no spaces, no lines", case: "0123456789".repeat(400), drops: true },
		{
			says: "a program that is run and then given as the answer",
			case: {
				domain: "code",
				spans: [
					model(program("Let me try.")),
					output("ok"),
					model(`All tests pass.\n</think>\n${program("The solution:")}`),
				],
			} as object,
			drops: false,
		},
		{
			says: "the same block again and again",
			case: {
				spans: [1, 2, 3, 4].flatMap((number) => [
					model(`Try ${number}, with other words.\n\`\`\`python\nprint(sum(7 for _ in range(6)))\n\`\`\`\n`),
					output("42"),
				]),
				calls: calls("ok", "ok", "ok", "ok"),
			},
			drops: true,
		},
		{
			says: "an output may repeat itself",
			case: {
				spans: [
					model("I list them all, one by one.\n"),
					output("the same line of output\n".repeat(50)),
					model("</think>\\boxed{42}"),
				],
			},
			drops: false,
		},
		{
			says: "rules between parts are no lines",
			case: `${"-".repeat(40)}\n`.repeat(9).replace(/$/, "end"),
			options: { share: 1 },
			drops: false,
		},
	],
	make: (options) => {
		const sequences = new Tally();
		const lines = new Tally();
		return {
			check: (reading) =>
				proseLoops(reading, options, sequences, lines) ?? codeLoops(reading, options, lines),
		};
	},
});

function program(before: string): string {
	return `${before}\n\`\`\`python\ndef solve(n):\n    total = 0\n    for i in range(n):\n        if i % 3 == 0 or i % 5 == 0:\n            total += i\n    return total\n\nprint(solve(1000))\n\`\`\`\n`;
}

function proseLoops(
	{ text, units, prose }: Reading,
	{ share, words, min_words, line_times, line_characters }: Options,
	sequences: Tally,
	lines: Tally,
): string | undefined {
	// A word and its space are some five characters.
	sequences.clear(text.length / 5);
	lines.clear();
	// The hash of a sequence is a polynomial of its words' hashes: one word comes in, the oldest goes out.
	const last = new Int32Array(words);
	let oldest = 1;
	for (let i = 0; i < words; i++) oldest = Math.imul(oldest, BASE);
	let place = 0;
	let seen = 0;
	let rolling = 0;
	let before = 0;
	let run = 0;
	let most = 0;
	let worst: Part | undefined;
	const sink = {
		word(hash: number): void {
			const out = last[place] as number;
			last[place] = hash;
			place = place + 1 === words ? 0 : place + 1;
			rolling = (Math.imul(rolling, BASE) + hash - Math.imul(out, oldest)) | 0;
			if (++seen >= words) sequences.add(mixed(rolling));
		},
		line(hash: number, from: number, to: number): void {
			run = hash === before ? run + 1 : 1;
			before = hash;
			if (to - from < line_characters) return;
			const all = lines.add(mixed(hash));
			if (all < line_times || all <= most || !counts(text, from, to)) return;
			const times = doubts(text, from, to) ? run : all;
			if (times < line_times || times <= most) return;
			most = times;
			worst = { from, to };
		},
	};
	for (const { from, to } of prose) eachWord(units, from, to, sink);
	if (worst) return `a line occurs ${most} times: "${brief(text, worst)}"`;
	const total = seen - words + 1;
	if (total <= 0 || seen < min_words) return undefined;
	const repeated = 1 - sequences.size / total;
	return repeated > share
		? `${percent(repeated)} of ${plural(total, "sequence")} of ${words} words were there before (at most ${percent(share)} may)`
		: undefined;
}

const BASE = 0x0100_0193;

function codeLoops(
	reading: Reading,
	{ line_characters, code_line_times, code_times }: Options,
	lines: Tally,
): string | undefined {
	const { text, blocks } = reading;
	const codes = new Map<string, number>();
	for (const block of blocks) {
		const code = text.slice(block.from, block.to).trim();
		if (code.length < line_characters) continue;
		const times = (codes.get(code) ?? 0) + 1;
		codes.set(code, times);
		if (times >= code_times)
			return `the same block of code was written ${times} times: "${brief(text, { from: block.from, to: block.to })}"`;
		const line = worstLine(reading, block, line_characters, code_line_times, lines);
		if (line) return line;
	}
	return undefined;
}

function worstLine(
	reading: Reading,
	{ from, to }: Block,
	characters: number,
	times: number,
	lines: Tally,
): string | undefined {
	if (to - from < characters * times) return undefined;
	const { text, units } = reading;
	lines.clear();
	let most = 0;
	let worst: Part | undefined;
	eachWord(units, from, to, {
		word: () => {},
		line(hash, lineFrom, lineTo) {
			if (lineTo - lineFrom < characters) return;
			const count = lines.add(mixed(hash));
			if (count < times || count <= most || !counts(text, lineFrom, lineTo)) return;
			most = count;
			worst = { from: lineFrom, to: lineTo };
		},
	});
	return worst && `a line occurs ${most} times in one block of code: "${brief(text, worst)}"`;
}

/** Whether a line says anything: rules, frames of tables and the like do not. */
function counts(text: string, from: number, to: number): boolean {
	return /[\p{L}\p{N}]/u.test(text.slice(from, Math.min(to, from + 200)));
}

function doubts(text: string, from: number, to: number): boolean {
	return to - from <= SHORT_LINE && REFLECTION_WORDS.some((word) => text.startsWith(word, from));
}

function brief(text: string, { from, to }: Part): string {
	const line = text
		.slice(from, Math.min(to, from + 70))
		.replace(/\s+/g, " ")
		.trim();
	return to - from > 70 ? `${line}…` : line;
}
