/** The same answer as other hands would typeset it: each means the same, so both verifiers must call it correct or leave it. */
export function otherForms(gold: string): readonly string[] {
	const forms = [
		`$${gold}$`,
		`${gold}.`,
		gold.replaceAll("\\frac", "\\dfrac"),
		gold.replaceAll(/\\frac\{(\d)\}\{(\d)\}/g, "\\frac$1$2"),
		gold.replaceAll(/([(,])\s*/g, "$1 "),
		gold
			.replaceAll("(", "\\left(")
			.replaceAll(")", "\\right)")
			.replaceAll("\\left\\left", "\\left")
			.replaceAll("\\right\\right", "\\right"),
		gold.replaceAll(/\^(\w)(?!\w)/g, "^{$1}"),
		gold.replaceAll(/\\text\{\(([A-Z])\)\}/g, "\\text{$1}"),
		...(/^-?\d+$/.test(gold)
			? [`${gold}.0`, `0${gold}`, `${gold}\\%`, `${gold}^\\circ`, `\\$${gold}`, grouped(gold)]
			: []),
		...(/^-?\d+\.\d+$/.test(gold) ? [`${gold}0`, gold.replace(/\.0+$/, "")] : []),
		...fraction(gold),
	];
	return [...new Set(forms)].filter((form) => form !== gold);
}

function grouped(digits: string): string {
	return digits.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function fraction(gold: string): string[] {
	const [, minus, top, bottom] = /^(-?)\\frac\{(\d+)\}\{(\d+)\}$/.exec(gold) ?? [];
	if (top === undefined || bottom === undefined) return [];
	return [
		`${minus}${top}/${bottom}`,
		`\\frac{${minus}${top}}{${bottom}}`,
		`${minus}\\frac{${2 * Number(top)}}{${2 * Number(bottom)}}`,
	];
}
