/**
 * The rows of a dataset's samples, filtered and ordered. What passes is found when the filter is set and when samples are
 * read, not when something is decided: a sample that is accepted among the undecided stays where it is until one asks anew.
 */
import type { ReviewBook } from "../../data/dataset/review-book.ts";
import { type SampleFilter, sampleFilter } from "../../data/dataset/review-filter.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import { SampleScan } from "../../data/dataset/review-scan.ts";
import type { Rows } from "../reading/list-pane.ts";

export const KINDS = ["all", "undecided", "accepted", "rejected", "edited"] as const;
export type Kind = (typeof KINDS)[number];
export const ORDERS = ["as in the file", "longest first", "shortest first"] as const;
export type Order = (typeof ORDERS)[number];

export class SampleRows implements Rows<SampleEntry> {
	readonly #book: ReviewBook;
	readonly #changed: () => void;
	#query = "";
	#kind: Kind = "all";
	#order: Order = "as in the file";
	#filter: SampleFilter = sampleFilter("");
	#scan: SampleScan | undefined;
	/** Those that pass but for the texts to look for, in the order of the file. */
	#candidates: SampleEntry[] = [];
	#shown: readonly SampleEntry[] = [];
	/** Of the index, how many were looked at. */
	#seen = 0;

	/** `changed` is told when more was found in the background. */
	constructor(book: ReviewBook, changed: () => void) {
		this.#book = book;
		this.#changed = changed;
		this.refresh();
	}

	get length(): number {
		return this.#shown.length;
	}
	at(index: number): SampleEntry | undefined {
		return this.#shown[index];
	}

	get query(): string {
		return this.#query;
	}
	set query(query: string) {
		this.#query = query;
		this.#filter = sampleFilter(query);
		this.#anew();
	}
	get kind(): Kind {
		return this.#kind;
	}
	nextKind(): void {
		this.#kind = KINDS[(KINDS.indexOf(this.#kind) + 1) % KINDS.length]!;
		this.#anew();
	}
	get order(): Order {
		return this.#order;
	}
	nextOrder(): void {
		this.#order = ORDERS[(ORDERS.indexOf(this.#order) + 1) % ORDERS.length]!;
		this.#found();
	}

	/** Takes the filter away; false where there was none. */
	clear(): boolean {
		if (this.#query === "" && this.#kind === "all") return false;
		this.#kind = "all";
		this.query = "";
		return true;
	}

	get mistakes(): readonly string[] {
		return this.#filter.mistakes;
	}

	/** Of a look for text that is under way. */
	get scanning(): { readonly looked: number; readonly of: number } | undefined {
		const scan = this.#scan;
		return scan?.running ? { looked: scan.looked, of: scan.of } : undefined;
	}

	/** Place of the next one, from a place on, that nobody has decided; undefined: there is none. */
	undecided(from: number, by: 1 | -1): number | undefined {
		for (let at = from + by; at >= 0 && at < this.#shown.length; at += by)
			if (this.#book.standing(this.#shown[at]!.id).decision === undefined) return at;
		return undefined;
	}

	/** Looks at what was read since. */
	refresh(): void {
		const { entries } = this.#book.index;
		if (this.#seen === entries.length) return;
		const fresh = entries.slice(this.#seen).filter((entry) => this.#passes(entry));
		this.#seen = entries.length;
		for (const entry of fresh) this.#candidates.push(entry);
		if (this.#filter.texts.length > 0) {
			this.#scan ??= new SampleScan(this.#book, this.#filter.texts, () => {
				this.#found();
				this.#changed();
			});
			this.#scan.add(fresh);
		}
		this.#found();
	}

	#passes(entry: SampleEntry): boolean {
		const standing = this.#book.standing(entry.id);
		const { decision, edits } = standing;
		const kind = this.#kind;
		if (kind === "undecided" && decision !== undefined) return false;
		if ((kind === "accepted" || kind === "rejected") && decision !== kind) return false;
		if (kind === "edited" && edits === 0) return false;
		return this.#filter.test(entry, standing);
	}

	#found(): void {
		const scan = this.#scan;
		const found = scan ? this.#candidates.filter((entry) => scan.has(entry)) : this.#candidates;
		if (this.#order === "as in the file") this.#shown = found;
		else {
			const sign = this.#order === "longest first" ? -1 : 1;
			this.#shown = [...found].sort((a, b) => sign * (a.tokens - b.tokens) || a.at - b.at);
		}
	}

	#anew(): void {
		this.#scan?.close();
		this.#scan = undefined;
		this.#candidates = [];
		this.#shown = [];
		this.#seen = 0;
		this.refresh();
	}

	close(): void {
		this.#scan?.close();
	}
}
