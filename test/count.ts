/** Ends a run with one plain line, "N passed, N failed", whatever else was printed; a file that could not be loaded counts as failed. */
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

export default class Count implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], _reason: TestRunEndReason): void {
		let passed = 0;
		let failed = errors.length;
		let skipped = 0;
		for (const module of modules) {
			if (module.errors().length > 0) failed++;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if (state === "passed") passed++;
				else if (state === "failed") failed++;
				else skipped++;
			}
		}
		process.on("exit", () =>
			process.stdout.write(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}\n`),
		);
	}
}
