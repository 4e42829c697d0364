/**
 * Following a job: what it printed, its metrics, its state, from wherever its launcher reaches. The offsets belong to whoever
 * follows; with the last ones, following takes up where it stopped, also after a laptop slept or nudge was closed.
 *
 * What always holds: a line is handed over once and whole; the last state is handed over after the last line; a moment in which
 * the target cannot be asked is told as `unknown` and tried again, slower each time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Handle, Launcher, Offsets } from "./launcher.ts";
import { isOver, type JobState, type Metric, parseMetric } from "./run-folder.ts";

export type Followed =
	| { readonly kind: "state"; readonly state: JobState }
	/** Of the log, without its newline. */
	| { readonly kind: "line"; readonly text: string }
	| { readonly kind: "metric"; readonly metric: Metric }
	/** To go on from: all before it was handed over. */
	| { readonly kind: "offsets"; readonly offsets: Offsets };

export type FollowOptions = {
	readonly from?: Offsets;
	readonly everyMs?: number;
	/** Ends the following, not the job. */
	readonly signal?: AbortSignal;
};

const SLOWEST_MS = 60_000;

export async function* follow(
	launcher: Pick<Launcher, "poll" | "read">,
	handle: Handle,
	{ from = { log: 0, metrics: 0 }, everyMs = 1000, signal }: FollowOptions = {},
): AsyncGenerator<Followed, JobState, void> {
	let offsets = from;
	let told = "";
	let wait = everyMs;
	for (;;) {
		signal?.throwIfAborted();
		let state: JobState;
		let moved = false;
		try {
			// The state first: what was written before it said that all is over is read after it.
			state = (await launcher.poll([handle], signal)).get(handle.job) ?? {
				state: "unknown",
				says: "the target does not know this job",
			};
			for (;;) {
				const piece = await launcher.read(handle, offsets, signal);
				const log = wholeLines(piece.log, isOver(state));
				const metrics = wholeLines(piece.metrics, isOver(state));
				for (const text of log.lines) yield { kind: "line", text };
				for (const line of metrics.lines) {
					const metric = parseMetric(line);
					if (typeof metric === "object") yield { kind: "metric", metric };
				}
				if (log.bytes === 0 && metrics.bytes === 0) break;
				moved = true;
				offsets = { log: offsets.log + log.bytes, metrics: offsets.metrics + metrics.bytes };
				yield { kind: "offsets", offsets };
			}
			wait = everyMs;
		} catch (error) {
			if (signal?.aborted) throw error;
			state = { state: "unknown", says: (error as Error).message };
			wait = Math.min(SLOWEST_MS, wait * 2);
		}
		const words = JSON.stringify(state);
		if (words !== told) yield { kind: "state", state };
		told = words;
		if (isOver(state) && !moved) return state;
		await sleep(wait, undefined, signal ? { signal } : {});
	}
}

const NEWLINE = 10;

/** The lines of a piece that are whole; at the end of a job its last one needs no newline. */
function wholeLines(
	piece: Uint8Array,
	last: boolean,
): { readonly lines: readonly string[]; readonly bytes: number } {
	const end = last && piece.length > 0 ? piece.length : piece.lastIndexOf(NEWLINE) + 1;
	if (end === 0) return { lines: [], bytes: 0 };
	const lines = Buffer.from(piece.buffer, piece.byteOffset, end).toString("utf8").split("\n");
	if (lines.at(-1) === "") lines.pop();
	return { lines, bytes: end };
}
