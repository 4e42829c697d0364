import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Shelf, shelfOf } from "../../src/trace/shelf.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { freshFolder } from "./folder.ts";
import { PROBLEM, SETTINGS } from "./tree.ts";

const QUICK = { disk: { sync: () => {} } };
const NOON = Date.UTC(2026, 10, 22, 12);

function make(store: SessionStore, count: number): string[] {
	return Array.from({ length: count }, (_, i) => {
		const session = store.create(
			{ problem: PROBLEM, nudge: "0.1.0", environment: {} },
			QUICK,
			NOON + i * 1000,
		);
		session.append({ type: "branch", t: 1, branch: "b0", settings: SETTINGS, by: "person" });
		session.close();
		return session.id;
	});
}

function read(shelf: Shelf): Promise<void> {
	return new Promise((resolve) => {
		if (!shelf.loading) resolve();
		shelf.subscribe(() => {
			if (!shelf.loading) resolve();
		});
	});
}

test("the newest are there at once, all others follow, newest first", async () => {
	const store = new SessionStore(freshFolder());
	const ids = make(store, 40);
	const shelf = new Shelf(store, 0);
	shelf.refresh();
	expect(shelf.list.map(({ id }) => id)).toEqual([ids.at(-1)]);
	expect(shelf.total).toBe(40);
	expect(shelf.loading).toBe(true);
	await read(shelf);
	expect(shelf.list.map(({ id }) => id)).toEqual(ids.toReversed());
});

test("a second look finds what is new, changed and gone, and keeps what it knew", async () => {
	const store = new SessionStore(freshFolder());
	const ids = make(store, 3);
	const shelf = new Shelf(store);
	shelf.refresh();
	await read(shelf);
	const before = shelf.list;
	const { session } = store.open(ids[1]!, QUICK);
	session.append({ type: "name", t: 2, name: "mine" });
	session.close();
	store.remove(ids[0]!);
	const [added] = make(store, 1);
	shelf.refresh();
	await read(shelf);
	expect(shelf.list.map(({ id }) => id)).toEqual([ids[2], ids[1], added].sort().reverse());
	expect(shelf.list.find(({ id }) => id === ids[1])?.summary?.name).toBe("mine");
	expect(shelf.list.find(({ id }) => id === ids[2])).toBe(before.find(({ id }) => id === ids[2]));
});

test("a session that was removed is gone at once", async () => {
	const store = new SessionStore(freshFolder());
	const ids = make(store, 2);
	const shelf = shelfOf(store);
	expect(shelfOf(store)).toBe(shelf);
	shelf.refresh();
	await read(shelf);
	shelf.drop(ids[1]!);
	expect(shelf.list.map(({ id }) => id)).toEqual([ids[0]]);
	expect(shelf.total).toBe(1);
});

test("a folder that cannot be read is listed with why; one that was never begun is not", async () => {
	const store = new SessionStore(freshFolder());
	const [id] = make(store, 1);
	rmSync(join(store.folderOf(id!), "journal.jsonl"));
	mkdirSync(join(store.folderOf(id!), "journal.jsonl"));
	mkdirSync(join(store.root, "20261122-zzzz"));
	const shelf = new Shelf(store);
	shelf.refresh();
	await read(shelf);
	expect(shelf.list).toEqual([{ id, trouble: expect.stringContaining("EISDIR") }]);
	expect(shelf.total).toBe(1);
});

test("no sessions is an empty list; a folder that is a file is said", () => {
	const empty = new Shelf(new SessionStore(freshFolder()));
	empty.refresh();
	expect([empty.list, empty.loading, empty.trouble]).toEqual([[], false, undefined]);
	const folder = freshFolder();
	writeFileSync(join(folder, "sessions"), "");
	const broken = new Shelf(new SessionStore(folder));
	broken.refresh();
	expect(broken.trouble).toContain("ENOTDIR");
});
