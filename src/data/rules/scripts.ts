/**
 * Which script a letter is of (Unicode Standard Annex 24, through the script properties of regular expressions). Looked
 * up once for every code point and then kept.
 */
export const SCRIPTS = [
	"Latin",
	"Greek",
	"Cyrillic",
	"Armenian",
	"Hebrew",
	"Arabic",
	"Devanagari",
	"Bengali",
	"Gurmukhi",
	"Gujarati",
	"Tamil",
	"Telugu",
	"Kannada",
	"Malayalam",
	"Sinhala",
	"Thai",
	"Lao",
	"Tibetan",
	"Myanmar",
	"Georgian",
	"Ethiopic",
	"Khmer",
	"Mongolian",
	"Hangul",
	"Hiragana",
	"Katakana",
	"Bopomofo",
	"Han",
] as const;

/** Counts of letters by script are lists of this length; the last is that of all scripts without a name here. */
export const SCRIPT_COUNT = SCRIPTS.length + 1;
const OTHER = SCRIPTS.length;
const NONE = 255;
const UNKNOWN = 254;

const LETTER = /^\p{L}$/u;
/** Letters of mathematics (ℝ, 𝑥, ª) are of no script, or of all. */
const COMMON = /^[\p{Script=Common}\p{Script=Inherited}]$/u;
const TESTS = SCRIPTS.map((name) => new RegExp(`^\\p{Script=${name}}$`, "u"));

const table = new Uint8Array(0x10000).fill(UNKNOWN);
const astral = new Map<number, number>();

/** The place of a letter's script in SCRIPTS, SCRIPTS.length for one without a name there, 255 for what is no letter. */
function scriptOf(point: number): number {
	const letter = String.fromCodePoint(point);
	// Letters that stand for numbers and units (℃) or are set for mathematics carry no language.
	if (!LETTER.test(letter) || COMMON.test(letter)) return NONE;
	const found = TESTS.findIndex((test) => test.test(letter));
	return found < 0 ? OTHER : found;
}

/** Adds the letters of a part of a text to the counts by script; those of ASCII are not counted. */
export function countOthers(text: string, from: number, to: number, counts: Uint32Array): void {
	for (let i = from; i < to; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) continue;
		const script = scriptAt(text, i, unit);
		if (script !== NONE) counts[script]!++;
		if (unit >= 0xd800 && unit <= 0xdbff) i++;
	}
}

/** Letters of ASCII in a part of a text. */
export function asciiLetters(text: string, from: number, to: number): number {
	let count = 0;
	for (let i = from; i < to; i++) {
		const lower = text.charCodeAt(i) | 0x20;
		if (lower >= 97 && lower <= 122) count++;
	}
	return count;
}

function scriptAt(text: string, at: number, unit: number): number {
	if (unit >= 0xd800 && unit <= 0xdfff) {
		const point = text.codePointAt(at) as number;
		if (point < 0x10000) return NONE;
		let script = astral.get(point);
		if (script === undefined) {
			script = scriptOf(point);
			astral.set(point, script);
		}
		return script;
	}
	if (table[unit] === UNKNOWN) table[unit] = scriptOf(unit);
	return table[unit] as number;
}

/** The first stretch of letters whose script is not among some, with what stands between them. */
export function firstOutside(
	text: string,
	from: number,
	to: number,
	inside: ReadonlySet<number>,
): string | undefined {
	for (let i = from; i < to; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) continue;
		const script = scriptAt(text, i, unit);
		if (script === NONE || inside.has(script)) continue;
		let end = i;
		while (end < to && end < i + 40 && text.charCodeAt(end) >= 0x80) end++;
		return text.slice(i, end).toWellFormed();
	}
	return undefined;
}
