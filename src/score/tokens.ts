/**
 * A formula as the tokens that carry its meaning, so that two ways to typeset the same formula compare equal:
 * `\dfrac12` and `\frac{1}{2}`, `\left( 3 \right)` and `(3)`, `x^{2}` and `x^2`.
 *
 * What always holds: only what changes nothing is dropped. A blank between two digits, or behind a comma between digits,
 * may part numbers, so it stays; text keeps its letters.
 */

const TOKEN = /\\(?:[a-zA-Z]+|.)|./suy;
const SPACES = new Set(["\\,", "\\!", "\\;", "\\:", "\\ ", "\\quad", "\\thinspace", "~"]);
const TEXTS = new Set(["\\text", "\\textbf", "\\textrm", "\\mathrm", "\\mathbf", "\\mbox", "\\textit"]);
const SAME: Readonly<Record<string, string>> = {
	"\\dfrac": "\\frac",
	"\\tfrac": "\\frac",
	"\\cfrac": "\\frac",
	"\\le": "\\leq",
	"\\ge": "\\geq",
	"\\ne": "\\neq",
};
const ARGUMENTS: Readonly<Record<string, number>> = { "\\frac": 2, "\\sqrt": 1, "^": 1, _: 1 };

/** Undefined where the braces do not match, or where it is no formula alone. */
export function tokensOf(formula: string): readonly string[] | undefined {
	const tokens = spaced(formula);
	return tokens && braced(tokens);
}

/** Tokens without the blanks that mean nothing; `\text{...}` is one token. */
function spaced(formula: string): string[] | undefined {
	const tokens: string[] = [];
	let blank = false;
	let joined = false;
	const push = (token: string): void => {
		// "1 234", "1, 234": what the blank means is not known here
		const before = tokens.at(-1) ?? "";
		const behindComma = before === "," && isDigit(tokens.at(-2) ?? "");
		if (blank && !joined && isDigit(token) && (isDigit(before) || behindComma)) tokens.push(" ");
		blank = joined = false;
		tokens.push(token);
	};
	for (let i = 0; i < formula.length; ) {
		TOKEN.lastIndex = i;
		const token = TOKEN.exec(formula)?.[0];
		// a dollar that was left parts mathematics from words
		if (token === undefined || token === "$") return undefined;
		i += token.length;
		if (/^\s$/.test(token) || SPACES.has(token)) {
			// a negative space joins: "11,\!111"
			if (token === "\\!" && !blank) joined = true;
			else blank = true;
			continue;
		}
		if (
			(token === "\\left" || token === "\\right") &&
			/^\s*(?:[()[\]|]|\\[{}|])/.test(formula.slice(i, i + 4))
		)
			continue;
		if (TEXTS.has(token)) {
			const inside = /^\s*\{([^{}\\$]*)\}/.exec(formula.slice(i));
			if (!inside) return undefined;
			i += inside[0].length;
			push(`\\text{${inside[1]!.trim().replaceAll(/\s+/g, " ")}}`);
			continue;
		}
		push(SAME[token] ?? token);
	}
	return tokens;
}

/** Every argument of a fraction, root, power or index in braces: `\frac12` is `\frac{1}{2}`. */
function braced(tokens: readonly string[]): string[] | undefined {
	const out: string[] = [];
	let depth = 0;
	let owed = 0;
	// How many arguments are still owed at each level of braces.
	const open: number[] = [];
	for (const token of tokens) {
		const bare = owed > 0 && token !== "{" && token !== "[";
		if (owed > 0 && token === "[") return undefined; // \sqrt[3]{x}: left to those who know
		if (bare) {
			if (
				token in ARGUMENTS ||
				token === "}" ||
				(token.startsWith("\\") && token.length > 1 && token in SAME)
			)
				return undefined;
			out.push("{", token, "}");
			owed--;
			continue;
		}
		if (token === "{") {
			depth++;
			open.push(owed > 0 ? owed - 1 : 0);
			owed = 0;
			out.push(token);
			continue;
		}
		if (token === "}") {
			if (--depth < 0) return undefined;
			owed = open.pop()!;
			out.push(token);
			continue;
		}
		out.push(token);
		owed = ARGUMENTS[token] ?? 0;
	}
	return depth === 0 && owed === 0 ? out : undefined;
}

function isDigit(token: string): boolean {
	return token.length === 1 && token >= "0" && token <= "9";
}
