import { expect, test } from "vitest";
import { type HelpOptions, help } from "../../../src/tui/views/help.ts";
import { FakeDesk, SIZES } from "../desk.ts";

function open(options: Partial<HelpOptions> = {}, size = SIZES[0]!): FakeDesk {
	const desk = new FakeDesk(size);
	help({
		desk,
		contexts: ["confirm", "dialog"],
		keysFile: "/home/ada/.config/nudge/keys.json",
		docs: "docs/keys.md",
		...options,
	});
	return desk;
}

test("keys stand in groups, innermost first, with what they do", () => {
	expect(open().sheet().slice(1, 12)).toEqual([
		"| type to find a key or a command                                          |",
		"|                                                                          |",
		"| When asked yes or no                                                     |",
		"|   y                   Yes: do it                                         |",
		"|   n                   No: leave it as it is                              |",
		"|   Left Right Tab Up   The other answer: select the other answer          |",
		"|                                                                          |",
		"| In a dialog                                                              |",
		"|   Esc                 Close: close without doing anything                |",
		"|   Enter               Yes: do it                                         |",
		"|                                                                          |",
	]);
});

test("typing leaves the keys and commands that fit; the end says where keys are changed", () => {
	const desk = open();
	desk.type("yes");
	expect(desk.sheet().filter((row) => /\| {3}\S/.test(row))).toHaveLength(2);
	expect(desk.sheet().join("\n")).toContain("Keys are changed in /home/ada/.config/nudge/keys.json");
	desk.press("ctrl+u");
	desk.type("no such thing");
	expect(desk.sheet().join("\n")).toContain("No key or command fits what is typed.");
});

test.each(SIZES)("all of it can be scrolled through at $columns x $rows", (size) => {
	const desk = open({ contexts: ["thinking", "session", "start", "sessions"] }, size);
	const seen = new Set<string>();
	const look = () => {
		for (const row of desk.screen()) seen.add(row.replace(/\.+$/g, "").trim());
	};
	look();
	for (let i = 0; i < 80; i++) {
		desk.press("pagedown");
		look();
	}
	const text = [...seen].join("\n");
	for (const says of [
		"In the thinking",
		"In a session",
		"Everywhere",
		"Space",
		"F12 ".trim().slice(0, 1),
		"docs/keys.md",
	]) {
		expect(text).toContain(says);
	}
	desk.press("ctrl+home");
	expect(desk.screen().join("\n")).toContain("In the thinking");
});

test("the wheel scrolls; Enter, Esc and F1 close", () => {
	const desk = open({ contexts: ["thinking", "session"] });
	const before = desk.screen();
	desk.mouse("wheel-down", 40, 10);
	expect(desk.screen()).not.toEqual(before);
	desk.mouse("wheel-up", 40, 10);
	expect(desk.screen()).toEqual(before);
	for (const key of ["enter", "escape", "f1"]) {
		const other = open();
		other.press(key);
		expect(other.views).toEqual([]);
	}
});

test("a command without keys says so", () => {
	const desk = open();
	desk.keymap = { ...desk.keymap, keysOf: () => [] };
	expect(desk.sheet()[4]).toMatch(/^\| {3}no key {2}Yes/);
});
