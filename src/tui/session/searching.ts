/** Search in the thinking: the query as it is typed, the hits in sight, and going from one to the next. */
import type { CommandId } from "../keys/command-table.ts";
import type { Key } from "../term/input.ts";
import { pad } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { LineIndex } from "../text/line-index.ts";
import { KEPT, type Search } from "../text/search.ts";
import type { Desk } from "../view.ts";
import type { LineHit, ThinkingPane } from "./thinking-pane.ts";

const LABEL = " /";
const HISTORY = 50;

export class Searching {
	readonly #desk: Desk;
	readonly #lines: LineIndex;
	readonly #pane: ThinkingPane;
	readonly #field: Field;
	readonly #history: string[] = [];
	#search: Search | undefined;
	#current = -1;
	#typing = false;
	/** Where the person was when the search began: the first hit is looked for from there. */
	#from = 0;
	/** Counts what changes the marks. */
	version = 0;

	constructor(desk: Desk, lines: LineIndex, pane: ThinkingPane) {
		this.#desk = desk;
		this.#lines = lines;
		this.#pane = pane;
		this.#field = new Field({
			paint: desk.paint,
			multiline: false,
			placeholder: "text to find",
			history: this.#history,
		});
	}

	get typing(): boolean {
		return this.#typing;
	}

	/** "3 of 17", for the pane's title. */
	get says(): string {
		const search = this.#search;
		if (!search) return "";
		if (search.count === 0) return `"${search.query}" is not there`;
		const of =
			search.count > KEPT ? `${search.count} (the first ${KEPT} can be visited)` : String(search.count);
		return this.#current < 0 ? `${of} hits` : `hit ${this.#current + 1} of ${of}`;
	}

	run(command: CommandId): boolean {
		switch (command) {
			case "search":
				this.#typing = true;
				this.#field.text = "";
				this.#from =
					this.#lines.length === 0 ? 0 : this.#lines.line(this.#pane.cursor ?? this.#pane.first).from;
				return true;
			case "search.done":
				this.#typing = false;
				if (this.#search) {
					this.#history.push(this.#search.query);
					this.#history.splice(0, this.#history.length - HISTORY);
				}
				return true;
			case "search.leave":
				this.#typing = false;
				this.#set("");
				return true;
			case "search.next":
				return this.#step(1);
			case "search.previous":
				return this.#step(-1);
			default:
				return false;
		}
	}

	key(key: Key): boolean {
		const taken = this.#field.key(key);
		if (this.#field.text !== (this.#search?.query ?? "")) this.#set(this.#field.text);
		return taken;
	}

	paste(text: string): void {
		this.#field.paste(text);
		this.#set(this.#field.text);
	}

	/** Another trace: the same query, its hits anew. */
	anew(): void {
		const query = this.#search?.query;
		this.#current = -1;
		if (query) this.#search = this.#lines.search(query);
		this.version++;
	}

	hitsOf(n: number): readonly LineHit[] {
		const search = this.#search;
		if (!search || search.count === 0) return [];
		const line = this.#lines.line(n);
		if (line.kind === "title") return [];
		return this.#lines
			.marks(search, line)
			.map(({ from, to, hit }) => ({ from, to, current: hit === this.#current }));
	}

	/** The last row while a query is typed. */
	foot(columns: number): { readonly row: string; readonly cursor: number } | undefined {
		if (!this.#typing) return undefined;
		const { paint } = this.#desk;
		const says = ` ${this.says}`;
		const width = Math.max(8, columns - LABEL.length - says.length);
		this.#field.paint = paint;
		const { rows, cursor } = this.#field.draw(width, 1);
		return {
			row: paint("key", LABEL) + (rows[0] ?? "") + paint("dim", pad(says, columns - LABEL.length - width)),
			cursor: LABEL.length + cursor.x,
		};
	}

	#set(query: string): void {
		this.#search = query === "" ? undefined : this.#lines.search(query);
		this.#current = -1;
		this.version++;
		if (this.#search) this.#goTo(this.#search.from(this.#from));
	}

	#step(by: 1 | -1): boolean {
		const search = this.#search;
		if (!search) {
			this.#desk.say(`nothing is searched for; ${this.#desk.keymap.keysOf("search")[0]} begins a search`);
			return true;
		}
		const at = this.#current < 0 ? this.#from : (search.hit(this.#current)?.from ?? 0);
		this.#goTo(by > 0 ? search.from(this.#current < 0 ? at : at + 1) : search.before(at));
		return true;
	}

	#goTo(hit: number): void {
		const found = this.#search?.hit(hit);
		if (!found) return;
		this.#current = hit;
		this.version++;
		this.#pane.show(this.#lines.lineAt(found.from));
	}
}
