/** Yes or no, with what would happen. No is selected: Enter alone never does anything that cannot be taken back. */
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import { pad, widthOf } from "../text/cells.ts";
import type { Desk } from "../view.ts";
import { textLines } from "./line.ts";
import type { Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type ConfirmOptions = {
	readonly desk: Desk;
	/** The question. */
	readonly title: string;
	/** What would happen. */
	readonly says: string;
	/** What the answers are called: "Delete it", "Keep it". */
	readonly yes?: string;
	readonly no?: string;
	/** As wide as it may be; a sentence is read best in the usual 64. */
	readonly columns?: number;
	readonly done: (yes: boolean) => void;
};

const COLUMNS = 64;

export class Confirm extends Sheet {
	readonly contexts: readonly KeyContext[] = ["confirm", "dialog"];
	readonly typing = false;
	readonly #options: ConfirmOptions;
	readonly #labels: readonly [no: string, yes: string];
	#yes = false;
	#buttonsAt = 0;

	constructor(options: ConfirmOptions) {
		super(options.desk);
		this.#options = options;
		this.#labels = [options.no ?? "No", options.yes ?? "Yes"];
	}

	protected override wants(room: Room): Wanted {
		const columns = Math.min(this.#options.columns ?? COLUMNS, room.columns);
		const [no, yes] = this.#labels;
		const least = Math.min(
			room.columns,
			Math.max(widthOf(this.#options.title) + 4, widthOf(no) + widthOf(yes) + 14),
		);
		return { columns: Math.max(columns, least), rows: textLines(this.#options.says, columns).length + 3 };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const { title, says } = this.#options;
		const text = textLines(says, columns).slice(0, Math.max(1, rows - (rows > 3 ? 3 : 1)));
		const gap = rows > text.length + 1 ? [""] : [];
		this.#buttonsAt = text.length + gap.length;
		return {
			title,
			rows: [...text, ...gap, { painted: this.#buttons(columns) }],
			keys: [
				["confirm.yes", "yes"],
				["confirm.no", "no"],
				["confirm.other", "select"],
				["dialog.accept", "take it"],
				["dialog.close", "close"],
			],
		};
	}

	#buttons(columns: number): string {
		const { paint } = this.desk;
		const [no, yes] = this.#labels;
		const one = (label: string, on: boolean): string => {
			const text = `${on ? ">" : " "} ${label} `;
			return on ? paint("selected", text) : text;
		};
		const used = widthOf(no) + widthOf(yes) + 8;
		if (used > columns) return paint("selected", pad(`> ${this.#yes ? yes : no}`, columns));
		return `${one(no, !this.#yes)}  ${one(yes, this.#yes)}${" ".repeat(columns - used)}`;
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "confirm.yes":
				this.#answer(true);
				return true;
			case "confirm.no":
				this.#answer(false);
				return true;
			case "confirm.other":
				this.#yes = !this.#yes;
				this.changed();
				return true;
			case "dialog.accept":
				this.#answer(this.#yes);
				return true;
			default:
				return super.run(command);
		}
	}

	protected override pointed(mouse: Mouse, x: number, y: number): boolean {
		if (mouse.action !== "press" || y !== this.#buttonsAt) return true;
		const [no, yes] = this.#labels;
		const noEnds = widthOf(no) + 3;
		const hit = x < 0 ? undefined : x < noEnds ? false : x >= noEnds + 2 && x < noEnds + widthOf(yes) + 5;
		if (hit === undefined || (x >= noEnds && !hit)) return true;
		if (hit === this.#yes) this.#answer(hit);
		else {
			this.#yes = hit;
			this.changed();
		}
		return true;
	}

	protected override cancelled(): void {
		this.#options.done(false);
	}

	/** Whether it may be answered so now. */
	protected mayAnswer(_yes: boolean): boolean {
		return true;
	}

	#answer(yes: boolean): void {
		if (!this.mayAnswer(yes)) return;
		this.dismiss();
		this.#options.done(yes);
	}
}

export function confirm(options: ConfirmOptions): void {
	options.desk.open(new Confirm(options));
}
