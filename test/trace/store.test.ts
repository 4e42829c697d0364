import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { SessionNotFoundError, SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "./folder.ts";
import { PROBLEM, SETTINGS, USAGE } from "./tree.ts";

const WHAT = { problem: PROBLEM, nudge: "0.1.0", environment: { node: "24" } };
const QUICK = { disk: { sync: () => {} } };
const NOON = Date.UTC(2026, 10, 22, 12);

function solved(session: string): TraceEvent[] {
	return [
		{ type: "branch", t: 1, branch: "b0", settings: SETTINGS, by: "person" },
		{ type: "tokens", t: 2, branch: "b0", text: "It is 42.", segment: 0 },
		{ type: "end", t: 3, branch: "b0", reason: "eos", usage: USAGE },
		{ type: "outcome", t: 4, branch: "b0", verdict: "correct", answer: "42", usage: USAGE, session },
		{ type: "tag", t: 5, tag: "nice", on: true },
	];
}

test("ids are short, sort by time and are never given twice", () => {
	const store = new SessionStore(freshFolder());
	const ids = Array.from({ length: 50 }, (_, i) => {
		const session = store.create(WHAT, QUICK, NOON + (i < 25 ? 0 : i * 1000));
		session.close();
		return session.id;
	});
	expect(ids[0]).toBe("20261122-g000");
	expect(new Set(ids).size).toBe(50);
	expect([...ids].sort()).toEqual(ids);
	expect(store.ids()).toEqual(ids);
	expect(store.create(WHAT, QUICK, NOON + 86_400_000 - (NOON % 86_400_000) - 1).id).toMatch(
		/^20261122-zzzz$/,
	);
	expect(store.create(WHAT, QUICK, NOON + 86_400_000 - (NOON % 86_400_000) - 1).id).toMatch(/^20261123-0/);
});

test("a session's state stays in step with its journal and is there again after it was opened", () => {
	const store = new SessionStore(freshFolder());
	const session = store.create(WHAT);
	for (const event of solved(session.id)) session.append(event);
	const { state } = session;
	expect(state.branches.get("b0")?.outcome?.verdict).toBe("correct");
	session.close();
	expect(store.read(session.id).state).toEqual(state);
	const again = store.open(session.id);
	expect(again.session.state).toEqual(state);
	again.session.close();
	expect(statSync(join(session.folder, "journal.jsonl")).mode & 0o777).toBe(0o600);
	expect(statSync(session.folder).mode & 0o777).toBe(0o700);
});

test("the list comes from summaries, and is the same after they are removed, torn or out of date", () => {
	const store = new SessionStore(freshFolder());
	for (let i = 0; i < 3; i++) {
		const session = store.create(WHAT, QUICK, NOON + i * 1000);
		for (const event of solved(session.id)) session.append(event);
		session.close();
	}
	const list = [...store.list()];
	expect(list).toHaveLength(3);
	expect(list[0]).toMatchObject({
		id: "20261122-g000",
		problem: PROBLEM.problem,
		verdict: "correct",
		answer: "42",
		hints: 0,
		calls: 0,
		tags: ["nice"],
		open: false,
		damaged: 0,
	});
	const [first, second, third] = store.ids().map((id) => join(store.folderOf(id), "summary.json"));
	rmSync(first!);
	writeFileSync(second!, readFileSync(second!).subarray(0, 40));
	expect([...store.list()]).toEqual(list);
	expect(existsSync(first!)).toBe(true);
	// What a killed program appended after the summary was made.
	const journal = join(store.folderOf(store.ids()[2]!), "journal.jsonl");
	appendFileSync(journal, `${JSON.stringify({ type: "name", t: 9, name: "late" })}\n`);
	expect([...store.list()][2]).toMatchObject({ name: "late", updated: 9 });
	expect(JSON.parse(readFileSync(third!, "utf8"))).toMatchObject({ name: "late" });
});

test("a session that is being written is listed as it stands, and no summary is kept of it", () => {
	const store = new SessionStore(freshFolder());
	const session = store.create(WHAT);
	session.append({ type: "name", t: 1, name: "live" });
	expect([...store.list()]).toMatchObject([{ name: "live", open: true }]);
	expect(readdirSync(session.folder).sort()).toEqual(["journal.jsonl", "lock"]);
	session.close();
	expect(readdirSync(session.folder).sort()).toEqual(["journal.jsonl", "summary.json"]);
});

test("a session goes by its id, by a beginning that only it has, or by `last`", () => {
	const store = new SessionStore(freshFolder());
	expect(() => store.find("last")).toThrow(SessionNotFoundError);
	for (const ms of [0, 1000, 43_100_000]) store.create(WHAT, QUICK, NOON + ms).close();
	const ids = store.ids();
	mkdirSync(store.folderOf("20261123-0000")); // claimed, and its program died at once
	expect(store.find("last")).toBe(ids[2]);
	expect(store.find("20261122-g000")).toBe("20261122-g000");
	expect(store.find("20261122-z")).toBe(ids[2]);
	expect(() => store.find("20261122")).toThrow(/begins 3 sessions .*write more of it/);
	expect(() => store.find("nonsense")).toThrow(/no session "nonsense"/);
	expect(() => store.find("")).toThrow(SessionNotFoundError);
	expect([...store.list()]).toHaveLength(3);
});

test("a session is removed whole, and not while a nudge has it open", () => {
	const store = new SessionStore(freshFolder());
	const session = store.create(WHAT);
	expect(() => store.remove(session.id)).toThrow(/is open in another nudge/);
	expect(() => store.open(session.id)).toThrow(/is open in another nudge/);
	session.close();
	store.remove(session.id);
	expect(store.ids()).toEqual([]);
	expect(readdirSync(store.root)).toEqual([]);
});

test("a session that could not be begun leaves nothing behind", () => {
	const store = new SessionStore(freshFolder());
	const full = () => {
		throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
	};
	expect(() => store.create(WHAT, { disk: { write: full } })).toThrow(/the disk is full/);
	expect(readdirSync(store.root)).toEqual([]);
});

test("a data folder that is none says which, why, and what to do", () => {
	const folder = freshFolder();
	writeFileSync(join(folder, "data"), "a file");
	const store = new SessionStore(join(folder, "data"));
	const says = /^the sessions in .*data\/sessions cannot be (read|written): ENOTDIR.* set NUDGE_HOME to/;
	expect(() => store.ids()).toThrow(says);
	expect(() => store.create(WHAT, QUICK)).toThrow(says);
});
