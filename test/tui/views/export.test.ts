import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportSheet } from "../../../src/tui/views/export.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { fakeLive } from "./fake-live.ts";

let cwd: string;
beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "nudge-export-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function open(journal?: string, text = "Wait.\x1b[2J\n"): FakeDesk {
	const desk = new FakeDesk(SIZES[0]);
	const { state, branch } = fakeLive(text);
	exportSheet({ desk, state, session: "s1", branch, cwd, ...(journal === undefined ? {} : { journal }) });
	return desk;
}

/** Chooses the form with this name. */
function choose(desk: FakeDesk, label: string): void {
	while (!desk.screen().join("\n").includes(`> ${label}`)) desk.press("down");
	desk.press("enter");
}

const read = (name: string): string => readFileSync(join(cwd, name), "utf8");

test("a sample, and how much of it trains", () => {
	const desk = open();
	choose(desk, "Training sample");
	expect(desk.screen().join("\n")).toContain("file  s1-b0.jsonl");
	desk.press("enter");
	expect(JSON.parse(read("s1-b0.jsonl"))).toMatchObject({ id: "s-b0" });
	expect(desk.asked).toEqual([
		"say info: written to s1-b0.jsonl; trained: model 1 segment, 10 chars, tokens not known",
	]);
	expect(desk.views).toEqual([]);
});

test("the other forms", () => {
	const journal = join(cwd, "journal");
	writeFileSync(journal, '{"type":"a"}\n{"type":"b"}\n{"torn');
	for (const label of ["Markdown", "Plain text", "Whole state", "Journal"]) {
		const desk = open(journal);
		choose(desk, label);
		desk.press("enter");
		expect(desk.asked[0]).toMatch(/^say info: written to s1/);
	}
	expect(read("s1-b0.md")).toContain("## Trace");
	expect(read("s1-b0.txt")).toBe("Wait.\x1b[2J\n");
	expect(JSON.parse(read("s1.json"))).toMatchObject({ branches: [{ id: "b0" }] });
	expect(read("s1.journal.jsonl")).toBe('{"type":"a"}\n{"type":"b"}\n');
});

test("without its file the journal is not offered", () => {
	expect(open().screen().join("\n")).not.toContain("Journal");
	expect(open("/j").screen().join("\n")).toContain("Journal");
});

test("nothing that is there is replaced without asking", () => {
	writeFileSync(join(cwd, "s1-b0.txt"), "before");
	const desk = open();
	choose(desk, "Plain text");
	desk.press("enter");
	expect(desk.screen().join("\n")).toContain("s1-b0.txt is there already");
	desk.press("enter");
	expect(desk.screen().join("\n")).toContain("file  s1-b0.txt");
	desk.press("enter", "escape");
	desk.press("ctrl+a", "ctrl+k");
	desk.type("other.txt");
	desk.press("enter");
	expect(read("s1-b0.txt")).toBe("before");
	expect(read("other.txt")).toBe("Wait.\x1b[2J\n");
	const again = open();
	choose(again, "Plain text");
	again.press("enter");
	choose(again, "Replace it");
	expect(read("s1-b0.txt")).toBe("Wait.\x1b[2J\n");
});

test("a file of samples takes one more, on a line of its own", () => {
	writeFileSync(join(cwd, "s1-b0.jsonl"), '{"first":1}');
	const desk = open();
	choose(desk, "Training sample");
	desk.press("enter");
	choose(desk, "Add to it");
	const lines = read("s1-b0.jsonl").split("\n");
	expect(lines).toHaveLength(3);
	expect(JSON.parse(lines[0]!)).toEqual({ first: 1 });
	expect(JSON.parse(lines[1]!)).toMatchObject({ id: "s-b0" });
	expect(desk.asked[0]).toMatch(/^say info: added to s1-b0.jsonl; trained: /);
});

test("folders, missing folders and traces without anything to train on are said", () => {
	mkdirSync(join(cwd, "folder"));
	const desk = open();
	choose(desk, "Markdown");
	for (const [typed, says] of [
		["", "a file needs a name"],
		["folder", "folder is a folder: name a file in it"],
		["no/such", "there is no folder"],
		["x".repeat(300), "no file can be written there: ENAMETOOLONG"],
	] as const) {
		desk.press("ctrl+a", "ctrl+k");
		desk.type(typed);
		desk.press("enter");
		expect(desk.screen().join("\n")).toContain(says);
	}
	desk.press("ctrl+a", "ctrl+k");
	desk.type("folder/a.md");
	desk.press("enter");
	expect(existsSync(join(cwd, "folder", "a.md"))).toBe(true);
	const empty = open(undefined, "");
	choose(empty, "Training sample");
	empty.press("enter");
	expect(empty.asked[0]).toMatch(/^say error: not exported: branch b0 of session s has nothing to train on/);
});

test("closing at any step writes nothing", () => {
	const desk = open();
	desk.press("escape");
	const asked = open();
	choose(asked, "Markdown");
	asked.press("escape");
	expect([desk.views, asked.views]).toEqual([[], []]);
	expect(existsSync(join(cwd, "s1-b0.md"))).toBe(false);
});
