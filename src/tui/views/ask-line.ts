/** One question with one field: a name, a tag, a note, what to search for, where a file goes. */
import type { CommandId } from "../keys/command-table.ts";
import { widthOf } from "../text/cells.ts";
import type { Desk } from "../view.ts";
import { FieldSheet, type FieldSheetOptions } from "./field-sheet.ts";
import { inRow, type Line, textLines } from "./line.ts";
import type { Wanted } from "./sheet.ts";
import type { Room, Sheeted } from "./sheet-view.ts";

export type Completion = {
	/** The text as far as it is sure. */
	readonly text: string;
	/** What it could become, where that is more than one thing. */
	readonly candidates: readonly string[];
};

export type AskLineOptions = Omit<FieldSheetOptions, "multiline"> & {
	readonly desk: Desk;
	readonly title: string;
	/** A word that stands before the field, or a sentence above it. */
	readonly label?: string;
	readonly multiline?: boolean;
	/** What Tab makes of what is written. */
	readonly complete?: (text: string) => Completion;
	/** What is wrong with the text; undefined: nothing. Asked when it is to be taken. */
	readonly check?: (text: string) => string | undefined;
	/** What Enter does, in a word or two. */
	readonly accepts?: string;
	readonly done: (text: string) => void;
	/** Each time the text is another, before it is taken. */
	readonly typed?: (text: string) => void;
	readonly cancelled?: () => void;
};

const COLUMNS = 76;
const LEAST_ROWS = 5;
const BEFORE_SHARE = 0.3;
const MOST_CANDIDATES = 6;

export class AskLine extends FieldSheet {
	readonly #options: AskLineOptions;
	#mistake: string | undefined;
	#candidates: readonly string[] = [];

	constructor(options: AskLineOptions) {
		super({ ...options, multiline: options.multiline ?? false });
		this.#options = options;
	}

	/** Before a one-line field, where it is short enough. */
	#before(columns: number): string {
		const { label = "" } = this.#options;
		const short = label !== "" && !this.field.multiline && widthOf(inRow(label)) <= columns * BEFORE_SHARE;
		return short ? `${inRow(label)}  ` : "";
	}

	#above(columns: number): Line[] {
		const { label } = this.#options;
		return label === undefined || this.#before(columns) !== "" ? [] : textLines(label, columns);
	}

	#under(columns: number): Line[] {
		if (this.#mistake !== undefined) return textLines(`! ${this.#mistake}`, columns, "error");
		const shown = this.#candidates.slice(0, MOST_CANDIDATES);
		const more = this.#candidates.length - shown.length;
		return [
			...shown.map((one): Line => [["dim", `  ${one}`]]),
			...(more > 0 ? [[["dim", `  and ${more} more`] as const]] : []),
		];
	}

	protected override wants(room: Room): Wanted {
		const columns = Math.min(room.columns, COLUMNS);
		const field = this.field.multiline ? Math.max(LEAST_ROWS, this.field.height(columns, room.rows)) : 1;
		const under = Math.max(1, this.#under(columns).length);
		return { columns, rows: this.#above(columns).length + field + under };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const { title, accepts, complete } = this.#options;
		const label = this.#above(columns);
		const under = this.#under(columns);
		// The field comes first, then what is wrong, then the question.
		const left = Math.max(0, rows - Math.min(rows - 1, under.length) - 1);
		const above = label.slice(0, left);
		const height = Math.max(1, rows - above.length - Math.max(rows > 3 ? 1 : 0, under.length));
		const field = this.fieldRows(columns, height, above.length, this.#before(columns));
		return {
			title,
			rows: [...above, ...field.rows, ...under],
			cursor: field.cursor,
			keys: [
				["dialog.accept", accepts ?? "take it"],
				...(complete ? ([["field.complete"]] as const) : []),
				...(this.field.multiline ? ([["field.newline"], ["field.editor", "$EDITOR"]] as const) : []),
				["dialog.close"],
			],
		};
	}

	override can(command: CommandId): boolean {
		return command === "field.complete" ? this.#options.complete !== undefined : super.can(command);
	}

	override run(command: CommandId): boolean {
		if (command !== "field.complete") return super.run(command);
		const { complete } = this.#options;
		if (!complete) return false;
		const { text, candidates } = complete(this.field.text);
		if (text !== this.field.text) {
			this.field.text = text;
			this.typed();
		}
		this.#candidates = candidates;
		this.changed();
		return true;
	}

	protected override typed(): void {
		this.#mistake = undefined;
		this.#candidates = [];
		this.#options.typed?.(this.field.text);
	}

	protected override accept(): void {
		const { text } = this.field;
		this.#mistake = this.#options.check?.(text);
		if (this.#mistake !== undefined) {
			this.changed();
			return;
		}
		this.dismiss();
		this.#options.done(text);
	}

	protected override cancelled(): void {
		this.#options.cancelled?.();
	}
}

export function askLine(options: AskLineOptions): void {
	options.desk.open(new AskLine(options));
}
