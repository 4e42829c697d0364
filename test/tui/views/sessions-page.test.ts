import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shelfOf } from "../../../src/trace/shelf.ts";
import type { SessionStore } from "../../../src/trace/store.ts";
import { SessionsPage } from "../../../src/tui/views/sessions-page.ts";
import { FakeDesk, SIZES } from "../desk.ts";
import { expectDisjoint, freshStore, keep, NOON, until } from "./kept.ts";

type Shown = { readonly desk: FakeDesk; readonly page: SessionsPage; readonly done: string[] };

async function show(store: SessionStore, size = SIZES[0]!): Promise<Shown> {
	const desk = new FakeDesk(size);
	const done: string[] = [];
	const page = new SessionsPage({
		desk,
		store,
		open: (id) => done.push(`open ${id}`),
		replay: (id) => done.push(`replay ${id}`),
		now: () => NOON,
		restMs: 0,
	});
	desk.open(page);
	while (shelfOf(store).loading) await new Promise(setImmediate);
	return { desk, page, done };
}

function several(store: SessionStore): string[] {
	return [
		keep(store, { hoursAgo: 50, verdict: "correct", hints: 2, mark: "accepted", problem: { id: "theatre" } }),
		keep(store, {
			hoursAgo: 3,
			verdict: "wrong",
			tags: ["hard"],
			problem: { problem: "日本語の問題 ".repeat(30) },
		}),
		keep(store, { hoursAgo: 0, name: "the odd one", note: "look again", problem: { id: "typed" } }),
	];
}

test.each(SIZES)("at $columns x $rows every row is within its bounds and nothing overlaps", async (size) => {
	const store = freshStore();
	several(store);
	const { desk, page } = await show(store, size);
	await until(desk, "the odd one");
	expectDisjoint(page.draw(size), `${size.columns}x${size.rows}`);
	desk.press("down");
	expect(desk.screen().some((row) => /^> (20261122-\w{4} {2})?3 h/.test(row))).toBe(true);
});

test("sizes of all kinds", async () => {
	const store = freshStore();
	several(store);
	for (let columns = 20; columns <= 210; columns += 19) {
		for (let rows = 4; rows <= 60; rows += 7) {
			const { desk, page } = await show(store, { columns, rows });
			desk.screen();
			expectDisjoint(page.draw(desk.size), `${columns}x${rows}`);
			page.close();
		}
	}
});

test("the newest stand first, with age, verdict, mark, hints, calls, model, name and problem", async () => {
	const store = freshStore();
	const ids = several(store);
	const { desk } = await show(store, { columns: 140, rows: 30 });
	const rows = desk.screen().slice(2, 5);
	expect(rows.map((row) => row.slice(2, 15))).toEqual(ids.toReversed());
	expect(rows[0]).toMatch(/^> \S+ {2}now {7}open +0 {6}0 {2}nudge-tiny +the odd one {2}What is 6 x 7\?/);
	expect(rows[1]).toMatch(/3 h +wrong +0 +0 {2}nudge-tiny +#hard {2}p1 {2}日本語/);
	expect(rows[2]).toMatch(/2 d +correct +accepted +2 +0 {2}nudge-tiny +theatre/);
});

test("Enter opens, the replay key replays, a second click opens", async () => {
	const store = freshStore();
	const ids = several(store);
	const { desk, done } = await show(store);
	desk.press("down", "enter", "ctrl+r");
	desk.screen();
	const at = desk.find("2 d");
	desk.click(at.x, at.y);
	desk.click(at.x, at.y);
	expect(done).toEqual([`open ${ids[1]}`, `replay ${ids[1]}`, `open ${ids[0]}`]);
});

test("what is typed filters; Escape clears the filter, then leaves", async () => {
	const store = freshStore();
	several(store);
	const { desk, page } = await show(store);
	desk.type("verdict:w");
	expect(desk.screen()[0]).toContain("1 of 3");
	expect(desk.screen().slice(2, 4).join("")).toContain("#hard");
	desk.type("zzz");
	expect(desk.screen()[2]).toContain("Nothing fits");
	desk.press("escape");
	expect(desk.screen()[0]).toContain("1/3");
	desk.paste("odd");
	expect(desk.screen()[0]).toContain("1 of 3");
	desk.press("escape");
	expect(desk.top).toBe(page);
	desk.press("escape");
	expect(desk.top).toBeUndefined();
});

test("letters that are commands elsewhere are text here", async () => {
	const store = freshStore();
	several(store);
	const { desk, done } = await show(store);
	desk.type("q?x");
	expect(desk.screen()[0]).toContain("q?x");
	expect([...desk.asked, ...done]).toEqual([]);
});

test("the selected session is previewed: problem, answer, branches, tags, notes, the end of its thinking", async () => {
	const store = freshStore();
	keep(store, {
		verdict: "wrong",
		hints: 1,
		tags: ["hard", "twice"],
		note: "too early",
		thinking: `${"line\n".repeat(500)}the last line`,
	});
	const { desk } = await show(store, SIZES[1]!);
	const screen = await until(desk, "the last line");
	for (const text of [
		"What is 6 x 7?",
		"gold      42",
		"41: wrong",
		"main: wrong, 1 hint",
		"#hard #twice",
		"too early",
	]) {
		expect(screen).toContain(text);
	}
	expect(screen).toContain("> , use Python.");
	expect(screen).not.toContain(
		"line\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline",
	);
});

test("a control sequence that a model wrote is shown, never obeyed", async () => {
	const store = freshStore();
	keep(store, {
		thinking: "\x1b[2J\x1b]0;title\x07 evil",
		name: "\x1b[31mred",
		problem: { problem: "a\x1b[2Kb" },
	});
	const { desk } = await show(store, SIZES[1]!);
	expect(await until(desk, "evil")).toContain("␛[2J");
});

test("deleting asks, says what would be lost, and does it only when told to", async () => {
	const store = freshStore();
	const ids = several(store);
	const { desk } = await show(store);
	desk.press("delete");
	const sheet = desk.screen().join("\n");
	expect(sheet).toContain(`Delete session ${ids[2]}?`);
	expect(sheet).toContain("the odd one");
	expect(sheet).toMatch(/open, 1 branch, 0 hints/);
	desk.press("enter");
	expect(store.ids()).toHaveLength(3);
	desk.press("delete", "y");
	expect(store.ids()).toEqual(ids.slice(0, 2).sort());
	expect(desk.asked).toEqual([`say info: session ${ids[2]} is deleted`]);
	expect(desk.screen()[2]).toMatch(new RegExp(`^> ${ids[1]}`));
});

test("a session that is open is not deleted, and it is said by whom it is held", async () => {
	const store = freshStore();
	const id = keep(store);
	const { session } = store.open(id);
	const { desk } = await show(store);
	desk.press("delete");
	expect(desk.asked.join()).toContain(`session ${id} is open in this nudge`);
	session.close();
	const host = "elsewhere";
	writeFileSync(join(store.folderOf(id), "lock"), JSON.stringify({ pid: 7, host, started: "" }));
	desk.press("delete");
	expect(desk.asked.join()).toContain("is open in another nudge (pid 7 on elsewhere)");
	expect(existsSync(store.folderOf(id))).toBe(true);
});

test("no sessions yet is said, and no key does harm", async () => {
	const { desk, done } = await show(freshStore());
	expect(desk.screen().join("\n")).toContain("There are no sessions yet.");
	desk.press("enter", "delete", "ctrl+r", "down", "up", "pagedown", "alt+down");
	desk.type("x");
	desk.press("escape");
	expect(done).toEqual([]);
});

test("a folder that cannot be read is listed, can be deleted, and does not open", async () => {
	const store = freshStore();
	const id = keep(store);
	rmSync(join(store.folderOf(id), "journal.jsonl"));
	mkdirSync(join(store.folderOf(id), "journal.jsonl"));
	const { desk, done } = await show(store);
	expect(desk.screen()[2]).toContain("unreadable");
	desk.press("enter");
	expect(done).toEqual([]);
	expect(desk.asked.join()).toContain("cannot be read: EISDIR");
	desk.press("delete", "y");
	expect(store.ids()).toEqual([]);
});

test("a journal with damaged lines is marked and says so in its preview", async () => {
	const store = freshStore();
	const id = keep(store);
	writeFileSync(join(store.folderOf(id), "journal.jsonl"), "no json\n", { flag: "a" });
	const { desk } = await show(store, SIZES[1]!);
	expect(await until(desk, "1 line of its journal")).toContain("damaged");
});

test("a session that was made meanwhile comes in when the page is looked at again", async () => {
	const store = freshStore();
	keep(store, { name: "older", hoursAgo: 2 });
	const { desk, page } = await show(store);
	desk.screen();
	keep(store, { name: "newer" });
	page.refresh();
	await until(desk, "newer");
	expect(desk.screen()[2]).toMatch(/^ {2}.*newer/);
	expect(desk.screen()[3]).toMatch(/^> .*older/);
});

test("what has not changed is not drawn anew", async () => {
	const store = freshStore();
	several(store);
	const { desk, page } = await show(store, SIZES[1]!);
	await until(desk, "Wait");
	const before = page.draw(desk.size).areas;
	const after = page.draw(desk.size).areas;
	expect(after.map(({ rows }, i) => rows === before[i]!.rows)).toEqual(before.map(() => true));
});
