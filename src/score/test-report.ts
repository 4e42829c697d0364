/** Counts how the tests of a program ended. Bounded: of many tests only some are kept one by one, failures before passes. */
import type { TestReport, TestResult, TestVerdict } from "./plugin.ts";

const SHOWN = 32;

export class Reporting {
	readonly #total: number | undefined;
	readonly #counts: Partial<Record<TestVerdict, number>> = {};
	readonly #failures: TestResult[] = [];
	readonly #passes: TestResult[] = [];
	#slowestMs = 0;

	/** `total` is undefined where the number of tests shows only as they run. */
	constructor(total: number | undefined) {
		this.#total = total;
	}

	add(result: TestResult): void {
		this.#counts[result.verdict] = (this.#counts[result.verdict] ?? 0) + 1;
		this.#slowestMs = Math.max(this.#slowestMs, result.ms);
		const kept = result.verdict === "pass" ? this.#passes : this.#failures;
		if (kept.length < SHOWN) kept.push(result);
	}

	/** Tests that passed and are not told one by one. */
	passed(count: number): void {
		if (count > 0) this.#counts.pass = (this.#counts.pass ?? 0) + count;
	}

	get count(): number {
		return Object.values(this.#counts).reduce((sum, one) => sum + one, 0);
	}

	report(): TestReport {
		const total = this.#total ?? this.count;
		const shown = [...this.#failures, ...this.#passes].slice(0, SHOWN);
		return {
			total,
			counts: { ...this.#counts },
			notRun: total - this.count,
			slowestMs: this.#slowestMs,
			shown: shown.sort((a, b) => a.test - b.test),
		};
	}
}
