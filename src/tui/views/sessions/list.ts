/** The sessions of a store as a list with a filter, kept up to date while it is looked at. */
import { type Shelf, type Shelved, shelfOf } from "../../../trace/shelf.ts";
import type { SessionStore } from "../../../trace/store.ts";
import type { Desk } from "../../view.ts";
import { Finder } from "../finder.ts";
import { runsOf } from "../line.ts";
import type { Rect } from "../pane.ts";
import type { BodyRow } from "../sheet.ts";
import { sessionFilter } from "./filter.ts";
import { sessionHeader, sessionRow } from "./row.ts";

export type SessionListOptions = {
	readonly desk: Desk;
	readonly store: SessionStore;
	readonly now?: () => number;
	/** What Enter would do, said where there is nothing. */
	readonly empty: string;
};

/** Room of the list's own mark. */
const MARK = 2;
/** Looked at again when it is drawn after so long: it may have been covered. */
const STALE_MS = 3_000;

export class SessionList {
	readonly finder: Finder<Shelved>;
	readonly #shelf: Shelf;
	readonly #now: () => number;
	readonly #leave: () => void;
	#lookedAt = Number.NEGATIVE_INFINITY;

	constructor({ desk, store, now = Date.now, empty }: SessionListOptions) {
		this.#shelf = shelfOf(store);
		this.#now = now;
		this.finder = new Finder<Shelved>({
			desk,
			placeholder: "words tag: verdict: mark: open:",
			items: () => ({
				items: this.#shelf.list,
				...(this.#shelf.loading ? { loading: "Reading the sessions ..." } : {}),
			}),
			textOf: ({ id }) => id,
			filter: (query, items) => {
				const fits = sessionFilter(query);
				return items.filter(fits).map((item) => ({ item, marks: [] }));
			},
			row: (entry, columns) => ({ text: sessionRow(entry, columns - MARK, this.#now()) }),
			empty,
			same: (a, b) => a.id === b.id,
		});
		this.#leave = this.#shelf.subscribe(() => desk.changed("soon"));
	}

	get shelved(): readonly Shelved[] {
		return this.#shelf.list;
	}

	get selected(): Shelved | undefined {
		return this.finder.selected;
	}

	get count(): string {
		return this.finder.list.count;
	}

	/** How many there are, read or not. */
	get total(): number {
		return this.#shelf.total;
	}

	/** Looks for what is new. */
	refresh(): void {
		this.#lookedAt = this.#now();
		this.#shelf.refresh();
	}

	/** The same, where the last look is long enough ago. */
	refreshIfStale(): void {
		if (Math.abs(this.#now() - this.#lookedAt) > STALE_MS) this.refresh();
	}

	drop(id: string): void {
		this.#shelf.drop(id);
	}

	header(columns: number): BodyRow {
		return [["sheet", " ".repeat(MARK)], ...runsOf(sessionHeader(columns - MARK))];
	}

	rows(at: Rect, focused: boolean): BodyRow[] {
		const { trouble } = this.#shelf;
		if (trouble !== undefined) return [[["error", `  ! The sessions cannot be read: ${trouble}`]]];
		return this.finder.rows(at, focused);
	}

	close(): void {
		this.#leave();
	}
}
