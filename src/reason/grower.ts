/**
 * What grows in a live session: one run of the loop at most, and what a person does to it while it runs, while it is on
 * its way to its end, and while nothing runs.
 *
 * What always holds: a run that was left is dead, what it still says is nobody's, and the next one begins when it is
 * over. Whoever waits for a hint to be in is told in the end. Nothing here throws.
 */
import { type Branch, isOpen } from "../trace/fold.ts";
import { untilAborted } from "./abort.ts";
import type { Asking } from "./asking.ts";
import { type Ground, grow } from "./growth.ts";
import type { HandHint, HintSettings, LiveStatus } from "./live.ts";
import type { LiveLab, Loading } from "./live-lab.ts";
import { type Rest, restOf } from "./rest.ts";
import { Steering } from "./steering.ts";
import { type Telling, wordsOf } from "./telling.ts";

export type Soil = Omit<Ground, "branch" | "steering" | "signal"> & {
	readonly lab: Loading;
	readonly asking: Asking;
	readonly telling: Telling;
	/** To the journal, then to whoever listens. */
	readonly keep: (event: Parameters<Ground["namespace"]["note"]>[0]) => void;
	/** Opens a branch behind the end of one that has ended, and looks at it. */
	readonly beyond: (ended: Branch) => string;
	/** The branch that this lab's model may grow in place of one that another model began. */
	readonly ofModel: (branch: string, lab: LiveLab) => string;
};

type Run = {
	/** Always the one that is looked at. */
	branch: string;
	readonly steering: Steering;
	readonly control: AbortController;
	/** A block of the model runs. */
	block: boolean;
	/** Left: what it still says is nobody's. */
	dead: boolean;
	/** Asked for while it was being stopped. */
	again: boolean;
	over: Promise<void>;
};

type Injecting = { readonly hint: HandHint; readonly done: () => void };

export class Grower {
	readonly #soil: Soil;
	readonly #rests = new Map<string, Rest>();
	#run: Run | undefined;
	/** When the last run, left or not, is over. */
	#over: Promise<void> = Promise.resolve();
	#injecting: Injecting[] = [];
	#closed = false;

	constructor(soil: Soil) {
		this.#soil = soil;
	}

	/** The branch that grows. */
	get branch(): string | undefined {
		return this.#run?.branch;
	}

	statusOf(branch: string): LiveStatus {
		const run = this.#run;
		if (!run) return this.#rests.get(branch) ?? restOf(this.#state(branch));
		if (run.block) return "running";
		if (run.steering.paused) return "paused";
		return this.#soil.asking.pending ? "asking" : "thinking";
	}

	goOn(branch: string): void {
		const run = this.#run;
		if (!run) {
			this.#start(branch, false);
			return;
		}
		run.again = run.control.signal.aborted;
		run.steering.goOn();
		this.#soil.asking.hold(false);
		this.#soil.telling.changed();
	}

	pause(): void {
		const run = this.#run;
		if (!run) return;
		run.again = false;
		run.steering.pause();
		this.#soil.asking.hold(true);
		this.#soil.telling.changed();
	}

	/** Resolves when the run is over, and that is in the journal. */
	async stop(): Promise<void> {
		const run = this.#run;
		if (!run) return;
		run.again = false;
		this.#break(run);
		this.#giveUp("the trace was stopped");
		await run.over;
	}

	/** Resolves when the hint is in, or when it was said why it is not. */
	async inject(branch: string, hint: HandHint): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#injecting.push({ hint, done: resolve });
		const run = this.#run;
		const stands = this.#state(branch);
		if (run) {
			run.steering.inject(hint);
			// What was proposed gives way to what the person wants there.
			this.#soil.asking.answer({ do: "veto", reason: "another hint was put in by hand" });
		} else if (stands && !isOpen(stands)) this.#start(this.#soil.beyond(stands), false);
		else this.#start(branch, true);
		await promise;
	}

	/** The hints are set otherwise. */
	adjust(before: HintSettings, after: HintSettings): void {
		const run = this.#run;
		if (!run) return;
		run.steering.rounds = after.rounds;
		// A request that began without hints does not stop at the end of thinking, and the other way round.
		if ((before.mode === "off") !== (after.mode === "off")) run.steering.renew();
	}

	/** Lets go of what grows, as it stands: it can be gone on with. */
	leave(): void {
		const run = this.#run;
		if (!run) return;
		run.dead = true;
		this.#run = undefined;
		this.#break(run);
		const stands = this.#state(run.branch);
		if (stands && restOf(stands) === "stopped") this.#rests.set(run.branch, "paused");
		this.#giveUp("the branch was left");
	}

	/** Where it was paused and left, the branch was broken off after all. */
	forget(branch: string): void {
		this.#rests.delete(branch);
	}

	/** Ends what runs; what has not ended within the time is let go. */
	async close(withinMs: number): Promise<void> {
		this.#closed = true;
		const run = this.#run;
		if (run) this.#break(run);
		this.#giveUp("the session was closed");
		const late = Promise.withResolvers<void>();
		const timer = setTimeout(late.resolve, withinMs);
		await Promise.race([this.#over, late.promise]);
		clearTimeout(timer);
		if (run) run.dead = true;
		this.#run = undefined;
	}

	#state(branch: string): Branch | undefined {
		return this.#soil.state.branches.get(branch);
	}

	#start(branch: string, paused: boolean): void {
		const steering = new Steering();
		steering.rounds = this.#soil.hints().rounds;
		if (paused) steering.pause();
		for (const { hint } of this.#injecting) steering.inject(hint);
		const control = new AbortController();
		const over = Promise.resolve();
		const run: Run = { branch, steering, control, block: false, dead: false, again: false, over };
		this.#rests.delete(branch);
		this.#run = run;
		this.#soil.asking.hold(paused);
		run.over = this.#drive(run, this.#over);
		this.#over = run.over;
		this.#soil.telling.changed();
	}

	#break(run: Run): void {
		run.control.abort();
		this.#soil.asking.withdraw(new Error("the trace was broken off"));
	}

	/** Lets a run come to its end, and says where it rests then. */
	async #drive(run: Run, before: Promise<void>): Promise<void> {
		const { telling } = this.#soil;
		const { signal } = run.control;
		let failed = false;
		try {
			await before;
			const lab = await this.#loaded(signal);
			if (run.dead) return;
			run.branch = this.#soil.ofModel(run.branch, lab);
			const ground = { ...this.#soil, branch: run.branch, steering: run.steering, signal };
			for await (const event of grow(lab, ground)) {
				if (run.dead) break;
				if (event.type === "call") run.block = true;
				if (event.type === "output" || event.type === "end") run.block = false;
				this.#soil.namespace.note(event);
				this.#soil.keep(event);
				if (event.type === "hint" && event.marker === "anywhere") this.#injecting.shift()?.done();
				telling.changed();
				if (event.type !== "end") continue;
				failed = event.reason === "engine";
				if (event.message) telling.trouble(failed ? "error" : "warning", event.message);
			}
		} catch (error) {
			if (!run.dead && !signal.aborted) {
				failed = true;
				telling.trouble("error", wordsOf(error));
			}
		}
		if (!run.dead) this.#rest(run, failed);
	}

	#rest(run: Run, failed: boolean): void {
		const { asking, telling, beyond } = this.#soil;
		this.#run = undefined;
		asking.withdraw(new Error("the trace is over"));
		if (failed) {
			this.#rests.set(run.branch, "failed");
			this.#giveUp("the trace could not grow");
		}
		const wanted = this.#injecting.length > 0;
		if (!this.#closed && (wanted || run.again)) {
			// Asked for while the run was on its way to its end.
			const stands = this.#state(run.branch);
			const branch = wanted && stands && !isOpen(stands) ? beyond(stands) : run.branch;
			this.#start(branch, run.control.signal.aborted ? !run.again : run.steering.paused);
		}
		telling.changed();
	}

	/** Hints that wait for a run that is no more. */
	#giveUp(why: string): void {
		const left = this.#injecting.splice(0);
		if (left.length > 0) this.#soil.telling.trouble("warning", `the hint was not put in: ${why}`);
		for (const { done } of left) done();
	}

	async #loaded(signal: AbortSignal): Promise<LiveLab> {
		const { lab, telling } = this.#soil;
		if (!lab.there)
			telling.trouble("info", "the model is being loaded; the thinking begins as soon as it is there");
		return untilAborted(lab.load(), signal);
	}
}
