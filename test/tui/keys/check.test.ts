import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { checkBindings, NEVER_WITHOUT } from "../../../src/tui/keys/check.ts";
import { isText, KEY_NAMES, readChord } from "../../../src/tui/keys/chord.ts";
import {
	COMMAND_IDS,
	COMMANDS,
	CONTEXTS,
	type CommandId,
	commandOf,
	type KeyContext,
	TYPING,
} from "../../../src/tui/keys/command-table.ts";

import { bytesOf, chordsFrom } from "./terminal.ts";

describe("the table of commands", () => {
	test.each(COMMAND_IDS)("%s has keys that terminals send, written as they are compared", (id) => {
		expect(commandOf(id).keys.length).toBeGreaterThan(0);
		for (const chord of commandOf(id).keys) {
			expect(readChord(chord)).toEqual({ chord });
			expect(chordsFrom(bytesOf(chord))).toEqual([chord]);
		}
	});

	test.each(Object.keys(CONTEXTS) as KeyContext[])("no chord stands twice in the context %s", (context) => {
		const chords = COMMAND_IDS.filter((id) => commandOf(id).in === context).flatMap(
			(id) => commandOf(id).keys,
		);
		expect(new Set(chords).size).toBe(chords.length);
	});

	it("has no key that writes text where text is typed, nor one that Python needs in its pane", () => {
		for (const id of COMMAND_IDS) {
			const { in: context, keys } = commandOf(id);
			if (TYPING.has(context)) expect(keys.filter(isText), id).toEqual([]);
			// Asked for by the user, the same keys would be let through.
			expect(checkBindings({ [id]: keys }, COMMANDS), id).toEqual({ bindings: { [id]: keys }, mistakes: [] });
		}
	});

	it("has arrows and letters for every way to move", () => {
		const arrow = /^(?:alt\+|shift\+|ctrl\+)?(?:up|down|left|right|home|end|pageup|pagedown)$/;
		const letter = /^(?:ctrl\+|alt\+)?[a-z{}[\]]$/i;
		const moving = COMMAND_IDS.filter((id) => commandOf(id).keys.some((chord) => arrow.test(chord)));
		// In these, letters are Python's, or text with nothing left over for Ctrl, or there are only two ends.
		const without = [
			"python.up",
			"python.down",
			"confirm.other",
			"list.first",
			"list.last",
			"library.wording-back",
		];
		expect(moving.filter((id) => !commandOf(id).keys.some((chord) => letter.test(chord)))).toEqual(
			COMMAND_IDS.filter((id) => without.includes(id)),
		);
		const both: CommandId[] = [
			"line.down",
			"half.down",
			"page.down",
			"top",
			"follow",
			"event.next",
			"item.down",
			"item.last",
			"list.down",
			"list.page-down",
			"text.down",
			"text.page-up",
			"replay.back",
		];
		for (const id of both) {
			expect(
				commandOf(id).keys.some((chord) => arrow.test(chord)),
				id,
			).toBe(true);
			expect(
				commandOf(id).keys.some((chord) => letter.test(chord)),
				id,
			).toBe(true);
		}
	});
});

/** What an entry leads to: keys by command, and mistakes with where they are. */
const check = (data: unknown) => {
	const { bindings, mistakes } = checkBindings(data, COMMANDS);
	return {
		bindings,
		mistakes: mistakes.map(({ path, key, message }) => `${[...path, key ?? ""].join("/")} ${message}`),
	};
};

describe("an entry", () => {
	test.each<[string, unknown, unknown]>([
		["replaces the keys", { search: ["ctrl+s", "F3"] }, { search: ["ctrl+s", "f3"] }],
		["may be one key", { search: "ctrl+s" }, { search: ["ctrl+s"] }],
		["none takes all keys away", { "hint.undo": "none" }, { "hint.undo": [] }],
		["with + adds", { search: ["+ctrl+s"] }, { search: ["/", "ctrl+s"] }],
		["with + adds, alone too", { search: "+ctrl+s" }, { search: ["/", "ctrl+s"] }],
		["with - takes one away", { follow: ["-G", "-end"] }, { follow: ["f"] }],
		["with - takes the only one away", { search: ["-/"] }, { search: [] }],
		[
			"with a sign changes the list, so that the others add",
			{ search: ["-/", "ctrl+s"] },
			{ search: ["ctrl+s"] },
		],
		["can bind the signs themselves", { "pane.taller": ["-+", "+="] }, { "pane.taller": ["="] }],
		[
			"can bind the signs alone",
			{ search: ["alt++"], "pane.taller": "+" },
			{ search: ["alt++"], "pane.taller": ["+"] },
		],
		["may say where the schema is", { $schema: "x" }, {}],
		["swaps keys with another", { undo: ["U"], "hint.undo": ["u"] }, { undo: ["U"], "hint.undo": ["u"] }],
		["takes a key that another has in another context", { search: ["}"] }, { search: ["}"] }],
		["takes a key that another gave away", { undo: "-u", search: "u" }, { undo: [], search: ["u"] }],
		["may say a key twice", { search: ["ctrl+s", "Ctrl+S"] }, { search: ["ctrl+s"] }],
	])("%s", (_, data, bindings) => {
		expect(check(data)).toEqual({ bindings, mistakes: [] });
	});

	test.each<[string, unknown, unknown, (string | RegExp)[]]>([
		[
			"an unknown command",
			{ "trace.puase": "p" },
			{},
			['trace.puase there is no command "trace.puase"; docs/keys.md lists them; did you mean trace.pause?'],
		],
		["no list", { search: 3 }, {}, ['search/ "search" takes a key, a list of keys, or "none"']],
		["an empty list", { search: [] }, {}, ['search/ "search" takes a key, a list of keys, or "none"']],
		[
			"no text in the list",
			{ search: [3, "ctrl+s"] },
			{ search: ["ctrl+s"] },
			['search/0/ a key is a text, such as "ctrl+p", not 3'],
		],
		[
			"an unreadable key, beside a good one",
			{ search: ["ctrl+s", "Strg+S"] },
			{ search: ["ctrl+s"] },
			[/^search\/1\/ "Strg\+S" is no key: a key is one character/],
		],
		[
			"only unreadable keys",
			{ search: ["shift+s"] },
			{},
			['search/0/ "shift+s": write "S" in place of shift+s'],
		],
		[
			"a key that it has not",
			{ search: ["-s"] },
			{ search: ["/"] },
			['search/0/ "s" is no key of "search"; it has /'],
		],
		[
			"a key of another",
			{ search: ["u", "ctrl+s"] },
			{ search: ["ctrl+s"] },
			['search/0/ "u" means Undo the rewind in a session; to have it here, write "undo": "-u" too'],
		],
		[
			"only a key of another",
			{ search: "u" },
			{},
			['search/ "u" means Undo the rewind in a session; to have it here, write "undo": "-u" too'],
		],
		[
			"the same key for two",
			{ search: "ctrl+s", undo: ["ctrl+s", "u"] },
			{ search: ["ctrl+s"], undo: ["u"] },
			['undo/0/ "ctrl+s" means Search in a session; to have it here, write "search": "-ctrl+s" too'],
		],
		[
			"quit without a key",
			{ quit: "none" },
			{},
			['quit/ "quit" may not be without a key; it keeps q, Ctrl+Q'],
		],
		[
			"the palette without a key",
			{ palette: ["-ctrl+p"] },
			{},
			['palette/ "palette" may not be without a key; it keeps Ctrl+P'],
		],
		[
			"a dialog that cannot be closed",
			{ "dialog.close": "none" },
			{},
			[/may not be without a key; it keeps Esc$/],
		],
		[
			"Python that cannot be left",
			{ "python.leave": "none" },
			{},
			[/may not be without a key; it keeps Ctrl\+\]$/],
		],
		[
			"Escape in Python",
			{ "python.leave": ["escape"] },
			{},
			[/^python.leave\/0\/ "escape" is Python's own there; take a key with ctrl\+/],
		],
		[
			"Tab in Python",
			{ "python.leave": ["tab", "f12"] },
			{ "python.leave": ["f12"] },
			[/"tab" is Python's own/],
		],
		["a letter in Python", { "python.up": "k" }, {}, [/"k" is Python's own/]],
		["Ctrl+C in Python", { "python.up": "ctrl+c" }, {}, [/"ctrl\+c" is Python's own/]],
		[
			"a letter where text is typed",
			{ "prompt.insert": ["+g"] },
			{ "prompt.insert": ["enter"] },
			[
				'prompt.insert/0/ "g" is text while a hint is written; put ctrl+ or alt+ before it, or take a key with a name',
			],
		],
		["the space bar where text is typed", { "list.down": "space" }, {}, [/"space" is text in a list/]],
		["no group of fields", ["search"], {}, [" the file takes a group of fields: each the name of a command"]],
		// The palette's entry fails, so that it needs its old key again, which quit had asked for.
		[
			"a key that another gave away in vain",
			{ quit: "ctrl+p", palette: "none" },
			{},
			[/^palette\/ "palette" may not be without/, /^quit\/ "ctrl\+p" means Command palette everywhere/],
		],
	])("%s is a mistake", (_, data, bindings, mistakes) => {
		const found = check(data);
		expect(found.bindings).toEqual(bindings);
		expect(found.mistakes).toEqual(
			mistakes.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))),
		);
	});
});

const id = fc.constantFrom(...COMMAND_IDS, ...NEVER_WITHOUT, "nothing" as CommandId);
const chord = fc
	.tuple(
		fc.constantFrom("", "", "", "ctrl+", "alt+", "shift+"),
		fc.oneof(fc.constantFrom(...KEY_NAMES, ..."qpxXuU?+-/]"), fc.string({ maxLength: 2 })),
	)
	.map((parts) => parts.join(""));
const own = fc.constantFrom(...COMMAND_IDS).chain((one) => fc.constantFrom(...commandOf(one).keys));
const entry = fc
	.tuple(fc.constantFrom("", "", "+", "-"), fc.oneof(own, chord))
	.map((parts) => parts.join(""));
const value = fc.oneof(fc.constant("none"), entry, fc.array(entry, { maxLength: 4 }), fc.anything());
const file = fc.array(fc.tuple(id, value), { maxLength: 12 }).map((entries) => Object.fromEntries(entries));

it("whatever the file asks for, no key means two things, and nobody is locked in", () => {
	fc.assert(
		fc.property(file, (data) => {
			const { bindings, mistakes } = checkBindings(data, COMMANDS);
			const owners = new Map<string, CommandId>();
			const wrong: string[] = [];
			for (const one of COMMAND_IDS) {
				const { in: context, keys } = commandOf(one);
				for (const key of bindings[one] ?? keys) {
					const read = readChord(key);
					if ("wrong" in read || read.chord !== key) wrong.push(`${one} ${key} is none`);
					if (TYPING.has(context) && isText(key)) wrong.push(`${one} ${key} is text`);
					if (owners.has(`${context} ${key}`)) wrong.push(`${one} ${key} stands twice`);
					owners.set(`${context} ${key}`, one);
				}
			}
			expect(wrong).toEqual([]);
			for (const one of NEVER_WITHOUT)
				expect((bindings[one] ?? commandOf(one).keys).length).toBeGreaterThan(0);
			// What it asks for and does not get is told.
			const errors = mistakes.filter(({ severity }) => severity === undefined);
			for (const [name, wanted] of Object.entries(data)) {
				const told = errors.some(({ path, key }) => (path[0] ?? key) === name);
				if (wanted === "none" && !told) expect(bindings[name as CommandId]).toEqual([]);
				if (!told) expect(Object.keys(bindings)).toContain(name);
			}
			// Asked for again, what was got is got without a mistake.
			const again = Object.fromEntries(
				Object.entries(bindings).map(([name, keys]) => [name, keys.length > 0 ? keys : "none"]),
			);
			const second = checkBindings(again, COMMANDS);
			expect(second.bindings).toEqual(bindings);
			expect(second.mistakes.filter(({ severity }) => severity === undefined)).toEqual([]);
		}),
		{ numRuns: 300 },
	);
});
