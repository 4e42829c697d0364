/**
 * From what was sampled to chunks of text, the same for every engine: looks for stop strings across tokens, holds back
 * what could become one, and cuts exactly there. Pure.
 *
 * Always: the chunks handed out, put together, are the text of all pushed units up to the cut; in each chunk with ids the
 * ids detokenise to the text, and `lens` add up to its length; a chunk never begins or ends inside a character.
 */
import type { Chunk, TokenAlternative } from "./engine.ts";

/** What an engine hands over at once: usually one token. */
export type Unit = {
	readonly text: string;
	/** Undefined: the engine gives no ids, or they are not known for this piece. */
	readonly ids?: readonly number[];
	/** For each id what it completes; left out where a unit of several ids does not say. */
	readonly lens?: readonly number[];
	/** False where the ids end inside a character, whose text comes with a later unit. */
	readonly clean: boolean;
	readonly top?: readonly (readonly TokenAlternative[])[];
};

/** What is left at the end: whole units, and a piece of text cut out of a unit, for which ids must be made anew. */
export type Rest = { readonly chunks: readonly Chunk[]; readonly tail: string };

/** Length of the longest end of `text` that a stop string begins with, not counting a whole stop string. */
export function heldForStop(text: string, stops: readonly string[]): number {
	let longest = 0;
	for (const stop of stops) {
		// Nearly always no end of the text is the beginning of anything.
		if (stop === "" || text.indexOf(stop[0]!, Math.max(0, text.length - stop.length + 1)) < 0) continue;
		for (let n = Math.min(stop.length - 1, text.length); n > longest; n--)
			if (text.endsWith(stop.slice(0, n))) longest = n;
	}
	return longest;
}

/** The stop string that begins first in `text`; of two that begin together, the one named first. */
export function firstStop(
	text: string,
	stops: readonly string[],
): { readonly at: number; readonly stop: string } | undefined {
	let found: { at: number; stop: string } | undefined;
	for (const stop of stops) {
		const at = stop === "" ? -1 : text.indexOf(stop);
		if (at >= 0 && (found === undefined || at < found.at)) found = { at, stop };
	}
	return found;
}

export class Flow {
	readonly #stops: readonly string[];
	#held: Unit[] = [];
	#text = "";
	#handedOver = false;

	constructor(stops: readonly string[]) {
		this.#stops = stops;
	}

	/** Takes what was sampled. Returns the stop string that it completes, if any, and where in the held text it begins. */
	push(unit: Unit): { readonly stop: string; readonly at: number } | undefined {
		this.#held.push(unit);
		this.#text += unit.text;
		return firstStop(this.#text, this.#stops);
	}

	/** Whether anything is held back. */
	get holds(): boolean {
		return this.#held.length > 0;
	}

	/** Whether nothing was handed over yet and nothing whole is held: ending now would end with nothing. */
	get nothingWhole(): boolean {
		return !this.#handedOver && !this.#held.some((unit) => unit.clean);
	}

	/** What can no longer become part of a stop string, in whole units and whole characters. */
	take(): Chunk[] {
		return this.#release(this.#text.length - heldForStop(this.#text, this.#stops));
	}

	/** All that is held before `at`, where a stop string begins. The unit that it begins in is cut. */
	cut(at: number): Rest {
		const before = this.#text;
		const chunks = this.#release(at);
		const units = before.length - this.#text.length;
		return this.#clear(chunks, before.slice(units, at));
	}

	/**
	 * All that is held, at an end from which one can go on: half a character is left out, whoever goes on samples it again.
	 */
	finish(): Rest {
		if (this.nothingWhole) return this.#clear([], this.#text);
		return this.#clear(this.#release(this.#text.length), "");
	}

	#clear(chunks: readonly Chunk[], tail: string): Rest {
		this.#held = [];
		this.#text = "";
		return { chunks, tail };
	}

	#release(limit: number): Chunk[] {
		let count = 0;
		let length = 0;
		for (let i = 0, sum = 0; i < this.#held.length; i++) {
			const unit = this.#held[i]!;
			sum += unit.text.length;
			if (sum > limit) break;
			if (!unit.clean) continue;
			count = i + 1;
			length = sum;
		}
		if (count === 0) return [];
		const units = this.#held.slice(0, count);
		this.#held = this.#held.slice(count);
		this.#text = this.#text.slice(length);
		this.#handedOver = true;
		return joined(units);
	}
}

/** Units as few chunks: a chunk has ids for all of its text or none, and `lens` for all of its ids or none. */
export function joined(units: readonly (Unit | Chunk)[]): Chunk[] {
	const [only] = units;
	if (only && units.length === 1) {
		if (only.text === "" && !only.ids?.length) return [];
		const { text, ids, lens, top } = only;
		return [
			{
				text,
				...(ids ? { ids } : {}),
				...(ids && lens ? { lens } : {}),
				...(top ? { top } : {}),
			},
		];
	}
	const chunks: Chunk[] = [];
	const kind = (unit: Unit | Chunk): number => (unit.ids === undefined ? 0 : unit.lens === undefined ? 1 : 2);
	for (let i = 0; i < units.length; ) {
		let end = i + 1;
		while (end < units.length && kind(units[end]!) === kind(units[i]!)) end++;
		const part = units.slice(i, end);
		const text = part.map((unit) => unit.text).join("");
		const ids = part.flatMap((unit) => unit.ids ?? []);
		const lens = part.flatMap((unit) => unit.lens ?? []);
		const top = part.some((unit) => unit.top !== undefined)
			? part.flatMap((unit) => unit.top ?? (unit.ids ?? []).map(() => []))
			: undefined;
		const level = kind(part[0]!);
		if (text !== "" || ids.length > 0)
			chunks.push({
				text,
				...(level > 0 ? { ids } : {}),
				...(level > 1 ? { lens } : {}),
				...(top === undefined ? {} : { top }),
			});
		i = end;
	}
	return chunks;
}
