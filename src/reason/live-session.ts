/**
 * A session while somebody is at it (live.ts says what it must do). Here what a person does meets the journal, its
 * branches and what grows (grower.ts). Nothing here throws where nobody could catch it.
 */
import type { Answer } from "../hints/ask.ts";
import type { Hint } from "../hints/hint.ts";
import type { Proposal } from "../hints/policy.ts";
import type { Interpreter } from "../python/interpreter.ts";
import type { Problem, TraceEvent, TraceSettings } from "../trace/events.ts";
import { type Branch, isOpen, type Mark, type SessionState } from "../trace/fold.ts";
import type { Session } from "../trace/store.ts";
import { Asking } from "./asking.ts";
import { ByHand } from "./by-hand.ts";
import { Grower } from "./grower.ts";
import { Keeper } from "./keeper.ts";
import type { HandHint, HintSettings, Live, LiveChange, LiveStatus, Pending } from "./live.ts";
import { type LabSource, type LiveLab, Loading } from "./live-lab.ts";
import { differences, LivePolicy } from "./live-policy.ts";
import { Namespace } from "./namespace.ts";
import { openSession, problemOf, type WhichSession } from "./opening.ts";
import { snapped } from "./rest.ts";
import { standingOf } from "./standing.ts";
import { Telling } from "./telling.ts";

export type { LiveLab } from "./live-lab.ts";

export type LiveOptions = WhichSession & {
	/** May still be loading: the session can be looked at meanwhile. */
	readonly lab: LabSource;
	readonly hints: HintSettings;
	/** The Python that a person sees; without it one of the lab's own is opened when a block runs. */
	readonly interpreter?: () => Promise<Interpreter>;
};

/** Throws SessionLockedError where it is open elsewhere, JournalError where it cannot be written. */
export function openLive(options: LiveOptions): Live {
	return new LiveSession(options);
}

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
	readonly #telling = new Telling(() => this);
	readonly #asking: Asking;
	readonly #lab: Loading;
	readonly #byHand: ByHand;
	readonly #namespace: Namespace;
	readonly #grower: Grower;
	readonly #vetoed = new Set<string>();
	/** What the policy of a branch says since it was last changed. */
	readonly #policies = new Map<string, string>();
	/** The branches that rewinding left. */
	readonly #left: string[] = [];
	#hints: HintSettings;
	#branch: string;
	/** The lab's own, where the person has none. */
	#python: { readonly lab: LiveLab; readonly interpreter: Interpreter } | undefined;
	#closing: Promise<void> | undefined;
	#closed = false;

	constructor(options: LiveOptions) {
		this.#options = options;
		this.#now = options.now ?? Date.now;
		this.#hints = options.hints;
		this.#asking = new Asking(
			() => this.#hints,
			this.#now,
			() => this.#telling.changed(),
		);
		this.#namespace = new Namespace(
			() => this.#interpreter(),
			(text) => this.#telling.trouble("info", text),
		);
		this.#session = openSession(options, {
			trouble: (level, text) => this.#telling.trouble(level, text),
			refused: (error) => this.#keeper.refused(error),
		});
		this.#keeper = new Keeper(this.#session, (text, level) => this.#telling.trouble(level, text));
		this.id = this.#session.id;
		this.state = this.#session.state;
		this.problem = problemOf(this.#session);
		this.#branch = this.state.current ?? "main";
		this.#lab = new Loading(options.lab);
		this.#byHand = new ByHand(this.problem, () => this.#lab.there);
		this.#grower = new Grower({
			session: this.id,
			problem: this.problem,
			state: this.state,
			lab: this.#lab,
			asking: this.#asking,
			namespace: this.#namespace,
			telling: this.#telling,
			hints: () => this.#hints,
			policy: (seed, signal) => this.#policy(seed, signal),
			policies: this.#policies,
			keep: (event) => this.#append(event),
			beyond: (ended) => this.#growOn(ended),
			ofModel: (branch, lab) => this.#ofModel(branch, lab),
			now: this.#now,
		});
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

	get unwritten(): string | undefined {
		return this.#keeper.unwritten;
	}

	get status(): LiveStatus {
		return this.#grower.statusOf(this.#branch);
	}

	subscribe(listener: (change: LiveChange) => void): () => void {
		return this.#telling.subscribe(listener);
	}

	goOn(): void {
		if (this.#closing) return;
		if (this.status === "ended") {
			const how = "put a hint in, or rewind, to have it grow on";
			this.#telling.trouble("info", `this trace has come to its end: ${how}`);
		} else this.#grower.goOn(this.#branch);
	}

	pause(): void {
		if (!this.#closing) this.#grower.pause();
	}

	async stop(): Promise<void> {
		if (this.#closing) return;
		if (this.#grower.branch !== undefined) await this.#grower.stop();
		else if (this.status === "paused") {
			// Left while it was paused: nothing runs, and still it is broken off now.
			const usage = this.#looked && standingOf(this.#looked)?.usage;
			if (usage) this.#append({ ...this.#on("end"), reason: "interrupted", usage });
			this.#grower.forget(this.#branch);
			this.#telling.changed();
		}
	}

	library(): readonly Hint[] {
		return this.#byHand.hints;
	}

	preview(hint: string, wording: number): Proposal | { readonly skip: string } {
		const { pending, before } = this.#asking;
		const at = pending && { marker: pending.marker.kind, before };
		return this.#byHand.preview(hint, wording, this.#looked, at);
	}

	async inject(hint: HandHint): Promise<void> {
		if (this.#closing) return;
		if (hint.text === "") {
			this.#telling.trouble("warning", "an empty text is no hint");
			return;
		}
		await this.#grower.inject(this.#branch, hint);
	}

	answer(answer: Answer): void {
		if (!this.#asking.answer(answer)) this.#telling.trouble("info", "no hint waits for an answer any more");
	}

	setHints(changes: Partial<HintSettings>): void {
		const before = this.#hints;
		this.#hints = { ...before, ...changes };
		const says = differences(before, this.#hints);
		if (says === undefined || this.#closing) return;
		this.#grower.adjust(before, this.#hints);
		if (this.#grower.branch !== undefined && this.#looked && isOpen(this.#looked)) {
			this.#policies.set(this.#branch, this.#policy(this.#looked.settings.sampling.seed).says);
			const text = `${says} from here on, changed by hand`;
			this.#append({ ...this.#on("notice"), level: "info", text });
		}
		this.#asking.reconsider();
		this.#telling.tell({ type: "status" });
	}

	rewind(at: number): string {
		const from = this.#looked;
		if (!from || this.#closing) return this.#branch;
		return this.#fork(from, snapped(from.spans, at), this.#drawnAnew(from.settings));
	}

	undoHint(): string | undefined {
		const last = this.#looked?.hints.at(-1);
		if (!last || this.#closing) return undefined;
		const { at, hint } = last;
		const name = this.rewind(at);
		this.#append({ ...this.#on("decision"), at, decision: "veto", by: "person", reason: "undone", hint });
		return name;
	}

	undo(): string | undefined {
		if (this.#closing) return undefined;
		let name = this.#left.pop();
		while (name === this.#branch) name = this.#left.pop();
		if (name !== undefined) this.#look(name);
		return name;
	}

	switchTo(branch: string): void {
		if (branch === this.#branch || this.#closing) return;
		if (this.state.branches.has(branch)) this.#look(branch);
		else this.#telling.trouble("warning", `there is no branch ${branch}`);
	}

	pythonAfresh(): void {
		this.#namespace.forget();
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

	/** Rejects where the disk refuses the end of the journal. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		await this.#grower.close(CLOSING_MS);
		this.#python?.interpreter.close().catch(() => {});
		this.#closed = true;
		this.#keeper.end();
		this.#session.close();
	}

	// The branch that is looked at.

	get #looked(): Branch | undefined {
		return this.state.branches.get(this.#branch);
	}

	#fork(from: Branch, at: number, settings: TraceSettings): string {
		this.#grower.leave();
		return this.#open(from, at, settings);
	}

	/** Where the model is sampled freely, a person who goes back wants to see another continuation, not the same again. */
	#drawnAnew(settings: TraceSettings): TraceSettings {
		const { sampling } = settings;
		if (sampling.temperature === 0) return settings;
		const seed = (sampling.seed + this.state.branches.size) % 2 ** 31;
		return { ...settings, sampling: { ...sampling, seed } };
	}

	/** Opens a branch and looks at it. */
	#open(from: Branch, at: number, settings: TraceSettings): string {
		this.#left.push(from.id);
		let number = this.state.branches.size + 1;
		while (this.state.branches.has(`b${number}`)) number++;
		this.#branch = `b${number}`;
		const budgets = { ...settings.budgets, maxRounds: this.#hints.rounds };
		const policy = this.#policy(settings.sampling.seed).says;
		this.#append({
			...this.#on("branch"),
			parent: { branch: from.id, at },
			settings: { ...settings, policy, budgets },
			by: "person",
		});
		this.#telling.tell({ type: "branch" });
		this.#telling.changed();
		return this.#branch;
	}

	/** A branch behind the end of one that had ended: that one stays as it is. Spent tokens are granted once more. */
	#growOn(from: Branch): string {
		const { settings, end } = from;
		const sampled = standingOf(from)?.usage.sampledTokens ?? 0;
		const more = end?.reason === "tokens" ? { maxTokens: sampled + settings.budgets.maxTokens } : {};
		const name = this.#fork(from, from.length, { ...settings, budgets: { ...settings.budgets, ...more } });
		this.#namespace.hand(from.id, name);
		return name;
	}

	/** A branch is of one model: another one goes on from its text, as a branch of its own. */
	#ofModel(branch: string, { engine: { info } }: LiveLab): string {
		const from = this.state.branches.get(branch);
		if (!from?.header || !isOpen(from) || from.settings.model === info.model) return branch;
		const { id: engine, model, caps } = info;
		const name = this.#open(from, from.length, { ...from.settings, engine, model, exact: caps.exact });
		this.#namespace.hand(from.id, name);
		const says = `${model} goes on as the branch ${name}, from the text of ${from.settings.model}`;
		this.#telling.trouble("info", says);
		return name;
	}

	#look(branch: string): void {
		this.#grower.leave();
		this.#branch = branch;
		this.#telling.tell({ type: "branch" });
		this.#telling.changed();
	}

	// What it needs.

	async #interpreter(): Promise<Interpreter> {
		if (this.#options.interpreter) return this.#options.interpreter();
		const lab = await this.#lab.load();
		if (this.#python?.lab !== lab) this.#python = { lab, interpreter: await lab.openInterpreter() };
		return this.#python.interpreter;
	}

	#policy(seed: number, signal?: AbortSignal): LivePolicy {
		return new LivePolicy(() => this.#hints, seed, {
			shelf: () => (this.#lab.there as LiveLab).library,
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

	#append(event: TraceEvent): void {
		if (this.#closed) return;
		this.#keeper.append(event);
		this.#telling.tell({ type: "event", event });
	}
}
