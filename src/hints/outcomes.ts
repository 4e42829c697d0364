/**
 * What became of hints: how often one led to code, and how often its trace was right in the end. Counts and rates carry
 * their uncertainty; what is unknown is left out of a rate, never counted as a failure.
 */
import type { OutcomeVerdict } from "../trace/events.ts";

/** One inserted hint and what it led to. */
export type HintOutcome = {
	readonly hint: string;
	readonly kind: string;
	readonly wording: string;
	/** Whether the model ran code between this hint and the next one or the end; undefined while that is open. */
	readonly ranCode?: boolean;
	/** The verdict of the same problem without the hint, where there is one. */
	readonly before?: OutcomeVerdict;
	/** The verdict of the trace; undefined while it has none. */
	readonly after?: OutcomeVerdict;
};

/** A share with its 95 % interval. `of` is how many could be counted; rate and interval are absent when that is 0. */
export type Rate = {
	readonly count: number;
	readonly of: number;
	readonly rate?: number;
	readonly low?: number;
	readonly high?: number;
};

export type HintStatistics = {
	readonly hint: string;
	readonly kind: string;
	readonly inserted: number;
	readonly ranCode: Rate;
	/** Of the traces with a verdict that says right or wrong; answers that could not be read are in `unparseable`. */
	readonly correct: Rate;
	readonly unparseable: number;
	/** Of pairs whose plain run was wrong, those that are correct with the hint; and the other way round. */
	readonly mended: Rate;
	readonly broken: Rate;
	readonly wordings: readonly {
		readonly wording: string;
		readonly inserted: number;
		readonly ranCode: Rate;
	}[];
};

/** One row for each hint, those inserted most often first. */
export function hintStatistics(outcomes: readonly HintOutcome[]): HintStatistics[] {
	return [...groups(outcomes, (one) => one.hint)]
		.map(([hint, rows]) => {
			const judged = rows.filter((row) => isJudged(row.after));
			const pairs = judged.filter((row) => isJudged(row.before));
			const right = (row: HintOutcome): boolean => row.after === "correct";
			const wasRight = (row: HintOutcome): boolean => row.before === "correct";
			return {
				hint,
				kind: rows[0]!.kind,
				inserted: rows.length,
				ranCode: ranCode(rows),
				correct: rateOf(judged, right),
				unparseable: rows.filter((row) => row.after === "unparseable").length,
				mended: rateOf(
					pairs.filter((row) => !wasRight(row)),
					right,
				),
				broken: rateOf(pairs.filter(wasRight), (row) => !right(row)),
				wordings: [...groups(rows, (row) => row.wording)]
					.map(([wording, said]) => ({ wording, inserted: said.length, ranCode: ranCode(said) }))
					.sort((a, b) => b.inserted - a.inserted || order(a.wording, b.wording)),
			};
		})
		.sort((a, b) => b.inserted - a.inserted || order(a.hint, b.hint));
}

/**
 * The score interval of Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22:
 * 209-212, doi:10.1080/01621459.1927.10502953. Unlike the normal approximation it stays within 0 and 1 and is of use at
 * small counts. `z` is 1.96 for 95 %.
 */
export function wilson(count: number, of: number, z = 1.959963984540054): { low: number; high: number } {
	if (of === 0) return { low: 0, high: 1 };
	const rate = count / of;
	const centre = rate + z ** 2 / (2 * of);
	const half = z * Math.sqrt((rate * (1 - rate)) / of + z ** 2 / (4 * of ** 2));
	const scale = 1 + z ** 2 / of;
	return {
		low: count === 0 ? 0 : Math.max(0, (centre - half) / scale),
		high: count === of ? 1 : Math.min(1, (centre + half) / scale),
	};
}

function rateOf<Row>(rows: readonly Row[], hit: (row: Row) => boolean): Rate {
	const count = rows.filter(hit).length;
	if (rows.length === 0) return { count, of: 0 };
	return { count, of: rows.length, rate: count / rows.length, ...wilson(count, rows.length) };
}

const ranCode = (rows: readonly HintOutcome[]): Rate =>
	rateOf(
		rows.filter((row) => row.ranCode !== undefined),
		(row) => row.ranCode === true,
	);

/** "No answer" counts as wrong: the trace ended without one. */
const isJudged = (verdict: OutcomeVerdict | undefined): boolean =>
	verdict === "correct" || verdict === "wrong" || verdict === "no answer";

function groups<Row>(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
	const found = new Map<string, Row[]>();
	for (const row of rows) {
		const group = found.get(key(row));
		if (group) group.push(row);
		else found.set(key(row), [row]);
	}
	return found;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
