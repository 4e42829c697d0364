/**
 * A long list that is read: rows through a window, one of them selected, and nothing typed into it, so that letters are
 * commands. Of any length: only the rows of the window are asked for.
 *
 *     const pane = new ListPane({ items: () => items, row: (item, columns) => [["text", item.name]], empty: () => "..." });
 *     pane.run("rows.down"); pane.selected; pane.draw(paint, columns, rows, focused);
 *
 * What always holds: the selected item stays selected, and its row in the window, wherever others come or go (`keyOf` says
 * which two are one). While it follows, the first row is selected, whatever comes there.
 */
import type { CommandId } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import type { Paint } from "../theme/theme.ts";
import { type Line, paintSelected, type Run, runsOf } from "../views/line.ts";
import { Scroll } from "../views/scroll.ts";
import type { BodyRow } from "../views/sheet.ts";

/** Items by their place; the first is on top. */
export type Rows<Item> = {
	readonly length: number;
	at(index: number): Item | undefined;
};

export type ListPaneOptions<Item> = {
	readonly items: () => Rows<Item>;
	readonly keyOf: (item: Item) => string;
	readonly row: (item: Item, columns: number) => Line;
	/** Where there is none. */
	readonly empty: () => string;
};

const WHEEL_ROWS = 3;
/** Room of the mark of the selected row. */
const MARK = 2;

export class ListPane<Item> {
	readonly #options: ListPaneOptions<Item>;
	readonly #scroll = new Scroll();
	#index = 0;
	/** Of the selected item. */
	#key: string | undefined;
	#following = true;
	#top = 0;
	#clicked: string | undefined;

	constructor(options: ListPaneOptions<Item>) {
		this.#options = options;
	}

	get following(): boolean {
		return this.#following;
	}

	/** Place of the selected item, from 0. */
	get index(): number {
		this.#settle();
		return this.#index;
	}

	get selected(): Item | undefined {
		this.#settle();
		return this.#options.items().at(this.#index);
	}

	follow(on = true): void {
		this.#following = on;
	}

	/** False where there is no such place. */
	select(index: number): boolean {
		const items = this.#options.items();
		const to = Math.max(0, Math.min(items.length - 1, index));
		const item = items.at(to);
		if (item === undefined) return false;
		const moved = to !== this.index;
		this.#index = to;
		this.#key = this.#options.keyOf(item);
		this.#following = false;
		return moved;
	}

	move(by: number): boolean {
		return this.select(this.index + by);
	}

	/** Another list: its first row. */
	reset(): void {
		this.#index = 0;
		this.#key = undefined;
		this.#scroll.to(0);
	}

	/** The commands of the context "rows"; false for others. */
	run(command: CommandId): boolean {
		switch (command) {
			case "rows.down":
				this.move(1);
				return true;
			case "rows.up":
				this.move(-1);
				return true;
			case "rows.page-down":
				this.move(this.#scroll.page);
				return true;
			case "rows.page-up":
				this.move(-this.#scroll.page);
				return true;
			case "rows.first":
				this.select(0);
				return true;
			case "rows.last":
				this.select(this.#options.items().length - 1);
				return true;
			case "rows.follow":
				this.follow();
				return true;
			default:
				return false;
		}
	}

	/** `y` counts from the first row. A second press on a row opens it. */
	mouse({ action }: Mouse, y: number): "nothing" | "selected" | "chosen" {
		if (action === "wheel-down" || action === "wheel-up") {
			this.move(action === "wheel-down" ? WHEEL_ROWS : -WHEEL_ROWS);
			return "selected";
		}
		if (action !== "press") return "nothing";
		const item = this.#options.items().at(this.#top + y);
		if (item === undefined) return "nothing";
		const key = this.#options.keyOf(item);
		const again = this.#clicked === key && this.#key === key;
		this.select(this.#top + y);
		this.#clicked = key;
		return again ? "chosen" : "selected";
	}

	draw(paint: Paint, columns: number, rows: number): BodyRow[] {
		this.#settle();
		const items = this.#options.items();
		if (items.length === 0) return [[["dim", `  ${this.#options.empty()}`]]];
		this.#top = this.#scroll.around(items.length, rows, this.#index);
		const drawn: BodyRow[] = [];
		for (let at = this.#top; at < Math.min(items.length, this.#top + rows); at++) {
			const item = items.at(at);
			if (item === undefined) break;
			const selected = at === this.#index;
			const mark: Run = ["sheet", selected ? "> " : "  "];
			const line: Line = [mark, ...runsOf(this.#options.row(item, columns - MARK))];
			drawn.push(selected ? { painted: paintSelected(paint, line, columns) } : line);
		}
		return drawn;
	}

	/** Finds the selected item where it is now: near where it was, since lists grow at their top and items move up and down. */
	#settle(): void {
		const items = this.#options.items();
		const { keyOf } = this.#options;
		const keyAt = (index: number): string | undefined => {
			const item = index < 0 || index >= items.length ? undefined : items.at(index);
			return item === undefined ? undefined : keyOf(item);
		};
		if (this.#following) {
			this.#index = 0;
			this.#key = keyAt(0);
			return;
		}
		if (this.#key !== undefined && keyAt(this.#index) !== this.#key) {
			for (let step = 1; step < items.length + this.#index + 1; step++) {
				const below = this.#index + step;
				const above = this.#index - step;
				if (below >= items.length && above < 0) break;
				const found = keyAt(below) === this.#key ? below : keyAt(above) === this.#key ? above : undefined;
				if (found === undefined) continue;
				this.#index = found;
				return;
			}
		} else if (this.#key !== undefined) return;
		this.#index = Math.max(0, Math.min(this.#index, items.length - 1));
		this.#key = keyAt(this.#index);
	}
}
