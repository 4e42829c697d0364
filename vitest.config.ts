import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		// What needs a Slurm of its own has a command of its own (vitest.cluster.config.ts).
		exclude: ["test/cluster/**"],
		testTimeout: 60_000,
		hookTimeout: 120_000,
		reporters: ["default", "./test/count.ts"],
		pool: "forks",
		maxWorkers: 2,
	},
});
