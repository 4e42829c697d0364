/**
 * The words of a hint, written or rewritten by hand. What is in the field goes into the stream as it stands; below it
 * every line end is shown, since one too many or too few changes what the model reads.
 */
import type { Desk } from "../view.ts";
import { FieldSheet } from "./field-sheet.ts";
import { exactLines } from "./goes-in.ts";
import { type Line, textLines } from "./line.ts";
import type { BodyRow, Wanted } from "./sheet.ts";
import type { Room, Sheeted } from "./sheet-view.ts";

export type HintEditorOptions = {
	readonly desk: Desk;
	readonly title: string;
	readonly text?: string;
	/** A sentence above the field: where it goes in, whose words they were. */
	readonly says?: string;
	/** What goes into the stream, frame and all, where that is more than what is written. */
	readonly framed?: (text: string) => string;
	readonly done: (text: string) => void;
	/** Closed: what was written so far, for later. */
	readonly cancelled?: (draft: string) => void;
};

const COLUMNS = 90;
const FIELD_ROWS = 6;
const SHOWN_ROWS = 5;

export class HintEditor extends FieldSheet {
	readonly #options: HintEditorOptions;
	#mistake: string | undefined;

	constructor(options: HintEditorOptions) {
		super({ ...options, multiline: true, extension: "md", placeholder: "the words of the hint" });
		this.#options = options;
	}

	get #stream(): string {
		const { text } = this.field;
		return this.#options.framed?.(text) ?? text;
	}

	#above(columns: number): Line[] {
		const { says } = this.#options;
		return says === undefined ? [] : textLines(says, columns, "dim");
	}

	protected override wants(room: Room): Wanted {
		const columns = Math.min(room.columns, COLUMNS);
		const field = Math.max(FIELD_ROWS, this.field.height(columns, room.rows));
		const shown = Math.max(SHOWN_ROWS, exactLines(this.#stream, columns, "hint").length);
		return { columns, rows: this.#above(columns).length + field + shown + 2 };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const { title } = this.#options;
		const all = exactLines(this.#stream, columns, "hint");
		// A small screen is for writing.
		const above = rows >= 10 ? this.#above(columns) : [];
		const most = rows - above.length - 2;
		const shown = rows < 10 ? 0 : Math.max(1, Math.min(all.length, most - FIELD_ROWS, most >> 1));
		const height = shown === 0 ? rows : most - shown;
		const field = this.fieldRows(columns, height, above.length);
		const below: BodyRow[] = shown === 0 ? [] : ["", ...this.#below(all, shown)];
		return {
			title,
			rows: [...above, ...field.rows, ...below],
			cursor: field.cursor,
			...(this.#mistake === undefined ? {} : { message: [["error", `! ${this.#mistake}`]] }),
			keys: [
				["dialog.accept", "insert"],
				["field.newline"],
				["field.editor", "$EDITOR"],
				["dialog.close", "keep for later"],
			],
		};
	}

	#below(all: readonly Line[], rows: number): Line[] {
		const head: Line = [
			["dim", all.length === 0 ? "Nothing goes into the stream yet." : "Goes into the stream exactly so:"],
		];
		if (all.length <= rows) return [head, ...all];
		const more = all.length - rows + 1;
		return [head, ...all.slice(0, rows - 1), [["dim", `${more} more line${more === 1 ? "" : "s"}`]]];
	}

	protected override typed(): void {
		this.#mistake = undefined;
	}

	protected override accept(): void {
		const { text } = this.field;
		if (text === "") {
			this.#mistake = "an empty text is no hint";
			this.changed();
			return;
		}
		this.dismiss();
		this.#options.done(text);
	}

	protected override cancelled(): void {
		this.#options.cancelled?.(this.field.text);
	}
}

export function hintEditor(options: HintEditorOptions): void {
	options.desk.open(new HintEditor(options));
}
