import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { sayDiagnostic } from "../../../src/hints/hint.ts";
import { BUILT_IN_IDS, BUILT_IN_THEMES, builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { NAMED } from "../../../src/tui/theme/colour.ts";
import { loadThemes, THEME_SCHEMA } from "../../../src/tui/theme/load.ts";
import { TOKENS } from "../../../src/tui/theme/theme.ts";
import { folder } from "../../hints/folders.ts";

const schema = JSON.parse(readFileSync(THEME_SCHEMA, "utf8"));

describe("the schema", () => {
	it("is one, and knows the tokens and the names of colours that the program knows", () => {
		expect(new Ajv2020().validateSchema(schema)).toBe(true);
		expect(schema.$id).toBe("theme.schema.json");
		expect(Object.keys(schema.properties.styles.properties)).toEqual([...TOKENS]);
		const colour = new RegExp(schema.$defs.colour.pattern);
		for (const name of [...NAMED, "default", "#00ffAA"]) expect(name).toMatch(colour);
		for (const name of ["#fff", "pink", "bright-default", "#00ffaa ", "bright black"])
			expect(name).not.toMatch(colour);
	});

	it("says a sentence about everything", () => {
		const silent: string[] = [];
		const walk = (value: unknown, at: string): void => {
			if (typeof value !== "object" || value === null) return;
			for (const [name, one] of Object.entries((value as { properties?: object }).properties ?? {})) {
				if (!/\.$/.test((one as { description?: string }).description ?? "")) silent.push(`${at}.${name}`);
				walk(one, `${at}.${name}`);
			}
		};
		walk(schema, "theme");
		walk(schema.$defs.style, "style");
		expect(silent).toEqual([]);
	});

	it("passes every theme that comes with nudge, each with a style for every token", () => {
		const files = readdirSync(BUILT_IN_THEMES).filter((name) => name !== "theme.schema.json");
		expect(files.sort()).toEqual(BUILT_IN_IDS.map((id) => `${id}.json`).sort());
		const validate = new Ajv2020({ allErrors: true }).compile(schema);
		for (const file of files) {
			validate(JSON.parse(readFileSync(new URL(file, BUILT_IN_THEMES), "utf8")));
			expect(validate.errors, file).toBeNull();
		}
		for (const theme of builtInThemes()) expect(Object.keys(theme.styles), theme.id).toEqual([...TOKENS]);
	});
});

const load = (files: Readonly<Record<string, string>>) => {
	const home = folder(
		Object.fromEntries(Object.entries(files).map(([name, text]) => [join("config", "themes", name), text])),
	);
	const { themes, problems } = loadThemes({ env: { NUDGE_HOME: home } });
	return {
		theme: (id: string) => themes.find((theme) => theme.id === id),
		ids: themes.map(({ id }) => id),
		problems: problems.map((one) => sayDiagnostic({ ...one, file: one.file.slice(home.length + 15) })),
	};
};

describe("a user's themes", () => {
	it("are none where nobody wrote any", () => {
		expect(load({})).toMatchObject({ ids: [...BUILT_IN_IDS], problems: [] });
	});

	it("stand behind those of nudge", () => {
		const { ids, theme, problems } = load({
			"sand.json":
				'{ "$schema": "x", "name": "Sand", "kind": "light", "styles": { "hint": { "fg": "#804000" } } }',
			".hidden.json": "{",
			"notes.txt": "{",
			"theme.schema.json": "{}",
		});
		expect(problems).toEqual([]);
		expect(ids).toEqual([...BUILT_IN_IDS, "sand"]);
		expect(theme("sand")).toEqual({
			id: "sand",
			name: "Sand",
			kind: "light",
			styles: { hint: { fg: "#804000" } },
		});
	});

	it("build on others, style by style", () => {
		const { theme, problems } = load({
			"b.json": '{\n\t"name": "B",\n\t"extends": "a",\n\t"styles": { "code": { "dim": true } }\n}\n',
			"a.json":
				'{ "name": "A", "extends": "light", "kind": "any", "styles": { "code": { "bold": true }, "hint": {} } }',
		});
		const light = builtInThemes().find(({ id }) => id === "light");
		expect(problems).toEqual([]);
		expect(theme("b")).toEqual({
			id: "b",
			name: "B",
			kind: "any",
			styles: { ...light?.styles, code: { dim: true }, hint: {} },
		});
	});

	it("stand in for one of nudge, and build on what they replace", () => {
		const { ids, theme } = load({
			"dark.json": '{ "name": "Mine", "extends": "dark", "styles": { "hint": { "fg": "cyan" } } }',
		});
		expect(ids).toEqual([...BUILT_IN_IDS]);
		const dark = builtInThemes().find(({ id }) => id === "dark");
		expect(theme("dark")).toEqual({
			...dark,
			name: "Mine",
			styles: { ...dark?.styles, hint: { fg: "cyan" } },
		});
	});

	it("with a mistake are left out, and the place is told; the others hold", () => {
		const { ids, problems } = load({
			"a.json":
				'{\n\t"name": "A",\n\t"kind": "dark",\n\t"styles": {\n\t\t"hunt": {},\n\t\t"code": { "fg": "#12345", "bold": 1 }\n\t}\n}\n',
			"b.json": '{ "name": "B", "kind": "dark", "styles": {',
			"c.json": '{ "name": "C" }',
			"d.json": '{ "name": "D", "extends": "drak" }',
			"e.json": '{ "name": "E", "extends": "a" }',
			"good.json": '{ "name": "Good", "extends": "dark" }',
			"auto.json": '{ "name": "Auto", "extends": "dark" }',
			"twice.json": '{ "name": "One",\n  "name": "Two", "extends": "dark" }',
			"list.json": "[]",
		});
		expect(ids).toEqual([...BUILT_IN_IDS, "good"]);
		expect(problems).toEqual([
			expect.stringMatching(/^a\.json:5:3: unknown field "hunt"; allowed are text, .*; did you mean hint\?$/),
			'a.json:6:19: "#12345" is no fg. A colour is written #rrggbb, or is one of the terminal\'s own 16 (black, red, green, yellow, blue, magenta, cyan, white, and each with bright- before it), or default.',
			"a.json:6:37: bold takes true or false, not a number",
			'auto.json:1:1: "auto" is no name for a theme: it means that nudge chooses; rename the file',
			expect.stringMatching(/^b\.json:1:43: .* end with a \}$/),
			expect.stringMatching(/^b\.json:1:43: .* end with a \}$/),
			'c.json:1:1: the field "kind" is missing',
			'c.json:1:1: the field "styles" is missing',
			'd.json:1:27: there is no theme "drak"; there are dark, light, high-contrast, colour-blind, colour-blind-light, ansi16, plain, a, auto, b, c, e, good, list, twice; did you mean dark?',
			'e.json:1:27: the theme "a" has mistakes of its own, and this one builds on it',
			"list.json:1:1: the file takes a group of fields, not a list",
			expect.stringMatching(/^twice\.json:2:3: .*unique/),
		]);
	});

	it("that cannot be read as a folder are told, and nudge's own hold", () => {
		const home = folder({ "config/themes": "a file" });
		const { themes, problems } = loadThemes({ env: { NUDGE_HOME: home } });
		expect(themes.map(({ id }) => id)).toEqual([...BUILT_IN_IDS]);
		expect(problems.map(({ message }) => message)).toEqual([
			expect.stringContaining("your themes cannot be read: ENOTDIR"),
		]);
	});

	it("may not build on themselves in a circle", () => {
		const { ids, problems } = load({
			"a.json": '{ "name": "A", "extends": "b" }',
			"b.json": '{ "name": "B", "extends": "c" }',
			"c.json": '{ "name": "C", "extends": "a" }',
			"d.json": '{ "name": "D", "extends": "d" }',
		});
		expect(ids).toEqual([...BUILT_IN_IDS]);
		expect(problems).toEqual([
			'a.json:1:27: the theme "b" has mistakes of its own, and this one builds on it',
			'b.json:1:27: the theme "c" has mistakes of its own, and this one builds on it',
			"c.json:1:27: a circle: a extends b extends c extends a",
			expect.stringMatching(/^d\.json:1:27: there is no theme "d"/),
		]);
	});
});
