/**
 * Draws a token from the most likely candidates: top-k, top-p, min-p, then temperature, in the order of llama.cpp's
 * default chain (https://github.com/ggml-org/llama.cpp/tree/master/tools/main, "sampling").
 * The random number of a position depends on the seed and the position alone, so that a seeded run that was cut and taken
 * up again with the same seed is the run that was never cut.
 */
export type Candidate = { readonly id: number; readonly probability: number };

export type DrawOptions = {
	readonly temperature: number;
	readonly topK?: number;
	readonly topP?: number;
	readonly minP?: number;
};

/** A number in [0, 1) for a seed and a position: two rounds of the mixer of MurmurHash3 (Appleby, public domain) over both. */
export function randomAt(seed: number, position: number): number {
	const high = mix((seed ^ Math.imul(position + 1, 0x9e3779b1)) >>> 0);
	const low = mix((high + position) >>> 0);
	return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
}

/** A 32-bit mix of a number. */
export function mix(value: number): number {
	let x = value >>> 0;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return (x ^ (x >>> 16)) >>> 0;
}

/** `candidates` by falling probability, at least one. `random` in [0, 1). */
export function draw(candidates: readonly Candidate[], options: DrawOptions, random: number): Candidate {
	const first = candidates[0]!;
	if (options.temperature <= 0) return first;
	let kept = candidates.length;
	if (options.topK !== undefined && options.topK > 0) kept = Math.min(kept, options.topK);
	if (options.topP !== undefined && options.topP < 1) {
		let whole = 0;
		for (let i = 0; i < kept; i++) whole += candidates[i]!.probability;
		let sum = 0;
		let n = 0;
		while (n < kept && sum < options.topP * whole) sum += candidates[n++]!.probability;
		kept = Math.max(1, n);
	}
	if (options.minP !== undefined && options.minP > 0) {
		const least = options.minP * first.probability;
		while (kept > 1 && candidates[kept - 1]!.probability < least) kept--;
	}
	const weights: number[] = [];
	let total = 0;
	for (let i = 0; i < kept; i++) {
		const weight = (candidates[i]!.probability / first.probability) ** (1 / options.temperature);
		weights.push(weight);
		total += weight;
	}
	let left = random * total;
	for (let i = 0; i < kept; i++) {
		left -= weights[i]!;
		if (left < 0) return candidates[i]!;
	}
	return candidates[kept - 1]!;
}
