/**
 * What a person does to the selected job: end it, stop it, resume it, fetch its model, talk to that. Each asks the job's
 * target behind the screen and says what came of it; what cannot be now is said with its reason.
 */
import { visibleLine } from "../../trace/visible.ts";
import { keepHandle } from "../../train/book.ts";
import { engineIn, resumeJob, startedHandle, whyNotResume } from "../../train/job-deeds.ts";
import type { Launcher } from "../../train/launcher.ts";
import { isOver } from "../../train/run-folder.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { Desk } from "../view.ts";
import { confirm } from "../views/confirm.ts";
import type { JobRow, JobsWatch } from "./jobs-watch.ts";

export type JobDeedsDeps = {
	readonly desk: Desk;
	readonly watch: JobsWatch;
	/** Begins a session with this GGUF file as its engine. */
	readonly talk: (job: string, gguf: string) => void;
};

export class JobDeeds {
	readonly #deps: JobDeedsDeps;

	constructor(deps: JobDeedsDeps) {
		this.#deps = deps;
	}

	can(command: CommandId, { state, job, doing }: JobRow): boolean {
		if (doing !== undefined) return false;
		switch (command) {
			case "jobs.cancel":
			case "jobs.stop":
				return job.handle !== undefined && !isOver(state);
			case "jobs.resume":
				return whyNotResume(job, state) === undefined;
			case "jobs.fetch":
				return job.handle !== undefined && job.handle.kind !== "local";
			case "jobs.talk":
				return state.state === "done";
			default:
				return false;
		}
	}

	run(command: CommandId, row: JobRow): void {
		const { desk } = this.#deps;
		const { job, state, doing } = row;
		if (doing !== undefined) {
			desk.say(`${job.id}: ${doing}`, "warning");
			return;
		}
		switch (command) {
			case "jobs.cancel":
				this.#cancel(row);
				break;
			case "jobs.stop":
				this.#stop(row);
				break;
			case "jobs.resume": {
				const why = whyNotResume(job, state);
				if (why !== undefined) desk.say(why, "warning");
				else
					this.#doing(row, "starting", async (launcher, says) => {
						const { attempt } = await resumeJob(job, launcher, { onProgress: says, signal: this.#signal });
						return `${job.id} is started${attempt > 1 ? ` again (attempt ${attempt})` : ""}`;
					});
				break;
			}
			case "jobs.fetch":
				if (job.handle?.kind === "local")
					desk.say(`${job.id} ran on this machine: there is nothing to fetch`, "warning");
				else this.#fetch(row, () => {});
				break;
			case "jobs.talk":
				this.#talk(row);
		}
	}

	get #signal(): AbortSignal {
		return this.#deps.watch.signal;
	}

	#cancel(row: JobRow): void {
		const { desk } = this.#deps;
		const { job, state } = row;
		if (isOver(state)) {
			desk.say(`${job.id} is over already: ${state.state}`, "warning");
			return;
		}
		confirm({
			desk,
			title: `End ${job.id}?`,
			says: "It is asked to end now. What it has saved stays, and resuming goes on from its last whole checkpoint. Stopping saves one first.",
			yes: "End it",
			no: "Let it run",
			done: (yes) => {
				if (!yes) return;
				this.#doing(row, "being ended", async (launcher) => {
					keepHandle(job, await launcher.cancel(startedHandle(job), "end", this.#signal));
					return `${job.id} was asked to end`;
				});
			},
		});
	}

	#stop(row: JobRow): void {
		const { job, state } = row;
		if (isOver(state)) {
			this.#deps.desk.say(`${job.id} is over already: ${state.state}`, "warning");
			return;
		}
		this.#doing(row, "being stopped", async (launcher) => {
			// Stopped and not cancelled: the handle stays as it is.
			await launcher.cancel(startedHandle(job), "stop", this.#signal);
			return `${job.id} saves a checkpoint after its step and stops`;
		});
	}

	#fetch(row: JobRow, done: () => void): void {
		const { job, state } = row;
		this.#doing(row, "being fetched", async (launcher, says) => {
			const what = state.state === "done" ? "final" : "last";
			const got = await launcher.fetch(startedHandle(job), {
				what,
				into: job.folder,
				onProgress: (line) => says(`fetching ${line}`),
				signal: this.#signal,
			});
			done();
			return `fetched: ${got.join(", ")}`;
		});
	}

	#talk(row: JobRow): void {
		const { desk, talk } = this.#deps;
		const { job, state } = row;
		if (state.state !== "done") {
			desk.say(`${job.id} is ${state.state}: there is a model to talk to when it is done`, "warning");
			return;
		}
		const go = (): void => {
			const gguf = engineIn(job.folder);
			if (gguf === undefined)
				desk.say(
					`${job.id} has no final/model.gguf: its recipe made none (save.gguf), or llama.cpp has to (docs/training.md)`,
					"warning",
				);
			else talk(job.id, gguf);
		};
		if (engineIn(job.folder) !== undefined || job.handle?.kind === "local") go();
		else this.#fetch(row, go);
	}

	#doing(
		{ job }: JobRow,
		first: string,
		work: (launcher: Launcher, says: (words: string) => void) => Promise<string>,
	): void {
		const { desk, watch } = this.#deps;
		const says = (words: string): void => watch.doing(job.id, visibleLine(words));
		says(first);
		void (async () => {
			try {
				const said = await work(await watch.launcher(job), says);
				desk.say(said);
			} catch (error) {
				if (!this.#signal.aborted) desk.say(error instanceof Error ? error.message : String(error), "error");
			} finally {
				if (!this.#signal.aborted) {
					watch.doing(job.id, undefined);
					watch.refresh(job);
				}
			}
		})();
	}
}
