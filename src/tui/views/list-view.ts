/**
 * A sheet with a list in it: typing filters, arrows move, Enter chooses; beside the list, or below it where it is narrow,
 * a preview of what is selected. Palette, hint library, branches and sessions are such lists.
 */
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import { Field } from "../text/field.ts";
import type { Desk } from "../view.ts";
import { type Line, paintLine } from "./line.ts";
import { List, type ListOptions } from "./list.ts";
import { Scroll } from "./scroll.ts";
import { type BodyRow, type KeyHint, paintRow, type Rectangle, type Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type ListViewOptions<Item> = ListOptions<Item> & {
	readonly desk: Desk;
	readonly title: string;
	/** What the field says while nothing is typed. */
	readonly placeholder?: string;
	/** Contexts of its own, looked up before those of lists. */
	readonly contexts?: readonly KeyContext[];
	/** What is known of the selected item; may be longer than the room, it scrolls. */
	readonly preview?: (item: Item, columns: number, rows: number) => readonly Line[];
	/** The sheet is closed before this is called, unless it `stays`. */
	readonly choose: (item: Item) => void;
	readonly stays?: boolean;
	/** What Enter does, in a word or two. */
	readonly chooses?: string;
	/** Commands of its own contexts; they get the selected item, and say false where they mean nothing for it. */
	readonly commands?: Partial<Record<CommandId, (item: Item) => boolean>>;
	/** Keys to be named besides choosing, moving and closing. */
	readonly keys?: readonly KeyHint[];
	/** What the rows and the preview are made of besides the items: the list is drawn anew when one is another. */
	readonly depends?: () => readonly unknown[];
	readonly onSelect?: (item: Item) => void;
	/** Closed without a choice. */
	readonly cancelled?: () => void;
};

/** From this width on the preview stands beside the list, below it from this height on. */
const BESIDE_COLUMNS = 88;
const BELOW_ROWS = 13;
const LIST_SHARE = 0.46;
const SEPARATOR = 3;
/** Rows of items, of a sheet that has the screen for them. */
const MOST_ROWS = 28;
const PREVIEW_ROWS = 22;
const LEAST_ROWS = 6;

export class ListView<Item> extends Sheet {
	readonly contexts: readonly KeyContext[];
	readonly typing = true;
	readonly list: List<Item>;
	readonly #options: ListViewOptions<Item>;
	readonly #field: Field;
	readonly #preview = new Scroll();
	/** Where the list and its preview lie in the body, as drawn last. */
	#listAt: Rectangle = { x: 0, y: 0, columns: 0, rows: 0 };
	#previewAt: Rectangle | undefined;
	#most = LEAST_ROWS;

	constructor(options: ListViewOptions<Item>) {
		super(options.desk);
		this.#options = options;
		this.contexts = [...(options.contexts ?? []), "list", "dialog"];
		this.list = new List(options);
		this.#field = new Field({
			paint: options.desk.paint,
			placeholder: options.placeholder ?? "type to find",
			multiline: false,
		});
	}

	/** What is shown has changed for a reason that `depends` does not know. */
	refresh(): void {
		this.changed();
	}

	protected override depends(): readonly unknown[] {
		const { items, loading } = this.list.listed;
		return [items, loading, ...(this.#options.depends?.() ?? [])];
	}

	protected override wants(room: Room): Wanted {
		// It does not shrink while one types or while items come in.
		this.#most = Math.max(this.#most, this.list.listed.items.length);
		const rows = this.#options.preview ? PREVIEW_ROWS : Math.min(MOST_ROWS, this.#most);
		return { rows: Math.min(room.rows, rows + 3) };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const { title, chooses = "choose", keys = [] } = this.#options;
		this.#field.paint = this.desk.paint;
		const field = this.#field.draw(columns, 1);
		const airy = rows >= 9;
		const head: BodyRow[] = [{ painted: field.rows[0]! }, ...(airy ? [""] : [])];
		const room = Math.max(0, rows - head.length - (airy ? 1 : 0));
		return {
			title,
			aside: this.list.count,
			rows: [...head, ...this.#body(columns, room, head.length)],
			cursor: field.cursor,
			keys: [["list.choose", chooses], ...keys, [["list.up", "list.down"], "move"], ["dialog.close"]],
		};
	}

	#body(columns: number, rows: number, y: number): BodyRow[] {
		const { paint } = this.desk;
		this.#previewAt = undefined;
		this.#listAt = { x: 0, y, columns, rows };
		const { preview } = this.#options;
		if (!preview || (columns < BESIDE_COLUMNS && rows < BELOW_ROWS)) {
			return this.list.rows(paint, columns, rows);
		}
		if (columns < BESIDE_COLUMNS) {
			// A short list leaves its rows to the preview.
			const above = Math.min(Math.ceil((rows - 1) / 2), Math.max(LEAST_ROWS, this.#most + 1));
			this.#listAt = { x: 0, y, columns, rows: above };
			this.#previewAt = { x: 0, y: y + above + 1, columns, rows: rows - above - 1 };
			const list = this.list.rows(paint, columns, above);
			while (list.length < above) list.push("");
			return [...list, [["rule", "-".repeat(columns)]], ...this.#previewRows()];
		}
		const left = Math.floor(columns * LIST_SHARE);
		this.#listAt = { x: 0, y, columns: left, rows };
		this.#previewAt = { x: left + SEPARATOR, y, columns: columns - left - SEPARATOR, rows };
		const list = this.list.rows(paint, left, rows);
		const shown = this.#previewRows();
		const between = ` ${paint("rule", "|")} `;
		return Array.from({ length: rows }, (_, row) => ({
			painted:
				paintRow(paint, list[row] ?? "", left) +
				between +
				paintLine(paint, shown[row] ?? "", this.#previewAt!.columns),
		}));
	}

	#previewRows(): readonly Line[] {
		const { preview, desk } = this.#options;
		const { columns, rows } = this.#previewAt!;
		const { selected } = this.list;
		if (selected === undefined || rows < 1) return [];
		const lines = preview!(selected, columns, rows);
		if (lines.length <= rows) {
			this.#preview.fit(lines.length, rows);
			return lines;
		}
		const top = this.#preview.fit(lines.length, rows - 1);
		const key = desk.keymap.keysOf("list.preview-down")[0];
		const more = this.#preview.below;
		const says = more === 0 ? "the end" : `${more} more line${more === 1 ? "" : "s"}${key ? `: ${key}` : ""}`;
		return [...lines.slice(top, top + rows - 1), [["dim", says]]];
	}

	can(command: CommandId): boolean {
		if (command.startsWith("list.preview")) return this.#options.preview !== undefined;
		return true;
	}

	override run(command: CommandId): boolean {
		if (command === "list.preview-down") return this.#scrollPreview(1);
		if (command === "list.preview-up") return this.#scrollPreview(-1);
		const own = this.#options.commands?.[command];
		const { selected } = this.list;
		if (own && selected !== undefined) {
			const did = own(selected);
			this.changed();
			return did;
		}
		if (!command.startsWith("list.")) return super.run(command);
		this.#did(this.list.run(command));
		return true;
	}

	key(key: Key): boolean {
		if (!this.#field.key(key)) return false;
		this.#typed();
		return true;
	}

	paste(text: string): void {
		this.#field.paste(text);
		this.#typed();
	}

	#typed(): void {
		const before = this.list.selected;
		this.list.query = this.#field.text;
		if (this.list.selected !== before) this.#selected();
		this.changed();
	}

	protected override pointed(mouse: Mouse, x: number, y: number): boolean {
		const wheel = mouse.action === "wheel-down" ? 1 : mouse.action === "wheel-up" ? -1 : 0;
		if (this.#previewAt && within(this.#previewAt, x, y)) {
			return wheel === 0 || this.#scrollPreview(wheel * 3);
		}
		if (wheel !== 0 || within(this.#listAt, x, y)) this.#did(this.list.mouse(mouse, y - this.#listAt.y));
		else if (mouse.action === "press" && y === 0) {
			this.#field.click(x, 0);
			this.changed();
		}
		return true;
	}

	#did(did: ReturnType<List<Item>["run"]>): void {
		if (did === "nothing") return;
		if (did === "chosen") {
			const { selected } = this.list;
			if (selected === undefined) return;
			if (!this.#options.stays) this.dismiss();
			this.#options.choose(selected);
		} else this.#selected();
		this.changed();
	}

	#selected(): void {
		this.#preview.to(0);
		const { selected } = this.list;
		if (selected !== undefined) this.#options.onSelect?.(selected);
	}

	#scrollPreview(rows: number): boolean {
		if (this.#preview.by(rows)) this.changed();
		return true;
	}

	protected override cancelled(): void {
		this.#options.cancelled?.();
	}
}

function within({ x, y, columns, rows }: Rectangle, atX: number, atY: number): boolean {
	return atX >= x && atX < x + columns && atY >= y && atY < y + rows;
}
