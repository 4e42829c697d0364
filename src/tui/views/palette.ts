/** Every command that can be done here, found by a few letters of its name or of what it does. Enter does it. */
import { COMMAND_IDS, type CommandId, commandOf, type KeyContext } from "../keys/command-table.ts";
import type { Desk } from "../view.ts";
import { type Line, lineWidth } from "./line.ts";
import { type ListRow, marked, namedFirst } from "./list.ts";
import { ListView } from "./list-view.ts";

export type PaletteOptions = {
	readonly desk: Desk;
	/** Those of the view below, innermost first; "global" comes to them by itself. */
	readonly contexts: readonly KeyContext[];
	/** Whether a command would do something now. */
	readonly can?: (command: CommandId) => boolean;
	/** The latest first: they stand at the top while nothing is typed. */
	readonly recent?: readonly CommandId[];
	/** Told before the command is done, for `recent`. */
	readonly chosen?: (command: CommandId) => void;
};

const MOST_RECENT = 5;
/** What a command does stands beside its title from this width on. */
const SAYS_COLUMNS = 60;

export class Palette extends ListView<CommandId> {
	constructor(options: PaletteOptions) {
		const { desk, chosen } = options;
		const commands = paletteCommands(options);
		const titles = Math.max(0, ...commands.map((command) => commandOf(command).title.length));
		super({
			desk,
			title: "Commands",
			placeholder: "type a few letters of a command",
			items: commands,
			textOf: titleOf,
			filter: (query, items) => namedFirst(query, items, titleOf, (command) => commandOf(command).says),
			row: (command, columns, marks) => rowOf(desk, command, columns, marks, titles),
			empty: "No command means anything here.",
			chooses: "do it",
			choose: (command) => {
				chosen?.(command);
				desk.run(command);
			},
		});
	}

	override run(command: CommandId): boolean {
		// The key that opened it closes it.
		return super.run(command === "palette" ? "dialog.close" : command);
	}
}

/** Recently used ones first, then those of the innermost context. */
export function paletteCommands({
	contexts,
	can = () => true,
	recent = [],
}: Omit<PaletteOptions, "desk">): CommandId[] {
	const order: readonly KeyContext[] = [...contexts, "global"];
	const here = order.flatMap((context) => COMMAND_IDS.filter((id) => commandOf(id).in === context));
	const shown = new Set(here.filter((id) => id !== "palette" && !commandOf(id).quiet && can(id)));
	const used = recent.filter((id) => shown.has(id)).slice(0, MOST_RECENT);
	return [...new Set([...used, ...shown])];
}

const titleOf = (command: CommandId): string => commandOf(command).title;

function rowOf(
	{ keymap }: Desk,
	command: CommandId,
	columns: number,
	marks: readonly number[],
	titles: number,
): ListRow {
	const { title, says } = commandOf(command);
	const keys = keymap.keysOf(command).slice(0, 2).join(" ");
	const right: Line = keys === "" ? "" : [["key", keys]];
	const name = marked(title, marks);
	if (columns < SAYS_COLUMNS) return { text: name, right };
	const gap = " ".repeat(Math.max(0, titles - lineWidth(name)) + 2);
	return { text: [...name, ["sheet", gap], ["dim", says]], right };
}

export function palette(options: PaletteOptions): void {
	options.desk.open(new Palette(options));
}
