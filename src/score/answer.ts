/**
 * Finds the answer in what a model wrote: the content of the last `\boxed{...}`, as all mathematics graders take it.
 * Where there is no box the anchors are tried (anchors.ts).
 *
 * What always holds: one pass, linear in the text whatever it contains; a box that never closes is no answer; an empty
 * box (a prompt that is repeated: "put your answer within \boxed{}") is none either. What stands after the end of
 * thinking goes before what stands inside it, and `\boxed` before `\fbox`.
 */

export type Extracted = {
	readonly answer: string;
	/** Where the box begins, in UTF-16 units. */
	readonly at: number;
	/** False where thinking had ended and no box came after it: the answer was only thought. */
	readonly said: boolean;
	readonly box: "boxed" | "fbox";
};

export type ExtractOptions = {
	/** What ends the thinking, "</think>" for most models. Absent: there is no thinking to tell apart. */
	readonly thinkClose?: string | undefined;
};

/** `at` is where the command begins, the others bound what stands in the braces. */
export type Box = { readonly at: number; readonly from: number; readonly to: number };

const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
/** `\boxed`, or `\fbox`, and what may stand between it and its brace. */
const COMMAND = /\\(boxed|fbox)(?![a-zA-Z])[ \t\n]*/y;
/** `\boxed 5`: TeX would box one character, people mean the word. */
const BARE = /[^\s{}$\\,.;]+/y;

export function extractAnswer(text: string, options: ExtractOptions = {}): Extracted | undefined {
	const close = options.thinkClose ? text.lastIndexOf(options.thinkClose) : -1;
	const answerFrom = close < 0 ? 0 : close + (options.thinkClose?.length ?? 0);
	if (!text.includes("\\boxed") && !text.includes("\\fbox")) return undefined;
	const after = lastBoxes(text, answerFrom, text.length);
	if (after.boxed) return extracted(text, after.boxed, true, "boxed");
	const before = answerFrom > 0 ? lastBoxes(text, 0, answerFrom) : {};
	if (before.boxed) return extracted(text, before.boxed, false, "boxed");
	if (after.fbox) return extracted(text, after.fbox, true, "fbox");
	return before.fbox && extracted(text, before.fbox, false, "fbox");
}

function extracted(text: string, { from, to, at }: Box, said: boolean, box: Extracted["box"]): Extracted {
	return { answer: text.slice(from, to).trim(), at, said, box };
}

/** The last complete, non-empty box of either kind between two offsets; "last" by where it opens. */
function lastBoxes(text: string, from: number, to: number): { boxed?: Box; fbox?: Box } {
	const last: { boxed?: Box; fbox?: Box } = {};
	eachBox(text, from, to, (kind, box) => {
		if (box.at >= (last[kind]?.at ?? -1)) last[kind] = box;
	});
	return last;
}

/** Every complete, non-empty box between two offsets, in the order in which they close. */
export function eachBox(
	text: string,
	from: number,
	to: number,
	found: (kind: "boxed" | "fbox", box: Box) => void,
): void {
	const keep = (kind: "boxed" | "fbox", box: Box): void => {
		if (text.slice(box.from, box.to).trim() !== "") found(kind, box);
	};
	// One entry for every brace that is open; those of boxes remember which.
	const open: ({ kind: "boxed" | "fbox"; at: number; from: number } | undefined)[] = [];
	for (let i = from; i < to; i++) {
		const unit = text.charCodeAt(i);
		if (unit === OPEN) open.push(undefined);
		else if (unit === CLOSE) {
			const box = open.pop();
			if (box) keep(box.kind, { at: box.at, from: box.from, to: i });
		} else if (unit === BACKSLASH) {
			COMMAND.lastIndex = i;
			const command = COMMAND.exec(text);
			if (!command) {
				i++; // an escaped brace is no brace
				continue;
			}
			const kind = command[1] as "boxed" | "fbox";
			const next = i + command[0].length;
			if (next < to && text.charCodeAt(next) === OPEN) {
				open.push({ kind, at: i, from: next + 1 });
				i = next;
				continue;
			}
			BARE.lastIndex = next;
			const word = command[0].length > kind.length + 1 ? BARE.exec(text) : null;
			if (word && next + word[0].length <= to) keep(kind, { at: i, from: next, to: next + word[0].length });
			i = next - 1;
		}
	}
}
