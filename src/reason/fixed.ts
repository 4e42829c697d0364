/**
 * What looks like a live session to a screen and cannot be changed: a replay, a trace that is only read. Whoever tries to
 * is told so.
 */
import type { Hint } from "../hints/hint.ts";
import type { Problem } from "../trace/events.ts";
import type { SessionState } from "../trace/fold.ts";
import type { HintSettings, Live, LiveChange, LiveStatus, Pending } from "./live.ts";

export abstract class Fixed implements Live {
	abstract readonly id: string;
	abstract readonly state: SessionState;
	abstract readonly branch: string;
	abstract readonly status: LiveStatus;
	abstract readonly hints: HintSettings;
	readonly pending: Pending | undefined = undefined;
	readonly unwritten: undefined;
	readonly #says: string;
	protected readonly listeners = new Set<(change: LiveChange) => void>();

	/** What is said to whoever wants to change it. */
	constructor(says: string) {
		this.#says = says;
	}

	get problem(): Problem {
		return this.state.problem ?? { id: "?", domain: "math", problem: "" };
	}

	subscribe(listener: (change: LiveChange) => void): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	protected tell(change: LiveChange): void {
		for (const listener of [...this.listeners]) listener(change);
	}

	#fixed(): undefined {
		this.tell({ type: "trouble", level: "warning", text: this.#says });
		return undefined;
	}

	goOn(): void {
		this.#fixed();
	}
	pause(): void {
		this.#fixed();
	}
	async stop(): Promise<void> {
		this.#fixed();
	}
	library(): readonly Hint[] {
		return [];
	}
	preview(): { readonly skip: string } {
		return { skip: this.#says };
	}
	async inject(): Promise<void> {
		this.#fixed();
	}
	answer(): void {
		this.#fixed();
	}
	setHints(): void {
		this.#fixed();
	}
	rewind(): string {
		this.#fixed();
		return this.branch;
	}
	undoHint(): undefined {
		return this.#fixed();
	}
	undo(): undefined {
		return this.#fixed();
	}
	switchTo(): void {
		this.#fixed();
	}
	pythonAfresh(): void {}
	name(): void {
		this.#fixed();
	}
	tag(): void {
		this.#fixed();
	}
	note(): void {
		this.#fixed();
	}
	mark(): void {
		this.#fixed();
	}

	async close(): Promise<void> {
		this.listeners.clear();
	}
}

/** How hints went in, as far as a trace's settings say. */
export function hintsOf(
	settings: { readonly policy: string; readonly budgets: { readonly maxRounds: number } } | undefined,
): HintSettings {
	const mode = /^(auto|ask|off)/.exec(settings?.policy ?? "")?.[1] as HintSettings["mode"] | undefined;
	return { mode: mode ?? "off", rounds: settings?.budgets.maxRounds ?? 0, words: 0, vetoMs: 0 };
}
