/**
 * Numbers as answers write them: 1,234 and 1{,}234, 0.50, \frac{1}{2} and 1/2, 90^\circ, 10\%, \$18. Exact: a numerator
 * and a denominator.
 *
 * What always holds: it understands a whole answer or nothing; where Math-Verify rounds (decimals, to six places) nothing
 * is called wrong that differs by less than what rounding could hide.
 */

export type Numeral = {
	readonly top: bigint;
	readonly bottom: bigint;
	/** Written with a point: compared with rounding by Math-Verify. */
	readonly decimal: boolean;
	readonly percent: boolean;
	/** Written with commas between thousands, which may be a list after all. */
	readonly commas: boolean;
};

/** More digits than a float holds exactly are left alone. */
const DIGITS = 12;

/** From the tokens of a formula (tokens.ts). */
export function numberIn(tokens: readonly string[]): Numeral | undefined {
	if (tokens.length === 0 || tokens.length > 40) return undefined;
	const found =
		/^(?<minus>[+-]?)(?:\\\$)?(?<body>.+?)(?<degrees>\^(?:\{\\circ\}|\\circ))?(?<percent>\\%)?$/.exec(
			tokens.join(""),
		)?.groups;
	if (!found || (found.degrees && found.percent)) return undefined;
	const value = bodyOf(found.body!);
	// Of "-10\\%" and "1,000\\%" Math-Verify reads something else.
	if (!value || (found.percent && (value.commas || found.minus === "-"))) return undefined;
	return {
		...value,
		top: found.minus === "-" ? -value.top : value.top,
		percent: found.percent !== undefined,
	};
}

function bodyOf(body: string): Omit<Numeral, "percent"> | undefined {
	const fraction = /^\\frac\{(-?\d+)\}\{(\d+)\}$/.exec(body) ?? /^(\d+)\/(\d+)$/.exec(body);
	if (fraction) {
		const [, top, bottom] = fraction as unknown as [string, string, string];
		if (top.length > DIGITS || bottom.length > DIGITS || /^0+$/.test(bottom)) return undefined;
		return { top: BigInt(top), bottom: BigInt(bottom), decimal: false, commas: false };
	}
	const commas = /^[1-9]\d{0,2}(?:(?:,|\{,\})\d{3})+(?!\d)/.test(body);
	const plain = commas ? body.replaceAll(/\{,\}|,/g, "") : body;
	const decimal = /^(\d*)\.(\d+)$/.exec(plain);
	if (decimal) {
		const digits = `${decimal[1]}${decimal[2]}`;
		if (digits.length > DIGITS) return undefined;
		return { top: BigInt(digits), bottom: 10n ** BigInt(decimal[2]!.length), decimal: true, commas };
	}
	return /^\d+$/.test(plain) ? { top: BigInt(plain), bottom: 1n, decimal: false, commas } : undefined;
}

/** Undefined where Math-Verify might see it otherwise. */
export function sameNumber(gold: Numeral, answer: Numeral): boolean | undefined {
	if (gold.percent || answer.percent) {
		// "10\%" and "10" agree; what 0.1 has to do with them is left to Math-Verify.
		if (gold.bottom !== 1n || answer.bottom !== 1n || gold.decimal || answer.decimal) return undefined;
	}
	const [left, right] = [gold.top * answer.bottom, answer.top * gold.bottom];
	if (left === right) return true;
	if (gold.commas || answer.commas) return undefined;
	if (!gold.decimal && !answer.decimal) return false;
	const apart = left > right ? left - right : right - left;
	// further apart than a hundred thousandth: no rounding to six places makes them one
	return apart * 100_000n > gold.bottom * answer.bottom ? false : undefined;
}
