/** Turns a theme into strings for a terminal. Every prefix and suffix is made once, so that painting is joining three strings. */
import { type Depth, rgbOf, sgrOf } from "./colour.ts";
import { type Paint, type Style, type Theme, TOKENS, type Token } from "./theme.ts";

/** What each thing that can be set is taken back by. Bold and dim share theirs. */
const FOREGROUND = "39";
const BACKGROUND = "49";
const WEIGHT = "22";
const ATTRIBUTES = [
	["italic", "3", "23"],
	["underline", "4", "24"],
	["inverse", "7", "27"],
	["strike", "9", "29"],
] as const;

/** What a style sets, by what takes it back. */
type Sets = ReadonlyMap<string, string>;

export function paintOf(theme: Theme, depth: Depth): Paint {
	const brushes = new Map(TOKENS.map((token) => [token, brush(theme.styles[token] ?? {}, depth)]));
	const paint = (token: Token, text: string): string => {
		const one = brushes.get(token);
		return !one?.prefix || text === "" ? text : one.prefix + text + one.suffix;
	};
	const over = (token: Token, row: string): string => {
		const one = brushes.get(token);
		if (!one?.prefix || row === "") return row;
		const inner = row.includes("\x1b") ? row.replace(SGR, one.reopened) : row;
		return one.prefix + inner + one.suffix;
	};
	return Object.assign(paint, { theme, over });
}

/** No style at all: for screen readers, for terminals that know no SGR, and for tests that read rows. */
export const BARE: Theme = { id: "bare", name: "No styles", kind: "any", styles: {} };

type Brush = {
	readonly prefix: string;
	readonly suffix: string;
	/** A sequence of a row laid over this style, as it has to be there. */
	readonly reopened: (sequence: string, codes: string) => string;
};

function brush(style: Style, depth: Depth): Brush {
	const sets = new Map<string, string>();
	const set = (back: string, code: string | undefined): void => {
		if (code !== undefined) sets.set(back, code);
	};
	const weight = [style.bold && "1", style.dim && "2"].filter(Boolean).join(";");
	set(WEIGHT, weight || undefined);
	// Of 16 colours the nearest to a quiet ground is often the nearest to a quiet text too: exchanged, both can be read.
	const ground = depth === "16" && style.fg === undefined && rgbOf(style.bg ?? "") ? "inverse" : undefined;
	for (const [name, on, off] of ATTRIBUTES) set(off, style[name] || name === ground ? on : undefined);
	if (style.fg !== undefined) set(FOREGROUND, sgrOf(style.fg, "fg", depth));
	if (style.bg !== undefined && !ground) set(BACKGROUND, sgrOf(style.bg, "bg", depth));
	const reopened = remembered((codes) => reopen(codes, sets));
	if (sets.size === 0) return { prefix: "", suffix: "", reopened };
	return {
		prefix: `\x1b[${[...sets.values()].join(";")}m`,
		suffix: `\x1b[${[...sets.keys()].join(";")}m`,
		reopened,
	};
}

/** A screen has few different sequences, over and over; what a program prints may have many. */
function remembered(make: (codes: string) => string): Brush["reopened"] {
	const known = new Map<string, string>();
	return (sequence, codes) => {
		let made = known.get(sequence);
		if (made === undefined) {
			if (known.size >= MOST_REMEMBERED) known.clear();
			made = make(codes);
			known.set(sequence, made);
		}
		return made;
	};
}
const MOST_REMEMBERED = 500;

const SGR = /\x1b\[([\d;]*)m/g;

/** The same sequence, except that what it takes back becomes what `under` sets. */
function reopen(codes: string, under: Sets): string {
	const before = codes === "" ? ["0"] : codes.split(";");
	const after: string[] = [];
	for (let index = 0; index < before.length; index++) {
		const code = before[index] || "0";
		if (code === "38" || code === "48" || code === "58") {
			// A colour's own numbers: 38;5;n or 38;2;r;g;b.
			const length = before[index + 1] === "5" ? 3 : before[index + 1] === "2" ? 5 : 1;
			after.push(...before.slice(index, index + length));
			index += length - 1;
			continue;
		}
		const again = under.get(code);
		if (code === "0") after.push("0", ...under.values());
		// Bold and dim add up: the inner one has to go before the outer one comes back.
		else if (code === WEIGHT && again) after.push(WEIGHT, again);
		else after.push(again ?? code);
	}
	return `\x1b[${after.join(";")}m`;
}
