/**
 * The tables of docs/keys.md and the schema of the user's keys come from the table of commands.
 * `UPDATE_DOCS=1 npx vitest run test/tui/keys/keys-doc.test.ts` writes them anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkBindings } from "../../../src/tui/keys/check.ts";
import { HOW_CHORDS_ARE_WRITTEN, partsOf, readChord, showChord } from "../../../src/tui/keys/chord.ts";
import {
	COMMAND_IDS,
	COMMANDS,
	CONTEXTS,
	commandOf,
	type KeyContext,
} from "../../../src/tui/keys/command-table.ts";
import { actionOf } from "../../../src/tui/text/editor-keys.ts";

const PAGE = new URL("../../../docs/keys.md", import.meta.url);
const SCHEMA = new URL("../../../docs/schemas/keys.schema.json", import.meta.url);

const ANEW = "the table of commands has changed: UPDATE_DOCS=1 npx vitest run test/tui/keys/keys-doc.test.ts";

/** A key as code in a table: the bar would end its cell, a backtick the code. */
const code = (text: string): string => {
	const safe = text.replaceAll("|", "\\|");
	return safe.includes("`") ? `\`\` ${safe} \`\`` : `\`${safe}\``;
};

const sections = (Object.keys(CONTEXTS) as KeyContext[])
	.map((context) => ({ context, ids: COMMAND_IDS.filter((id) => commandOf(id).in === context) }))
	.filter(({ ids }) => ids.length > 0)
	.map(({ context, ids }) =>
		[
			`## ${CONTEXTS[context].slice(0, 1).toUpperCase()}${CONTEXTS[context].slice(1)}`,
			"",
			"| keys | command | name | what it does |",
			"| --- | --- | --- | --- |",
			...ids.map((id) => {
				const { title, keys, says } = commandOf(id);
				return `| ${keys.map((key) => code(showChord(key))).join(", ")} | ${title} | \`${id}\` | ${says.replaceAll("|", "\\|")} |`;
			}),
		].join("\n"),
	)
	.join("\n\n");

const schema = {
	$schema: "https://json-schema.org/draft/2020-12/schema",
	$id: "keys.schema.json",
	title: "Keys of nudge",
	description:
		"The user's keys.json: commands by name, with the keys that they have. docs/keys.md says how it is written.",
	type: "object",
	additionalProperties: false,
	properties: {
		$schema: { description: "Where this schema is, for editors.", type: "string" },
		...Object.fromEntries(
			COMMAND_IDS.map((id) => {
				const { title, in: context, says, keys } = commandOf(id);
				const description = `${title} (${CONTEXTS[context]}): ${says}. By itself: ${keys.map(showChord).join(", ")}.`;
				return [id, { description, $ref: "#/$defs/keys" }];
			}),
		),
	},
	$defs: {
		keys: {
			description: `Keys in place of those of the table; with + before one, a key more, with - a key less; "none": no key.`,
			anyOf: [{ $ref: "#/$defs/key" }, { type: "array", minItems: 1, items: { $ref: "#/$defs/key" } }],
		},
		key: {
			description: `${HOW_CHORDS_ARE_WRITTEN.slice(0, 1).toUpperCase()}${HOW_CHORDS_ARE_WRITTEN.slice(1)}.`,
			type: "string",
			minLength: 1,
		},
	},
};

it("docs/keys.md has every command with its keys, by where they mean something", () => {
	const [begin, end] = ["<!-- keys: made from the table of commands -->", "<!-- end of keys -->"];
	const page = readFileSync(PAGE, "utf8");
	const from = page.indexOf(begin) + begin.length;
	const to = page.indexOf(end);
	expect(from).toBeGreaterThanOrEqual(begin.length);
	expect(to).toBeGreaterThan(from);
	if (process.env.UPDATE_DOCS) writeFileSync(PAGE, `${page.slice(0, from)}\n${sections}\n${page.slice(to)}`);
	else expect(page.slice(from, to).trim(), ANEW).toBe(sections);
});

it("docs/schemas/keys.schema.json knows every command", () => {
	if (process.env.UPDATE_DOCS) writeFileSync(SCHEMA, `${JSON.stringify(schema, null, "\t")}\n`);
	else expect(JSON.parse(readFileSync(SCHEMA, "utf8")), ANEW).toEqual(schema);
	expect(new Ajv2020().validateSchema(schema)).toBe(true);
});

it("the example of the page is without a mistake, and says what it is to say", () => {
	const example = /```json\n(.*?)```/s.exec(readFileSync(PAGE, "utf8"))?.[1] ?? "";
	expect(checkBindings(JSON.parse(example), COMMANDS)).toEqual({
		bindings: {
			"trace.pause": ["space", "f12"],
			search: ["/", "ctrl+s"],
			follow: ["f", "G"],
			"hint.undo": [],
		},
		mistakes: [],
	});
});

it("the keys that the page says of text fields are those of the editor", () => {
	const part =
		readFileSync(PAGE, "utf8").split("## What a text field does by itself")[1]?.split("\n## ")[0] ?? "";
	const rows = part.split("\n").filter((line) => line.startsWith("| `"));
	expect(rows.length).toBeGreaterThan(5);
	for (const row of rows) {
		for (const [, shown = ""] of row.split(" | ")[0]!.matchAll(/`([^`]+)`/g)) {
			const read = readChord(shown);
			expect("chord" in read && actionOf(partsOf(read.chord)), shown).toEqual(expect.any(String));
		}
	}
});

it("what the schema refuses is a mistake, and what is no mistake the schema lets pass", () => {
	const validate = new Ajv2020().compile(schema);
	const key = fc.constantFrom("f11", "+f11", "-f11", "none", "", "ctrl+alt+z");
	const value = fc.oneof(key, fc.array(key, { maxLength: 3 }), fc.constantFrom(3, null, {}, [3], true));
	const name = fc.constantFrom("search", "undo", "line.down", "$schema", "nothing");
	fc.assert(
		fc.property(fc.dictionary(name, value), (data) => {
			const { mistakes } = checkBindings(data, COMMANDS);
			if (!validate(data)) expect(mistakes).not.toEqual([]);
			if (mistakes.length === 0) expect(validate(data)).toBe(true);
		}),
	);
});
