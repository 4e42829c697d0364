/** The settings of a run as a form: numbers edited in place, checked as they are written, applied together by Enter. */
import type { CommandId } from "../keys/command-table.ts";
import type { Key, Mouse } from "../term/input.ts";
import { pad, widthOf } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Desk } from "../view.ts";
import { type Line, paintLine, type Run } from "./line.ts";
import { Scroll } from "./scroll.ts";
import type { BodyRow, Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type RunValues = {
	readonly seed: number;
	readonly temperature: number;
	readonly topP: number;
	readonly maxTokens: number;
	readonly maxCalls: number;
	readonly rounds: number;
	readonly words: number;
	/** No limit where absent. */
	readonly maxSeconds?: number;
	readonly vetoMs: number;
};

export type RunSettingsOptions = {
	readonly desk: Desk;
	readonly title?: string;
	readonly values: RunValues;
	/** What it throws is said in the sheet, which then stays. */
	readonly done: (values: RunValues) => void;
	readonly cancelled?: () => void;
};

export type RunSpec = {
	readonly key: keyof RunValues;
	readonly label: string;
	readonly says: string;
	readonly whole: boolean;
	readonly least: number;
	readonly most: number;
	/** The least itself is not allowed. */
	readonly above?: boolean;
	/** It may be left empty: there is no limit then. */
	readonly optional?: boolean;
};

const ENDLESS = Number.MAX_SAFE_INTEGER;

/** The same limits as the settings of these names (docs/config.md). */
export const RUN_SPECS: readonly RunSpec[] = [
	{
		key: "seed",
		label: "Seed",
		says: "what sampling and hint draws begin from",
		whole: true,
		least: 0,
		most: 2 ** 31 - 1,
	},
	{
		key: "temperature",
		label: "Temperature",
		says: "0 always takes the likeliest token",
		whole: false,
		least: 0,
		most: 5,
	},
	{
		key: "topP",
		label: "Top-p",
		says: "the share of probability kept; 1 is all",
		whole: false,
		least: 0,
		most: 1,
		above: true,
	},
	{
		key: "maxTokens",
		label: "Tokens",
		says: "that the model may sample in one trace",
		whole: true,
		least: 1,
		most: ENDLESS,
	},
	{
		key: "maxCalls",
		label: "Python calls",
		says: "blocks the model may run in one trace",
		whole: true,
		least: 0,
		most: ENDLESS,
	},
	{
		key: "rounds",
		label: "Rounds",
		says: "most hints before the end of thinking",
		whole: true,
		least: 0,
		most: ENDLESS,
	},
	{
		key: "words",
		label: "Words",
		says: "most hints after reflection words",
		whole: true,
		least: 0,
		most: ENDLESS,
	},
	{
		key: "maxSeconds",
		label: "Seconds",
		says: "wall time of a trace; empty: no limit",
		whole: false,
		least: 0,
		most: 1e9,
		above: true,
		optional: true,
	},
	{
		key: "vetoMs",
		label: "Veto (ms)",
		says: "auto shows a hint so long; 0: no wait",
		whole: true,
		least: 0,
		most: 600_000,
	},
];

const COLUMNS = 84;
const FIELD_COLUMNS = 14;

export class RunSettings extends Sheet {
	readonly contexts = ["form", "dialog"] as const;
	readonly typing = true;
	readonly #options: RunSettingsOptions;
	readonly #fields: readonly Field[];
	readonly #scroll = new Scroll();
	#at = 0;
	#top = 0;
	#labels = Math.max(...RUN_SPECS.map(({ label }) => widthOf(label)));
	#trouble: string | undefined;

	constructor(options: RunSettingsOptions) {
		super(options.desk);
		this.#options = options;
		this.#fields = RUN_SPECS.map(({ key }) => {
			const field = new Field({ paint: options.desk.paint, multiline: false });
			field.text = String(options.values[key] ?? "");
			return field;
		});
	}

	protected override wants(room: Room): Wanted {
		return { columns: Math.min(COLUMNS, room.columns), rows: RUN_SPECS.length + 1 };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		const room = rows > RUN_SPECS.length ? RUN_SPECS.length : Math.max(1, rows);
		this.#top = this.#scroll.around(RUN_SPECS.length, room, this.#at);
		const cells = Math.max(4, Math.min(FIELD_COLUMNS, columns - this.#labels - 4));
		const shown = RUN_SPECS.slice(this.#top, this.#top + room).map((spec, row) =>
			this.#row(spec, this.#top + row, columns, cells),
		);
		const mistake = this.#trouble ?? this.#mistakeAt(this.#at);
		const field = this.#fields[this.#at]!.draw(cells, 1);
		return {
			title: this.#options.title ?? "Settings of the run",
			...(this.#scroll.isAll ? {} : { aside: `${this.#at + 1}/${RUN_SPECS.length}` }),
			rows: shown,
			cursor: { x: 2 + this.#labels + 2 + field.cursor.x, y: this.#at - this.#top },
			...(mistake === undefined ? {} : { message: [["error", `! ${mistake}`]] satisfies Line }),
			keys: [["dialog.accept", "apply"], [["form.previous", "form.next"], "move"], ["dialog.close"]],
		};
	}

	#row({ label, says }: RunSpec, index: number, columns: number, cells: number): BodyRow {
		const { paint } = this.desk;
		const on = index === this.#at;
		const wrong = this.#mistakeAt(index) !== undefined;
		const field = this.#fields[index]!;
		field.paint = paint;
		const lead: Run[] = [
			[on ? "title" : "sheet", `${on ? ">" : " "} ${pad(label, this.#labels)}`],
			[wrong ? "error" : "sheet", wrong ? " !" : "  "],
		];
		const used = this.#labels + 4;
		const rest = Math.max(0, columns - used - cells);
		return {
			painted:
				paintLine(paint, lead, Math.min(used, columns)) +
				(used >= columns ? "" : field.draw(Math.min(cells, columns - used), 1).rows[0]) +
				paintLine(paint, [["dim", `  ${says}`]], rest),
		};
	}

	override run(command: CommandId): boolean {
		switch (command) {
			case "form.next":
				return this.#move(1);
			case "form.previous":
				return this.#move(-1);
			case "dialog.accept":
				this.#accept();
				return true;
			default:
				return super.run(command);
		}
	}

	key(key: Key): boolean {
		if (!this.#fields[this.#at]!.key(key)) return false;
		this.#trouble = undefined;
		this.changed();
		return true;
	}

	paste(text: string): void {
		this.#fields[this.#at]!.paste(text);
		this.#trouble = undefined;
		this.changed();
	}

	protected override pointed(mouse: Mouse, x: number, y: number): boolean {
		if (mouse.action === "wheel-down") return this.#move(1);
		if (mouse.action === "wheel-up") return this.#move(-1);
		const index = this.#top + y;
		if (mouse.action !== "press" || y < 0 || index >= RUN_SPECS.length) return true;
		this.#at = index;
		this.#fields[index]!.click(Math.max(0, x - this.#labels - 4), 0);
		this.changed();
		return true;
	}

	#move(step: 1 | -1): boolean {
		this.#at = (this.#at + step + RUN_SPECS.length) % RUN_SPECS.length;
		this.changed();
		return true;
	}

	#mistakeAt(index: number): string | undefined {
		return mistakeInValue(RUN_SPECS[index]!, this.#fields[index]!.text.trim());
	}

	#accept(): void {
		const wrong = RUN_SPECS.findIndex((_, index) => this.#mistakeAt(index) !== undefined);
		if (wrong >= 0) {
			this.#at = wrong;
			this.changed();
			return;
		}
		const values = Object.fromEntries(
			RUN_SPECS.flatMap(({ key }, index) => {
				const text = this.#fields[index]!.text.trim();
				return text === "" ? [] : [[key, Number(text)]];
			}),
		) as RunValues;
		try {
			this.#options.done(values);
		} catch (error) {
			this.#trouble = (error as Error).message;
			this.changed();
			return;
		}
		this.dismiss();
	}

	protected override cancelled(): void {
		this.#options.cancelled?.();
	}
}

/** What is wrong with a value as a person wrote it. */
export function mistakeInValue(
	{ label, whole, least, most, above, optional }: RunSpec,
	text: string,
): string | undefined {
	if (text === "" && optional) return undefined;
	const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
	const inside = number <= most && (above ? number > least : number >= least);
	if (inside && (!whole || Number.isSafeInteger(number))) return undefined;
	const kind = whole ? "a whole number" : "a number";
	const from = above ? `above ${least}` : `of at least ${least}`;
	const to = most === ENDLESS ? "" : ` and at most ${most}`;
	return `${label} must be ${kind} ${from}${to}${optional ? ", or empty" : ""}`;
}

export function runSettings(options: RunSettingsOptions): void {
	options.desk.open(new RunSettings(options));
}
