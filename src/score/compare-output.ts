/**
 * Whether a program printed what it should. As contests compare: line by line, blanks at the ends of lines and of the text
 * aside; where the problem itself allows an error in its numbers, word by word with that error.
 */

export function sameOutput(printed: string, wanted: string, tolerance?: number): boolean {
	const a = linesOf(printed);
	const b = linesOf(wanted);
	if (a.length === b.length && a.every((line, i) => line === b[i])) return true;
	return tolerance !== undefined && sameWords(wordsOf(printed), wordsOf(wanted), tolerance);
}

function linesOf(text: string): string[] {
	return text
		.trimEnd()
		.split("\n")
		.map((line) => line.trimEnd());
}

function wordsOf(text: string): string[] {
	return text.split(/\s+/).filter((word) => word !== "");
}

function sameWords(a: readonly string[], b: readonly string[], tolerance: number): boolean {
	return a.length === b.length && a.every((word, i) => word === b[i] || close(word, b[i]!, tolerance));
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Absolute or relative: whichever is kinder, as such problems say. Whole numbers must be the same. */
function close(printed: string, wanted: string, tolerance: number): boolean {
	if (!NUMBER.test(printed) || !NUMBER.test(wanted)) return false;
	if (/^[+-]?\d+$/.test(wanted) && /^[+-]?\d+$/.test(printed)) return false;
	const [x, y] = [Number(printed), Number(wanted)];
	return Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)) * (1 + 1e-9);
}

/** "its absolute or relative error does not exceed 10^{-6}": the error that a problem allows; undefined where it allows none. */
export function toleranceIn(problem: string): number | undefined {
	const found =
		/\b(?:absolute|relative)\b[^.\n]{0,60}\berror\b[^.\n]{0,80}?(?:10\s{0,2}\^?\s{0,2}\{?\s{0,2}[-−–]\s{0,2}(\d{1,2})(?!\d)|1e-0?(\d{1,2}))/i.exec(
			problem,
		);
	const digits = Number(found?.[1] ?? found?.[2]);
	return digits >= 1 && digits <= 15 ? 10 ** -digits : undefined;
}
