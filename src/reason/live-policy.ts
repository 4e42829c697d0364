/**
 * The policy of a session that a person sits at: whatever mode is set by now decides, and every proposal passes the
 * person, who may let it go in. Kinds that were vetoed stay so, whatever else is changed.
 */
import { type Ask, AskPolicy } from "../hints/ask.ts";
import type { Marker } from "../hints/marker.ts";
import {
	AutoPolicy,
	type Decision,
	off,
	type Policy,
	type PolicyContext,
	type Shelf,
} from "../hints/policy.ts";
import type { HintSettings } from "./live.ts";

export class LivePolicy implements Policy {
	readonly #settings: () => HintSettings;
	readonly #seed: number;
	readonly #shelf: Shelf;
	readonly #ask: Ask;
	readonly #vetoed: Set<string>;

	constructor(
		settings: () => HintSettings,
		seed: number,
		asks: { readonly shelf: Shelf; readonly ask: Ask; readonly vetoed: Set<string> },
	) {
		this.#settings = settings;
		this.#seed = seed;
		this.#shelf = asks.shelf;
		this.#ask = asks.ask;
		this.#vetoed = asks.vetoed;
	}

	get mode(): HintSettings["mode"] {
		return this.#settings().mode;
	}

	get says(): string {
		if (this.mode === "off") return off.says;
		return this.mode === "auto" ? this.#auto.says : this.#asking.says;
	}

	async decide(marker: Marker, context: PolicyContext): Promise<Decision> {
		return (this.mode === "off" ? off : this.#asking).decide(marker, context);
	}

	get #auto(): AutoPolicy {
		const { rounds, words } = this.#settings();
		return new AutoPolicy(this.#shelf, { rounds, words, seed: this.#seed });
	}

	get #asking(): AskPolicy {
		return new AskPolicy(this.#auto, this.#shelf, this.#ask, this.#vetoed);
	}
}

/** What was changed, in words; undefined where nothing was. */
export function differences(before: HintSettings, after: HintSettings): string | undefined {
	const { mode, rounds, words, vetoMs } = after;
	if (before.rounds !== rounds || before.words !== words)
		return `the policy is ${mode} with rounds ${rounds} and words ${words}`;
	if (before.mode !== mode) return `the policy is ${mode}`;
	if (before.vetoMs !== vetoMs) return `a proposal waits ${vetoMs} ms for a veto`;
	return undefined;
}
