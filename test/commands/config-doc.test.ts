/** The tables of docs/config.md come from the registry of settings. `UPDATE_DOCS=1 npx vitest run test/commands/config-doc.test.ts` writes them anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
	allowed,
	ENGINE_FIELDS,
	SETTING_KEYS,
	SETTINGS,
	variableOf,
} from "../../src/commands/setting-table.ts";

const PAGE = new URL("../../docs/config.md", import.meta.url);

const tables: Record<string, string> = {
	settings: [
		"| setting | default | what it may be | environment | in a project |",
		"| --- | --- | --- | --- | --- |",
		...SETTING_KEYS.flatMap((key) => {
			const spec = SETTINGS[key];
			const variable = variableOf(key);
			const byDefault =
				spec.default === undefined ? "" : `\`${typeof spec.default === "object" ? "{}" : spec.default}\``;
			return [
				`| \`${key}\`<br>${spec.says} | ${byDefault} | ${allowed(spec)} | ${variable ? `\`${variable}\`` : ""} | ${spec.project ? "yes" : "no"} |`,
			];
		}),
	].join("\n"),
	engines: [
		"| field | meaning |",
		"| --- | --- |",
		...Object.entries(ENGINE_FIELDS).map(([field, { says }]) => `| \`${field}\` | ${says} |`),
	].join("\n"),
};

test.each(Object.entries(tables))(
	"docs/config.md has the table of %s as the program knows them",
	(name, table) => {
		const [begin, end] = [`<!-- ${name}: made from the registry -->`, `<!-- end of ${name} -->`];
		const page = readFileSync(PAGE, "utf8");
		const from = page.indexOf(begin) + begin.length;
		const to = page.indexOf(end);
		expect(from).toBeGreaterThanOrEqual(begin.length);
		expect(to).toBeGreaterThan(from);
		if (process.env.UPDATE_DOCS) writeFileSync(PAGE, `${page.slice(0, from)}\n${table}\n${page.slice(to)}`);
		else expect(page.slice(from, to).trim()).toBe(table);
	},
);
