/**
 * The rows of a run's screen: what is in flight, begun last first, then what has ended, newest first, as far as it passes
 * the filter. Only what came since the last look is filtered; a row is made when it is asked for.
 */
import { type RunFilter, runFilter } from "../../data/run-filter.ts";
import type { Entry, EntryProblem } from "../../data/run-index.ts";
import type { InFlight } from "../../data/run-now.ts";
import type { RunWatch } from "../../data/run-watch.ts";
import { TextScan } from "../../data/text-scan.ts";
import type { Rows } from "../reading/list-pane.ts";

export type RunRow =
	| { readonly is: "in flight"; readonly key: string; readonly live: InFlight }
	| { readonly is: "ended"; readonly key: string; readonly entry: Entry };

/** What is shown of them all. */
export const KINDS = ["all", "in flight", "ended", "correct", "wrong", "no answer", "unchecked"] as const;
export type Kind = (typeof KINDS)[number];

const LATELY = 20_000;

export class RunRows implements Rows<RunRow> {
	readonly #watch: RunWatch;
	readonly #changed: () => void;
	#query = "";
	#kind: Kind = "all";
	#filter: RunFilter = runFilter("");
	#scan: TextScan | undefined;
	#live: readonly InFlight[] = [];
	/** Those that pass, in the order in which they ended; the index's own where all do. */
	#passed: readonly Entry[] = [];
	/** What `#passed` was made of. */
	#of: { readonly entries: readonly Entry[]; readonly orders: number; count: number } | undefined;

	/** `changed` is told when more was found in the background. */
	constructor(watch: RunWatch, changed: () => void) {
		this.#watch = watch;
		this.#changed = changed;
	}

	get query(): string {
		return this.#query;
	}
	set query(query: string) {
		if (query === this.#query) return;
		this.#query = query;
		this.#filter = runFilter(query);
		this.#anew();
	}

	get kind(): Kind {
		return this.#kind;
	}
	/** To the next one that has something to show, or all. */
	nextKind(): void {
		const verdicts = this.#watch.summary?.verdicts;
		const has: Readonly<Record<Kind, boolean>> = {
			all: true,
			"in flight": this.#watch.inFlight.length > 0,
			ended: this.#watch.inFlight.length > 0 && this.#watch.done > 0,
			correct: (verdicts?.correct ?? 0) > 0,
			wrong: (verdicts?.wrong ?? 0) > 0,
			"no answer": (verdicts?.["no answer"] ?? 0) + (verdicts?.unparseable ?? 0) > 0,
			unchecked: (verdicts?.unchecked ?? 0) > 0,
		};
		let at = KINDS.indexOf(this.#kind);
		do at = (at + 1) % KINDS.length;
		while (!has[KINDS[at]!]);
		this.#kind = KINDS[at]!;
		this.#anew();
	}

	/** Takes the filter away; false where there was none. */
	clear(): boolean {
		if (this.#query === "" && this.#kind === "all") return false;
		this.#kind = "all";
		this.#query = "";
		this.#filter = runFilter("");
		this.#anew();
		return true;
	}

	get mistakes(): readonly string[] {
		return this.#filter.mistakes;
	}

	/** Of a look for text that is under way. */
	get scanning(): { readonly looked: number; readonly of: number } | undefined {
		const scan = this.#scan;
		return scan?.running ? { looked: scan.looked, of: scan.of } : undefined;
	}

	get length(): number {
		return this.#live.length + this.#passed.length;
	}
	/** How many of them are in flight. */
	get live(): number {
		return this.#live.length;
	}

	at(index: number): RunRow | undefined {
		if (index < this.#live.length) {
			const live = this.#live[index];
			return live && { is: "in flight", key: live.key, live };
		}
		const entry = this.#passed[this.#passed.length - 1 - (index - this.#live.length)];
		return entry && { is: "ended", key: entry.key, entry };
	}

	/** Whether the filter lets it pass or not; what ended long ago is not looked for. */
	find(key: string): RunRow | undefined {
		const live = this.#watch.inFlight.find((one) => one.key === key);
		if (live) return { is: "in flight", key, live };
		const entries = this.#watch.index?.entries ?? [];
		for (let i = entries.length - 1; i >= Math.max(0, entries.length - LATELY); i--)
			if (entries[i]!.key === key) return { is: "ended", key, entry: entries[i]! };
		return undefined;
	}

	/** Looks at what the watch has now. */
	refresh(): void {
		this.#live = this.#watch.inFlight.filter((live) => this.#passesLive(live));
		const index = this.#watch.index;
		if (!index) {
			this.#passed = [];
			this.#of = undefined;
			return;
		}
		const { entries, orders } = index;
		if (this.#filter.all && this.#kind === "all") {
			this.#passed = entries;
			this.#of = undefined;
			return;
		}
		if (this.#of?.entries !== entries || this.#of.orders !== orders) {
			this.#of = { entries, orders, count: 0 };
			this.#passed = [];
		}
		const fresh = entries.slice(this.#of.count).filter((entry) => this.#passes(entry));
		this.#of.count = entries.length;
		if (this.#filter.texts.length === 0) {
			if (fresh.length > 0) this.#passed = this.#passed.concat(fresh);
			return;
		}
		this.#candidates = this.#candidates.concat(fresh);
		this.#scan ??= new TextScan(this.#filter.texts, () => this.#found());
		this.#scan.add(fresh);
	}

	/** With a text to look for: those that pass but for that. */
	#candidates: readonly Entry[] = [];

	#found(): void {
		const scan = this.#scan;
		if (scan) this.#passed = this.#candidates.filter((entry) => scan.has(entry));
		this.#changed();
	}

	#passes(entry: Entry): boolean {
		const { verdict } = entry;
		const kind = this.#kind;
		if (kind === "in flight") return false;
		if (kind === "no answer" && verdict !== "no answer" && verdict !== "unparseable") return false;
		if ((kind === "correct" || kind === "wrong" || kind === "unchecked") && verdict !== kind) return false;
		return this.#filter.test(entry);
	}

	#passesLive(live: InFlight): boolean {
		if (this.#kind !== "all" && this.#kind !== "in flight") return false;
		if (this.#filter.all) return true;
		const { asks, problem: id, sample, calls, hints, tokens, begun, tail } = live;
		const problem: EntryProblem = { id, asks, words: `${id} ${asks}`.toLowerCase() };
		const kinds = tail.hints.map(({ kind, hint }) => kind || hint).join(" ");
		const entry = { problem, sample, calls, failed: 0, hints, kinds, tokens, ms: Date.now() - begun };
		if (!this.#filter.test(entry)) return false;
		const small = tail.spans
			.map(({ text }) => text)
			.join("")
			.toLowerCase();
		return this.#filter.texts.every((one) => small.includes(one));
	}

	#anew(): void {
		this.#scan?.close();
		this.#scan = undefined;
		this.#candidates = [];
		this.#passed = [];
		this.#of = undefined;
		this.refresh();
	}

	close(): void {
		this.#scan?.close();
	}
}
