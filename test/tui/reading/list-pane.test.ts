import fc from "fast-check";
import { expect, test } from "vitest";
import { ListPane } from "../../../src/tui/reading/list-pane.ts";
import { BARE, paintOf } from "../../../src/tui/theme/paint.ts";
import { runsOf } from "../../../src/tui/views/line.ts";

const paint = paintOf(BARE, "none");

function paneOf(first: readonly string[]) {
	let items = first;
	const asked = new Set<number>();
	const pane = new ListPane<string>({
		items: () => ({
			length: items.length,
			at: (index) => {
				asked.add(index);
				return items[index];
			},
		}),
		keyOf: (item) => item,
		row: (item) => [["sheet", item]],
		empty: () => "nothing",
	});
	const rows = (count: number): string[] =>
		pane.draw(paint, 20, count).map((row) =>
			typeof row === "object" && "painted" in row
				? row.painted.trimEnd()
				: runsOf(row)
						.map(([, text]) => text)
						.join("")
						.trimEnd(),
		);
	return {
		pane,
		rows,
		asked,
		set: (next: readonly string[]) => {
			items = next;
		},
	};
}

test("while it follows, what comes on top is selected; a person who moved stays where they are", () => {
	const { pane, rows, set } = paneOf(["b", "a"]);
	expect(rows(3)).toEqual(["> b", "  a"]);
	set(["c", "b", "a"]);
	expect(rows(3)).toEqual(["> c", "  b", "  a"]);
	pane.run("rows.down");
	expect(pane.following).toBe(false);
	set(["e", "d", "c", "b", "a"]);
	expect(rows(3)).toEqual(["  d", "  c", "> b"]);
	expect(pane.index).toBe(3);
	pane.run("rows.follow");
	expect(rows(2)).toEqual(["> e", "  d"]);
});

test("wherever others come, go or move, the selected one stays selected and in the window", () => {
	const list = fc.uniqueArray(fc.nat(60).map(String), { minLength: 1, maxLength: 40 });
	fc.assert(
		fc.property(
			list,
			fc.array(list, { maxLength: 6 }),
			fc.nat(40),
			fc.integer({ min: 1, max: 8 }),
			(one, later, at, height) => {
				const { pane, rows, set } = paneOf(one);
				rows(height);
				pane.select(at);
				for (const next of later) {
					const before = pane.selected!;
					set(next);
					const drawn = rows(height);
					if (next.includes(before)) expect(pane.selected).toBe(before);
					expect(drawn.filter((row) => row.startsWith("> "))).toEqual([`> ${pane.selected}`]);
					expect(pane.selected).toBe(next[pane.index]);
					expect(drawn).toHaveLength(Math.min(height, next.length));
				}
			},
		),
	);
});

test("of a hundred thousand only the rows of the window are asked for", () => {
	const { pane, rows, asked } = paneOf(Array.from({ length: 100_000 }, (_, index) => String(index)));
	rows(20);
	pane.run("rows.last");
	expect(rows(20).at(-1)).toBe("> 99999");
	pane.run("rows.page-up");
	expect(rows(20)).toContain("> 99980");
	expect(asked.size).toBeLessThan(80);
});

test("a second press on a row opens it", () => {
	const { pane, rows } = paneOf(["c", "b", "a"]);
	rows(3);
	const press = {
		action: "press",
		button: "left",
		x: 0,
		y: 0,
		ctrl: false,
		alt: false,
		shift: false,
	} as const;
	expect(pane.mouse(press, 1)).toBe("selected");
	expect(pane.selected).toBe("b");
	expect(pane.mouse(press, 1)).toBe("chosen");
	expect(pane.mouse(press, 2)).toBe("selected");
	expect(pane.mouse(press, 9)).toBe("nothing");
	expect(paneOf([]).rows(3)).toEqual(["  nothing"]);
});
