import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { widthOf } from "../../../src/tui/text/cells.ts";
import type { Listed } from "../../../src/tui/views/list.ts";
import { ListView, type ListViewOptions } from "../../../src/tui/views/list-view.ts";
import { FakeDesk, SIZES } from "../desk.ts";

const THOUSANDS = Array.from({ length: 10_000 }, (_, i) => `item ${i}`);

function open(
	options: Partial<ListViewOptions<string>> & { readonly items?: ListViewOptions<string>["items"] } = {},
	size = SIZES[0]!,
): { desk: FakeDesk; view: ListView<string>; seen: string[]; selected: () => string | undefined } {
	const desk = new FakeDesk(size);
	const seen: string[] = [];
	const view = new ListView<string>({
		desk,
		title: "Fruit",
		items: ["apple", "banana", "cherry"],
		textOf: (item) => item,
		row: (item) => ({ text: item }),
		empty: "There is no fruit.",
		choose: (item) => seen.push(`choose ${item}`),
		onSelect: (item) => seen.push(`select ${item}`),
		cancelled: () => seen.push("cancelled"),
		...options,
	});
	desk.open(view);
	return { desk, view, seen, selected: () => view.list.selected };
}

const text = (desk: FakeDesk): string => desk.screen().join("\n");

test("arrows move, also with Ctrl and a letter; letters are text; Enter chooses and closes", () => {
	const { desk, seen, selected } = open();
	expect(desk.sheet()[3]).toMatch(/^\| > apple /);
	desk.press("down", "ctrl+j");
	expect(selected()).toBe("cherry");
	desk.press("down", "ctrl+k", "up", "up");
	expect(selected()).toBe("apple");
	desk.type("jk");
	expect(text(desk)).toContain("Nothing fits what is typed.");
	desk.press("ctrl+u");
	desk.type("an");
	expect(selected()).toBe("banana");
	desk.press("enter");
	expect(seen.at(-1)).toBe("choose banana");
	expect(desk.views).toEqual([]);
});

test("an empty list says so, and nothing can be chosen", () => {
	const { desk, seen } = open({ items: [] });
	expect(text(desk)).toContain("There is no fruit.");
	desk.press("down", "up", "pagedown", "enter", "ctrl+end");
	desk.click(20, 12);
	expect(seen).toEqual([]);
	desk.press("escape");
	expect(seen).toEqual(["cancelled"]);
});

describe.each(SIZES)("ten thousand items at $columns x $rows", (size) => {
	test("only those in the window are made, and the selected one is always seen", () => {
		let made = 0;
		const { desk, selected } = open(
			{
				items: THOUSANDS,
				row: (item) => {
					made++;
					return { text: item };
				},
			},
			size,
		);
		const keys = ["down", "pagedown", "ctrl+end", "up", "pageup", "ctrl+home", "pagedown", "pagedown"];
		for (const key of keys) {
			made = 0;
			desk.press(key);
			expect(desk.screen().some((row) => row.includes(`> ${selected()} `))).toBe(true);
			expect(made).toBeLessThan(60);
		}
		desk.press("ctrl+end");
		expect(selected()).toBe("item 9999");
		expect(text(desk)).toContain("10000/10000");
		desk.type("9998");
		expect(selected()).toBe("item 9998");
		expect(text(desk)).toContain("1 of 10000");
	});
});

test("a click selects, a second click on the same row chooses", () => {
	const { desk, seen } = open();
	const cherry = desk.find("cherry");
	desk.click(cherry.x, cherry.y);
	expect(seen).toEqual(["select cherry"]);
	desk.click(cherry.x, cherry.y - 1);
	desk.click(cherry.x, cherry.y);
	expect(seen).toEqual(["select cherry", "select banana", "select cherry"]);
	desk.click(cherry.x + 30, cherry.y);
	expect(seen.at(-1)).toBe("choose cherry");
});

test("the first row is not chosen by the first click; a click beside the sheet closes", () => {
	const { desk, seen } = open();
	const apple = desk.find("apple");
	desk.click(apple.x, apple.y);
	expect(seen).toEqual(["select apple"]);
	desk.press("down", "up");
	desk.click(apple.x, apple.y);
	expect(desk.views).toHaveLength(1);
	desk.click(0, 0);
	expect(seen.at(-1)).toBe("cancelled");
	expect(desk.views).toEqual([]);
});

test("the wheel moves through the list", () => {
	const { desk, selected } = open({ items: THOUSANDS });
	desk.screen();
	for (let i = 0; i < 10; i++) desk.mouse("wheel-down", 20, 10);
	expect(selected()).toBe("item 30");
	desk.mouse("wheel-up", 20, 10);
	expect(selected()).toBe("item 27");
});

test("items that are still coming: said, counted, and the selected one stays selected", () => {
	let listed: Listed<string> = { items: [], loading: "reading the sessions" };
	const { desk, selected } = open({ items: () => listed });
	expect(text(desk)).toContain("reading the sessions");
	listed = { items: ["b", "c"], loading: "reading the sessions" };
	expect(text(desk)).toContain("1/2+");
	desk.press("down");
	expect(selected()).toBe("c");
	listed = { items: ["a", "b", "c", "d"] };
	expect(text(desk)).toContain("> c ");
	expect(text(desk)).toContain("3/4 ");
	listed = { items: ["a"] };
	expect(text(desk)).toContain("> a ");
});

test("the selection begins where it is wanted, also when that comes later, until a person moves", () => {
	let listed: Listed<string> = { items: ["a"] };
	const { desk, selected } = open({ items: () => listed, first: (item) => item === "c" });
	desk.screen();
	listed = { items: ["a", "b", "c"] };
	desk.screen();
	expect(selected()).toBe("c");
	desk.press("up");
	listed = { items: ["x", "a", "b", "c"] };
	desk.screen();
	expect(selected()).toBe("b");
});

describe("a preview", () => {
	const long = (item: string): string[] => Array.from({ length: 100 }, (_, i) => `${item} line ${i}`);

	test("stands beside the list where there is room, below it otherwise, and goes where there is none", () => {
		const at = (size: (typeof SIZES)[number]) => {
			const { desk } = open({ preview: long }, size);
			return desk.screen();
		};
		expect(at(SIZES[0]!).findIndex((row) => row.includes("apple line 0"))).toBeGreaterThan(
			at(SIZES[0]!).findIndex((row) => row.includes("cherry")),
		);
		expect(at(SIZES[1]!).find((row) => row.includes("> apple"))).toMatch(/> apple +\| apple line 0/);
		expect(at(SIZES[2]!).find((row) => row.includes("> apple"))).toMatch(/> apple +\| apple line 0/);
		expect(at(SIZES[3]!).join("\n")).not.toContain("line 0");
		expect(at(SIZES[3]!).join("\n")).toContain("> apple");
	});

	test("scrolls by keys and wheel, says how much there is, and begins anew with another item", () => {
		const { desk } = open({ preview: long }, SIZES[1]);
		expect(text(desk)).toMatch(/\d+ more lines: Alt\+Down/);
		desk.press("alt+down", "alt+down");
		expect(text(desk)).not.toContain("apple line 1 ");
		expect(text(desk)).toContain("apple line 2 ");
		desk.press("alt+up");
		const { x, y } = desk.find("apple line 1 ");
		for (let i = 0; i < 40; i++) desk.mouse("wheel-down", x, y);
		expect(text(desk)).toContain("apple line 99");
		expect(text(desk)).toContain("the end");
		desk.press("down");
		expect(text(desk)).toContain("banana line 0");
	});
});

test("commands of its own get the selected item", () => {
	const seen: string[] = [];
	const { desk } = open({
		contexts: ["library"],
		commands: {
			"library.edit": (item) => seen.push(item) > 0,
		},
		keys: [["library.edit", "edit"]],
	});
	desk.press("down", "ctrl+e");
	expect(seen).toEqual(["banana"]);
	expect(text(desk)).toContain("Ctrl+E edit");
});

test("nothing is drawn anew while nothing changes", () => {
	let depends = 0;
	const { desk, view } = open({ depends: () => [depends] });
	const first = view.draw(desk.size);
	expect(view.draw(desk.size)).toBe(first);
	depends++;
	expect(view.draw(desk.size)).not.toBe(first);
	const second = view.draw(desk.size);
	desk.press("down");
	expect(view.draw(desk.size)).not.toBe(second);
});

const hostile = fc.string({
	unit: fc.oneof(
		fc.constantFrom(
			"日",
			"é",
			"👩‍👩‍👧",
			"\t",
			"\n",
			"\r",
			"\x1b[31m",
			"\x07",
			"\u202e",
			"a\u0301",
			" ",
			"\ud800",
			"\x9b",
		),
		fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
	),
	maxLength: 80,
});

test("whatever items, queries, sizes and keys: every row fits its area, nothing lies outside the screen", () => {
	fc.assert(
		fc.property(
			fc.array(hostile, { maxLength: 30 }),
			hostile,
			fc.record({ columns: fc.integer({ min: 1, max: 130 }), rows: fc.integer({ min: 1, max: 45 }) }),
			fc.array(fc.constantFrom("down", "up", "pagedown", "ctrl+end", "alt+down", "backspace", "left"), {
				maxLength: 6,
			}),
			(items, query, size, keys) => {
				const { desk } = open(
					{
						items,
						title: query,
						row: (item) => ({ mark: "*", text: [["hint", item]], right: [["key", item.slice(0, 9)]] }),
						preview: (item) => [item, [["code", item]]],
					},
					size,
				);
				desk.screen();
				desk.press(...keys);
				desk.screen();
				desk.paste(query);
				for (const row of desk.screen()) expect(widthOf(row)).toBe(size.columns);
			},
		),
		{ numRuns: 200 },
	);
});
