/** The keys that mean something here, by where they do, with what they do. Typing leaves those that fit. */
import { COMMAND_IDS, CONTEXTS, type CommandId, commandOf, type KeyContext } from "../keys/command-table.ts";
import type { Keymap } from "../keys/keymap.ts";
import type { Key, Mouse } from "../term/input.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Desk } from "../view.ts";
import { type Line, plainLine, type Run, textLines } from "./line.ts";
import { Scroll } from "./scroll.ts";
import type { BodyRow, Wanted } from "./sheet.ts";
import { type Room, Sheet, type Sheeted } from "./sheet-view.ts";

export type HelpOptions = {
	readonly desk: Desk;
	/** Those of the view below, innermost first; "global" comes to them by itself. */
	readonly contexts: readonly KeyContext[];
	/** Whether a command would do something now; what would not is shown standing back. */
	readonly can?: (command: CommandId) => boolean;
	/** Where keys are rebound, and where there is more to read. */
	readonly keysFile?: string;
	readonly docs?: string;
};

const WIDEST_KEYS = 20;
const WHEEL_ROWS = 3;
/** What a command does stands in a column of its own where there is this much room for it, else behind its title. */
const SAYS_COLUMNS = 34;
const NO_KEYS = "no key";

export class Help extends Sheet {
	readonly contexts = ["list", "dialog"] as const;
	readonly typing = true;
	readonly #options: HelpOptions;
	readonly #field: Field;
	readonly #scroll = new Scroll();

	constructor(options: HelpOptions) {
		super(options.desk);
		this.#options = options;
		this.#field = new Field({
			paint: options.desk.paint,
			placeholder: "type to find a key or a command",
			multiline: false,
		});
	}

	protected override wants(room: Room): Wanted {
		return { rows: room.rows };
	}

	protected override show({ columns, rows }: Room): Sheeted {
		this.#field.paint = this.desk.paint;
		const field = this.#field.draw(columns, 1);
		const lines = helpLines({ ...this.#options, keymap: this.desk.keymap, query: this.#field.text, columns });
		const airy = rows >= 9;
		const head: BodyRow[] = [{ painted: field.rows[0]! }, ...(airy ? [""] : [])];
		const room = Math.max(1, rows - head.length - (airy ? 1 : 0));
		const top = this.#scroll.fit(lines.length, room);
		return {
			title: "Help",
			...(this.#scroll.isAll ? {} : { aside: `${Math.min(lines.length, top + room)}/${lines.length}` }),
			rows: [...head, ...lines.slice(top, top + room)],
			cursor: field.cursor,
			keys: [[["list.up", "list.down"], "scroll"], ["list.page-down"], ["dialog.close"]],
		};
	}

	override run(command: CommandId): boolean {
		switch (command) {
			// The key that opened it closes it.
			case "help":
			case "list.choose":
				this.cancel();
				return true;
			case "list.down":
				return this.#by(1);
			case "list.up":
				return this.#by(-1);
			case "list.page-down":
				return this.#by(this.#scroll.page);
			case "list.page-up":
				return this.#by(-this.#scroll.page);
			case "list.first":
				return this.#by(Number.NEGATIVE_INFINITY);
			case "list.last":
				return this.#by(Number.POSITIVE_INFINITY);
			default:
				return super.run(command);
		}
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
		this.#scroll.to(0);
		this.changed();
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
}

export function helpLines(
	options: Omit<HelpOptions, "desk"> & {
		readonly keymap: Keymap;
		readonly query: string;
		readonly columns: number;
	},
): Line[] {
	const { contexts, can = () => true, keymap, query, columns, keysFile, docs } = options;
	const words = query.toLowerCase().split(/\s+/);
	const groups = [...new Set<KeyContext>([...contexts, "global"])].map((context) => ({
		context,
		commands: COMMAND_IDS.filter((id) => commandOf(id).in === context).map((id) => {
			const { title, says } = commandOf(id);
			return { title, says, keys: keymap.keysOf(id), back: !can(id) };
		}),
	}));
	// Measured over all of them, so that nothing moves aside while one types.
	const all = groups.flatMap(({ commands }) => commands);
	const widest = Math.max(0, ...all.map(({ keys }) => widthOf(keys.join(" ") || NO_KEYS)));
	const keyColumns = Math.min(WIDEST_KEYS, columns >> 2, widest) + 2;
	const titleColumns = Math.max(0, ...all.map(({ title }) => widthOf(title))) + 2;
	const beside = columns - keyColumns - titleColumns - 2 >= SAYS_COLUMNS;
	const indent = 2 + keyColumns + (beside ? titleColumns : 0);

	const lines: Line[] = [];
	for (const { context, commands } of groups) {
		const found = commands.filter(({ title, says, keys }) => {
			const text = `${title} ${says} ${keys}`.toLowerCase();
			return words.every((word) => text.includes(word));
		});
		if (found.length === 0) continue;
		if (lines.length > 0) lines.push("");
		lines.push([["title", nameOf(context)]]);
		for (const { title, says, keys, back } of found) {
			const shown = keysThatFit(keys, keyColumns - 1);
			const key: Run = [keys.length === 0 || back ? "dim" : "key", pad(shown, keyColumns)];
			const plain = says.toLowerCase() === title.toLowerCase();
			const about = plain ? (beside ? "" : title) : beside ? says : `${title}: ${says}`;
			const rows = textLines(about, Math.max(1, columns - indent)).map(plainLine);
			const [first = "", ...others] = rows;
			const name = beside ? pad(title, titleColumns) : first.startsWith(title) ? title : first;
			const rest = beside ? first : first.slice(name.length);
			lines.push([["sheet", "  "], key, [back ? "dim" : "sheet", name], ["dim", rest]]);
			for (const row of others) lines.push([["dim", " ".repeat(indent) + row]]);
		}
	}
	if (lines.length === 0) lines.push([["dim", "No key or command fits what is typed."]]);
	const where = [
		...(keysFile === undefined ? [] : [`Keys are changed in ${keysFile}`]),
		...(docs === undefined ? [] : [`More to read: ${docs}`]),
	];
	if (where.length > 0) lines.push("", ...where.flatMap((says) => textLines(says, columns, "dim")));
	return lines;
}

/** The first of them at least. */
function keysThatFit(keys: readonly string[], columns: number): string {
	let shown = keys[0] ?? NO_KEYS;
	for (const key of keys.slice(1)) {
		if (widthOf(`${shown} ${key}`) > columns) break;
		shown += ` ${key}`;
	}
	return fit(shown, columns);
}

function nameOf(context: KeyContext): string {
	const name: string = CONTEXTS[context];
	return name.charAt(0).toUpperCase() + name.slice(1);
}

export function help(options: HelpOptions): void {
	options.desk.open(new Help(options));
}
