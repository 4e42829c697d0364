/**
 * The questions of evaluation sets, ready to be compared with others.
 *
 * A question matches where it shares a sequence of n words (lower case, white space collapsed, punctuation kept: the
 * method of s1, https://github.com/simplescaling/s1, and of open-r1's scripts/decontaminate.py), where both are the same
 * once punctuation and spaces are gone, where a question of fewer than n words stands whole in the other one, or where
 * problems of contests have the same title.
 *
 * What always holds: sequences are kept as hashes of 64 bits (16 to 32 bytes each with whose they are; 115 MiB for 100,000
 * questions of 39 words, texts included); a question that matches is named, with the words that do.
 */
import { hash } from "node:crypto";
import type { Question } from "./rule.ts";
import { SeenHashes } from "./seen.ts";
import { titlesOf } from "./titles.ts";

/** Questions of fewer words are only compared as a whole: "Find x" stands in many. */
const FEWEST = 3;

export type Match = {
	/** "set:id" of the evaluation question. */
	readonly with: string;
	readonly how: string;
};

export class EvaluationIndex {
	readonly n: number;
	/** The part of a question's own sequences that must be shared; at 0 one is enough, as in the method's sources. */
	readonly share: number;
	/** "set:id" by number. */
	readonly #names: string[] = [];
	readonly #sequences = new SeenHashes(true);
	readonly #whole = new SeenHashes(true);
	/** Short questions, by their number of words. */
	readonly #short = new Map<number, SeenHashes>();
	readonly #titles = new Map<string, number>();
	/** For short questions of the other side, which are looked for inside of these. */
	readonly #texts: string[] = [];
	#triples: Uint32Array | undefined;

	constructor(n: number, share = 0) {
		this.n = n;
		this.share = share;
	}

	get questions(): number {
		return this.#names.length;
	}

	/** Sequences that differ. */
	get sequences(): number {
		return this.#sequences.size;
	}

	add(set: string, question: Question): void {
		const owner = this.#names.push(`${set}:${question.id}`) - 1;
		const words = wordsOf(question.problem);
		eachSequence(words, this.n, (low, high) => {
			this.#sequences.add(low, high, owner);
		});
		const [low, high] = wholeHash(question.problem);
		this.#whole.add(low, high, owner);
		const loose = words.map(bare);
		if (words.length < this.n && words.length >= FEWEST) {
			let short = this.#short.get(words.length);
			if (!short) {
				short = new SeenHashes(true);
				this.#short.set(words.length, short);
			}
			const found = short;
			eachSequence(loose, words.length, (low, high) => {
				found.add(low, high, owner);
			});
		}
		this.#texts.push(` ${loose.join(" ")} `);
		this.#triples = undefined;
		for (const title of titlesOf(question)) if (!this.#titles.has(title)) this.#titles.set(title, owner);
	}

	match(question: Question): Match | undefined {
		const [low, high] = wholeHash(question.problem);
		const same = this.#whole.ownerOf(low, high);
		if (same !== undefined) return this.#match(same, "the same question");
		const words = wordsOf(question.problem);
		const shared = this.#shared(words, this.n, this.#sequences);
		const total = words.length - this.n + 1;
		if (shared && shared.count >= this.share * total)
			return this.#match(shared.owner, `shares "${shared.words}" (${shared.count} of ${total} sequences)`);
		const loose = words.map(bare);
		for (const [length, short] of this.#short) {
			const found = this.#shared(loose, length, short);
			if (found) return this.#match(found.owner, `holds the whole question "${found.words}"`);
		}
		if (words.length < this.n && words.length >= FEWEST) {
			const owner = this.#holder(loose);
			if (owner !== undefined) return this.#match(owner, `stands there whole: "${loose.join(" ")}"`);
		}
		for (const title of titlesOf(question)) {
			const owner = this.#titles.get(title);
			if (owner !== undefined) return this.#match(owner, `the same title "${title}"`);
		}
		return undefined;
	}

	#match(owner: number, how: string): Match {
		return { with: this.#names[owner] as string, how };
	}

	/** How many sequences are there, and the first of them. */
	#shared(
		words: readonly string[],
		n: number,
		among: SeenHashes,
	): { readonly owner: number; readonly words: string; readonly count: number } | undefined {
		let owner = -1;
		let from = 0;
		let count = 0;
		eachSequence(words, n, (low, high, at) => {
			const found = among.ownerOf(low, high);
			if (found === undefined) return;
			count++;
			if (owner >= 0) return;
			owner = found;
			from = at;
		});
		return owner < 0
			? undefined
			: {
					owner,
					words: words
						.slice(from, from + n)
						.join(" ")
						.slice(0, 200),
					count,
				};
	}

	/** The question that a short one stands in. Its triples of words all have to be somewhere before texts are searched. */
	#holder(words: readonly string[]): number | undefined {
		this.#triples ??= triplesOf(this.#texts);
		const bits = this.#triples;
		const mask = bits.length * 32 - 1;
		let missing = false;
		eachSequence(words, FEWEST, (low) => {
			const bit = low & mask;
			missing ||= (((bits[bit >>> 5] as number) >>> (bit & 31)) & 1) === 0;
			return missing;
		});
		if (missing) return undefined;
		const text = ` ${words.join(" ")} `;
		const owner = this.#texts.findIndex((other) => other.includes(text));
		return owner < 0 ? undefined : owner;
	}
}

/** Which triples of words there are: a bit each, by its hash, in a table at most an eighth full. */
function triplesOf(texts: readonly string[]): Uint32Array {
	let characters = 0;
	for (const text of texts) characters += text.length;
	let bits = 1 << 16;
	// A word has some six characters.
	while (bits < characters * 1.3 && bits < 2 ** 30) bits *= 2;
	const table = new Uint32Array(bits / 32);
	for (const text of texts) {
		eachSequence(text.trim().split(" "), FEWEST, (low) => {
			const bit = low & (bits - 1);
			table[bit >>> 5] = (table[bit >>> 5] as number) | (1 << (bit & 31));
		});
	}
	return table;
}

function wordsOf(text: string): string[] {
	const normal = text.toLowerCase().replace(/\s+/g, " ").trim();
	return normal === "" ? [] : normal.split(" ");
}

/** A word without the punctuation behind it. */
function bare(word: string): string {
	let end = word.length;
	while (end > 1 && ".,;:!?".includes(word[end - 1] as string)) end--;
	return word.slice(0, end);
}

/** What is left of a question in any way of setting it: letters, digits and what calculates. */
function wholeHash(text: string): readonly [number, number] {
	const kept = text
		.normalize("NFKC")
		.toLowerCase()
		.replace(/\\(?:left|right|displaystyle|dfrac|tfrac|text|mathrm|[,;:! ])/g, (found) =>
			found.endsWith("frac") ? "\\frac" : "",
		)
		.replace(/[^\p{L}\p{N}+\-*/^=<>|%!]/gu, "");
	const name = hash("sha1", kept, "buffer");
	return [name.readUInt32LE(0), name.readUInt32LE(4)];
}

/** Hands over the hash of every sequence of n words, with where it begins; ends where the receiver says true. */
function eachSequence(
	words: readonly string[],
	n: number,
	found: (low: number, high: number, at: number) => unknown,
): void {
	if (words.length < n) return;
	const low = new Int32Array(words.length);
	const high = new Int32Array(words.length);
	for (let i = 0; i < words.length; i++) {
		const word = words[i] as string;
		let a = 0x811c_9dc5 | 0;
		let b = 0x1234_5677;
		for (let j = 0; j < word.length; j++) {
			const unit = word.charCodeAt(j);
			a = Math.imul(a ^ unit, 0x0100_0193);
			b = Math.imul(b + unit, 0x9e37_79b1) ^ (b >>> 15);
		}
		low[i] = a;
		high[i] = b;
	}
	for (let at = 0; at + n <= words.length; at++) {
		let a = n;
		let b = -n;
		for (let i = at; i < at + n; i++) {
			a = Math.imul(a ^ (low[i] as number), 0x85eb_ca6b) ^ (a >>> 13);
			b = Math.imul(b + (high[i] as number), 0xc2b2_ae35) ^ (b >>> 16);
		}
		a ^= a >>> 16;
		b ^= b >>> 15;
		if (found(a >>> 0, b >>> 0, at) === true) return;
	}
}
