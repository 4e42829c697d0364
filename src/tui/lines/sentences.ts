/**
 * Where a sentence of running text ends, so that it can be read aloud as one piece while the rest is still being written.
 *
 * What always holds: whether a text is cut, and where, depends on its first LONGEST + 1 units alone; so a text that comes
 * piece by piece is cut at the same places as one that comes at once.
 */

/** A piece of text that never ends is cut before this many units: between words where there are any. */
export const LONGEST = 400;

/** Behind these, quotes and brackets may close; then comes white space and something that can begin a sentence. */
const END =
	/[.!?\u2026]+["'\u201d\u2019)\]}*_$]*(?=\s+[^\s\p{Ll}])|[\u3002\uff01\uff1f]+(?=[^\s\u300d\u300f\uff09\u201d\u2019\u3002\uff01\uff1f])/gu;
/** "1.", "(a)." and the like begin a list, they do not end a sentence. */
const LIST_MARK = /^\s*(?:[-*+]\s+)?\(?\w{1,3}[.)]+$/;
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|cf|vs|Fig|Eq|Eqs|No|Dr|Mr|Mrs|Ms|St|approx|resp)\.$/;

/** How many units of the text are the first sentence; 0 where it has not ended yet. */
export function firstSentence(text: string): number {
	const looked = text.slice(0, LONGEST + 1);
	END.lastIndex = 0;
	for (let found = END.exec(looked); found; found = END.exec(looked)) {
		const end = found.index + found[0].length;
		const sentence = looked.slice(0, end);
		if (!LIST_MARK.test(sentence) && !ABBREVIATION.test(sentence)) return end;
	}
	return text.length > LONGEST ? cut(looked) : 0;
}

/** Between two words, in the last half if possible; never inside a character. */
function cut(looked: string): number {
	const space = looked.lastIndexOf(" ");
	if (space > LONGEST / 2) return space;
	const last = looked.charCodeAt(LONGEST - 1);
	return last >= 0xd800 && last <= 0xdbff ? LONGEST - 1 : LONGEST;
}
