/**
 * What can be computed of how well the themes can be read: contrast as WCAG 2.2 defines it
 * (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio), and what is left of a difference for people who see two kinds of
 * colour instead of three.
 */
import { describe, expect, it, test } from "vitest";
import { builtInThemes } from "../../../src/tui/theme/built-in.ts";
import {
	type Depth,
	linear,
	nearest16,
	nearest256,
	oklab,
	type Rgb,
	rgbOf,
	rgbOf256,
} from "../../../src/tui/theme/colour.ts";
import { type Style, type Theme, TOKENS, type Token } from "../../../src/tui/theme/theme.ts";

/** Lines that are not read. */
const NO_TEXT: readonly Token[] = ["rule"];
/** Grounds that rows of pieces are laid over. */
const GROUNDS: readonly Token[] = ["selected", "selected-dim", "sheet", "status"];

type Page = { readonly fg: Rgb; readonly bg: Rgb };
const page = (fg: string, bg: string): Page => ({ fg: rgbOf(fg)!, bg: rgbOf(bg)! });

/** Pages as terminals have them by themselves or with popular palettes. */
const PAGES = {
	dark: [
		page("#cccccc", "#000000"),
		page("#d4d4d4", "#1e1e1e"),
		page("#cdd6f4", "#1e1e2e"),
		page("#abb2bf", "#282c34"),
	],
	light: [page("#000000", "#ffffff"), page("#383a42", "#fafafa"), page("#3c3836", "#fbf1c7")],
};
const pagesOf = ({ kind }: Theme): readonly Page[] =>
	kind === "any" ? [...PAGES.dark, ...PAGES.light] : PAGES[kind];

function at(rgb: Rgb, depth: Depth): Rgb {
	if (depth === "256") return rgbOf256(nearest256(rgb));
	return depth === "16" ? rgbOf256(nearest16(rgb)) : rgb;
}

/** What a piece looks like on a page. In 16 colours a ground alone is drawn by exchanging the page's two. */
function on(below: Page, style: Style, depth: Depth): Page {
	if (depth === "16" && style.bg && !style.fg) return below;
	const fg = rgbOf(style.fg ?? "");
	const bg = rgbOf(style.bg ?? "");
	const seen = { fg: fg ? at(fg, depth) : below.fg, bg: bg ? at(bg, depth) : below.bg };
	return style.inverse ? { fg: seen.bg, bg: seen.fg } : seen;
}

function contrast({ fg, bg }: Page): number {
	const light = (rgb: Rgb): number => {
		const [r, g, b] = linear(rgb);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const [dark, bright] = [light(fg), light(bg)].sort((a, b) => a - b) as [number, number];
	return (bright + 0.05) / (dark + 0.05);
}

const named = (theme: Theme): boolean =>
	Object.values(theme.styles).some(({ fg, bg }) => (fg ?? bg) !== undefined && !rgbOf(fg ?? bg ?? ""));
const coloured = builtInThemes().filter((theme) => !named(theme) && theme.id !== "plain");

/** Every token on every page that the theme is for, alone and on the grounds that lie below it, that has less than this. */
function below(theme: Theme, least: number, depth: Depth): string[] {
	const poor: string[] = [];
	for (const [index, bare] of pagesOf(theme).entries()) {
		for (const ground of [undefined, ...GROUNDS]) {
			const base = ground ? on(bare, { ...theme.styles[ground], inverse: false }, depth) : bare;
			for (const token of TOKENS) {
				if (NO_TEXT.includes(token)) continue;
				const found = contrast(on(base, theme.styles[token] ?? {}, depth));
				// The terminal's own text on its own page is not ours.
				if (found < Math.min(least, contrast(bare)))
					poor.push(`${token} on ${ground ?? "the page"} ${index}: ${found.toFixed(1)}`);
			}
		}
	}
	return poor;
}

describe("contrast", () => {
	it("is known of all themes but those that leave colours to the terminal", () => {
		expect(coloured.map(({ id }) => id)).toEqual([
			"dark",
			"light",
			"high-contrast",
			"colour-blind",
			"colour-blind-light",
		]);
	});

	test.each(coloured)("of every text of $id is at least 4.5 to 1", (theme) => {
		expect(below(theme, 4.5, "truecolor")).toEqual([]);
	});

	test.each(coloured)("of every text of $id is at least 4 to 1 in 256 colours", (theme) => {
		expect(below(theme, 4, "256")).toEqual([]);
	});

	test("of every text of high-contrast is at least 7 to 1, in 256 colours too", () => {
		const theme = coloured.find(({ id }) => id === "high-contrast")!;
		for (const depth of ["truecolor", "256"] as const) expect(below(theme, 7, depth)).toEqual([]);
	});

	test.each(coloured)("of every text of $id is at least 2.5 to 1 in 16 colours", (theme) => {
		expect(below(theme, 2.5, "16")).toEqual([]);
	});
});

it("the selected line is told from the page, and from one without the focus, in 256 colours too", () => {
	for (const theme of coloured) {
		const { selected, "selected-dim": dim, sheet, field } = theme.styles;
		const grounds = [selected, dim, sheet, field].map((style) =>
			JSON.stringify({ ...style, fg: undefined, bg: nearest256(rgbOf(style?.bg ?? "#000000")!) }),
		);
		expect(grounds[0], theme.id).not.toBe(grounds[1]);
		expect(grounds[2], theme.id).not.toBe(grounds[3]);
	}
});

describe("the order of what stands out", () => {
	/** How far from the model's own words. */
	const away = (theme: Theme, token: Token, { fg, bg }: Page): number => {
		const seen = on({ fg, bg }, theme.styles[token] ?? {}, "truecolor");
		return Math.hypot(...oklab(seen.fg).map((part, index) => part - oklab(fg)[index]!));
	};
	test.each(["dark", "light", "colour-blind", "colour-blind-light"])(
		"in %s hints come first, then outputs, then code",
		(id) => {
			const theme = coloured.find((one) => one.id === id)!;
			const first = pagesOf(theme)[0]!;
			const [hint, output, code] = (["hint", "output", "code"] as const).map((token) =>
				away(theme, token, first),
			) as [number, number, number];
			expect(hint).toBeGreaterThan(output);
			expect(output).toBeGreaterThan(code);
			expect(code).toBeGreaterThan(0.03);
		},
	);
});

/** Colours as people without one kind of cone see them (Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1). */
const SEEN = {
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998],
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881],
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039],
	],
} as const;

function seen(rgb: Rgb, matrix: (typeof SEEN)[keyof typeof SEEN]): Rgb {
	const from = linear(rgb);
	return matrix.map((row) => {
		const share = Math.min(1, Math.max(0, row[0] * from[0] + row[1] * from[1] + row[2] * from[2]));
		return 255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055);
	}) as unknown as Rgb;
}

const PAIRS: readonly (readonly [Token, Token])[] = [
	["correct", "wrong"],
	["hint", "output"],
	["output", "failure"],
	["info", "error"],
	["by-model", "by-person"],
];

describe("without one kind of cone", () => {
	const least = (id: string): number => {
		const theme = coloured.find((one) => one.id === id)!;
		return Math.min(
			...PAIRS.flatMap(([one, other]) =>
				Object.values(SEEN).map((matrix) => {
					const [a, b] = [one, other].map((token) =>
						oklab(seen(rgbOf(theme.styles[token]!.fg!)!, matrix)),
					) as [Rgb, Rgb];
					return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
				}),
			),
		);
	};

	test.each(["colour-blind", "colour-blind-light"])("the pairs that matter stay apart in %s", (id) => {
		expect(least(id)).toBeGreaterThan(0.1);
	});

	it("which is more than can be said of red and green", () => {
		expect(least("dark")).toBeLessThan(0.1);
	});
});

it("plain sets no colour at all, and ansi16 only the terminal's own", () => {
	const [plain, ansi16] = ["plain", "ansi16"].map((id) => builtInThemes().find((theme) => theme.id === id)!);
	for (const style of Object.values(plain!.styles)) {
		for (const name of Object.keys(style)) expect(["bold", "dim", "underline", "inverse"]).toContain(name);
	}
	for (const { fg, bg } of Object.values(ansi16!.styles)) {
		for (const colour of [fg, bg]) expect(colour ?? "").not.toContain("#");
	}
});

it("what must be told apart at a glance looks different in every theme", () => {
	const pairs: readonly (readonly [Token, Token])[] = [
		["hint", "text"],
		["pending", "hint"],
		["vetoed", "hint"],
		["correct", "wrong"],
		["wrong", "unknown"],
		["title", "title-focus"],
		["selected", "text"],
		["selected", "selected-dim"],
		["match", "text"],
		["match", "match-current"],
		["status", "text"],
		["status", "status-strong"],
		["field", "text"],
		["error", "warning"],
		["warning", "info"],
		["by-model", "by-person"],
	];
	for (const theme of builtInThemes()) {
		for (const [one, other] of pairs)
			expect(theme.styles[one], `${theme.id}: ${one}, ${other}`).not.toEqual(theme.styles[other]);
	}
});
