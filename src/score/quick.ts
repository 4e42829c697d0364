/**
 * The answers that need no algebra. What always holds: it decides only what it is sure of (the same text; two plain
 * integers) and leaves everything else to Math-Verify, which agrees with it wherever it decides.
 */

/**
 * An answer without what carries no meaning: outer dollars, `\left( ... \right)` of nothing, the full stop of a
 * sentence. A unit in plain words after a number ("18 dollars") becomes `\text{...}`, because a reader of LaTeX takes
 * the letters for variables.
 */
export function tidy(answer: string): string {
	let text = answer.trim();
	for (const [open, close] of [
		["$$", "$$"],
		["$", "$"],
		["\\(", "\\)"],
		["\\[", "\\]"],
	] as const) {
		const inner = text.slice(open.length, text.length - close.length);
		const wrapped = text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close);
		if (wrapped && !inner.includes(open) && !inner.includes(close) && !inner.endsWith("\\"))
			text = inner.trim();
	}
	if (text.endsWith(".") && !text.endsWith("..")) text = text.slice(0, -1).trimEnd();
	const unit = /^(-?\\?\$?[\d.,]*\d)\s+([a-zA-Z]{3,}(?: [a-zA-Z]{2,}){0,3})$/.exec(text);
	return unit ? `${unit[1]} \\text{ ${unit[2]}}` : text;
}

/** Correct or wrong where that is certain, undefined where it takes more. Both sides tidy. */
export function quickVerdict(gold: string, answer: string): "correct" | "wrong" | undefined {
	if (gold === "") return undefined;
	if (gold === answer) return "correct";
	const a = plainInteger(gold);
	const b = plainInteger(answer);
	if (a === undefined || b === undefined) return undefined;
	return a === b ? "correct" : "wrong";
}

/** The digits without leading zeros, or undefined for anything but a plain integer: AIME's "025" is 25. */
function plainInteger(text: string): string | undefined {
	const found = /^([+-]?)0*(\d+)$/.exec(text);
	if (!found) return undefined;
	const digits = found[2] as string;
	return found[1] === "-" && digits !== "0" ? `-${digits}` : digits;
}
