/**
 * A list on a page, with the field that filters it in its title row: what one types where the list has the focus. The
 * field is not there while it has nothing to say.
 */
import type { CommandId } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import { Field } from "../text/field.ts";
import type { Desk } from "../view.ts";
import { type Did, List, type ListOptions } from "./list.ts";
import { type Rect, titleLine, unfocused, within } from "./pane.ts";
import { type BodyRow, paintRow } from "./sheet.ts";

export type FinderOptions<Item> = ListOptions<Item> & {
	readonly desk: Desk;
	/** What the field says while nothing is typed. */
	readonly placeholder: string;
	/** Another text stands in the field. */
	readonly asked?: (query: string) => void;
};

const FIELD_SHARE = 0.42;
const FIELD_LEAST = 12;
const FIELD_MOST = 34;

export class Finder<Item> {
	readonly list: List<Item>;
	readonly #options: FinderOptions<Item>;
	readonly #field: Field;
	#fieldAt: Rect | undefined;
	#rowsAt: Rect | undefined;

	constructor(options: FinderOptions<Item>) {
		this.#options = options;
		this.list = new List(options);
		this.#field = new Field({
			paint: options.desk.paint,
			placeholder: options.placeholder,
			multiline: false,
		});
	}

	get selected(): Item | undefined {
		return this.list.selected;
	}

	get query(): string {
		return this.#field.text;
	}

	/** Takes away what was typed; false where nothing was. */
	clear(): boolean {
		if (this.#field.empty) return false;
		this.#field.text = "";
		this.#typed();
		return true;
	}

	run(command: CommandId): Did {
		return this.list.run(command);
	}

	/** Whether the key meant something to the field. */
	key(key: Key): boolean {
		if (!this.#field.key(key)) return false;
		this.#typed();
		return true;
	}

	paste(text: string): void {
		this.#field.paste(text);
		this.#typed();
	}

	/** A press or the wheel on what was drawn last. */
	mouse(mouse: Mouse): Did {
		if (mouse.action === "press" && this.#fieldAt && within(this.#fieldAt, mouse.x, mouse.y)) {
			this.#field.click(mouse.x - this.#fieldAt.x, 0);
			return "selected";
		}
		return within(this.#rowsAt, mouse.x, mouse.y)
			? this.list.mouse(mouse, mouse.y - this.#rowsAt!.y)
			: "nothing";
	}

	/** The title row, for a rectangle of one row, and where the cursor is when the list has the focus. */
	title(
		at: Rect,
		name: string,
		extra: string,
		focused: boolean,
	): { readonly row: BodyRow; readonly cursor?: { readonly x: number; readonly y: number } } {
		const { paint } = this.#options.desk;
		this.#fieldAt = undefined;
		if (!focused && this.#field.empty) return { row: titleLine(name, extra, focused, at.width) };
		const width = Math.min(at.width, FIELD_MOST, Math.max(FIELD_LEAST, Math.floor(at.width * FIELD_SHARE)));
		this.#field.paint = paint;
		const drawn = this.#field.draw(width, 1);
		const left = at.width - width - 1;
		this.#fieldAt = { x: at.x + left + 1, y: at.y, width, height: 1 };
		const row = {
			painted: `${paintRow(paint, titleLine(name, extra, focused, left), left)} ${drawn.rows[0]}`,
		};
		return { row, ...(focused ? { cursor: { x: this.#fieldAt.x + drawn.cursor.x, y: at.y } } : {}) };
	}

	rows(at: Rect, focused: boolean): BodyRow[] {
		const { paint } = this.#options.desk;
		this.#rowsAt = at;
		return this.list.rows(focused ? paint : unfocused(paint), at.width, at.height);
	}

	/** It is not shown now. */
	hide(): void {
		this.#fieldAt = undefined;
		this.#rowsAt = undefined;
	}

	#typed(): void {
		this.list.query = this.#field.text;
		this.#options.asked?.(this.#field.text);
	}
}
