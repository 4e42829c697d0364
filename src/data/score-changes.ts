/** What a scoring changed: how many rollouts went from which verdict to which, with some of their keys. */
import type { OutcomeVerdict } from "../trace/events.ts";
import type { Score } from "./scores.ts";

export type Change = {
	readonly from: OutcomeVerdict;
	readonly to: OutcomeVerdict;
	readonly count: number;
	readonly examples: readonly string[];
};

const EXAMPLES = 3;

type Counted = { -readonly [Field in keyof Change]: Change[Field] };

export class Changes {
	readonly #pairs = new Map<string, Counted>();
	/** By key: one that is judged again takes the place of its old verdict. */
	readonly #known = new Map<string, Counted>();
	readonly #verdicts = { correct: 0, wrong: 0, unparseable: 0, "no answer": 0, unchecked: 0 };

	add({ key, was, verdict }: Pick<Score, "key" | "was" | "verdict">): void {
		const old = this.#known.get(key);
		if (old) {
			old.count--;
			old.examples = old.examples.filter((one) => one !== key);
			this.#verdicts[old.to]--;
		}
		const pair = `${was} ${verdict}`;
		const change = this.#pairs.get(pair) ?? { from: was, to: verdict, count: 0, examples: [] };
		this.#pairs.set(pair, change);
		this.#known.set(key, change);
		change.count++;
		this.#verdicts[verdict]++;
		if (change.examples.length < EXAMPLES) change.examples = [...change.examples, key];
	}

	/** How many rollouts have which verdict now. */
	get verdicts(): Readonly<Record<OutcomeVerdict, number>> {
		return this.#verdicts;
	}

	/** Those that differ, most frequent first. */
	get changed(): readonly Change[] {
		return [...this.#pairs.values()]
			.filter(({ from, to, count }) => from !== to && count > 0)
			.sort((a, b) => b.count - a.count);
	}

	get total(): number {
		return Object.values(this.#verdicts).reduce((sum, one) => sum + one, 0);
	}
}
