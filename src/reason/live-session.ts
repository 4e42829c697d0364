/**
 * A session while somebody is at it (live.ts says what it must do). Here a person's hand, the loop, the journal and the
 * one Python of the session meet; what each of them does is theirs.
 *
 * How it holds: whatever grows is one `Run` at most. A run that was left (rewound, switched away from) is dead: what it
 * still says is nobody's, and the next one begins when it is over. Nothing here throws where nobody could catch it.
 */

import type { Answer } from "../hints/ask.ts";
import type { Hint } from "../hints/hint.ts";
import { dialectNamed } from "../hints/library.ts";
import type { Proposal } from "../hints/policy.ts";
import type { Interpreter } from "../python/interpreter.ts";
import type { Problem, TraceEvent, TraceSettings } from "../trace/events.ts";
import { type Branch, isOpen, type Mark, type SessionState } from "../trace/fold.ts";
import type { JournalError } from "../trace/journal.ts";
import type { NewSession, Session, SessionStore } from "../trace/store.ts";
import { Asking } from "./asking.ts";
import { hintsFor, previewAt } from "./by-hand.ts";
import { Keeper } from "./keeper.ts";
import type { Lab } from "./lab.ts";
import type { HandHint, HintSettings, Live, LiveChange, LiveStatus, Pending } from "./live.ts";
import { LivePolicy } from "./live-policy.ts";
import { Namespace } from "./namespace.ts";
import { reason } from "./reason.ts";
import { snapped } from "./rewind.ts";
import { standingOf } from "./standing.ts";
import { Steering } from "./steering.ts";

export type LiveLab = Pick<
	Lab,
	"settings" | "engine" | "library" | "deps" | "traceSettings" | "openInterpreter"
>;

export type LiveOptions = {
	readonly store: SessionStore;
	/** May still be loading. A function is asked again whenever the trace is to grow, so that what failed can be tried anew. */
	readonly lab: LiveLab | Promise<LiveLab> | (() => LiveLab | Promise<LiveLab>);
	readonly session: { readonly new: NewSession } | { readonly id: string };
	readonly hints: HintSettings;
	/** The Python that a person sees; without it one of the lab's own is opened when a block runs. */
	readonly interpreter?: () => Promise<Interpreter>;
	/** Milliseconds since the epoch. */
	readonly now?: () => number;
};

/** Throws SessionLockedError where it is open elsewhere, JournalError where it cannot be written. */
export function openLive(options: LiveOptions): Live {
	return new LiveSession(options);
}

/** Where a branch rests that does not grow. */
type Rest = Extract<LiveStatus, "ready" | "paused" | "stopped" | "failed" | "ended">;

type Run = {
	readonly branch: string;
	readonly steering: Steering;
	readonly control: AbortController;
	/** A block of the model runs. */
	block: boolean;
	/** Left: what it still says is nobody's. */
	dead: boolean;
	over: Promise<void>;
};

type Injecting = { readonly hint: HandHint; readonly done: () => void };

/** What runs is given this long to end by itself when the session is closed. */
const CLOSING_MS = 800;

class LiveSession implements Live {
	readonly id: string;
	readonly problem: Problem;
	readonly state: SessionState;
	readonly #session: Session;
	readonly #keeper: Keeper;
	readonly #options: LiveOptions;
	readonly #now: () => number;
	readonly #listeners = new Set<(change: LiveChange) => void>();
	readonly #asking: Asking;
	readonly #vetoed = new Set<string>();
	readonly #namespace: Namespace;
	readonly #rests = new Map<string, Rest>();
	/** The branches that rewinding left. */
	readonly #left: string[] = [];
	#hints: HintSettings;
	#branch: string;
	#run: Run | undefined;
	/** When the last run, left or not, is over. */
	#over: Promise<void> = Promise.resolve();
	#injecting: Injecting[] = [];
	#lab: LiveLab | undefined;
	#python: Interpreter | undefined;
	/** Said before anybody listened. */
	#unsaid: LiveChange[] = [];
	#told: { status: LiveStatus; pending: Pending | undefined } | undefined;
	#closing: Promise<void> | undefined;

	constructor(options: LiveOptions) {
		const { store, session } = options;
		this.#options = options;
		this.#now = options.now ?? Date.now;
		this.#hints = options.hints;
		this.#asking = new Asking(
			() => this.#hints,
			this.#now,
			() => this.#changed(),
		);
		this.#namespace = new Namespace(
			() => this.#interpreter(),
			(text) => this.#trouble("info", text),
		);
		const journal = { onError: (error: JournalError) => this.#keeper.refused(error) };
		if ("new" in session) this.#session = store.create(session.new, journal, this.#now());
		else {
			const { session: opened, bad, torn } = store.open(session.id, journal);
			this.#session = opened;
			const damaged = bad.length + opened.state.misfits.length;
			if (damaged > 0)
				this.#trouble(
					"warning",
					`${damaged} lines of the journal hold no event of this session and were left out`,
				);
			if (torn)
				this.#trouble(
					"info",
					"the program was ended while it wrote: half a line was taken out of the journal",
				);
		}
		this.#keeper = new Keeper(this.#session, (text, level) => this.#trouble(level, text));
		this.id = this.#session.id;
		this.state = this.#session.state;
		const { problem, current } = this.state;
		if (!problem) {
			this.#session.close();
			throw new Error(
				`session ${this.id} has lost its first line, which says the problem: it cannot be gone on with`,
			);
		}
		this.problem = problem;
		this.#branch = current ?? "main";
		// Its library is wanted as soon as it is there; why it could not be loaded is said when it is needed.
		if (typeof options.lab !== "function") this.#loading().catch(() => {});
	}

	get branch(): string {
		return this.#branch;
	}

	get hints(): HintSettings {
		return this.#hints;
	}

	get pending(): Pending | undefined {
		return this.#asking.pending;
	}

	get status(): LiveStatus {
		const run = this.#run;
		if (!run) return this.#rests.get(this.#branch) ?? restOf(this.#looked);
		if (run.block) return "running";
		if (run.steering.paused) return "paused";
		return this.pending ? "asking" : "thinking";
	}

	subscribe(listener: (change: LiveChange) => void): () => void {
		this.#listeners.add(listener);
		for (const change of this.#unsaid.splice(0)) listener(change);
		return () => this.#listeners.delete(listener);
	}

	goOn(): void {
		if (this.#closing) return;
		if (this.#run) {
			this.#run.steering.goOn();
			this.#asking.hold(false);
			this.#changed();
		} else if (this.status === "ended")
			this.#trouble("info", "this trace has come to its end: put a hint in, or rewind, to have it grow on");
		else this.#start(false);
	}

	pause(): void {
		if (this.#closing || !this.#run) return;
		this.#run.steering.pause();
		this.#asking.hold(true);
		this.#changed();
	}

	async stop(): Promise<void> {
		const run = this.#run;
		if (run) {
			this.#end(run);
			await run.over;
		} else if (this.status === "paused" && this.#looked) {
			const usage = standingOf(this.#looked)?.usage;
			this.#rests.delete(this.#branch);
			if (usage) this.#append({ ...this.#on("end"), reason: "interrupted", usage });
			this.#changed();
		}
	}

	library(): readonly Hint[] {
		return this.#lab ? hintsFor(this.problem, this.#lab.library) : [];
	}

	preview(id: string, wording: number): Proposal | { readonly skip: string } {
		if (!this.#lab) return { skip: "the hints are there as soon as the model is" };
		const { library } = this.#lab;
		const hint = library.hints.find((one) => one.id === id);
		if (!hint) return { skip: `the library has no hint ${id}` };
		const branch = this.#looked;
		const { dialect, budgets } = branch?.settings ?? this.#lab.settings;
		return previewAt(
			hint,
			wording,
			{
				problem: this.problem,
				text: branch?.spans.map(({ text }) => text).join("") ?? "",
				dialect: dialectNamed(library.dialects, dialect),
				callsLeft: budgets.maxCalls - (branch?.calls.filter(({ output }) => output).length ?? 0),
			},
			library,
		);
	}

	async inject(hint: HandHint): Promise<void> {
		if (this.#closing) return;
		if (hint.text === "") {
			this.#trouble("warning", "an empty text is no hint");
			return;
		}
		await new Promise<void>((done) => {
			this.#injecting.push({ hint, done });
			if (this.#run) {
				this.#run.steering.inject(hint);
				// What was proposed here gives way to what the person wants.
				this.#asking.answer({ do: "veto", reason: "another hint was put in by hand" });
			} else if (this.#looked && !isOpen(this.#looked)) {
				this.#growOn();
				this.#start(false);
			} else this.#start(true);
		});
	}

	answer(answer: Answer): void {
		if (!this.#asking.answer(answer)) this.#trouble("info", "no hint waits for an answer any more");
	}

	setHints(changes: Partial<HintSettings>): void {
		const before = this.#hints;
		this.#hints = { ...before, ...changes };
		const says = differences(before, this.#hints);
		if (says === undefined) return;
		const run = this.#run;
		if (run) {
			run.steering.rounds = this.#hints.rounds;
			this.#append({ ...this.#on("notice"), level: "info", text: `${says} from here on, changed by hand` });
			if ((before.mode === "off") !== (this.#hints.mode === "off")) run.steering.renew();
		}
		this.#asking.reconsider();
		this.#tell({ type: "status" });
	}

	rewind(at: number): string {
		const from = this.#looked;
		if (!from || this.#closing) return this.#branch;
		return this.#fork(from, snapped(from.spans, at), from.settings);
	}

	undoHint(): string | undefined {
		const last = this.#looked?.hints.at(-1);
		if (!last || this.#closing) return undefined;
		const name = this.rewind(last.at);
		const { at, hint } = last;
		this.#append({ ...this.#on("decision"), at, decision: "veto", by: "person", reason: "undone", hint });
		return name;
	}

	undo(): string | undefined {
		const name = this.#left.pop();
		if (name !== undefined) this.#look(name);
		return name;
	}

	switchTo(branch: string): void {
		if (branch === this.#branch || this.#closing) return;
		if (this.state.branches.has(branch)) this.#look(branch);
		else this.#trouble("warning", `there is no branch ${branch}`);
	}

	name(name: string): void {
		this.#append({ type: "name", t: this.#now(), name });
	}

	tag(tag: string, on: boolean): void {
		this.#append({ type: "tag", t: this.#now(), tag, on });
	}

	note(text: string): void {
		this.#append({ type: "note", t: this.#now(), text });
	}

	mark(mark: Mark): void {
		this.#append({ type: "mark", t: this.#now(), branch: this.#branch, mark });
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		const run = this.#run;
		if (run) this.#end(run);
		const late = Promise.withResolvers<void>();
		const timer = setTimeout(late.resolve, CLOSING_MS);
		await Promise.race([Promise.all([this.#over, this.#python?.close()]), late.promise]).catch(() => {});
		clearTimeout(timer);
		if (run) run.dead = true;
		this.#settle("the session was closed");
		this.#session.close();
	}

	// The branch that is looked at.

	get #looked(): Branch | undefined {
		return this.state.branches.get(this.#branch);
	}

	/** Opens a branch and looks at it. */
	#fork(from: Branch, at: number, settings: TraceSettings): string {
		this.#leave();
		this.#left.push(from.id);
		let number = this.state.branches.size + 1;
		while (this.state.branches.has(`b${number}`)) number++;
		this.#branch = `b${number}`;
		this.#append({
			...this.#on("branch"),
			parent: { branch: from.id, at },
			settings: {
				...settings,
				policy: this.#policy(settings.sampling.seed).says,
				budgets: { ...settings.budgets, maxRounds: this.#hints.rounds },
			},
			by: "person",
		});
		this.#tell({ type: "branch" });
		this.#changed();
		return this.#branch;
	}

	/** A branch behind the end of one that had ended: that one stays as it is. */
	#growOn(): void {
		const from = this.#looked;
		if (!from) return;
		const { settings, end } = from;
		const sampled = standingOf(from)?.usage.sampledTokens ?? 0;
		const { maxTokens } = settings.budgets;
		const more = end?.reason === "tokens" ? { maxTokens: sampled + maxTokens } : {};
		const name = this.#fork(from, from.length, { ...settings, budgets: { ...settings.budgets, ...more } });
		this.#namespace.hand(from.id, name);
	}

	#look(branch: string): void {
		this.#leave();
		this.#branch = branch;
		this.#tell({ type: "branch" });
		this.#changed();
	}

	/** Lets go of what grows, as it stands: it can be gone on with. */
	#leave(): void {
		const run = this.#run;
		if (!run) return;
		run.dead = true;
		this.#run = undefined;
		this.#end(run);
		const branch = this.state.branches.get(run.branch);
		if (branch && restOf(branch) === "stopped") this.#rests.set(run.branch, "paused");
		this.#settle("the branch was left");
	}

	// What grows.

	#start(paused: boolean): void {
		const steering = new Steering();
		steering.rounds = this.#hints.rounds;
		if (paused) steering.pause();
		for (const { hint } of this.#injecting) steering.inject(hint);
		const control = new AbortController();
		const run: Run = {
			branch: this.#branch,
			steering,
			control,
			block: false,
			dead: false,
			over: Promise.resolve(),
		};
		this.#rests.delete(this.#branch);
		this.#run = run;
		this.#asking.hold(paused);
		run.over = this.#drive(run, this.#over);
		this.#over = run.over;
		this.#changed();
	}

	#end(run: Run): void {
		run.control.abort();
		this.#asking.withdraw(new Error("the trace was broken off"));
	}

	/** Lets a run come to its end and says where it rests then. Never throws. */
	async #drive(run: Run, before: Promise<void>): Promise<void> {
		let rest: Rest | undefined;
		try {
			await before;
			for await (const event of this.#events(run)) {
				if (run.dead) break;
				this.#take(run, event);
				if (event.type === "end" && event.reason === "engine") {
					rest = "failed";
					this.#trouble("error", event.message ?? "the engine failed");
				} else if (event.type === "end" && event.reason === "context" && event.message)
					this.#trouble("warning", event.message);
			}
		} catch (error) {
			if (!run.dead && !run.control.signal.aborted) {
				rest = "failed";
				this.#trouble("error", error instanceof Error ? error.message : String(error));
			}
		}
		if (run.dead) return;
		this.#run = undefined;
		this.#asking.withdraw(new Error("the trace was broken off"));
		if (rest) this.#rests.set(run.branch, rest);
		const ended = this.#looked !== undefined && !isOpen(this.#looked);
		if (ended && !run.control.signal.aborted && this.#injecting.length > 0) {
			// It came to its end while the hint was on its way.
			this.#growOn();
			this.#start(run.steering.paused);
			return;
		}
		this.#settle(rest === "failed" ? "the trace could not grow" : "the trace was stopped");
		this.#changed();
	}

	async *#events(run: Run): AsyncGenerator<TraceEvent, void, void> {
		const { signal } = run.control;
		const lab = await this.#loaded(signal);
		if (signal.aborted) return;
		const { info } = lab.engine;
		const { environment } = this.state.session ?? {};
		let branch = this.state.branches.get(run.branch);
		if (!branch) {
			const made = lab.traceSettings(this.#policy(lab.settings.sampling.seed));
			const budgets = { ...made.budgets, maxRounds: this.#hints.rounds };
			yield { ...this.#on("branch"), settings: { ...made, budgets }, by: "person" };
			if (!environment?.engine) yield this.#notice(`the engine is ${info.server}`);
			branch = this.state.branches.get(run.branch);
		} else if (isOpen(branch) && (info.id !== branch.settings.engine || info.model !== branch.settings.model))
			yield this.#notice(`the engine is ${info.id} with ${info.model} from here on`);
		if (!branch) throw new Error(`the branch ${run.branch} could not be opened`);
		const { settings } = branch;
		const stood = standingOf(branch, info);
		const from = stood && this.#namespace.stand(run.branch, stood);
		const policy = this.#policy(settings.sampling.seed, signal);
		yield* reason(
			{ session: this.id, branch: run.branch, problem: this.problem, settings, ...(from ? { from } : {}) },
			{
				...lab.deps(signal, policy),
				dialect: dialectNamed(lab.library.dialects, settings.dialect),
				interpreter: this.#namespace.forRun(run.branch, stood?.blocks.length ?? 0),
				steering: run.steering,
				now: this.#now,
			},
		);
	}

	#take(run: Run, event: TraceEvent): void {
		if (event.type === "call") run.block = true;
		if (event.type === "output" || event.type === "end") run.block = false;
		this.#namespace.note(event);
		this.#append(event);
		if (event.type === "hint" && event.marker === "anywhere") this.#injecting.shift()?.done();
		this.#changed();
	}

	/** Hints that wait for a run that is no more. */
	#settle(why: string): void {
		const left = this.#injecting.splice(0);
		if (left.length > 0 && !this.#closing) this.#trouble("warning", `the hint was not put in: ${why}`);
		for (const { done } of left) done();
	}

	// What it needs.

	async #loaded(signal: AbortSignal): Promise<LiveLab> {
		const loading = this.#loading();
		if (!this.#lab)
			this.#trouble("info", "the model is being loaded; the thinking begins as soon as it is there");
		const stopped = Promise.withResolvers<never>();
		const stop = (): void => stopped.reject(new Error("stopped while the model was being loaded"));
		if (signal.aborted) stop();
		signal.addEventListener("abort", stop, { once: true });
		try {
			return await Promise.race([loading, stopped.promise]);
		} finally {
			signal.removeEventListener("abort", stop);
		}
	}

	async #loading(): Promise<LiveLab> {
		const { lab } = this.#options;
		const got = typeof lab === "function" ? lab() : lab;
		if (!(got instanceof Promise)) this.#lab = got;
		this.#lab = await got;
		return this.#lab;
	}

	async #interpreter(): Promise<Interpreter> {
		if (this.#options.interpreter) return this.#options.interpreter();
		if (!this.#python) {
			const lab = await this.#loading();
			this.#python = await lab.openInterpreter();
		}
		return this.#python;
	}

	#policy(seed: number, signal?: AbortSignal): LivePolicy {
		return new LivePolicy(() => this.#hints, seed, {
			shelf: () => (this.#lab as LiveLab).library,
			// What was broken off may still come by a marker: nobody is to be asked for it.
			ask: (...asked) =>
				signal?.aborted ? Promise.reject(signal.reason as Error) : this.#asking.ask(...asked),
			vetoed: this.#vetoed,
		});
	}

	// What is said.

	#on<Type extends TraceEvent["type"]>(type: Type): { type: Type; t: number; branch: string } {
		return { type, t: this.#now(), branch: this.#branch };
	}

	#notice(text: string): TraceEvent {
		return { ...this.#on("notice"), level: "info", text };
	}

	#append(event: TraceEvent): void {
		this.#keeper.append(event);
		this.#tell({ type: "event", event });
	}

	#changed(): void {
		const { status, pending } = this;
		if (this.#told?.status === status && this.#told.pending === pending) return;
		this.#told = { status, pending };
		this.#tell({ type: "status" });
	}

	#trouble(level: "info" | "warning" | "error", text: string): void {
		const change: LiveChange = { type: "trouble", level, text };
		if (this.#listeners.size === 0) this.#unsaid.push(change);
		this.#tell(change);
	}

	/** A listener that fails is no reason for the others, or for the trace, to fail. */
	#tell(change: LiveChange): void {
		for (const listener of [...this.#listeners]) {
			try {
				listener(change);
			} catch (error) {
				if (change.type === "trouble") continue;
				this.#trouble(
					"error",
					`the screen failed: ${error instanceof Error ? error.message : String(error)}`,
				);
			}
		}
	}
}

/** Where a branch rests by what its journal says. */
function restOf(branch: Branch | undefined): Rest {
	if (!branch?.header) return "ready";
	if (!isOpen(branch)) return branch.outcome ? "ended" : "stopped";
	return branch.parent && !branch.end && branch.length === branch.parent.at ? "ready" : "stopped";
}

/** What was changed, in words; undefined where nothing was. */
function differences(before: HintSettings, after: HintSettings): string | undefined {
	const { mode, rounds, words, vetoMs } = after;
	const figures = before.rounds !== rounds || before.words !== words;
	if (figures) return `the policy is ${mode} with rounds ${rounds} and words ${words}`;
	if (before.mode !== mode) return `the policy is ${mode}`;
	if (before.vetoMs !== vetoMs) return `a proposal waits ${vetoMs} ms for a veto`;
	return undefined;
}
