/**
 * What a person does to a session, with or without a screen: small deeds over `Live` that more than one surface does. What
 * is to be said of them comes back as words.
 */
import type { HandHint, Live, LiveStatus } from "../../reason/live.ts";

const GROWS: ReadonlySet<LiveStatus> = new Set(["thinking", "running", "asking"]);

export function isGrowing({ status }: Pick<Live, "status">): boolean {
	return GROWS.has(status);
}

/** The model waits while a person writes or chooses, and goes on when nothing came of it, or with what was put in. */
export class Hold {
	readonly #live: Live;
	/** The trace was growing when the person began. */
	#held = false;

	constructor(live: Live) {
		this.#live = live;
	}

	hold(): void {
		this.#held = isGrowing(this.#live);
		if (this.#held) this.#live.pause();
	}

	release(): void {
		if (this.#held) this.#live.goOn();
		this.#held = false;
	}

	/** Something else becomes of it. */
	drop(): void {
		this.#held = false;
	}

	async inject(hint: HandHint): Promise<void> {
		this.drop();
		await this.#live.inject(hint);
		this.#live.goOn();
	}
}

/** A person's own words as a hint: what comes behind them begins on a line of its own. */
export function ownHint(text: string): HandHint {
	return { text: text.endsWith("\n") ? text : `${text}\n` };
}

/** The mark, or none where it is that already. */
export function toggleMark(live: Live, wanted: "accepted" | "rejected"): string {
	const now = live.state.marks.get(live.branch);
	live.mark(now === wanted ? "none" : wanted);
	return now === wanted ? "the mark is taken back" : `branch ${live.branch} is marked as ${wanted}`;
}

/** "-tag" takes it away. False: there is no tag in it. */
export function setTag(live: Live, said: string): boolean {
	const off = said.trim().startsWith("-");
	const tag = said.trim().replace(/^-/, "").trim();
	if (tag !== "") live.tag(tag, !off);
	return tag !== "";
}

/** To the branch that was opened after or before this one; round at the ends. */
export function turnBranch(live: Live, step: 1 | -1): void {
	const names = [...live.state.branches.keys()];
	const next = names[(names.indexOf(live.branch) + step + names.length) % names.length];
	if (next !== undefined) live.switchTo(next);
}
