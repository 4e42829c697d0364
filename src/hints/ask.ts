/**
 * The policy with a person in it: what auto proposes is put before the person, who inserts it, rewrites it, has it said
 * otherwise, takes another hint, or vetoes it; or lets it go in as the policy has it. A veto of a kind holds for as long
 * as this policy lives, or as the set of vetoed kinds that it was given.
 */
import type { Marker } from "./marker.ts";
import type { AutoPolicy, Decision, Policy, PolicyContext, Proposal, Shelf } from "./policy.ts";

export type Answer =
	| { readonly do: "insert" }
	/** Nobody answered: it goes in, and the policy has decided. */
	| { readonly do: "let" }
	/** `text` goes in as it is. */
	| { readonly do: "edit"; readonly text: string }
	/** The next wording of the same hint; asked again. */
	| { readonly do: "other-wording" }
	/** A hint by its id; asked again. */
	| { readonly do: "other-hint"; readonly hint: string }
	| { readonly do: "veto"; readonly reason?: string }
	/** No hints of this kind any more. */
	| { readonly do: "veto-kind" };

/** `note` says why the last answer could not be followed. */
export type Ask = (
	proposal: Proposal,
	marker: Marker,
	context: PolicyContext,
	note?: string,
) => Promise<Answer>;

export class AskPolicy implements Policy {
	readonly mode = "ask";
	private readonly vetoed: Set<string>;
	private readonly auto: AutoPolicy;
	private readonly shelf: Shelf;
	private readonly ask: Ask;

	constructor(auto: AutoPolicy, shelf: Shelf, ask: Ask, vetoed = new Set<string>()) {
		this.vetoed = vetoed;
		this.auto = auto;
		this.shelf = shelf;
		this.ask = ask;
	}

	get vetoedKinds(): ReadonlySet<string> {
		return this.vetoed;
	}

	get says(): string {
		return this.auto.says.replace(/^auto/, "ask");
	}

	async decide(marker: Marker, context: PolicyContext): Promise<Decision> {
		const first = this.auto.propose(marker, context, this.vetoed);
		if ("skip" in first) return { skip: { by: "policy", reason: first.skip } };
		let proposal: Proposal = first;
		let note: string | undefined;
		for (;;) {
			const answer = await this.ask(proposal, marker, context, note);
			note = undefined;
			switch (answer.do) {
				case "insert":
					return { insert: { ...proposal, by: "person" }, proposal };
				case "let":
					return { insert: { ...proposal, by: "policy" }, proposal };
				case "edit":
					if (answer.text !== "") {
						const insert = { ...proposal, text: answer.text, by: "person" as const };
						return { insert, proposal };
					}
					note = "an empty text is no hint: veto it, or write something";
					break;
				case "other-wording":
				case "other-hint": {
					const other = this.otherwise(answer, proposal, marker, context);
					if ("skip" in other) note = other.skip;
					else proposal = other;
					break;
				}
				case "veto":
					return { skip: { by: "person", reason: answer.reason ?? "vetoed" }, proposal };
				case "veto-kind":
					this.vetoed.add(proposal.kind);
					return {
						skip: { by: "person", reason: `vetoed, and every hint of kind ${proposal.kind}` },
						proposal,
					};
			}
		}
	}

	private otherwise(
		answer: Extract<Answer, { do: "other-wording" | "other-hint" }>,
		last: Proposal,
		marker: Marker,
		context: PolicyContext,
	): Proposal | { readonly skip: string } {
		const id = answer.do === "other-hint" ? answer.hint : last.hint;
		const hint = this.shelf().hints.find((one) => one.id === id);
		if (!hint) return { skip: `the library has no hint ${id}` };
		if (!hint.markers.includes(marker.kind)) {
			return { skip: `${id} is for the markers ${hint.markers.join(", ")}, not for ${marker.kind}` };
		}
		if (hint.opens === "code" && context.callsLeft === 0) {
			return { skip: `${id} opens code, and no Python calls are left` };
		}
		const index = answer.do === "other-hint" ? 0 : ((last.wordingIndex ?? 0) + 1) % hint.wordings.length;
		return this.auto.word(hint, index, marker, context, last.reason);
	}
}
