import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type AskLineOptions, askLine } from "../../../src/tui/views/ask-line.ts";
import { completePath, placeOfPath } from "../../../src/tui/views/paths.ts";
import { FakeDesk, SIZES } from "../desk.ts";

let answers: string[] = [];

function ask(options: Partial<AskLineOptions> = {}, size = SIZES[0]!): FakeDesk {
	const desk = new FakeDesk(size);
	answers = [];
	askLine({
		desk,
		title: "Name of the session",
		label: "name",
		text: "pell",
		done: (text) => answers.push(text),
		cancelled: () => answers.push("(cancelled)"),
		...options,
	});
	return desk;
}

test("a word stands before the field, a sentence above it", () => {
	expect(ask().sheet()).toEqual([
		"+- Name of the session ----------------------------------------------------+",
		"| name  pell                                                               |",
		"|                                                                          |",
		"| Enter take it  Esc close                                                 |",
		"+--------------------------------------------------------------------------+",
	]);
	expect(ask({ label: "tag, or -tag to take one away", text: "" }).sheet().slice(1, 3)).toEqual([
		"| tag, or -tag to take one away                                            |",
		"|                                                                          |",
	]);
});

test("the cursor stands behind the text, where it is typed", () => {
	const desk = ask();
	const { x, y } = desk.find("pell");
	expect(desk.top!.draw(desk.size).cursor).toEqual({ x: x + 4, y });
	desk.type("é日本");
	expect(desk.find("pellé日本")).toEqual({ x, y });
	expect(desk.top!.draw(desk.size).cursor).toEqual({ x: x + 9, y });
	desk.click(x + 1, y);
	desk.type("!");
	desk.press("enter");
	expect(answers).toEqual(["p!ellé日本"]);
	expect(desk.views).toEqual([]);
});

test("what is wrong is said, and nothing is taken, until it is changed", () => {
	const desk = ask({ check: (text) => (text.length > 5 ? "a name has at most 5 characters" : undefined) });
	desk.type("ing");
	desk.press("enter");
	expect(answers).toEqual([]);
	expect(desk.sheet()[2]).toContain("! a name has at most 5 characters");
	desk.press("backspace", "backspace");
	expect(desk.sheet().join("\n")).not.toContain("at most");
	desk.press("enter");
	expect(answers).toEqual(["pelli"]);
});

test("closing takes nothing", () => {
	const desk = ask();
	desk.press("escape");
	expect(answers).toEqual(["(cancelled)"]);
});

test("a note has lines, and goes on in the person's editor", async () => {
	const desk = ask({ multiline: true, text: "first", label: "Kept with the session." });
	desk.press("alt+enter");
	desk.type("second");
	expect(
		desk
			.sheet()
			.slice(1, 5)
			.map((row) => row.trimEnd()),
	).toEqual([
		"| Kept with the session.                                                   |",
		"| first                                                                    |",
		"| second                                                                   |",
		"|                                                                          |",
	]);
	desk.edited = "from outside\nlines\n";
	desk.press("ctrl+g");
	await Promise.resolve();
	expect(desk.asked).toEqual(["edit md: first\nsecond"]);
	desk.press("enter");
	expect(answers).toEqual(["from outside\nlines"]);
});

test("one line stays one line", () => {
	const desk = ask();
	desk.press("alt+enter", "ctrl+j", "ctrl+g");
	desk.paste("a\nb");
	desk.press("enter");
	expect(answers).toEqual(["pella b"]);
	expect(desk.asked.filter((what) => what.startsWith("edit"))).toEqual([]);
});

test("each change is told", () => {
	const seen: string[] = [];
	const desk = ask({ text: "", typed: (text) => seen.push(text) });
	desk.type("ab");
	desk.press("left", "backspace");
	expect(seen).toEqual(["a", "ab", "b"]);
});

test.each(SIZES)("it is usable at $columns x $rows, whatever is written", (size) => {
	for (const multiline of [false, true]) {
		const desk = ask(
			{ multiline, text: "\x1b[31m 日本語 \u202e".repeat(60), label: "a sentence ".repeat(30) },
			size,
		);
		desk.screen();
		desk.type("X");
		expect(desk.screen().join("\n")).toContain("X");
		expect(desk.top!.draw(desk.size).cursor).toBeDefined();
		desk.press("enter");
		expect(answers[0]).toHaveLength("\x1b[31m 日本語 \u202e".length * 60 + 1);
	}
});

const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function tree(...paths: string[]): string {
	const folder = mkdtempSync(join(tmpdir(), "nudge-paths-"));
	folders.push(folder);
	for (const path of paths) {
		if (path.endsWith("/")) mkdirSync(join(folder, path), { recursive: true });
		else writeFileSync(join(folder, path), "");
	}
	return folder;
}

test("Tab completes a path as far as it is sure, and shows what there is beyond", () => {
	const cwd = tree("problems/", "problems/aime.jsonl", "problems/amc.jsonl", "proof.txt", ".hidden");
	const desk = ask({ text: "", complete: (text) => completePath(text, cwd) });
	desk.type("pr");
	desk.press("tab");
	expect(
		desk
			.sheet()
			.slice(1, 4)
			.map((row) => row.replace(/ *\|$/, "")),
	).toEqual(["| name  pro", "|   problems/", "|   proof.txt"]);
	desk.type("b");
	expect(desk.sheet().join("\n")).not.toContain("proof.txt");
	desk.press("tab");
	expect(desk.sheet()[1]).toContain("name  problems/ ");
	desk.type("a");
	desk.press("tab");
	desk.type("m");
	desk.press("tab", "enter");
	expect(answers).toEqual(["problems/amc.jsonl"]);
});

test("paths: home, hidden files, other folders, and what is not there", () => {
	const cwd = tree("a/", "a/b c.txt", ".config/", "日本/", "日本語.txt");
	expect(completePath("a/b", cwd)).toEqual({ text: "a/b c.txt", candidates: [] });
	expect(completePath(".c", cwd)).toEqual({ text: ".config/", candidates: [] });
	expect(completePath("日", cwd)).toEqual({ text: "日本", candidates: ["日本/", "日本語.txt"] });
	expect(completePath(`${cwd}/a/`, "/")).toEqual({ text: `${cwd}/a/b c.txt`, candidates: [] });
	expect(completePath("none", cwd)).toEqual({ text: "none", candidates: [] });
	expect(completePath("none/x", cwd)).toEqual({ text: "none/x", candidates: [] });
	expect(completePath("", cwd).candidates).toEqual(["a/", "日本/", "日本語.txt"]);
	expect(placeOfPath("~/x", cwd)).toBe(join(process.env.HOME ?? "", "x"));
	expect(placeOfPath("x~", cwd)).toBe(join(cwd, "x~"));
});
