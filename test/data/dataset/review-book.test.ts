/** A dataset that is reviewed: the index of its samples, the filter, the journal with one writer, and the edits of one key. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { samplesOf } from "../../../src/data/dataset/dataset.ts";
import { diffOf } from "../../../src/data/dataset/diff.ts";
import { type BookOptions, ReviewBook } from "../../../src/data/dataset/review-book.ts";
import {
	blockAt,
	endOfTurn,
	refused,
	rewriting,
	rewritingAll,
	tailAfterAnswer,
	tailFrom,
	textOfSample,
} from "../../../src/data/dataset/review-edits.ts";
import { sampleFilter } from "../../../src/data/dataset/review-filter.ts";
import { headOfSample } from "../../../src/data/dataset/review-index.ts";
import { REVIEW_LOCK } from "../../../src/data/dataset/review-log.ts";
import { eventsOfSample } from "../../../src/data/dataset/review-trace.ts";
import { statsOf } from "../../../src/data/dataset/stats.ts";
import { fold } from "../../../src/trace/fold.ts";
import type { Sample } from "../../../src/trace/sample.ts";
import { freshFolder } from "../../trace/folder.ts";
import { CODE, madeDataset, madeSample, OUTPUT } from "./review-made.ts";

const books: ReviewBook[] = [];
afterEach(() => {
	for (const book of books.splice(0)) book.close();
});

async function open(folder: string, options: Partial<BookOptions> = {}): Promise<ReviewBook> {
	const book = new ReviewBook(folder, { by: "ada", env: {}, cwd: folder, now: () => 0, ...options });
	books.push(book);
	await book.read();
	return book;
}

const THREE = [
	madeSample("one"),
	madeSample("two", { words: 'A zebra, "said" ],"n_tokens": 1.\n' }),
	madeSample("three", { verdict: "wrong" }),
];
const dataset = (samples: readonly Sample[] = THREE): string => madeDataset(freshFolder(), samples);
const linesOf = (folder: string): string[] => {
	const file = join(folder, "reviews.jsonl");
	return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
};

function looked(book: ReviewBook, id: string) {
	const found = book.look(book.index.find(id)!);
	if (typeof found === "string") throw new Error(found);
	return found;
}

describe("the index", () => {
	test("knows each sample by its place and reads it back whole, whatever stands in the text", async () => {
		const book = await open(dataset());
		expect(
			book.index.entries.map(({ question, tokens, calls, hints, kinds, verdict }) => [
				...[question, calls, hints, kinds, verdict, tokens > 20],
			]),
		).toEqual([
			["one", 1, 1, "tool-use", "correct", true],
			["two", 1, 1, "tool-use", "correct", true],
			["three", 1, 1, "tool-use", "wrong", true],
		]);
		for (const [index, entry] of book.index.entries.entries())
			expect(book.index.sampleAt(entry)).toEqual(THREE[index]);
	});

	test("tells of damaged lines and of fields in another order", async () => {
		const folder = dataset();
		const { segments, id, ...rest } = THREE[0]!;
		const other = { segments, ...rest, id: "other" };
		appendFileSync(join(folder, "samples.jsonl"), `{"no":1}\n${JSON.stringify(other)}\n{"torn`);
		const book = await open(folder);
		expect(book.index.damaged).toBe(2);
		expect(book.index.entries.map((entry) => entry.id)).toEqual([...THREE.map((one) => one.id), "other"]);
		expect(typeof headOfSample(Buffer.from("nothing"))).toBe("string");
	});
});

describe("the filter", () => {
	test.each([
		["", ["one", "two", "three"]],
		["verdict:wrong", ["three"]],
		["decision:none", ["two", "three"]],
		["decision:acc", ["one"]],
		["by:ada", ["one", "two"]],
		["edited:yes", ["two"]],
		["edited:no source:set/t", ["three"]],
		["hint:none", []],
		["hint:tool", ["one", "two", "three"]],
		["calls:>1", []],
		["problem:t domain:math", ["two", "three"]],
		["what three", ["three"]],
	])("%s", async (query, expected) => {
		const book = await open(dataset());
		book.accept("one#h#0");
		const two = looked(book, "two#h#0");
		expect(book.edit("two#h#0", two, { from: 0, was: "A", text: "The" })).toBeUndefined();
		const { test: passes, mistakes } = sampleFilter(query);
		const found = book.index.entries.filter((entry) => passes(entry, book.standing(entry.id)));
		expect([found.map(({ question }) => question), mistakes]).toEqual([expected, []]);
	});

	test("says what it could not understand", () => {
		expect(sampleFilter("calls:many edited:perhaps").mistakes).toHaveLength(2);
		expect(sampleFilter('text:"two words" text:').texts).toEqual(["two words"]);
	});
});

describe("the journal", () => {
	test("every decision is on the disk when it returns, and counted", async () => {
		const folder = dataset();
		const book = await open(folder);
		book.accept("one#h#0", " fine ");
		expect(JSON.parse(linesOf(folder)[0]!)).toEqual({
			...{ do: "accept", sample: "one#h#0", by: "ada", at: "1970-01-01T00:00:00.000Z", why: "fine" },
		});
		book.reject("two#h#0");
		book.note("three#h#0", "look again");
		expect(book.progress).toEqual({ of: 3, accepted: 1, rejected: 1, edited: 0, undecided: 1, untouched: 0 });
		book.clear("two#h#0");
		expect(book.progress).toMatchObject({ rejected: 0, undecided: 2 });
		expect(linesOf(folder)).toHaveLength(4);
		const again = await open(folder);
		expect(again.progress).toEqual(book.progress);
	});

	test("has one writer; the other is told who, reads what is decided, and writes when the first has left", async () => {
		const folder = dataset();
		const first = await open(folder);
		const second = await open(folder, { by: "bob" });
		first.accept("one#h#0");
		expect(() => second.reject("one#h#0")).toThrow(
			new RegExp(`is open in another nudge \\(pid ${process.pid}\\)`),
		);
		expect(second.log.writer).toContain(String(process.pid));
		expect(second.log.look()).toBe(true);
		expect(second.standing("one#h#0")).toMatchObject({ decision: "accepted", by: "ada" });
		first.close();
		expect(existsSync(join(folder, REVIEW_LOCK))).toBe(false);
		second.reject("one#h#0", "no");
		expect(linesOf(folder).map((line) => (JSON.parse(line) as { by: string }).by)).toEqual(["ada", "bob"]);
	});

	test("a torn last line is cut off by the next writer; a whole one without its end counts; nonsense stays and is told", async () => {
		const folder = dataset();
		const file = join(folder, "reviews.jsonl");
		const line = JSON.stringify({ do: "accept", sample: "one#h#0", by: "eve", at: "x" });
		writeFileSync(file, `${line}\nnonsense\n{"do":"rej`);
		const book = await open(folder);
		expect(book.log.bad).toEqual([{ line: 2, why: "not JSON" }]);
		expect(readFileSync(file, "utf8")).toContain('{"do":"rej');
		book.reject("two#h#0");
		expect(linesOf(folder).map((one) => one.slice(0, 14))).toEqual([
			'{"do":"accept"',
			"nonsense",
			'{"do":"reject"',
		]);
		book.close();
		writeFileSync(file, line);
		const other = await open(folder);
		other.reject("two#h#0");
		expect(other.standing("one#h#0").by).toBe("eve");
		expect(linesOf(folder)).toHaveLength(2);
	});

	test("a disk that is full is said, nothing is lost, and what waited is written when there is room", async () => {
		const folder = dataset();
		let room = 40;
		const { writeSync } = process.getBuiltinModule("node:fs");
		const write = (descriptor: number, bytes: Uint8Array, from: number): number => {
			if (room <= 0) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
			const length = Math.min(room, bytes.length - from);
			room -= length;
			return writeSync(descriptor, bytes, from, length);
		};
		const book = await open(folder, { disk: { write } });
		book.accept("one#h#0");
		expect(book.log.unwritten).toContain("the disk is full");
		expect(book.standing("one#h#0").decision).toBe("accepted");
		expect(linesOf(folder)).toEqual([]);
		book.reject("two#h#0");
		room = 1e6;
		book.accept("three#h#0");
		expect(book.log.unwritten).toBeUndefined();
		expect(linesOf(folder).map((line) => (JSON.parse(line) as { do: string }).do)).toEqual([
			...["accept", "reject", "accept"],
		]);
		room = 0;
		book.clear("one#h#0");
		expect(book.close()).toMatch(/^1 decision is lost: .*the disk is full/);
	});
});

describe("editing by hand", () => {
	const sample = madeSample("one", { tail: " But wait, is it \\boxed{42}? Yes." });
	const text = textOfSample(sample);
	const apply = (change: { from: number; was: string; text: string }): string =>
		text.slice(0, change.from) + change.text + text.slice(change.from + change.was.length);

	test("the tail behind the answer goes, the end of the turn stays", () => {
		const change = tailAfterAnswer(sample, "</think>");
		if (typeof change === "string") throw new Error(change);
		expect(apply(change)).toMatch(/The answer is \\boxed\{42\}\.<\|im_end\|>$/);
		expect(refused(sample, change)).toBeUndefined();
		expect(tailAfterAnswer(madeSample("one"), "</think>")).toMatch(/nothing stands behind/);
		expect(endOfTurn(sample)).toBe("<|im_end|>");
		expect(endOfTurn({ ...sample, end: "tokens" })).toBe("");
		const here = tailFrom(sample, text.indexOf("It prints"));
		expect(typeof here === "string" ? here : apply(here)).toMatch(/```\n<\|im_end\|>$/);
	});

	test("a block goes with its output, from its opening line on, also where a hint opened it", async () => {
		const book = await open(dataset());
		for (const place of [text.indexOf("print("), text.indexOf("42\n```")]) {
			const change = blockAt(sample, place, book.dialectOf(sample));
			if (typeof change === "string") throw new Error(change);
			expect(change.was).toBe(CODE + OUTPUT);
			expect(refused(sample, change)).toBeUndefined();
		}
		expect(blockAt(sample, 0, book.dialectOf(sample))).toMatch(/no block that ran stands here/);
	});

	test("what Python said is not rewritten, whole or in part", () => {
		const at = text.indexOf(OUTPUT);
		expect(refused(sample, { from: at, was: OUTPUT, text: "```output\n43\n```\n" })).toMatch(
			/cannot be rewritten/,
		);
		expect(refused(sample, { from: at + 10, was: "42", text: "43" })).toMatch(/cannot be rewritten/);
		expect(refused(sample, { from: at, was: OUTPUT, text: "" })).toBeUndefined();
	});

	test("a whole new text becomes edits between the outputs, and they make it", async () => {
		const book = await open(dataset());
		const entry = book.index.entries[0]!;
		const was = textOfSample(THREE[0]!);
		const now = was.replace("guess 41", "think 42").replace("It prints", "Python prints");
		const all = (id: string, to: string) => {
			const changes = rewritingAll(looked(book, id).sample, to);
			if (typeof changes === "string") throw new Error(changes);
			return changes;
		};
		const changes = all(entry.id, now);
		expect(changes.map((one) => one.text)).toEqual(["Python", "think 42."]);
		expect(book.editAll(entry, changes, "better")).toBeUndefined();
		expect(textOfSample(looked(book, entry.id).sample)).toBe(now);
		const gone = now.replace(OUTPUT, "").replace("let me", "I");
		expect(book.editAll(entry, all(entry.id, gone))).toBeUndefined();
		expect(textOfSample(looked(book, entry.id).sample)).toBe(gone);
		expect(() => all("two#h#0", was.replace("42\n```", "43\n```"))).toThrow(/cannot be rewritten/);
		expect(all("three#h#0", textOfSample(THREE[2]!))).toEqual([]);
		expect(rewriting(THREE[0]!, 0, 3, was.slice(0, 3))).toBeUndefined();
	});

	test("as events it is the same text; hints that stand keep their names", async () => {
		const book = await open(dataset());
		const first = looked(book, "one#h#0");
		book.edit("one#h#0", first, { from: 0, was: "Let", text: "Do let" });
		const { sample: now, before } = looked(book, "one#h#0");
		const state = fold(eventsOfSample(now, before, book.dialectOf(now)));
		const branch = state.branches.get("main")!;
		expect(branch.spans.map((span) => span.text).join("")).toBe(textOfSample(now));
		expect(branch.spans[0]?.kind).toBe("edit");
		expect(branch.hints.map(({ kind }) => kind)).toEqual(["tool-use"]);
		expect(branch.calls.map(({ code, output }) => [code, output?.text])).toEqual([
			["print(6 * 7)\n", "42\n"],
		]);
		expect(branch.outcome?.verdict).toBe("correct");
	});
});

test("stats, diff and what trains take decisions and edits into account", async () => {
	const folder = dataset();
	const other = dataset();
	const book = await open(folder);
	book.reject("three#h#0");
	book.edit("one#h#0", looked(book, "one#h#0"), { from: 0, was: "Let", text: "Do let" });
	const { training, reviews, trained } = await statsOf(folder);
	expect([training, reviews.rejected, reviews.edited, trained.edit?.chars]).toEqual([2, 1, 1, 6]);
	const { changed, same } = await diffOf(other, folder);
	expect(same).toBe(1);
	expect(changed.map(({ question, what }) => [question, what])).toEqual([
		["one", ["text", "review: undecided, now undecided, 1 edit"]],
		["three", ["review: undecided, now rejected"]],
	]);
	const texts: string[] = [];
	for await (const one of samplesOf(folder)) texts.push(textOfSample(one).slice(0, 6));
	expect(texts).toEqual(["Do let", "A zebr"]);
});
