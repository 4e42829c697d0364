/**
 * Counts what each step drops, and the problems that are lost with it.
 *
 * What always holds: every rollout is either dropped by exactly one step or becomes a sample, so the drops and the
 * samples add up to the rollouts; a problem is lost at the last step that dropped one of its rollouts, when none is left.
 */
import { DatasetError, type Step, type Waterfall } from "./dataset.ts";

export type StepWords = Pick<Step, "id" | "says">;

/** What is remembered of a question: its last step. */
export type Losing = { lastStep: number };

export class Waterfalling {
	readonly steps: readonly StepWords[];
	readonly #index: ReadonlyMap<string, number>;
	readonly #dropped: number[];
	#rollouts = 0;

	constructor(steps: readonly StepWords[]) {
		this.steps = steps;
		this.#index = new Map(steps.map(({ id }, index) => [id, index]));
		if (this.#index.size < steps.length) throw new Error("two steps have the same id");
		this.#dropped = steps.map(() => 0);
	}

	get rollouts(): number {
		return this.#rollouts;
	}

	rollout(): void {
		this.#rollouts++;
	}

	drop(step: string, problem: Losing, count = 1): void {
		const index = this.#index.get(step);
		if (index === undefined) throw new Error(`there is no step ${step}`);
		if (count === 0) return;
		this.#dropped[index]! += count;
		if (index > problem.lastStep) problem.lastStep = index;
	}

	/** `kept` says whether a problem has a sample. Throws where the numbers do not add up. */
	sum<P extends Losing>(problems: Iterable<P>, samples: number, kept: (problem: P) => boolean): Waterfall {
		const lost = this.steps.map(() => 0);
		let [all, stay] = [0, 0];
		for (const problem of problems) {
			all++;
			if (kept(problem)) stay++;
			else if (problem.lastStep >= 0) lost[problem.lastStep]!++;
		}
		const steps = this.steps.map(({ id, says }, index) => ({
			id,
			says,
			dropped: this.#dropped[index]!,
			problems: lost[index]!,
		}));
		const dropped = steps.reduce((sum, step) => sum + step.dropped, 0);
		if (this.#rollouts !== dropped + samples)
			throw new DatasetError(
				`the numbers do not add up, which is a mistake of nudge: ${this.#rollouts} rollouts, ${dropped} dropped, ${samples} samples`,
			);
		return { rollouts: this.#rollouts, problems: all, steps, samples, kept: stay };
	}
}
