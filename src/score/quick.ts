/**
 * The answers that need no algebra. What always holds: it decides only what it is sure of and leaves everything else to
 * Math-Verify, which agrees with it wherever it decides (test/score/quick-agrees.test.ts; `npm run test:verifiers` for
 * whole benchmarks). Every decision names its rule.
 */
import { numberIn, sameNumber } from "./number.ts";
import { tokensOf } from "./tokens.ts";

export type QuickRule = "same text" | "same formula" | "whole numbers" | "numbers" | "letters";

export type Quick = { readonly verdict: "correct" | "wrong"; readonly rule: QuickRule };

/**
 * An answer without what carries no meaning: outer dollars, `\left( ... \right)` of nothing, the full stop of a
 * sentence; a degree, a minus or a pi of Unicode as LaTeX has it, which Math-Verify reads. A unit in plain words after a number ("18 dollars") becomes `\text{...}`, because a reader of LaTeX takes
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
	for (const [sign, latex] of [
		["°", "^\\circ"],
		["−", "-"],
		["π", "\\pi "],
	] as const)
		if (text.includes(sign)) text = text.replaceAll(sign, latex).trim();
	const unit = /^(-?\\?\$?[\d.,]*\d)\s+([a-zA-Z]{3,}(?: [a-zA-Z]{2,}){0,3})$/.exec(text);
	return unit ? `${unit[1]} \\text{ ${unit[2]}}` : text;
}

/** Formulas longer than this are compared as texts alone. */
const LONGEST = 2_000;

/** Correct or wrong where that is certain, undefined where it takes more. Both sides tidy. */
export function quick(gold: string, answer: string): Quick | undefined {
	if (gold === "") return undefined;
	if (gold === answer) return { verdict: "correct", rule: "same text" };
	if (gold.length > LONGEST || answer.length > LONGEST) return undefined;
	const a = plainInteger(gold);
	const b = plainInteger(answer);
	if (a !== undefined && b !== undefined) return said(a === b, "whole numbers");
	const [one, other] = [tokensOf(gold), tokensOf(answer)];
	if (!one || !other) return undefined;
	const [p, q] = [numberIn(one), numberIn(other)];
	const same = p && q && sameNumber(p, q);
	if (same !== undefined) return said(same, "numbers");
	const [k, l] = [letterOf(one), letterOf(other)];
	if (k !== undefined && l !== undefined) return said(k === l, "letters");
	if (one.length > 0 && one.length === other.length && one.every((token, i) => token === other[i]))
		return { verdict: "correct", rule: "same formula" };
	return undefined;
}

export function quickVerdict(gold: string, answer: string): "correct" | "wrong" | undefined {
	return quick(gold, answer)?.verdict;
}

const said = (same: boolean, rule: QuickRule): Quick => ({ verdict: same ? "correct" : "wrong", rule });

/** The digits without leading zeros, or undefined for anything but a plain integer: AIME's "025" is 25. */
function plainInteger(text: string): string | undefined {
	const found = /^([+-]?)0*(\d+)$/.exec(text);
	if (!found) return undefined;
	const digits = found[2] as string;
	return found[1] === "-" && digits !== "0" ? `-${digits}` : digits;
}

/** A choice as text: `\text{(A)}`, `\textbf{A}`, `\text{A}`. A bare letter is a variable. */
function letterOf(tokens: readonly string[]): string | undefined {
	return tokens.length === 1 ? /^\\text\{\(?([A-Z])\)?\}$/.exec(tokens[0]!)?.[1] : undefined;
}
