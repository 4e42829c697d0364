/** A text to read: the problem, an error's details, all that is known of an entry. Scrolls, copies, closes. */
import type { CommandId } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import type { Desk } from "../view.ts";
import { type Line, plainLine, textLines } from "./line.ts";
import { Scroll } from "./scroll.ts";
import type { Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type TextSheetOptions = {
	readonly desk: Desk;
	readonly title: string;
	/** Wrapped to the sheet; may come from a model, from Python or from a file. */
	readonly text?: string;
	/** Lines made for a width, where some of them mean something (names, marks). */
	readonly lines?: (columns: number) => readonly Line[];
	/** What is copied, where that is not what is shown. */
	readonly copies?: string;
};

const WHEEL_ROWS = 3;

export class TextSheet extends Sheet {
	readonly contexts = ["text", "dialog"] as const;
	readonly typing = false;
	readonly #options: TextSheetOptions;
	readonly #scroll = new Scroll();
	#wrapped: { readonly columns: number; readonly lines: readonly Line[] } | undefined;

	constructor(options: TextSheetOptions) {
		super(options.desk);
		this.#options = options;
	}

	#lines(columns: number): readonly Line[] {
		if (this.#wrapped?.columns !== columns) {
			const { text = "", lines } = this.#options;
			this.#wrapped = { columns, lines: lines?.(columns) ?? textLines(text, columns) };
		}
		return this.#wrapped.lines;
	}

	protected override wants(room: Room): Wanted {
		return { rows: this.#lines(room.columns).length + 1 };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const lines = this.#lines(columns);
		const room = lines.length >= rows && rows > 4 ? rows - 1 : rows;
		const top = this.#scroll.fit(lines.length, room);
		return {
			title: this.#options.title,
			...(this.#scroll.isAll ? {} : { aside: `${Math.min(lines.length, top + room)}/${lines.length}` }),
			rows: lines.slice(top, top + room),
			keys: [
				...(this.#scroll.isAll
					? []
					: ([[["text.up", "text.down"], "scroll"], ["text.page-down"], ["text.bottom", "end"]] as const)),
				["text.copy", "copy"],
				["dialog.close"],
			],
		};
	}

	can(command: CommandId): boolean {
		return (
			!this.#scroll.isAll ||
			!command.startsWith("text.") ||
			command === "text.copy" ||
			command === "text.close"
		);
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "text.down":
				return this.#by(1);
			case "text.up":
				return this.#by(-1);
			case "text.page-down":
				return this.#by(this.#scroll.page);
			case "text.page-up":
				return this.#by(-this.#scroll.page);
			case "text.top":
				return this.#by(Number.NEGATIVE_INFINITY);
			case "text.bottom":
				return this.#by(Number.POSITIVE_INFINITY);
			case "text.copy":
				this.desk.copy(this.#options.copies ?? this.#options.text ?? this.#shownText());
				return true;
			case "text.close":
				this.cancel();
				return true;
			default:
				return super.run(command);
		}
	}

	protected override pointed(mouse: Mouse): boolean {
		if (mouse.action === "wheel-down") return this.#by(WHEEL_ROWS);
		if (mouse.action === "wheel-up") return this.#by(-WHEEL_ROWS);
		return true;
	}

	#by(rows: number): boolean {
		if (this.#scroll.by(rows)) this.changed();
		return true;
	}

	#shownText(): string {
		const lines = this.#wrapped?.lines ?? [];
		return lines.map(plainLine).join("\n");
	}
}

export function textSheet(options: TextSheetOptions): void {
	options.desk.open(new TextSheet(options));
}
