/** Which keys mean which commands: the table's, with what the user changed of it. */
import { chordOf, type Key } from "../term/input.ts";
import type { View } from "../view.ts";
import { isText, showChord } from "./chord.ts";
import type { CommandId, CommandSpec, KeyContext } from "./command-table.ts";
import type { Keymap } from "./keymap.ts";

/** All the keys of each command that has others than in the table, as `chordOf` writes them. */
export type Bindings = Readonly<Partial<Record<CommandId, readonly string[]>>>;

export function keymapOf(
	commands: Readonly<Record<CommandId, CommandSpec>>,
	bindings: Bindings = {},
): Keymap {
	const byContext = new Map<KeyContext, Map<string, CommandId>>();
	const shown = new Map<CommandId, readonly string[]>();
	for (const [id, spec] of Object.entries(commands) as [CommandId, CommandSpec][]) {
		const chords = bindings[id] ?? spec.keys;
		shown.set(id, chords.map(showChord));
		const context = byContext.get(spec.in) ?? new Map<string, CommandId>();
		byContext.set(spec.in, context);
		for (const chord of chords) if (!context.has(chord)) context.set(chord, id);
	}
	return {
		find(key, contexts) {
			const chord = chordOf(key);
			for (const context of contexts) {
				const id = byContext.get(context)?.get(chord);
				if (id !== undefined) return id;
			}
			return undefined;
		},
		keysOf: (command) => shown.get(command) ?? [],
	};
}

/**
 * The command that a key means to the view that has the keys. While a text field has them, what writes text is text; a
 * raw view leaves only the keys of its first context; everywhere else "global" comes after the view's own contexts.
 */
export function commandAt(
	keymap: Keymap,
	key: Key,
	view: Pick<View, "contexts" | "typing" | "raw">,
): CommandId | undefined {
	if (view.raw) return keymap.find(key, view.contexts.slice(0, 1));
	if (view.typing && isText(chordOf(key))) return undefined;
	return keymap.find(key, [...view.contexts, "global"]);
}
