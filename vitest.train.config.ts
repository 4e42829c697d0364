import { defineConfig } from "vitest/config";

/** `npm run test:train`: what needs torch. Real training of the tiny model on the CPU, some minutes. */
export default defineConfig({
	test: {
		include: ["test/train/**/*.train.ts"],
		testTimeout: 600_000,
		hookTimeout: 1_800_000,
		reporters: ["default", "./test/count.ts"],
		pool: "forks",
		maxWorkers: 1,
	},
});
