/**
 * Mathematics: the answer is taken out of the text (anchors.ts), tidied, looked at quickly (quick.ts), and what that is not
 * sure of goes to Math-Verify (mathverify.ts).
 *
 * What always holds: a gold answer that cannot be read is "unchecked" and says so; an answer that cannot be is
 * "unparseable"; where the answer was not in the box after the thinking, the reason says where it was.
 */
import { type FindOptions, findAnswer, PLACES, type Place } from "./anchors.ts";
import { type Comparison, MathVerify, type MathVerifyOptions } from "./mathverify.ts";
import type { Explanation, Outcome, ScorePlugin, Step } from "./plugin.ts";
import { type Quick, quick, tidy } from "./quick.ts";

export type MathOptions = MathVerifyOptions & {
	readonly thinkClose: string;
	/** Answers longer than this are unparseable unless they equal the gold one: parsers take far more than linear time. */
	readonly answerChars?: number;
	/** Take the last number of a text that has no box and no anchor. */
	readonly lastNumber?: boolean;
	/** Ask Math-Verify even where the quick look is sure: for comparing the two. */
	readonly quick?: boolean;
};

const ANSWER_CHARS = 10_000;

const RULES: Readonly<Record<Quick["rule"], string>> = {
	"same text": "both are the same text",
	"same formula": "both are the same formula, typeset differently",
	"whole numbers": "both are whole numbers",
	numbers: "both are numbers, compared exactly",
	letters: "both are letters of choices",
};

export function mathPlugin(options: MathOptions): ScorePlugin {
	const mathVerify = new MathVerify(options);
	const most = options.answerChars ?? ANSWER_CHARS;
	const find: FindOptions = { thinkClose: options.thinkClose, lastNumber: options.lastNumber };

	/** `answer` decided against the gold one. `compare` is Math-Verify's, plain or explaining. */
	async function decide(
		gold: string,
		answer: string,
		compare: (gold: string, answer: string) => Promise<Comparison>,
	): Promise<{ readonly outcome: Outcome; readonly quick?: Quick; readonly comparison?: Comparison }> {
		if (answer.length > most && answer !== gold.trim()) {
			return {
				outcome: {
					verdict: "unparseable",
					answer: `${answer.slice(0, 200)}...`,
					reason: `the answer has ${answer.length} characters; answers of up to ${most} are compared`,
				},
			};
		}
		const [goldTidy, answerTidy] = [tidy(gold), tidy(answer)];
		const sure = options.quick === false ? undefined : quick(goldTidy, answerTidy);
		if (sure) return { outcome: { verdict: sure.verdict, answer }, quick: sure };
		const comparison = await compare(goldTidy, answerTidy);
		const { verdict, reason } = comparison;
		return { outcome: { verdict, answer, ...(reason === undefined ? {} : { reason }) }, comparison };
	}

	return {
		id: "math",
		version: "2 (math-verify 0.9.0)",
		says: "mathematics: the last box, or what the field falls back to, compared by Math-Verify behind a quick look",
		settings: {
			thinkClose: options.thinkClose,
			timeLimitMs: options.timeLimitMs,
			answerChars: most,
			lastNumber: options.lastNumber === true,
		},
		applies: ({ answer }) => answer !== undefined && answer.trim() !== "",
		async score({ answer: gold = "" }, text, { signal }) {
			const found = findAnswer(text, find);
			if (!found) return { verdict: "no answer" };
			const { outcome } = await decide(gold, found.answer, (a, b) => mathVerify.compare(a, b, signal));
			return placed(outcome, found.place);
		},
		async explain({ answer: gold = "" }, text, { signal }): Promise<Explanation> {
			const found = findAnswer(text, find);
			if (!found) {
				const says = `no answer: no \\boxed{}, no \\fbox{}, and none of the words that answers follow${options.lastNumber ? "" : "; the last number of a text is not taken (--last-number)"}`;
				return { outcome: { verdict: "no answer" }, steps: [{ step: "extracted", says }] };
			}
			const decided = await decide(gold, found.answer, (a, b) => mathVerify.explain(a, b, signal));
			return {
				outcome: placed(decided.outcome, found.place),
				steps: [
					{ step: "extracted", says: `${shown(found.answer)}, from ${PLACES[found.place]}` },
					{ step: "gold", says: `${shown(gold)}, tidied ${shown(tidy(gold))}` },
					{ step: "answer", says: `tidied ${shown(tidy(found.answer.slice(0, most)))}` },
					...decidedBy(decided),
				],
			};
		},
		close: () => mathVerify.close(),
	};
}

function decidedBy({
	quick: sure,
	comparison,
}: {
	readonly quick?: Quick;
	readonly comparison?: Comparison;
}): Step[] {
	if (sure) return [{ step: "decided by", says: `the quick look: ${RULES[sure.rule]}` }];
	if (!comparison) return [{ step: "decided by", says: "its length" }];
	const { parsed } = comparison;
	const read = (forms: readonly string[] | undefined): string =>
		forms === undefined ? "unknown: it was stopped" : forms.length === 0 ? "nothing" : forms.join(" or ");
	return [
		{ step: "decided by", says: "Math-Verify" },
		{ step: "gold read as", says: read(parsed?.gold) },
		{ step: "answer read as", says: read(parsed?.answer) },
	];
}

function placed(outcome: Outcome, place: Place): Outcome {
	if (place === "boxed") return outcome;
	const where = `the answer is ${PLACES[place]}`;
	return {
		...outcome,
		from: place,
		reason: outcome.reason === undefined ? where : `${outcome.reason}; ${where}`,
	};
}

function shown(text: string): string {
	return text.length <= 200 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 200))}...`;
}
