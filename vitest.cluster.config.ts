import { defineConfig } from "vitest/config";

/** What needs a real Slurm and sshd (`npm run test:cluster`). One file after the other: each has a cluster of its own. */
export default defineConfig({
	test: {
		include: ["test/cluster/**/*.test.ts"],
		testTimeout: 120_000,
		hookTimeout: 180_000,
		reporters: ["verbose", "./test/count.ts"],
		pool: "forks",
		// Real daemons on a machine that may be crowded: what needed another try is listed at the end (test/count.ts).
		retry: 2,
		fileParallelism: false,
	},
});
