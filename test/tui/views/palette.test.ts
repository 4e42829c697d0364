import { expect, test } from "vitest";
import { COMMAND_IDS, commandOf } from "../../../src/tui/keys/command-table.ts";
import { type PaletteOptions, palette, paletteCommands } from "../../../src/tui/views/palette.ts";
import { FakeDesk, SIZES } from "../desk.ts";

function open(options: Partial<PaletteOptions> = {}, size = SIZES[0]!): FakeDesk {
	const desk = new FakeDesk(size);
	palette({ desk, contexts: ["thinking", "session"], ...options });
	return desk;
}

test("it has every command of the contexts and of everywhere, but for quiet ones and itself", () => {
	const shown = new Set(paletteCommands({ contexts: ["thinking", "session"] }));
	for (const id of COMMAND_IDS) {
		const { in: context, quiet } = commandOf(id);
		const wanted = ["thinking", "session", "global"].includes(context) && !quiet && id !== "palette";
		expect([id, shown.has(id)]).toEqual([id, wanted]);
	}
});

test("what cannot be done now is not in it; what was used last stands first", () => {
	const commands = paletteCommands({
		contexts: ["session"],
		can: (id) => id !== "rewind",
		recent: ["export", "rewind", "help", "sessions.delete"],
	});
	expect(commands.slice(0, 3)).toEqual(["export", "help", "trace.pause"]);
	expect(commands).not.toContain("rewind");
	expect(new Set(commands).size).toBe(commands.length);
});

test("letters of a title find it, words of the sentence come after; Enter closes and does it", () => {
	const chosen: string[] = [];
	const desk = open({ chosen: (id) => chosen.push(id) });
	desk.type("clipbo");
	expect(desk.sheet()[3]).toMatch(/^\| > Copy /);
	desk.press("ctrl+u");
	desk.type("inslib");
	expect(desk.sheet()[3]).toMatch(/^\| > Insert a hint from the library .* h \|$/);
	desk.press("enter");
	expect(desk.views).toEqual([]);
	expect(chosen).toEqual(["hint.pick"]);
	expect(desk.asked).toEqual(["run hint.pick"]);
});

test("keys that write are text, also where a command has them", () => {
	const desk = open();
	desk.type("q?");
	desk.press("space");
	expect(desk.sheet()[1]).toContain("q?");
	expect(desk.sheet()[3]).toContain("Nothing fits what is typed.");
	desk.press("enter");
	expect(desk.views).toHaveLength(1);
	desk.press("backspace", "backspace", "backspace");
	expect(desk.sheet()[3]).toContain("> Pause or go on");
});

test("the key that opened it closes it", () => {
	const desk = open();
	desk.press("ctrl+p");
	expect(desk.views).toEqual([]);
	expect(desk.asked).toEqual([]);
});

test("keys are those that are bound", () => {
	const desk = open({}, SIZES[1]);
	desk.keymap = { ...desk.keymap, keysOf: (id) => (id === "trace.pause" ? ["F12"] : []) };
	expect(desk.sheet()[3]).toMatch(/^\| > Pause or go on .* F12 \|$/);
	expect(desk.sheet()[4]).toMatch(/^\| {3}Stop .* again +\|$/);
});

test.each(SIZES)("title and key of the selected command are seen at $columns x $rows", (size) => {
	const desk = open({}, size);
	const selected = (): string => desk.screen().find((row) => row.includes("| > ")) ?? "";
	// Far down the list, wherever the table of commands has it.
	let steps = 0;
	while (!selected().includes("Hints shorter") && steps < 60) {
		desk.press("down");
		steps++;
	}
	expect(steps).toBeGreaterThan(10);
	expect(selected()).toMatch(/\| > Hints shorter .*- \|/);
	expect(desk.screen().join("\n")).toContain("Esc close");
});
