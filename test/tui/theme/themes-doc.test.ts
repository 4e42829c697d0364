/** The table of docs/themes.md comes from the schema. `UPDATE_DOCS=1 npx vitest run test/tui/theme/themes-doc.test.ts` writes it anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import { loadThemes, THEME_SCHEMA } from "../../../src/tui/theme/load.ts";
import { folder } from "../../hints/folders.ts";

const PAGE = new URL("../../../docs/themes.md", import.meta.url);
const schema = JSON.parse(readFileSync(THEME_SCHEMA, "utf8"));

const table = [
	"| name | what it is |",
	"| --- | --- |",
	...Object.entries<{ description: string }>(schema.properties.styles.properties).map(
		([name, { description }]) => `| \`${name}\` | ${description.replace(/\.$/, "")} |`,
	),
].join("\n");

it("docs/themes.md has every name that a style can have", () => {
	const [begin, end] = ["<!-- tokens: made from the schema -->", "<!-- end of tokens -->"];
	const page = readFileSync(PAGE, "utf8");
	const from = page.indexOf(begin) + begin.length;
	const to = page.indexOf(end);
	expect(from).toBeGreaterThanOrEqual(begin.length);
	expect(to).toBeGreaterThan(from);
	if (process.env.UPDATE_DOCS) writeFileSync(PAGE, `${page.slice(0, from)}\n${table}\n${page.slice(to)}`);
	else expect(page.slice(from, to).trim()).toBe(table);
});

it("docs/themes.md lists the themes that come with nudge, in their order and with their kinds", () => {
	const rows = [
		...readFileSync(PAGE, "utf8").matchAll(
			/^\| `([a-z0-9-]+)` \| (dark backgrounds|light backgrounds|both) \|/gm,
		),
	];
	const kinds = { dark: "dark backgrounds", light: "light backgrounds", any: "both" };
	expect(rows.map(([, id, kind]) => [id, kind])).toEqual(
		builtInThemes().map(({ id, kind }) => [id, kinds[kind]]),
	);
});

it("the example of docs/themes.md is a theme", () => {
	const example = /```json\n(.*?)```/s.exec(readFileSync(PAGE, "utf8"))?.[1] ?? "";
	const home = folder({ [join("config", "themes", "mine.json")]: example });
	const { themes, problems } = loadThemes({ env: { NUDGE_HOME: home } });
	expect(problems).toEqual([]);
	expect(themes.at(-1)).toMatchObject({ id: "mine", kind: "dark", styles: { hint: { fg: "#a6e3a1" } } });
});
