/** What a run still owes: every sample of every problem of a shard that is not done, in the order of the files. */
import { type ReadOptions, readProblems } from "./problems.ts";
import { keyOf, rolloutSeed } from "./rollout.ts";
import { ofShard, type Shard } from "./run-folder.ts";
import type { Job } from "./sampling.ts";

export type Plan = {
	/** Of the settings. */
	readonly hash: string;
	readonly samples: number;
	readonly seed: number;
	readonly shard: Shard;
};

/** Keys of a shard, in order: of `ids` in the order of the files. */
export function* keysOf(ids: Iterable<string>, { hash, samples, shard }: Plan): Generator<string> {
	let place = 0;
	for (const id of ids) {
		if (!ofShard(place++, shard)) continue;
		for (let sample = 0; sample < samples; sample++) yield keyOf(id, hash, sample);
	}
}

/** Samples of one problem come one after another, so that an engine which keeps prefixes computes the problem once. */
export async function* owedJobs(
	files: readonly string[],
	{ hash, samples, seed, shard }: Plan,
	done: { has(key: string): boolean },
	signal?: AbortSignal,
	options: ReadOptions = {},
): AsyncGenerator<Job, void, void> {
	let place = 0;
	for await (const problem of readProblems(files, signal, options)) {
		if (!ofShard(place++, shard)) continue;
		for (let sample = 0; sample < samples; sample++) {
			const key = keyOf(problem.id, hash, sample);
			if (!done.has(key)) yield { key, problem, sample, seed: rolloutSeed(seed, problem.id, sample) };
		}
	}
}
