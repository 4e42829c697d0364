import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Io } from "../../src/commands/command.ts";
import { call } from "../../src/commands/main.ts";
import { folder, hintFile } from "./folders.ts";

/** Runs `nudge hints ...` in a folder, with a home of its own. */
async function nudge(cwd: string, ...words: string[]) {
	const out = new PassThrough();
	const err = new PassThrough();
	const io: Io = {
		stdin: process.stdin,
		stdout: out as unknown as Io["stdout"],
		stderr: err as unknown as Io["stderr"],
		env: { NUDGE_HOME: join(cwd, "home") },
		cwd,
	};
	const code = await call(["hints", ...words], io, new AbortController().signal);
	return { code, out: String(out.read() ?? ""), err: String(err.read() ?? "") };
}

describe("nudge hints", () => {
	it("list shows every hint in force and where it comes from", async () => {
		const dir = folder({ ".nudge/hints/mine.yaml": hintFile("mine") });
		const { code, out, err } = await nudge(dir, "list");
		expect([code, err]).toEqual([0, ""]);
		const lines = out.trimEnd().split("\n");
		expect(lines[0]).toMatch(/^id +kind +domain +markers +opens +wordings +from$/);
		expect(lines.find((line) => line.startsWith("self-reflection"))).toMatch(
			/math .* code +9 +built-in math\.yaml$/,
		);
		expect(lines.at(-1)).toMatch(/^mine +check +math +after-word before-end +code +1 +project .*mine\.yaml$/);
	});

	it("list --json gives one hint a line, and --domain those that fit", async () => {
		const { out } = await nudge(folder(), "list", "--json", "--domain", "science");
		const hints = out
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(new Set(hints.map((hint) => hint.domain))).toEqual(new Set(["science"]));
		expect(hints[0].wordings.length).toBeGreaterThan(7);
	});

	it("show has all wordings and what goes into the stream at each marker", async () => {
		const { code, out } = await nudge(folder(), "show", "self-reflection");
		expect(code).toBe(0);
		expect(out).toContain("   1  maybe I can use Python to check this\n");
		expect(out).toContain(
			"  | So the sum is 12. Wait[, maybe I can use Python to check this.\n  | ```python\n  | ]",
		);
		expect(out).toContain("At before-end");
		const retool = await nudge(folder(), "show", "self-reflection", "--dialect", "retool");
		expect(retool.out).toContain("  | <code>\n  | ```python\n");
	});

	it("show lets no control character of a file through to the terminal", async () => {
		const dir = folder({ ".nudge/hints/a.yaml": hintFile("a", '      - "let me \\e[31mcheck"\n') });
		const { out } = await nudge(dir, "show", "a");
		expect(out).toContain("let me ␛[31mcheck");
	});

	it("show fills the templates with an example", async () => {
		const { out } = await nudge(folder(), "show", "debug-programs");
		expect(out).toContain('  |     ("2 3\\n", "5\\n"),');
	});

	it.each([
		[["show", "self-reflecton"], 1, /there is no hint "self-reflecton"; .* did you mean self-reflection\?/],
		[["show", "self-reflection", "--dialect", "x"], 1, /there is no dialect "x"; there are qwen/],
		[["show"], 2, /needs ID/],
		[["list", "--domain", "maths"], 2, /--domain takes math, code, science, any/],
		[["new", "Bad Id"], 2, /the id "Bad Id" may have lower case/],
		[["new", "a", "--kind", "B"], 2, /the kind "B" may have lower case/],
		[["new", "a", "--user", "--project"], 2, /give one of them/],
	])("%j ends with %i", async (words, expected, message) => {
		const { code, err } = await nudge(folder(), ...words);
		expect(code).toBe(expected);
		expect(err).toMatch(message);
	});

	it("check counts what is good, with all layers or one file", async () => {
		const dir = folder({ "my.yaml": hintFile("mine") });
		expect((await nudge(dir, "check")).out).toMatch(/^\d+ hints, \d+ wordings, no mistakes\n$/);
		expect(await nudge(dir, "check", "my.yaml")).toEqual({
			code: 0,
			out: "1 hint, 1 wording, no mistakes\n",
			err: "",
		});
	});

	it("check says file, line and column of every mistake, and fails", async () => {
		const dir = folder({
			"h/a.yaml": hintFile("a", "    wieght: 2\n"),
			"h/b.yaml": hintFile("b", "      - Let me check\n"),
		});
		const { code, out } = await nudge(dir, "check", "h");
		expect(code).toBe(1);
		expect(out).toMatch(
			/^h\/a\.yaml:8:5: unknown field "wieght"; .*\nh\/b\.yaml:8:9: warning: .*\n1 hint, 2 wordings, 1 mistake, 1 warning\n$/,
		);
		expect((await nudge(dir, "check", "h/b.yaml")).code).toBe(0);
		expect((await nudge(dir, "check", "none.yaml")).out).toMatch(/^none\.yaml:1:1: cannot be read: ENOENT/);
		expect((await nudge(dir, "check", ".")).err).toMatch(/holds no \.yaml files/);
	});

	it("list tells of mistakes and shows the rest", async () => {
		const dir = folder({ ".nudge/hints/a.yaml": hintFile("a", "    weight: x\n") });
		const { code, out, err } = await nudge(dir, "list");
		expect(code).toBe(0);
		expect(err).toMatch(/^\.nudge\/hints\/a\.yaml:8:13: weight takes a number/);
		expect(out).toContain("logic-check");
	});

	it.each(["math", "science", "code", "any"])(
		"new writes a file for %s that is good as it stands",
		async (domain) => {
			const dir = folder();
			const { code, out } = await nudge(
				dir,
				"new",
				"mine",
				"--project",
				"--domain",
				domain,
				"--kind",
				"test",
			);
			expect([code, out]).toEqual([0, `${join(dir, ".nudge/hints/mine.yaml")}\n`]);
			const check = await nudge(dir, "check", ".nudge/hints/mine.yaml");
			expect([check.code, check.out]).toEqual([0, "1 hint, 2 wordings, no mistakes\n"]);
			const shown = JSON.parse((await nudge(dir, "list", "--json")).out.trimEnd().split("\n").at(-1) ?? "");
			expect(shown).toMatchObject({ id: "mine", kind: "test", domain });
			const schema = readFileSync(join(dir, ".nudge/hints/mine.yaml"), "utf8").match(/\$schema=(.*)/)?.[1];
			expect(existsSync(schema ?? "")).toBe(true);
		},
	);

	it("new goes to the user's own hints, and leaves a file that is there alone", async () => {
		const dir = folder();
		const path = join(dir, "home/config/hints/mine.yaml");
		expect((await nudge(dir, "new", "mine")).out).toBe(`${path}\n`);
		writeFileSync(path, "hints: []\n");
		const again = await nudge(dir, "new", "mine");
		expect(again.code).toBe(1);
		expect(again.err).toMatch(/is there already, and is left as it is/);
		expect(readFileSync(path, "utf8")).toBe("hints: []\n");
	});

	it("new says when a later layer has the same id", async () => {
		const dir = folder({ ".nudge/hints/a.yaml": hintFile("mine") });
		expect((await nudge(dir, "new", "mine")).err).toMatch(/the hint mine of the layer project is in force/);
	});
});
