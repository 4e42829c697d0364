/**
 * Search in a text that grows: plain text, over what is shown of it.
 *
 * What always holds
 * - Capitals count if the query has one, else they do not.
 * - A hit stands within one line of one writer, wherever that is wrapped; hits do not overlap; a tab is one space.
 * - Text is searched once, when it has come; only when something was cut away, all of it again.
 * - `count` is right however many there are; the first KEPT can be visited.
 */
import { visible } from "../../trace/visible.ts";
import { shown } from "./clusters.ts";

export const KEPT = 10_000;
const BLOCK_UNITS = 65_536;

/** What can be searched: `cuts` counts how often text was taken away from its end. */
export interface Searched {
	readonly offset: number;
	readonly cuts: number;
	slice(from: number, to: number): string;
	/** Whether a line of another writer begins behind `from` and before `to`. */
	parted(from: number, to: number): boolean;
}

/** Where it stands, in units of the text. */
export type Hit = { readonly from: number; readonly to: number };

export class Search {
	readonly query: string;
	readonly #text: Searched;
	readonly #wanted: string;
	readonly #exact: boolean;
	/** Beginnings and ends, in turns. */
	#hits = new Uint32Array(128);
	#count = 0;
	#seen = 0;
	/** Before this place no further hit begins. */
	#free = 0;
	#cuts: number;

	constructor(text: Searched, query: string) {
		this.query = query;
		this.#text = text;
		this.#cuts = text.cuts;
		const plain = visible(query.toWellFormed().replace(/[\t\r\n]+/g, " "));
		this.#exact = plain.toLowerCase() !== plain;
		this.#wanted = this.#exact ? plain : fold(plain);
	}

	/** How many hits there are. */
	get count(): number {
		this.#update();
		return this.#count;
	}

	/** How many of them can be visited. */
	get kept(): number {
		return Math.min(this.count, KEPT);
	}

	hit(n: number): Hit | undefined {
		if (!(n >= 0 && n < this.kept)) return undefined;
		return { from: this.#hits[2 * n]!, to: this.#hits[2 * n + 1]! };
	}

	/** The first hit that begins at the offset or behind it; behind the last one, the first of all. -1: there is none. */
	from(offset: number): number {
		const kept = this.kept;
		if (kept === 0) return -1;
		const n = this.#firstFrom(offset);
		return n < kept ? n : 0;
	}

	/** The last hit that begins before the offset; before the first one, the last of all. -1: there is none. */
	before(offset: number): number {
		const kept = this.kept;
		if (kept === 0) return -1;
		const n = this.#firstFrom(offset) - 1;
		return n >= 0 ? n : kept - 1;
	}

	/** The numbers of the hits, first and behind the last, that have something between the two offsets. */
	between(from: number, to: number): { readonly first: number; readonly end: number } {
		const end = this.kept === 0 ? 0 : this.#firstFrom(to);
		let first = Math.min(this.#firstFrom(from), end);
		while (first > 0 && this.#hits[2 * first - 1]! > from) first--;
		return { first, end };
	}

	#firstFrom(offset: number): number {
		let low = 0;
		let high = Math.min(this.#count, KEPT);
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.#hits[2 * middle]! < offset) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#update(): void {
		if (this.#wanted === "") return;
		if (this.#text.cuts !== this.#cuts) {
			this.#cuts = this.#text.cuts;
			this.#count = 0;
			this.#seen = 0;
			this.#free = 0;
		}
		while (this.#seen < this.#text.offset) {
			const begin = Math.max(this.#free, this.#seen - this.#wanted.length);
			const block = this.#text.slice(begin, this.#seen + BLOCK_UNITS);
			// What these turn out to be, the next unit says.
			const open = /[\r\ud800-\udbff]$/.test(block) ? 1 : 0;
			const end = begin + block.length - open;
			if (end <= this.#seen) return;
			this.#searchBlock(open ? block.slice(0, -1) : block, begin);
			this.#seen = end;
		}
	}

	#searchBlock(block: string, begin: number): void {
		const hay = haystack(block);
		const text = this.#exact ? hay.text : fold(hay.text);
		const { length } = this.#wanted;
		for (let at = text.indexOf(this.#wanted); at >= 0; ) {
			const from = begin + hay.offsetOf(at);
			const to = begin + hay.offsetOf(at + length - 1) + 1;
			const real = from >= this.#free && !this.#text.parted(from, to);
			if (real) this.#found(from, to);
			at = text.indexOf(this.#wanted, real ? at + length : at + 1);
		}
	}

	#found(from: number, to: number): void {
		this.#free = to;
		if (this.#count < KEPT) {
			if (2 * this.#count === this.#hits.length) {
				const more = new Uint32Array(2 * this.#hits.length);
				more.set(this.#hits);
				this.#hits = more;
			}
			this.#hits[2 * this.#count] = from;
			this.#hits[2 * this.#count + 1] = to;
		}
		this.#count++;
	}
}

/** Lower case of the same length: one capital alone would become two units, and one letter has another form at a word's end. */
export function fold(text: string): string {
	return text.replaceAll("\u0130", "i").toLowerCase().replaceAll("\u03c2", "\u03c3");
}

type Haystack = { readonly text: string; readonly offsetOf: (unit: number) => number };

/** All that is shown as something else, always and alone. */
const OTHERWISE =
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb]/g;

/** A block as it is shown, and which unit of the block each unit of that shows. */
function haystack(block: string): Haystack {
	if (block.search(OTHERWISE) < 0) return { text: block, offsetOf: (unit) => unit };
	let text = "";
	let done = 0;
	/** Where in `text`, and where in the block, what is shown as it is (or one unit shown otherwise) begins. */
	const shownAt = [0];
	const blockAt = [0];
	for (const { 0: character, index } of block.matchAll(OTHERWISE)) {
		text += block.slice(done, index);
		shownAt.push(text.length);
		blockAt.push(index);
		const lineEnd = character === "\r" && block[index + 1] === "\n";
		if (!lineEnd) text += shown(character).text;
		done = index + 1;
		shownAt.push(text.length);
		blockAt.push(done);
	}
	text += block.slice(done);
	blockAt.push(block.length);
	return {
		text,
		offsetOf: (unit) => {
			let low = 0;
			let high = shownAt.length - 1;
			while (low < high) {
				const middle = (low + high + 1) >>> 1;
				if (shownAt[middle]! <= unit) low = middle;
				else high = middle - 1;
			}
			return Math.min(blockAt[low]! + unit - shownAt[low]!, Math.max(blockAt[low]!, blockAt[low + 1]! - 1));
		},
	};
}
