/**
 * A list of any length with a selection: filtered by what was typed, shown through a window. Draws rows and knows where
 * they are; what surrounds it (a sheet, a page) brings the text field and the keys.
 *
 * What always holds: the selected item is one of those shown, and in the window, whenever there is one; an item that
 * stays in the list stays selected when others come or go (`same` says which two are one). Only the rows of the window
 * are made.
 */
import type { CommandId } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import { graphemes } from "../text/cells.ts";
import { fuzzy } from "../text/fuzzy.ts";
import type { Paint } from "../theme/theme.ts";
import { type Line, paintSelected, type Run, runsOf, spread } from "./line.ts";
import { Scroll } from "./scroll.ts";
import type { BodyRow } from "./sheet.ts";

/** What there is so far. The same array means that nothing has changed. */
export type Listed<Item> = {
	readonly items: readonly Item[];
	/** More is coming: what is said meanwhile. */
	readonly loading?: string;
};

export type Found<Item> = { readonly item: Item; readonly marks: readonly number[] };

/** One row: `mark` says in a character or two what the item is, `right` stands at the end of the row. */
export type ListRow = {
	readonly mark?: string;
	readonly text: Line;
	readonly right?: Line;
	/** It stands back: it can hardly be chosen now. */
	readonly dim?: boolean;
};

export type ListOptions<Item> = {
	readonly items: readonly Item[] | (() => Listed<Item>);
	/** What typing is compared with. `marks` of a row are units of this text. */
	readonly textOf: (item: Item) => string;
	/** Instead of the fuzzy comparison. */
	readonly filter?: (query: string, items: readonly Item[]) => readonly Found<Item>[];
	readonly row: (item: Item, columns: number, marks: readonly number[]) => ListRow;
	/** What is said where there is nothing at all. */
	readonly empty: string;
	readonly same?: (a: Item, b: Item) => boolean;
	/** Where the selection begins. */
	readonly first?: (item: Item) => boolean;
};

/** What a click or a command did. */
export type Did = "nothing" | "selected" | "chosen";

const WHEEL_ROWS = 3;

export class List<Item> {
	readonly #options: ListOptions<Item>;
	readonly #scroll = new Scroll();
	#query = "";
	#index = 0;
	/** A click on a selected row chooses only where a click had selected it. */
	#clicked = -1;
	#found: readonly Found<Item>[] = [];
	#of: { readonly items: readonly Item[]; readonly query: string } | undefined;
	#moved = false;
	#top = 0;

	constructor(options: ListOptions<Item>) {
		this.#options = options;
	}

	get listed(): Listed<Item> {
		const { items } = this.#options;
		return typeof items === "function" ? items() : { items };
	}

	/** Those that fit what was typed, best first. */
	get found(): readonly Found<Item>[] {
		const { items } = this.listed;
		if (this.#of?.items === items && this.#of.query === this.#query) return this.#found;
		const before = this.#found[this.#index]?.item;
		const typed = this.#of !== undefined && this.#of.query !== this.#query;
		const { filter, textOf, first, same = (a, b) => a === b } = this.#options;
		this.#found = filter?.(this.#query, items) ?? fuzzy(this.#query, items, textOf);
		this.#of = { items, query: this.#query };
		let index = 0;
		if (!typed && before !== undefined && (this.#moved || !first)) {
			index = this.#found.findIndex(({ item }) => same(item, before));
		} else if (!this.#moved && this.#query === "" && first) {
			index = this.#found.findIndex(({ item }) => first(item));
		}
		this.#index = index >= 0 ? index : this.#hold(this.#index);
		this.#clicked = -1;
		return this.#found;
	}

	get selected(): Item | undefined {
		return this.found[this.#index]?.item;
	}

	get query(): string {
		return this.#query;
	}

	/** The best match is selected. */
	set query(query: string) {
		if (query === this.#query) return;
		this.#query = query;
		this.#moved = query !== "";
	}

	/** "12/340", or what part of them fits. */
	get count(): string {
		const { items, loading } = this.listed;
		const more = loading === undefined ? "" : "+";
		const { length } = this.found;
		if (length === items.length) return length === 0 ? "" : `${this.#index + 1}/${length}${more}`;
		return `${length} of ${items.length}${more}`;
	}

	select(fits: (item: Item) => boolean): boolean {
		const index = this.found.findIndex(({ item }) => fits(item));
		return index >= 0 && this.#go(index);
	}

	rows(paint: Paint, columns: number, rows: number): BodyRow[] {
		const { found } = this;
		const { items, loading } = this.listed;
		if (found.length === 0) {
			const says = items.length > 0 ? "Nothing fits what is typed." : (loading ?? this.#options.empty);
			return [[["dim", says]]];
		}
		this.#top = this.#scroll.around(found.length, rows, this.#index);
		return found.slice(this.#top, this.#top + rows).map(({ item, marks }, place) => {
			const selected = this.#top + place === this.#index;
			const line = this.#line(this.#options.row(item, columns, marks), selected, columns);
			return selected ? { painted: paintSelected(paint, line, columns) } : line;
		});
	}

	#line({ mark, text, right = "", dim = false }: ListRow, selected: boolean, columns: number): Line {
		const marked: Run[] = [["sheet", `${selected ? ">" : " "} ${mark === undefined ? "" : `${mark} `}`]];
		const runs = [...marked, ...runsOf(text)];
		const line = spread(runs, right, columns);
		return dim ? line.map(([, said]): Run => ["dim", said]) : line;
	}

	run(command: CommandId): Did {
		const last = this.found.length - 1;
		switch (command) {
			case "list.down":
				return this.#moveTo(this.#index + 1);
			case "list.up":
				return this.#moveTo(this.#index - 1);
			case "list.page-down":
				return this.#moveTo(this.#index + this.#scroll.page);
			case "list.page-up":
				return this.#moveTo(this.#index - this.#scroll.page);
			case "list.first":
				return this.#moveTo(0);
			case "list.last":
				return this.#moveTo(last);
			case "list.choose":
				return last < 0 ? "nothing" : "chosen";
			default:
				return "nothing";
		}
	}

	/** `y` counts from the list's first row. */
	mouse({ action }: Mouse, y: number): Did {
		const step = this.#scroll.isAll ? 1 : WHEEL_ROWS;
		if (action === "wheel-down") return this.#moveTo(this.#index + step);
		if (action === "wheel-up") return this.#moveTo(this.#index - step);
		const index = this.#top + y;
		if (action !== "press" || y < 0 || index >= this.found.length) return "nothing";
		if (index === this.#clicked) return "chosen";
		this.#moveTo(index);
		this.#clicked = index;
		return "selected";
	}

	#moveTo(index: number): Did {
		return this.#go(this.#hold(index)) ? "selected" : "nothing";
	}

	#go(index: number): boolean {
		this.#clicked = -1;
		this.#moved = true;
		if (index === this.#index) return false;
		this.#index = index;
		return true;
	}

	#hold(index: number): number {
		return Math.max(0, Math.min(index, this.#found.length - 1));
	}
}

/**
 * What is found by letters of its name comes first; then what has every word that was typed, in whole, in what else is
 * known of it: there, letters scattered about would find everything.
 */
export function namedFirst<Item>(
	query: string,
	items: readonly Item[],
	nameOf: (item: Item) => string,
	restOf: (item: Item) => string,
): Found<Item>[] {
	const named = fuzzy(query, items, nameOf);
	if (named.length === items.length) return named;
	const names = new Set(named.map(({ item }) => item));
	const words = query.toLowerCase().split(/\s+/);
	const others = items.filter((item) => {
		if (names.has(item)) return false;
		const text = `${nameOf(item)} ${restOf(item)}`.toLowerCase();
		return words.every((word) => text.includes(word));
	});
	return [...named, ...others.map((item) => ({ item, marks: [] }))];
}

/** A text with the characters that were matched standing out; `from` is where it begins in what was searched. */
export function marked(text: string, marks: readonly number[], from = 0): Run[] {
	if (marks.length === 0) return [["sheet", text]];
	const units = new Set(marks);
	const runs: [Run[0], string][] = [];
	let at = from;
	for (const one of graphemes(text)) {
		const end = at + one.length;
		let token: Run[0] = "sheet";
		for (; at < end; at++) if (units.has(at)) token = "match";
		const last = runs.at(-1);
		if (last?.[0] === token) last[1] += one;
		else runs.push([token, one]);
	}
	return runs;
}
