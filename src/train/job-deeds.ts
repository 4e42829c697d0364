/** What a person does to a job that may run already, the same from the command line and from the screen. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type KnownJob, keepHandle, remember } from "./book.ts";
import { stateWords } from "./job-words.ts";
import { type Handle, LaunchError, type Launcher, type Progress } from "./launcher.ts";
import { FINAL, isOver, type JobSheet, type JobState } from "./run-folder.ts";

/** Why it cannot be resumed; undefined: it can. Two of one job would spoil each other's checkpoints. */
export function whyNotResume({ id, handle }: KnownJob, state: JobState): string | undefined {
	if (state.state === "done") return `${id} is done: there is nothing to resume`;
	// Their fine-tunes keep no state that one could go on from.
	if (handle?.kind === "together")
		return `${id} cannot be taken up where it stopped: Together keeps nothing to resume from. nudge train starts another`;
	if (!handle || isOver(state)) return undefined;
	return state.state === "unknown"
		? `it is not known whether ${id} runs: ${stateWords(state)}. Two of it would spoil each other's checkpoints`
		: `${id} is ${state.state}: nudge jobs logs ${id} --follow follows it`;
}

/** Starts it again, from its last whole checkpoint; the first time where it was only made. */
export async function resumeJob(
	job: KnownJob,
	launcher: Launcher,
	{ onProgress, signal }: { readonly onProgress?: Progress; readonly signal?: AbortSignal },
): Promise<Handle> {
	const handle = await launcher.submit(
		// A launcher of sampling reads its own sheet in the folder.
		{ folder: job.folder, sheet: job.sheet as JobSheet },
		{
			attempt: (job.handle?.attempt ?? 0) + 1,
			...(onProgress && { onProgress }),
			...(signal && { signal }),
		},
	);
	keepHandle(job, handle);
	remember({ ...job, handle }, { state: "waiting" });
	return handle;
}

/** The model for the embedded engine, where the job is done, fetched, and made one. */
export function engineIn(folder: string): string | undefined {
	const gguf = join(folder, FINAL, "model.gguf");
	return existsSync(gguf) ? gguf : undefined;
}

export function startedHandle({ id, handle }: KnownJob): Handle {
	if (handle) return handle;
	throw new LaunchError(`${id} was made and never started: nudge jobs resume ${id} starts it`);
}
