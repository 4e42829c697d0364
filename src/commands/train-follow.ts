/**
 * A job as it goes on, for a terminal: one line that is written anew, or a plain one now and then where there is no
 * terminal; and its end in words. What the trainer says of itself begins with "nudge: " in the log and is shown.
 */

import { visibleLine } from "../trace/visible.ts";
import { follow } from "../train/follow.ts";
import type { Handle, Launcher, Offsets } from "../train/launcher.ts";
import type { JobSheet, JobState, Metric } from "../train/run-folder.ts";
import type { Context, Io } from "./command.ts";
import { duration } from "./sample-progress.ts";

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

/** "step 12 of 111 | loss 0.523 | rate 4.6e-4 | 420 tokens/s | 4 min left"; time left by the clock of the metrics. */
export function stepWords(
	{ step, max_steps: most, t, loss, learning_rate: rate, tokens_per_second: speed }: Metric,
	first: { readonly step: number; readonly at: number },
): string {
	const took = Date.parse(t) - first.at;
	const left = step > first.step ? (took / (step - first.step)) * (most - step) : undefined;
	return [
		`step ${step} of ${most}`,
		`loss ${typeof loss === "number" ? loss.toFixed(4) : "not finite"}`,
		...(rate === undefined ? [] : [`rate ${rate.toExponential(1)}`]),
		...(speed === undefined ? [] : [`${Math.round(speed)} tokens/s`]),
		...(left === undefined ? [] : [`${duration(left / 1000)} left`]),
	].join(" | ");
}

/** How it ended, and what to do next. */
export function endLines(state: JobState, { id }: JobSheet, final: string, here: boolean): string[] {
	switch (state.state) {
		case "done":
			return here
				? [
						`${id} is done: ${final}`,
						`nudge --engine ${final}/model.gguf talks to it, where the recipe made a GGUF file`,
					]
				: [`${id} is done. nudge jobs fetch ${id} brings the model here`];
		case "stopped":
			return [`${id} stopped: ${state.says}`, `nudge jobs resume ${id} goes on from its last checkpoint`];
		case "cancelled":
			return [`${id} was cancelled; nudge jobs resume ${id} goes on from its last checkpoint`];
		case "failed":
			return [
				`${id} failed${state.code === undefined ? "" : ` (exit code ${state.code})`}: ${visibleLine(state.says)}`,
				`nudge jobs logs ${id} shows what it printed; nudge jobs resume ${id} goes on from its last checkpoint`,
			];
		case "lost":
			return [`${id} is lost: ${state.says}`, `nudge jobs resume ${id} goes on from its last checkpoint`];
		default:
			return [`${id}: ${state.state}`];
	}
}
