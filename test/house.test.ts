import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const biome = join(
	dirname(createRequire(import.meta.url).resolve("@biomejs/biome/package.json")),
	"bin",
	"biome",
);
const ROOMS = [
	"trace",
	"hints",
	"engine",
	"python",
	"score",
	"reason",
	"data",
	"train",
	"eval",
	"tui",
	"commands",
];

let house: string;
beforeAll(() => {
	house = mkdtempSync(join(tmpdir(), "nudge-house-"));
	cpSync(join(root, "biome.json"), join(house, "biome.json"));
	for (const room of ROOMS) mkdirSync(join(house, "src", room), { recursive: true });
});
afterAll(() => rmSync(house, { recursive: true, force: true }));

/** What the linter says of a house with these files. */
function lint(files: Readonly<Record<string, string>>): string {
	for (const [file, text] of Object.entries(files)) writeFileSync(join(house, file), text);
	const { stdout, stderr } = spawnSync(
		process.execPath,
		[biome, "lint", "--vcs-enabled=false", "--max-diagnostics=200", "src"],
		{
			cwd: house,
			encoding: "utf8",
		},
	);
	for (const file of Object.keys(files)) rmSync(join(house, file));
	return stdout + stderr;
}

test("the linter refuses every import against the order of the rooms", () => {
	const against = Object.fromEntries(
		ROOMS.slice(0, -1).map((room, index) => [
			`src/${room}/a.ts`,
			`export { x } from "../${ROOMS[index + 1]}/y.ts";\n`,
		]),
	);
	const says = lint(against);
	for (const file of Object.keys(against)) expect(says).toContain(`${file}:1`);
	expect(says.match(/lint\/style\/noRestrictedImports/g)).toHaveLength(ROOMS.length - 1);
});

test("it lets imports along the order pass", () => {
	const along = Object.fromEntries(
		ROOMS.slice(1).map((room, index) => [
			`src/${room}/a.ts`,
			`export { x } from "../${ROOMS[index]}/y.ts";\n`,
		]),
	);
	expect(lint(along)).not.toContain("noRestrictedImports");
});

test("it refuses a circle", () => {
	const says = lint({
		"src/trace/a.ts": 'import { b } from "./b.ts";\nexport const a = (): unknown => b;\n',
		"src/trace/b.ts": 'import { a } from "./a.ts";\nexport const b = (): unknown => a;\n',
	});
	expect(says).toContain("lint/suspicious/noImportCycles");
});
