import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sayDiagnostic } from "../../../src/hints/hint.ts";
import { keysFile, loadKeys, watchKeys } from "../../../src/tui/keys/keys-file.ts";
import { folder } from "../../hints/folders.ts";

const load = (text: string) => {
	const env = { NUDGE_HOME: folder({ "config/keys.json": text }) };
	const { bindings, problems } = loadKeys({ env });
	expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(problems.length ? [keysFile(env)] : []));
	return { bindings, problems: problems.map((one) => sayDiagnostic({ ...one, file: "keys.json" })) };
};

it("without a file the table holds", () => {
	expect(loadKeys({ env: { NUDGE_HOME: folder() } })).toEqual({ bindings: {}, problems: [] });
	expect(load("")).toEqual({ bindings: {}, problems: [] });
});

it("every mistake has its place, and the rest holds", () => {
	expect(
		load(`{
	"trace.pause": ["space", "shift+enter"],
	"serach": "ctrl+s",
	"hint.undo": "none",
	"undo": ["u", "shift+u"],
	"quit": "none"
}
`),
	).toEqual({
		bindings: { "trace.pause": ["space", "shift+enter"], "hint.undo": [], undo: ["u"] },
		problems: [
			'keys.json:2:27: warning: "shift+enter": most terminals send nothing of its own for it',
			'keys.json:3:2: there is no command "serach"; docs/keys.md lists them; did you mean search?',
			'keys.json:5:16: "shift+u": write "U" in place of shift+u',
			'keys.json:6:10: "quit" may not be without a key; it keeps q, Ctrl+Q',
		],
	});
});

it("a file that is no JSON is told, and the table holds", () => {
	const { bindings, problems } = load('{ "search": "ctrl+s"\n  "undo": "u" }');
	expect(bindings).toEqual({});
	expect(problems[0]).toMatch(/^keys\.json:2:3: /);
	expect(load("[]").problems).toEqual([
		"keys.json:1:1: the file takes a group of fields: each the name of a command",
	]);
	expect(load('{ "search": "f11", "search": "f12" }').problems[0]).toMatch(/^keys\.json:1:20: .*unique/);
});

it("an edit counts while nudge runs; one that cannot be read leaves the keys as they were", async () => {
	const home = folder();
	const env = { NUDGE_HOME: home };
	const told: string[] = [];
	let wake = (): void => {};
	const tell = (what: unknown): void => {
		told.push(JSON.stringify(what));
		wake();
	};
	const watch = watchKeys({
		env,
		onChange: tell,
		onMistakes: (problems) => tell(`${problems.length} mistakes`),
		debounceMs: 30,
	});
	onTestFinished(() => watch.close());
	await watch.ready;
	const next = async (): Promise<unknown> => {
		while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
		return JSON.parse(told.shift()!);
	};
	mkdirSync(join(home, "config"), { recursive: true });
	writeFileSync(keysFile(env), '{ "search": "f12" }');
	expect(await next()).toEqual({ search: ["f12"] });
	writeFileSync(keysFile(env), '{ "search": ');
	expect(await next()).toMatch(/^[12] mistakes$/);
	writeFileSync(keysFile(env), '{ "search": "f11", "nothing": "x" }');
	expect(await next()).toEqual({ search: ["f11"] });
	expect(await next()).toBe("1 mistakes");
	writeFileSync(keysFile(env), '{ "search": "f11" }');
	expect(await next()).toBe("0 mistakes");
	rmSync(keysFile(env));
	expect(await next()).toEqual({});
});
