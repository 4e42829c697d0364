import { expect, test } from "vitest";
import type { Shelved } from "../../../../src/trace/shelf.ts";
import type { Summary } from "../../../../src/trace/summary.ts";
import { sessionFilter } from "../../../../src/tui/views/sessions/filter.ts";

const summary = (fields: Partial<Summary>): Shelved => ({
	id: `20261122-${fields.id ?? "g000"}`,
	summary: {
		version: 1,
		journalBytes: 1,
		branches: 1,
		hints: 0,
		calls: 0,
		open: false,
		tags: [],
		damaged: 0,
		...fields,
		id: `20261122-${fields.id ?? "g000"}`,
	},
});

const shelf: readonly Shelved[] = [
	summary({
		id: "a",
		verdict: "correct",
		mark: "accepted",
		tags: ["seed"],
		problemId: "theatre",
		model: "qwen3",
	}),
	summary({ id: "b", verdict: "wrong", tags: ["hard"], problem: "How many SEATS are there?" }),
	summary({ id: "c", verdict: "no answer", name: "odd one" }),
	summary({ id: "d", open: true }),
	summary({ id: "e", damaged: 2, verdict: "correct" }),
	{ id: "20261122-f", trouble: "EISDIR" },
];

const found = (query: string): string =>
	shelf
		.filter(sessionFilter(query))
		.map(({ id }) => id.at(-1))
		.join("");

test.each([
	["", "abcdef"],
	["seats", "b"],
	["thtr", "a"],
	["qwen", "a"],
	["odd", "c"],
	["verdict:wrong", "b"],
	["verdict:c", "ae"],
	["verdict:no-answer", "c"],
	["verdict:none", "d"],
	["verdict:", "abcdef"],
	["mark:accepted", "a"],
	["mark:", "a"],
	["mark:none", "bcde"],
	["tag:hard", "b"],
	["tag:", "ab"],
	["open:", "d"],
	["damaged:", "ef"],
	["tag:seed verdict:correct theatre", "a"],
	["tag:seed verdict:wrong", ""],
	["12:30", ""],
])("%j finds %j", (query, ids) => {
	expect(found(query)).toBe(ids);
});
