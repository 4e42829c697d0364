/**
 * The markers of one trace: says each once, has the policy decide, and says what it proposed, what became of it and who
 * decided. Knows which hints went in.
 */
import type { Marker, MarkerKind } from "../hints/marker.ts";
import type { Decision, Insertion, Policy, PolicyContext } from "../hints/policy.ts";
import type { TraceEvent } from "../trace/events.ts";
import { given, type On, type Standing } from "./request.ts";

export class Markers {
	readonly #policy: Policy;
	readonly #maxRounds: () => number;
	readonly #on: On;
	readonly #hints: Standing["hints"][number][];
	readonly #seen: Standing["markers"][number][];
	readonly #vetoed: NonNullable<Standing["vetoed"]>[number][];

	constructor(policy: Policy, maxRounds: () => number, on: On, from: Standing | undefined) {
		this.#policy = policy;
		this.#maxRounds = maxRounds;
		this.#on = on;
		this.#hints = [...(from?.hints ?? [])];
		this.#seen = [...(from?.markers ?? [])];
		this.#vetoed = [...(from?.vetoed ?? [])];
	}

	/** Hints that went in. */
	get count(): number {
		return this.#hints.length;
	}

	/** Hints before the end of thinking: a budget, whatever the policy wants. */
	get #rounds(): number {
		return this.#hints.filter((hint) => hint.marker === "before-end").length;
	}

	/** Returns what goes in, or nothing. */
	async *decide(
		kind: MarkerKind,
		at: number,
		word: string | undefined,
		context: Omit<PolicyContext, "hints">,
	): AsyncGenerator<TraceEvent, Insertion | undefined, void> {
		const index = this.#seen.filter((marker) => marker.marker === kind && marker.at !== at).length;
		const marker: Marker = { kind, at, index, ...given({ word }) };
		if (!this.#seen.some((seen) => seen.marker === kind && seen.at === at)) {
			this.#seen.push({ at, marker: kind });
			yield { ...this.#on("marker"), marker: kind, at, index, ...given({ word }) };
		}
		if (this.#policy.mode === "off" || (kind === "before-end" && this.#rounds >= this.#maxRounds()))
			return undefined;
		// A request that was left may come by a place again.
		if (this.#vetoed.some((veto) => veto.at === at && (veto.marker ?? kind) === kind)) return undefined;
		const decision = await this.#policy.decide(marker, { ...context, hints: this.#hints });
		if ("skip" in decision && decision.proposal) this.#vetoed.push({ at, marker: kind });
		yield* this.#say(decision, at);
		return "insert" in decision ? decision.insert : undefined;
	}

	/** The hint is in the turn: `piece` is what was put there. */
	inserted(
		insert: Pick<Insertion, "hint" | "kind" | "wording" | "by">,
		marker: MarkerKind | "anywhere",
		at: number,
		piece: { readonly text: string; readonly ids?: readonly number[] },
	): TraceEvent {
		const { hint, kind, wording, by } = insert;
		this.#hints.push({ at, hint, kind, marker });
		return { ...this.#on("hint"), at, ...piece, hint, kind, wording, marker, by };
	}

	*#say(decision: Decision, at: number): Generator<TraceEvent, void, void> {
		const { proposal } = decision;
		if (proposal) {
			const { hint, kind, text, reason } = proposal;
			yield { ...this.#on("proposal"), at, hint, kind, text, reason };
		}
		if ("insert" in decision) {
			const { by, reason, hint, text } = decision.insert;
			const edited = proposal !== undefined && proposal.text !== text;
			yield { ...this.#on("decision"), at, decision: edited ? "edit" : "insert", by, reason, hint };
		} else if (proposal) {
			const { by, reason } = decision.skip;
			yield { ...this.#on("decision"), at, decision: "veto", by, reason, hint: proposal.hint };
		}
	}
}
