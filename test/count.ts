/** Ends a run with one plain line, "N passed, N failed", whatever else was printed, after the tests that were tried more than once; a file that could not be loaded counts as failed. */
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

export default class Count implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], _reason: TestRunEndReason): void {
		let passed = 0;
		let failed = errors.length;
		let skipped = 0;
		const again: string[] = [];
		for (const module of modules) {
			if (module.errors().length > 0) failed++;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if ((test.diagnostic()?.retryCount ?? 0) > 0) again.push(test.fullName);
				if (state === "passed") passed++;
				else if (state === "failed") failed++;
				else skipped++;
			}
		}
		const said = again.map((name) => `tried more than once: ${name}\n`).join("");
		process.on("exit", () =>
			process.stdout.write(
				`\n${said}${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}\n`,
			),
		);
	}
}
