/**
 * Who decides at a marker: which hint, or none. `auto` draws by seed, `ask` (ask.ts) has a person look at what auto
 * proposes, `off` never inserts.
 *
 * What auto does, and why (paper: START, arXiv 2503.04625, section on Hint-infer)
 * - At reflection words, while the model has not yet run Python in this trace: the hint is there to wake the tool, and a
 *   model that has woken needs none. At most `words` of them: the first word gets a hint, a later one only where the
 *   first did not lead to code and `words` allows more.
 * - Before code of a code problem: at most `code`, so that the model tests its candidate before it answers.
 * - Before the end of thinking: `rounds` of them, whatever came before; each makes the model think on (test-time scaling).
 * A hint that opens code is not used when no Python calls are left.
 */
import type { Problem, Who } from "../trace/events.ts";
import { uniform, weighted } from "./draw.ts";
import type { Hint, Library } from "./hint.ts";
import type { FenceDialect, Marker, MarkerKind } from "./marker.ts";
import { render } from "./render.ts";
import { Scanner } from "./scanner.ts";

export type PolicyContext = {
	readonly problem: Problem;
	readonly dialect: FenceDialect;
	/** The assistant's text up to the marker. */
	readonly text: string;
	/** Hints that went into this trace, in their order. */
	readonly hints: readonly {
		readonly at: number;
		readonly hint: string;
		readonly kind: string;
		readonly marker: string;
	}[];
	/** Blocks of the model that ran. */
	readonly calls: number;
	readonly callsLeft: number;
};

export type Proposal = {
	/** The hint's id. */
	readonly hint: string;
	readonly kind: string;
	readonly wording: string;
	/** Which of the hint's wordings; absent where a person wrote one. */
	readonly wordingIndex?: number;
	/** What would go into the stream, frame and all. */
	readonly text: string;
	readonly reason: string;
};

export type Insertion = Proposal & { readonly by: Who };

export type Decision =
	| { readonly insert: Insertion; readonly proposal?: Proposal }
	| { readonly skip: { readonly by: Who; readonly reason: string }; readonly proposal?: Proposal };

export interface Policy {
	readonly mode: "auto" | "ask" | "off";
	/** As it is kept with a trace's settings: enough to do the same again. */
	readonly says: string;
	decide(marker: Marker, context: PolicyContext): Promise<Decision>;
}

/** Reads back what a policy said of itself; undefined where that is none of ours. */
export function policySaid(
	says: string,
): { readonly mode: Policy["mode"]; readonly rounds?: number; readonly words?: number } | undefined {
	const mode = /^(auto|ask|off)/.exec(says)?.[1] as Policy["mode"] | undefined;
	if (mode === undefined) return undefined;
	const number = (name: string): number | undefined => {
		const found = new RegExp(`\\b${name}=(\\d+)`).exec(says)?.[1];
		return found === undefined ? undefined : Number(found);
	};
	const [rounds, words] = [number("rounds"), number("words")];
	return { mode, ...(rounds === undefined ? {} : { rounds }), ...(words === undefined ? {} : { words }) };
}

export type AutoOptions = {
	/** Hints before the end of thinking. */
	readonly rounds: number;
	/** Hints at reflection words, at most. */
	readonly words: number;
	/** Hints before code of code problems, at most. */
	readonly code: number;
	/** Only these kinds; all where absent. */
	readonly kinds?: readonly string[];
	readonly seed: number;
};

export const AUTO_DEFAULTS: Omit<AutoOptions, "seed"> = { rounds: 1, words: 1, code: 1 };

/** What hints there are to choose from: asked anew at each marker, so that an edited library counts at once. */
export type Shelf = () => Pick<Library, "hints" | "frames">;

export const off: Policy = {
	mode: "off",
	says: "off",
	decide: async () => skip("the policy is off"),
};

export class AutoPolicy implements Policy {
	readonly mode = "auto";
	private readonly shelf: Shelf;
	private readonly options: AutoOptions;

	constructor(shelf: Shelf, options: Partial<AutoOptions> & { readonly seed: number }) {
		this.shelf = shelf;
		this.options = { ...AUTO_DEFAULTS, ...options };
	}

	get says(): string {
		const { rounds, words, code, kinds, seed } = this.options;
		return `auto rounds=${rounds} words=${words} code=${code}${kinds ? ` kinds=${kinds.join(",")}` : ""} seed=${seed}`;
	}

	async decide(marker: Marker, context: PolicyContext): Promise<Decision> {
		const proposed = this.propose(marker, context);
		if ("skip" in proposed) return skip(proposed.skip);
		return { insert: { ...proposed, by: "policy" }, proposal: proposed };
	}

	/** What would go in at this marker, or why nothing does. `veto` takes kinds out of the draw. */
	propose(
		marker: Marker,
		context: PolicyContext,
		veto: ReadonlySet<string> = new Set(),
	): Proposal | { readonly skip: string } {
		const room = this.room(marker.kind, context);
		if ("skip" in room) return room;
		if (marker.kind === "before-end" && endsInCode(context)) {
			return { skip: "the text ends inside a block of code, where a hint would be read as code" };
		}
		const fitting = this.fitting(marker.kind, context).filter((hint) => !veto.has(hint.kind));
		if (fitting.length === 0) {
			const calls = context.callsLeft === 0 ? " and opens no code, since no Python calls are left" : "";
			return {
				skip: `no hint of the library fits the domain ${context.problem.domain} and the marker ${marker.kind}${calls}`,
			};
		}
		const draw = (what: string): number => uniform(this.options.seed, marker.kind, marker.index, what);
		const hint = weighted(fitting, (one) => one.weight, draw("hint"));
		if (!hint) return { skip: "every hint that fits has the weight 0" };
		return this.word(hint, Math.floor(draw("wording") * hint.wordings.length), marker, context, room.reason);
	}

	/** The same marker, said otherwise: one wording of one hint. */
	word(
		hint: Hint,
		wordingIndex: number,
		marker: Marker,
		context: PolicyContext,
		reason: string,
	): Proposal | { readonly skip: string } {
		const { dialect, problem, text } = context;
		const { frames } = this.shelf();
		const rendered = render(hint, {
			marker: marker.kind,
			before: text,
			wordingIndex,
			dialect,
			problem,
			frames,
		});
		if (!rendered) return { skip: `the template of ${hint.id} asks for what this problem does not have` };
		return { hint: hint.id, kind: hint.kind, wordingIndex, reason, ...rendered };
	}

	/** Hints that could stand at such a marker. */
	fitting(kind: MarkerKind, context: PolicyContext): Hint[] {
		const { dialect, problem, text } = context;
		const { hints, frames } = this.shelf();
		return hints.filter(
			(hint) =>
				hint.markers.includes(kind) &&
				(hint.domain === "any" || hint.domain === problem.domain) &&
				(this.options.kinds?.includes(hint.kind) ?? true) &&
				(hint.opens === "none" || context.callsLeft > 0) &&
				render(hint, { marker: kind, before: text, wordingIndex: 0, dialect, problem, frames }) !== undefined,
		);
	}

	private room(kind: MarkerKind, context: PolicyContext): { reason: string } | { skip: string } {
		const { rounds, words, code } = this.options;
		const used = context.hints.filter((hint) => hint.marker === kind).length;
		switch (kind) {
			case "after-word":
				if (words === 0) return { skip: "hints at reflection words are switched off (words 0)" };
				if (context.calls > 0) return { skip: "the model already uses Python in this trace" };
				if (used >= words) return { skip: `the trace has its ${words} at reflection words` };
				return { reason: "the model doubts itself and has not used Python yet" };
			case "before-code":
				if (context.problem.domain !== "code")
					return { skip: "hints before code are for code problems only" };
				if (code === 0) return { skip: "hints before code are switched off (code 0)" };
				if (used >= code) return { skip: `the trace has its ${code} before code` };
				return { reason: "code is about to be written: it should be tested" };
			case "before-end":
				if (used >= rounds)
					return { skip: `the trace has its rounds before the end of thinking (${rounds})` };
				return { reason: `round ${used + 1} of ${rounds} before the end of thinking` };
		}
	}
}

function endsInCode(context: PolicyContext): boolean {
	const scanner = new Scanner({ words: [], dialect: context.dialect });
	scanner.push(context.text);
	scanner.flush();
	return scanner.open !== undefined;
}

function skip(reason: string): Decision {
	return { skip: { by: "policy", reason } };
}
