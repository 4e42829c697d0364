import { describe, expect, it } from "vitest";
import { commandAt, keymapOf } from "../../../src/tui/keys/bindings.ts";
import { partsOf } from "../../../src/tui/keys/chord.ts";
import { COMMANDS } from "../../../src/tui/keys/command-table.ts";

const keymap = keymapOf(COMMANDS);
const key = partsOf;

describe("a key", () => {
	it("means the command of the innermost context that binds it", () => {
		expect(keymap.find(key("d"), ["thinking", "session"])).toBe("half.down");
		expect(keymap.find(key("enter"), ["proposal", "thinking", "session"])).toBe("proposal.insert");
		expect(keymap.find(key("h"), ["thinking", "session"])).toBe("hint.pick");
		expect(keymap.find(key("h"), ["replay", "session"])).toBe("replay.back");
		expect(keymap.find(key("ctrl+y"), ["thinking", "session", "global"])).toBeUndefined();
		expect(keymap.find(key("q"), [])).toBeUndefined();
	});

	it("means a command everywhere where the view has none for it", () => {
		expect(commandAt(keymap, key("ctrl+p"), { contexts: ["thinking", "session"], typing: false })).toBe(
			"palette",
		);
		expect(commandAt(keymap, key("q"), { contexts: ["thinking", "session"], typing: false })).toBe("quit");
		expect(commandAt(keymap, key("q"), { contexts: ["replay"], typing: false })).toBe("replay.leave");
	});

	it("is text while a text field has the keys, if a field would write it", () => {
		const view = { contexts: ["prompt", "session"] as const, typing: true };
		for (const text of ["q", "?", "space", "h", "U"])
			expect(commandAt(keymap, key(text), view), text).toBeUndefined();
		expect(commandAt(keymap, key("escape"), view)).toBe("prompt.leave");
		expect(commandAt(keymap, key("ctrl+g"), view)).toBe("hint.editor");
		expect(commandAt(keymap, key("f1"), view)).toBe("help");
	});

	it("goes to a program that reads keys itself, unless its own context binds it", () => {
		const view = { contexts: ["python", "session"] as const, typing: false, raw: true };
		for (const raw of ["q", "ctrl+c", "ctrl+p", "escape", "tab", "f1"])
			expect(commandAt(keymap, key(raw), view), raw).toBeUndefined();
		expect(commandAt(keymap, key("ctrl+]"), view)).toBe("python.leave");
	});
});

describe("a command", () => {
	it("shows its keys, the first one first", () => {
		expect(keymap.keysOf("palette")).toEqual(["Ctrl+P"]);
		expect(keymap.keysOf("help")).toEqual(["?", "F1"]);
		expect(keymap.keysOf("follow")).toEqual(["f", "G", "End"]);
		expect(keymap.keysOf("trace.pause")).toEqual(["Space"]);
	});

	it("has the keys that the user gave it, and no others", () => {
		const mine = keymapOf(COMMANDS, { "trace.pause": ["p"], "policy.pick": [], search: ["ctrl+s", "/"] });
		expect(mine.keysOf("trace.pause")).toEqual(["p"]);
		expect(mine.keysOf("policy.pick")).toEqual([]);
		expect(mine.keysOf("search")).toEqual(["Ctrl+S", "/"]);
		expect(mine.find(key("p"), ["session"])).toBe("trace.pause");
		expect(mine.find(key("space"), ["session"])).toBeUndefined();
		expect(mine.find(key("ctrl+s"), ["session"])).toBe("search");
		expect(mine.find(key("u"), ["session"])).toBe("undo");
	});
});
