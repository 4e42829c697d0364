/**
 * Draws by seed. A draw is a function of its seed and what it is for, and of nothing that was drawn before: so a trace
 * that is taken up again, or branched, draws the same at the same marker.
 */
import { createHash } from "node:crypto";

/** A number in [0, 1) from a seed and labels: the first 48 bits of SHA-256 over them. */
export function uniform(seed: number, ...labels: readonly (string | number)[]): number {
	const digest = createHash("sha256")
		.update(JSON.stringify([seed, ...labels]))
		.digest();
	return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** One of `items`, each as likely as its weight. `at` is a number in [0, 1). Undefined where no weight is above 0. */
export function weighted<Item>(
	items: readonly Item[],
	weight: (item: Item) => number,
	at: number,
): Item | undefined {
	const total = items.reduce((sum, item) => sum + weight(item), 0);
	let left = at * total;
	let last: Item | undefined;
	for (const item of items) {
		if (weight(item) <= 0) continue;
		last = item;
		left -= weight(item);
		if (left < 0) return item;
	}
	return last;
}
