/** What a start of `nudge sample` says at its end: what is done, what it came to, and what is still owed. */
import type { Shard } from "../data/run-folder.ts";
import type { RunSummary } from "../data/run-summary.ts";
import type { SamplingEnd } from "../data/sampling.ts";
import type { Context, ExitCode } from "./command.ts";
import { summaryLines } from "./run-words.ts";
import { type EngineShare, shareLines } from "./sample-engines.ts";

/** What this start did. */
export type StartFacts = {
	readonly rollouts: number;
	readonly seconds: number;
	readonly rolloutsPerSecond: number;
	readonly tokensPerSecond: number;
	readonly atOnce: number;
	readonly failed: number;
	readonly engines: readonly EngineShare[];
};

export type EndFacts = {
	readonly folder: string;
	readonly shard: Shard;
	readonly total: number;
	readonly owed: number;
	readonly start: StartFacts;
	readonly summary: RunSummary;
};

export function sayEnd(
	{ io, options }: Context,
	{ folder, shard, total, owed, start, summary }: EndFacts,
): void {
	const done = total - owed;
	if (options.json) {
		const part = `${shard.index}/${shard.count}`;
		io.stdout.write(
			`${JSON.stringify({ run: folder, shard: part, total, done, owed, ...summary, start })}\n`,
		);
		return;
	}
	const now =
		start.rollouts > 0
			? `; now ${start.rollouts} in ${start.seconds.toFixed(1)} s: ${start.rolloutsPerSecond.toFixed(2)} rollouts/s, ${Math.round(start.tokensPerSecond)} tokens/s`
			: "";
	const lines = [
		`done        ${done} of ${total}${now}`,
		...summaryLines(summary),
		...(start.rollouts > 0 ? shareLines(start.engines) : []),
	];
	io.stdout.write(`${lines.join("\n")}\n`);
}

/** Why there is something owed still, and the exit code. */
export function leave({ io }: Context, end: SamplingEnd, owed: number, folder: string): ExitCode {
	if (owed === 0) return 0;
	const again = `${owed} ${owed === 1 ? "rollout is" : "rollouts are"} still owed: the same command goes on with ${folder}`;
	if (end.aborted) {
		io.stderr.write(`nudge: ended early; ${again}\n`);
		return 130;
	}
	const why = end.trouble === undefined ? "" : ` (${end.trouble})`;
	io.stderr.write(
		end.stopped
			? `nudge: nothing came to its end any more, so the run stops${why}; ${again}\n`
			: `nudge: ${again}${why}\n`,
	);
	return 1;
}
