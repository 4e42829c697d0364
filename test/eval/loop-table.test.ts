/** What is said of the order of two models: by their accuracies, and surely only where their intervals do not meet. */
import { expect, test } from "vitest";
import type { Row } from "../../src/eval/loop-table.ts";
import { orderSays } from "../../src/eval/loop-table.ts";

const row = (name: string, accuracy: number, half: number): Row =>
	({ name, summary: { accuracy, interval: [accuracy - half, accuracy + half] } }) as unknown as Row;

test.each([
	[0.5, 0.9, 0.05, "clearly below", false],
	[0.85, 0.9, 0.05, "below", true],
	[0.9, 0.9, 0.05, "equal to", false],
	[0.9, 0.85, 0.05, "ABOVE", true],
	[0.98, 0.58, 0.05, "clearly ABOVE", false],
])("%f and %f, give or take %f: %s", (a, b, half, word, unsure) => {
	const [says] = orderSays([row("Hint-infer", a, half), row("START-0", b, half)]);
	expect(says).toContain(`Hint-infer is ${word} START-0 (`);
	expect(says!.includes("within the intervals")).toBe(unsure);
});
