/**
 * The problems of a set that fit what is written above its list.
 *
 * What always holds: the work is done in slices (`advance`), also while the set is still being loaded; `hits` only
 * grows until another question is asked, those that fit by their id first, then those that fit by their text.
 */
import type { Listed, ProblemSet } from "../../../data/problem-set.ts";
import type { Domain } from "../../../trace/events.ts";
import { type Haystack, rankOf, wordsOf } from "../word-filter.ts";

/** A longer text is looked at up to here. */
const LOOKED_AT_UNITS = 4_000;

export class ProblemFilter {
	readonly #set: ProblemSet;
	readonly #haystacks: Haystack[] = [];
	#words: readonly string[] = [];
	#domain: Domain | undefined;
	#fits: ((problem: Listed) => boolean) | undefined;
	#looked = 0;
	#ranks: [Listed[], Listed[], Listed[]] = [[], [], []];
	#hits: readonly Listed[] | undefined;

	constructor(set: ProblemSet) {
		this.#set = set;
	}

	/** `fits` is one more condition; another function is another question. */
	ask(query: string, domain?: Domain, fits?: (problem: Listed) => boolean): void {
		const words = wordsOf(query);
		const same = domain === this.#domain && fits === this.#fits;
		if (same && words.join(" ") === this.#words.join(" ")) return;
		this.#words = words;
		this.#domain = domain;
		this.#fits = fits;
		this.#looked = 0;
		this.#ranks = [[], [], []];
		this.#hits = undefined;
	}

	get #all(): boolean {
		return this.#words.length === 0 && this.#domain === undefined && this.#fits === undefined;
	}

	/** As far as was looked. The same array while nothing was found. */
	get hits(): readonly Listed[] {
		if (this.#all) return this.#set.problems;
		this.#hits ??= this.#ranks.flat();
		return this.#hits;
	}

	/** Looks on for about so long. False: there is more to look at among what is loaded. */
	advance(budgetMs: number): boolean {
		const { problems } = this.#set;
		if (this.#all) return true;
		const end = performance.now() + budgetMs;
		while (this.#looked < problems.length) {
			const index = this.#looked++;
			const problem = problems[index]!;
			const inDomain = this.#domain === undefined || problem.domain === this.#domain;
			if (inDomain && (this.#fits?.(problem) ?? true)) {
				const rank = rankOf(this.#words, this.#haystack(index, problem));
				if (rank !== undefined) {
					this.#ranks[rank].push(problem);
					this.#hits = undefined;
				}
			}
			if ((index & 63) === 63 && performance.now() >= end) break;
		}
		return this.#looked >= problems.length;
	}

	#haystack(index: number, { id, domain, source, problem }: Listed): Haystack {
		const known = this.#haystacks[index];
		if (known) return known;
		const haystack: Haystack = {
			name: id.toLowerCase(),
			text: `${id} ${domain} ${source ?? ""} ${problem.slice(0, LOOKED_AT_UNITS)}`.toLowerCase(),
		};
		this.#haystacks[index] = haystack;
		return haystack;
	}
}
