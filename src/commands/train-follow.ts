/**
 * A job as it goes on, for a terminal: one line that is written anew, or a plain one now and then where there is no
 * terminal; and its end in words. What the trainer says of itself begins with "nudge: " in the log and is shown.
 */

import { visibleLine } from "../trace/visible.ts";
import { follow } from "../train/follow.ts";
import { stepWords } from "../train/job-words.ts";
import type { Handle, Launcher, Offsets } from "../train/launcher.ts";
import type { JobState, Metric } from "../train/run-folder.ts";
import type { Context, Io } from "./command.ts";

const PLAIN_MS = 15_000;

export type Following = {
	/** Only what is new of the state, no steps. */
	readonly quiet?: boolean;
	readonly from?: Offsets;
	readonly onOffsets?: (offsets: Offsets) => void;
};

/** To the end of the job; undefined where Ctrl+C ended the following. */
export async function followJob(
	{ io, signal }: Pick<Context, "io" | "signal">,
	launcher: Pick<Launcher, "poll" | "read">,
	handle: Handle,
	{ quiet = false, from, onOffsets }: Following = {},
): Promise<JobState | undefined> {
	const line = new StepLine(io, quiet);
	let state: JobState | undefined;
	try {
		for await (const event of follow(launcher, handle, { signal, ...(from && { from }) })) {
			if (event.kind === "metric") line.step(event.metric);
			else if (event.kind === "offsets") onOffsets?.(event.offsets);
			else if (event.kind === "state") {
				state = event.state;
				const says = "says" in state && state.says !== undefined ? ` (${state.says})` : "";
				if (!quiet && (state.state === "waiting" || state.state === "unknown"))
					line.say(`${state.state}${says}`);
			} else if (event.text.startsWith("nudge: ") && !event.text.startsWith("nudge: step ")) {
				if (!quiet) line.say(event.text.slice("nudge: ".length));
			}
		}
		return state;
	} catch (error) {
		if (signal.aborted) return undefined;
		throw error;
	} finally {
		line.end();
	}
}

class StepLine {
	readonly #io: Io;
	readonly #quiet: boolean;
	#drawn = false;
	#last: Metric | undefined;
	#shown = 0;
	#first: { readonly step: number; readonly at: number } | undefined;

	constructor(io: Io, quiet: boolean) {
		this.#io = io;
		this.#quiet = quiet;
	}

	step(metric: Metric): void {
		if (this.#quiet) return;
		this.#first ??= { step: metric.step, at: Date.parse(metric.t) };
		this.#last = metric;
		const words = stepWords(metric, this.#first);
		if (this.#io.stderr.isTTY === true) {
			const { columns } = this.#io.stderr as { readonly columns?: number };
			this.#io.stderr.write(`\r\u001b[K${words.slice(0, (columns ?? 80) - 1)}`);
			this.#drawn = true;
			return;
		}
		const now = performance.now();
		if (this.#shown > 0 && now - this.#shown < PLAIN_MS && metric.step < metric.max_steps) return;
		this.#shown = now;
		this.#io.stderr.write(`${words}\n`);
	}

	say(words: string): void {
		if (this.#drawn) this.#io.stderr.write("\r\u001b[K");
		this.#drawn = false;
		this.#io.stderr.write(`${visibleLine(words)}\n`);
	}

	end(): void {
		if (this.#drawn && this.#last) this.#io.stderr.write("\n");
		this.#drawn = false;
	}
}
