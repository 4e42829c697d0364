/**
 * Output as the model sees it: whole where it fits, else its beginning and its end with a count of what is missing.
 * Characters are Unicode code points; none is ever halved.
 */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** The bytes of `head` without a character that was cut at its end. */
function wholeAtEnd(head: Buffer): Buffer {
	let start = head.length - 1;
	while (start >= 0 && head.length - start < 4 && isContinuation(head[start]!)) start--;
	const lead = start >= 0 ? head[start]! : 0;
	const needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	return start >= 0 && head.length - start < needs ? head.subarray(0, start) : head;
}

/** The bytes of `tail` without the rest of a character that began before it. */
function wholeAtStart(tail: Buffer): Buffer {
	let start = 0;
	while (start < Math.min(3, tail.length) && isContinuation(tail[start]!)) start++;
	return tail.subarray(start);
}

export type Captured = {
	readonly head: Buffer;
	readonly tail: Buffer;
	/** Between head and tail, not kept. */
	readonly droppedBytes: number;
	readonly droppedChars: number;
};

export function cutMiddle(captured: Captured, limitChars: number): string {
	const { head, tail, droppedBytes, droppedChars } = captured;
	if (droppedBytes === 0) {
		const text = (tail.length === 0 ? head : Buffer.concat([head, tail])).toString("utf8");
		if (text.length <= limitChars) return text;
		const characters = Array.from(text);
		if (characters.length <= limitChars) return text;
		return joined(characters, characters, characters.length - limitChars, limitChars);
	}
	const whole = wholeAtEnd(head);
	const first = Array.from(whole.toString("utf8"));
	const last = Array.from(wholeAtStart(tail).toString("utf8"));
	// A character that begins in the head and ends beyond it is counted by neither side.
	const halved = whole.length < head.length ? 1 : 0;
	const cut = first.length + halved + droppedChars + last.length - limitChars;
	return joined(first, last, cut, limitChars);
}

function joined(first: readonly string[], last: readonly string[], cut: number, limitChars: number): string {
	const before = Math.ceil(limitChars / 2);
	const after = limitChars - before;
	const end = after === 0 ? "" : last.slice(-after).join("");
	return `${first.slice(0, before).join("")}\n[... ${cut} characters cut ...]\n${end}`;
}
