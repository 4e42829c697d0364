/** What the sheets have in common in which one text is written: the keys of the field, the editor outside, the mouse. */
import type { CommandId } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import { widthOf } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Desk } from "../view.ts";
import type { BodyRow } from "./sheet.ts";
import { Sheet } from "./sheet-view.ts";

export type FieldSheetOptions = {
	readonly desk: Desk;
	readonly multiline: boolean;
	readonly text?: string;
	readonly placeholder?: string;
	/** What was written before, the latest last. */
	readonly history?: readonly string[];
	/** Of the file that $EDITOR opens, without the dot. */
	readonly extension?: string;
};

export abstract class FieldSheet extends Sheet {
	readonly contexts = ["field", "dialog"] as const;
	readonly typing = true;
	protected readonly field: Field;
	readonly #extension: string;
	#fieldAt = { x: 0, y: 0, rows: 1 };

	constructor({ desk, multiline, text = "", placeholder, history, extension = "md" }: FieldSheetOptions) {
		super(desk);
		this.field = new Field({
			paint: desk.paint,
			multiline,
			...(placeholder === undefined ? {} : { placeholder }),
			...(history === undefined ? {} : { history }),
		});
		this.field.text = text;
		this.#extension = extension;
	}

	protected abstract accept(): void;
	/** The text is another. */
	protected typed(): void {}

	/** The field's rows, which stand from row `y` of the body on, behind a label of a one-line field. */
	protected fieldRows(
		columns: number,
		rows: number,
		y: number,
		label = "",
	): { readonly rows: BodyRow[]; readonly cursor: { readonly x: number; readonly y: number } } {
		this.field.paint = this.desk.paint;
		const x = widthOf(label);
		const drawn = this.field.draw(columns - x, rows);
		this.#fieldAt = { x, y, rows: drawn.rows.length };
		return {
			rows: drawn.rows.map((painted) => ({ painted: this.desk.paint("dim", label) + painted })),
			cursor: { x: drawn.cursor.x + x, y: drawn.cursor.y + y },
		};
	}

	can(command: CommandId): boolean {
		if (command === "field.newline" || command === "field.editor") return this.field.multiline;
		return command !== "field.complete";
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "dialog.accept":
				this.accept();
				return true;
			case "field.newline":
				return this.#changed(() => this.field.do("newline"));
			case "field.editor":
				if (!this.field.multiline) return false;
				this.#openEditor();
				return true;
			default:
				return super.run(command);
		}
	}

	key(key: Key): boolean {
		return this.#changed(() => this.field.key(key));
	}

	paste(text: string): void {
		this.#changed(() => {
			this.field.paste(text);
			return true;
		});
	}

	protected override pointed(mouse: Mouse, x: number, y: number): boolean {
		const { x: left, y: top, rows } = this.#fieldAt;
		if (mouse.action === "press" && y >= top && y < top + rows) {
			this.field.click(Math.max(0, x - left), y - top);
			this.changed();
		}
		if (this.field.multiline && mouse.action === "wheel-down")
			return this.#changed(() => this.field.do("down"));
		if (this.field.multiline && mouse.action === "wheel-up") return this.#changed(() => this.field.do("up"));
		return true;
	}

	#changed(work: () => boolean): boolean {
		const before = this.field.text;
		const did = work();
		if (this.field.text !== before) this.typed();
		if (did) this.changed();
		return did;
	}

	#openEditor(): void {
		void this.desk.edit(this.field.text, this.#extension).then((text) => {
			if (text === undefined) return;
			this.#changed(() => {
				// Editors end a file with a newline that nobody wrote.
				this.field.text = text.replace(/\r?\n$/, "");
				return true;
			});
		});
	}
}
