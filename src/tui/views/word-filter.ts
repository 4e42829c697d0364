/**
 * Filtering long lists by words: quick enough for a hundred thousand items at every key.
 *
 * A word fits where it stands in the whole text in one piece, or where its letters stand in this order in the item's name
 * ("p6" in "product-6"). Letters in this order somewhere in a long text would fit nearly everything.
 */

export type Haystack = {
	/** Small letters. */
	readonly name: string;
	/** Small letters; has the name in it. */
	readonly text: string;
};

export function wordsOf(query: string): readonly string[] {
	return query
		.toLowerCase()
		.split(/\s+/)
		.filter((word) => word !== "");
}

/** How well all words fit: 0 in the name, 1 in the text, 2 as letters of the name; undefined where one does not. */
export function rankOf(words: readonly string[], { name, text }: Haystack): 0 | 1 | 2 | undefined {
	let rank: 0 | 1 | 2 = 0;
	for (const word of words) {
		if (name.includes(word)) continue;
		if (text.includes(word)) rank = rank === 2 ? 2 : 1;
		else if (word.length > 1 && hasLetters(name, word)) rank = 2;
		else return undefined;
	}
	return rank;
}

function hasLetters(name: string, word: string): boolean {
	let at = -1;
	for (let i = 0; i < word.length; i++) {
		at = name.indexOf(word[i]!, at + 1);
		if (at < 0) return false;
	}
	return true;
}
