/**
 * A few choices with a sentence each. What is selected can be shown at once through `selected` (a theme); closed without
 * a choice, `cancelled` takes that back.
 */
import type { CommandId } from "../keys/command-table.ts";
import type { Mouse } from "../term/input.ts";
import { widthOf } from "../text/cells.ts";
import type { Desk } from "../view.ts";
import { inRow, type Line, paintSelected, plainLine, textLines } from "./line.ts";
import { Scroll } from "./scroll.ts";
import type { BodyRow, Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type Choice<Value> = {
	readonly value: Value;
	readonly label: string;
	/** One sentence. */
	readonly says?: string;
	/** Why it cannot be taken now: it is shown, and stays. */
	readonly not?: string;
};

export type ChooseOptions<Value> = {
	readonly desk: Desk;
	readonly title: string;
	/** A question or explanation above the choices. */
	readonly says?: string;
	readonly choices: readonly Choice<Value>[];
	/** What holds now: marked, and selected at first. */
	readonly current?: Value;
	readonly done: (value: Value) => void;
	/** Each time another choice is selected, before anything is taken. */
	readonly selected?: (value: Value) => void;
	readonly cancelled?: () => void;
};

const COLUMNS = 84;
const WIDEST_LABEL = 28;

export class Choose<Value> extends Sheet {
	readonly contexts = ["list", "dialog"] as const;
	readonly typing = false;
	readonly #options: ChooseOptions<Value>;
	readonly #scroll = new Scroll();
	#index: number;
	#clicked = -1;
	/** Which choice each row of the body shows. */
	#shown: readonly (number | undefined)[] = [];

	constructor(options: ChooseOptions<Value>) {
		super(options.desk);
		this.#options = options;
		this.#index = Math.max(
			0,
			options.choices.findIndex(({ value }) => value === options.current),
		);
	}

	protected override wants(room: Room): Wanted {
		const columns = Math.min(room.columns, COLUMNS);
		return { columns, rows: this.#head(columns).length + this.#lines(columns).length + 1 };
	}

	#head(columns: number): Line[] {
		const { says } = this.#options;
		return says ? [...textLines(says, columns), ""] : [];
	}

	/** Every row of every choice. */
	#lines(columns: number): { readonly index: number; readonly line: Line }[] {
		const { choices, current } = this.#options;
		const labels = Math.min(WIDEST_LABEL, Math.max(0, ...choices.map(({ label }) => widthOf(inRow(label)))));
		// The mark of the selected one, and of the current one where there is one.
		const marked = choices.some(({ value }) => value === current);
		const gutter = marked ? 4 : 2;
		const aside = columns - gutter - labels - 2;
		return choices.flatMap(({ value, label, says = "", not }, index) => {
			const marks = `${index === this.#index ? ">" : " "} ${marked ? `${value === current ? "*" : " "} ` : ""}`;
			const sentence = not === undefined ? says : `${says ? `${says} ` : ""}(not now: ${not})`;
			const token = not === undefined ? "sheet" : "dim";
			const beside = aside >= 24 && widthOf(inRow(label)) <= labels;
			const words = textLines(sentence, beside ? aside : Math.max(8, columns - gutter), "dim");
			if (!beside) {
				return [
					{ index, line: [["sheet", marks] as const, [token, label] as const] },
					...(sentence === "" ? [] : words).map((line) => ({
						index,
						line: [["sheet", " ".repeat(gutter)] as const, ["dim", plainLine(line)] as const],
					})),
				];
			}
			const padded = inRow(label) + " ".repeat(labels - widthOf(inRow(label)) + 2);
			return (words.length === 0 ? [""] : words).map((line, row) => ({
				index,
				line: [
					["sheet", row === 0 ? marks : " ".repeat(gutter)] as const,
					[token, row === 0 ? padded : " ".repeat(labels + 2)] as const,
					["dim", plainLine(line)] as const,
				],
			}));
		});
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const { title, choices } = this.#options;
		const all = this.#lines(columns);
		const head = this.#head(columns);
		const above = head.length + Math.min(all.length, 3) <= rows ? head : [];
		const room = Math.max(1, rows - above.length);
		const first = all.findIndex(({ index }) => index === this.#index);
		const last = all.findLastIndex(({ index }) => index === this.#index);
		const top = this.#scroll.around(all.length, room, Math.max(0, first), Math.max(0, last));
		const window = all.slice(top, top + room);
		this.#shown = [...above.map(() => undefined), ...window.map(({ index }) => index)];
		const body: BodyRow[] = window.map(({ index, line }) =>
			index === this.#index ? { painted: paintSelected(this.desk.paint, line, columns) } : line,
		);
		return {
			title,
			...(this.#scroll.isAll ? {} : { aside: `${this.#index + 1}/${choices.length}` }),
			rows: [...above, ...(choices.length === 0 ? ["There is nothing to choose from."] : body)],
			keys: [["list.choose"], [["list.up", "list.down"], "move"], ["dialog.close"]],
		};
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "list.down":
				return this.#select(this.#index + 1);
			case "list.up":
				return this.#select(this.#index - 1);
			case "list.page-down":
			case "list.last":
				return this.#select(this.#options.choices.length - 1);
			case "list.page-up":
			case "list.first":
				return this.#select(0);
			case "list.choose":
				this.#choose();
				return true;
			default:
				return super.run(command);
		}
	}

	protected override pointed(mouse: Mouse, _x: number, y: number): boolean {
		if (mouse.action === "wheel-down") return this.#select(this.#index + 1);
		if (mouse.action === "wheel-up") return this.#select(this.#index - 1);
		const index = this.#shown[y];
		if (mouse.action !== "press" || index === undefined) return true;
		if (index === this.#clicked && index === this.#index) this.#choose();
		else {
			this.#select(index);
			this.#clicked = index;
		}
		return true;
	}

	protected override cancelled(): void {
		this.#options.cancelled?.();
	}

	#select(index: number): boolean {
		const held = Math.max(0, Math.min(index, this.#options.choices.length - 1));
		this.#clicked = -1;
		if (held === this.#index) return true;
		this.#index = held;
		this.changed();
		this.#options.selected?.(this.#options.choices[held]!.value);
		return true;
	}

	#choose(): void {
		const choice = this.#options.choices[this.#index];
		if (!choice || choice.not !== undefined) return;
		this.dismiss();
		this.#options.done(choice.value);
	}
}

export function choose<Value>(options: ChooseOptions<Value>): void {
	options.desk.open(new Choose(options));
}
