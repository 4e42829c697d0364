/** The three lines that the first start explains itself in. */
import type { Keymap } from "../../keys/keymap.ts";
import type { Line } from "../line.ts";

export function introLines(keymap: Keymap): readonly Line[] {
	const key = (command: "help" | "palette" | "start.begin"): string =>
		keymap.keysOf(command)[0] ?? "the palette";
	return [
		[
			["title", "Left "],
			["sheet", " a model thinks; code that it writes runs, its output goes back to it."],
		],
		[
			["title", "Right"],
			["sheet", " stand the hints put into its thinking, above its Python: type there too."],
		],
		[
			["title", "Keys "],
			["sheet", " "],
			["key", key("help")],
			["sheet", " shows those that help here, "],
			["key", key("palette")],
			["sheet", " finds any command, "],
			["key", key("start.begin")],
			["sheet", " begins."],
		],
	];
}
