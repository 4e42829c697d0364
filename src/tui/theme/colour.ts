/**
 * Colours as themes write them, and as terminals take them. A terminal with fewer colours gets the nearest it has, by
 * distance in Oklab (https://bottosson.github.io/posts/oklab/), in which equal distances look about equally far.
 */
import type { Colour } from "./theme.ts";

/** How many colours a terminal shows. */
export type Depth = "truecolor" | "256" | "16" | "none";

export type Rgb = readonly [red: number, green: number, blue: number];

/** The terminal's own 16, as it numbers them. What they look like is the user's choice. */
export const NAMED = [
	"black",
	"red",
	"green",
	"yellow",
	"blue",
	"magenta",
	"cyan",
	"white",
	"bright-black",
	"bright-red",
	"bright-green",
	"bright-yellow",
	"bright-blue",
	"bright-magenta",
	"bright-cyan",
	"bright-white",
] as const;

/** `#rrggbb` as numbers; undefined for names and "default". */
export function rgbOf(colour: Colour): Rgb | undefined {
	const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
	if (!hex) return undefined;
	const part = (index: number): number => Number.parseInt(hex[index] ?? "0", 16);
	return [part(1), part(2), part(3)];
}

/**
 * The parameters of SGR that set a colour as foreground or background. Undefined where there is nothing to set: at a depth
 * without colours, and for "default", which leaves the terminal's own colour, or that of the ground a row is laid over.
 */
export function sgrOf(colour: Colour, ground: "fg" | "bg", depth: Depth): string | undefined {
	if (depth === "none" || colour === "default") return undefined;
	const extended = ground === "fg" ? "38" : "48";
	const rgb = rgbOf(colour);
	if (rgb && depth === "truecolor") return `${extended};2;${rgb.join(";")}`;
	if (rgb && depth === "256") return `${extended};5;${nearest256(rgb)}`;
	const index = rgb ? nearest16(rgb) : (NAMED as readonly string[]).indexOf(colour);
	if (index < 0) return undefined;
	return String((index < 8 ? 30 + index : 82 + index) + (ground === "fg" ? 0 : 10));
}

/** What xterm shows for the 16 where nobody chose others. */
const XTERM_16: readonly Rgb[] = [
	[0, 0, 0],
	[205, 0, 0],
	[0, 205, 0],
	[205, 205, 0],
	[0, 0, 238],
	[205, 0, 205],
	[0, 205, 205],
	[229, 229, 229],
	[127, 127, 127],
	[255, 0, 0],
	[0, 255, 0],
	[255, 255, 0],
	[92, 92, 255],
	[255, 0, 255],
	[0, 255, 255],
	[255, 255, 255],
];

/** The palette of 256 without its first 16, which are the user's: a cube of 6x6x6 and a ramp of 24 greys. */
const CUBE = [0, 95, 135, 175, 215, 255] as const;
export function rgbOf256(index: number): Rgb {
	if (index < 16) return XTERM_16[index] ?? [0, 0, 0];
	if (index >= 232) {
		const grey = 8 + 10 * (index - 232);
		return [grey, grey, grey];
	}
	const at = index - 16;
	return [CUBE[Math.floor(at / 36)] ?? 0, CUBE[Math.floor(at / 6) % 6] ?? 0, CUBE[at % 6] ?? 0];
}

export function nearest256(rgb: Rgb): number {
	palette256 ??= Array.from({ length: 240 }, (_, index) => oklab(rgbOf256(16 + index)));
	return 16 + nearestIn(palette256, rgb);
}

export function nearest16(rgb: Rgb): number {
	palette16 ??= XTERM_16.map(oklab);
	return nearestIn(palette16, rgb);
}

let palette256: Rgb[] | undefined;
let palette16: Rgb[] | undefined;

function nearestIn(palette: readonly Rgb[], rgb: Rgb): number {
	const wanted = oklab(rgb);
	let best = 0;
	let least = Number.POSITIVE_INFINITY;
	for (const [index, one] of palette.entries()) {
		const away = (one[0] - wanted[0]) ** 2 + (one[1] - wanted[1]) ** 2 + (one[2] - wanted[2]) ** 2;
		if (away < least) [best, least] = [index, away];
	}
	return best;
}

/** Lightness from 0 to 1, and two axes of hue. */
export function oklab(rgb: Rgb): Rgb {
	const [r, g, b] = linear(rgb);
	const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
	const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
	const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
	return [
		0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
		1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
		0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
	];
}

/** sRGB without its curve, each part from 0 to 1 (IEC 61966-2-1). */
export function linear([r, g, b]: Rgb): Rgb {
	const part = (value: number): number => {
		const share = value / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	};
	return [part(r), part(g), part(b)];
}
