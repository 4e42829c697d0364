/** Which command a key means, given where it is pressed. */
import type { Key } from "../term/input.ts";
import type { CommandId, KeyContext } from "./command-table.ts";

export interface Keymap {
	/** The command of the innermost context that binds this key. */
	find(key: Key, contexts: readonly KeyContext[]): CommandId | undefined;
	/** The chords of a command as they are shown ("Ctrl+P", "Space", "G"), the first one first. */
	keysOf(command: CommandId): readonly string[];
}
