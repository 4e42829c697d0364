/**
 * Where an answer is looked for, in order: the last box after the thinking, the last one in it, the same of `\fbox`, and
 * then what stands behind the words that graders of the field anchor to: "the final answer is X" (Minerva's prompt,
 * arXiv 2206.14858, appendix D), a line that begins with "Answer:" (DAPO, arXiv 2503.14476), "the answer is X" (ToRA and
 * Qwen2.5-Math's evaluation). The last number of a text is taken only where that is asked for.
 *
 * What always holds: the place that was used is named; an anchor counts only after the thinking, outside of fenced
 * blocks, and the last of its kind decides; nothing here takes more than linear time.
 */
import { type ExtractOptions, extractAnswer } from "./answer.ts";

export const PLACES = {
	boxed: "the last \\boxed{} after the thinking",
	"boxed while thinking": "the last \\boxed{} of the thinking: none came after it",
	fbox: "the last \\fbox{}: there is no \\boxed{}",
	"fbox while thinking": "the last \\fbox{} of the thinking: there is no \\boxed{}",
	"final answer is": 'what follows the words "final answer is": there is no box',
	"answer:": 'the last line that begins with "Answer:": there is no box',
	"answer is": 'what follows the words "the answer is": there is no box',
	"last number": "the last number of the text, as was asked for: there is no box and no other anchor",
} as const;

export type Place = keyof typeof PLACES;

export type Found = { readonly answer: string; readonly place: Place };

export type FindOptions = ExtractOptions & {
	/** Take the last number where nothing else is found: a guess, and off unless somebody wants it. */
	readonly lastNumber?: boolean | undefined;
};

/** An answer is not longer than this where nothing shows its end. */
const LONGEST = 200;

/** Text after any of these is answered by a person's reading of the line; the kinds are tried in this order. */
const ANCHORS: readonly { readonly place: Place; readonly pattern: RegExp }[] = [
	{ place: "final answer is", pattern: /\bfinal answer is\b[ \t]{0,3}:?/gi },
	{ place: "answer:", pattern: /^[ \t>*#_-]{0,12}(?:final )?answer[ \t*_]{0,4}:/gim },
	{ place: "answer is", pattern: /\b(?:the|my|our) answer is\b[ \t]{0,3}:?/gi },
];

export function findAnswer(text: string, options: FindOptions = {}): Found | undefined {
	const box = extractAnswer(text, options);
	if (box) {
		const { answer, said } = box;
		return { answer, place: said ? box.box : `${box.box} while thinking` };
	}
	const said = spoken(text, options.thinkClose);
	if (said === undefined) return undefined;
	for (const { place, pattern } of ANCHORS) {
		const answer = lastBehind(said, pattern);
		if (answer !== undefined) return { answer, place };
	}
	return options.lastNumber ? lastNumber(said) : undefined;
}

/** What is said after the thinking, without its fenced blocks; undefined where it never ended. */
function spoken(text: string, thinkClose: string | undefined): string | undefined {
	const close = thinkClose ? text.lastIndexOf(thinkClose) : -1;
	if (close < 0 && text.trimStart().startsWith("<think>")) return undefined;
	const tail = close < 0 ? text : text.slice(close + (thinkClose?.length ?? 0));
	if (!tail.includes("```")) return tail;
	let fenced = false;
	const lines = tail.split("\n").filter((line) => {
		const fence = line.trimStart().startsWith("```");
		if (fence) fenced = !fenced;
		return !fence && !fenced;
	});
	return lines.join("\n");
}

function lastBehind(text: string, pattern: RegExp): string | undefined {
	let last: string | undefined;
	for (const { index, 0: words } of text.matchAll(pattern)) {
		const from = index + words.length;
		const end = text.indexOf("\n", from);
		const answer = sentence(text.slice(from, end < 0 ? undefined : end));
		if (answer !== undefined) last = answer;
	}
	return last;
}

/** The answer that a line begins with: its first formula where one stands at its beginning, else its first sentence. */
function sentence(line: string): string | undefined {
	const plain = line.replace(/^[\s*_:]+/, "");
	const formula = /^(?:\$\$(?<a>[^$]+)\$\$|\$(?<b>[^$]+)\$|\\\((?<c>.+?)\\\)|\\\[(?<d>.+?)\\\])/.exec(
		plain.slice(0, 4 * LONGEST),
	)?.groups;
	const inside = formula?.a ?? formula?.b ?? formula?.c ?? formula?.d;
	if (inside !== undefined) return inside.trim() || undefined;
	const stop = plain.slice(0, LONGEST + 2).search(/[.!?;](?:[\s*_]|$)/);
	const answer = (stop < 0 ? plain.slice(0, LONGEST + 1) : plain.slice(0, stop)).replace(/[\s*_]+$/, "");
	return answer === "" || answer.length > LONGEST ? undefined : answer;
}

function lastNumber(text: string): Found | undefined {
	let last: string | undefined;
	for (const [number] of text.matchAll(/-?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?/g)) last = number;
	return last === undefined ? undefined : { answer: last.replaceAll(",", ""), place: "last number" };
}
