/**
 * The one Python of a session, shared by its branches one after the other: knows whose names it holds. A branch that
 * comes to it after another one, or after a block that was broken off, finds it fresh and runs its earlier blocks again;
 * a branch that goes on where it stood finds its names.
 */
import type { Interpreter } from "../python/interpreter.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { Standing } from "./request.ts";

export class Namespace {
	readonly #open: () => Promise<Interpreter>;
	readonly #says: (text: string) => void;
	/** The branch whose first `blocks` blocks ran in it, and nothing of another; undefined while that is not so. */
	#holds: { readonly branch: string; readonly blocks: number } | undefined;
	/** A block of the model has run in it, whole or in part. */
	#used = false;

	constructor(open: () => Promise<Interpreter>, says: (text: string) => void) {
		this.#open = open;
		this.#says = says;
	}

	/** Where a branch stands that is to go on here. */
	stand(branch: string, standing: Standing): Standing {
		const blocks = standing.blocks.length;
		return this.#has(branch, blocks) ? { ...standing, blocksFrom: blocks } : standing;
	}

	/** For the run of a branch that stands behind so many blocks: asked for when its first block is to run. */
	forRun(branch: string, blocks: number): () => Promise<Interpreter> {
		const ready = this.#has(branch, blocks);
		return async () => {
			const interpreter = await this.#open();
			if (!ready && this.#used) {
				this.#says(
					`Python begins anew for the branch ${branch}${blocks > 0 ? ", its earlier blocks run again" : ""}`,
				);
				await interpreter.restart(`restarted for branch ${branch}`);
			}
			this.#used = true;
			return interpreter;
		};
	}

	/** What happened to a branch: a block that began leaves its names half made until its output is there. */
	note(event: TraceEvent): void {
		if (event.type === "call") this.#holds = undefined;
		if (event.type === "output") this.#holds = { branch: event.branch, blocks: event.block };
	}

	/** A branch that grows out of another one's end takes its names over. */
	hand(from: string, to: string): void {
		if (this.#holds?.branch === from) this.#holds = { ...this.#holds, branch: to };
	}

	/** A person began a fresh one: whoever runs a block next brings its names back first. */
	forget(): void {
		this.#holds = undefined;
		this.#used = false;
	}

	#has(branch: string, blocks: number): boolean {
		return this.#holds?.branch === branch && this.#holds.blocks === blocks;
	}
}
