/** A part of a sample, rewritten by hand: a field with the whole of it, or $EDITOR. What is left without taking it is kept as a draft. */
import type { Desk } from "../view.ts";
import { FieldSheet } from "../views/field-sheet.ts";
import { type Line, textLines } from "../views/line.ts";
import type { Wanted } from "../views/sheet.ts";
import type { Room, Sheeted } from "../views/sheet-view.ts";

export type EditSheetOptions = {
	readonly desk: Desk;
	readonly title: string;
	/** Whose words they are, and what becomes of them. */
	readonly says: string;
	readonly text: string;
	/** What is wrong with it; undefined: nothing. */
	readonly check: (text: string) => string | undefined;
	readonly done: (text: string) => void;
	readonly cancelled: (draft: string) => void;
};

export class EditSheet extends FieldSheet {
	readonly #options: EditSheetOptions;
	#mistake: string | undefined;

	constructor(options: EditSheetOptions) {
		super({ ...options, multiline: true, extension: "md", placeholder: "nothing: it is taken out" });
		this.#options = options;
		// One reads from the beginning.
		this.field.do("text-start");
	}

	#above(columns: number): Line[] {
		return textLines(this.#options.says, columns, "dim");
	}

	protected override wants(room: Room): Wanted {
		return {
			rows: this.#above(room.columns).length + Math.max(3, this.field.height(room.columns, room.rows) + 1),
		};
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const said = this.#above(columns);
		const above = rows >= said.length + 3 ? said : [];
		const field = this.fieldRows(columns, Math.max(1, rows - above.length), above.length);
		return {
			title: this.#options.title,
			rows: [...above, ...field.rows],
			cursor: field.cursor,
			...(this.#mistake === undefined ? {} : { message: [["error", `! ${this.#mistake}`]] }),
			keys: [
				["dialog.accept", "take it"],
				["field.newline"],
				["field.editor", "$EDITOR"],
				["dialog.close", "leave"],
			],
		};
	}

	protected override typed(): void {
		this.#mistake = undefined;
	}

	protected override accept(): void {
		const { text } = this.field;
		this.#mistake = this.#options.check(text);
		if (this.#mistake !== undefined) {
			this.changed();
			return;
		}
		this.dismiss();
		this.#options.done(text);
	}

	protected override cancelled(): void {
		this.#options.cancelled(this.field.text);
	}
}
