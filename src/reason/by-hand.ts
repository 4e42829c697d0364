/** A hint that a person puts in where the trace happens to stand: which hints, and in which frame one reads well there. */
import type { Hint } from "../hints/hint.ts";
import type { FenceDialect, MarkerKind } from "../hints/marker.ts";
import type { Proposal } from "../hints/policy.ts";
import { render } from "../hints/render.ts";
import { Scanner } from "../hints/scanner.ts";
import type { Problem } from "../trace/events.ts";
import type { Branch } from "../trace/fold.ts";
import { textOf } from "../trace/span.ts";
import type { LiveLab } from "./live-lab.ts";
import { REFLECTION_WORDS } from "./request.ts";

type Surroundings = { readonly inCode: boolean; readonly behindWord: boolean };

export class ByHand {
	readonly #problem: Problem;
	readonly #lab: () => LiveLab | undefined;
	/** Of the text that was last looked at: a list of hints asks for each of them. */
	#last: (Surroundings & { readonly text: string; readonly dialect: FenceDialect }) | undefined;

	constructor(problem: Problem, lab: () => LiveLab | undefined) {
		this.#problem = problem;
		this.#lab = lab;
	}

	/** Those of the library for problems of this kind. */
	get hints(): readonly Hint[] {
		const { domain } = this.#problem;
		const all = this.#lab()?.library.hints ?? [];
		return all.filter((hint) => hint.domain === "any" || hint.domain === domain);
	}

	/** How a hint would read at a marker, or else at the end of a branch, or why it would read badly: it may be put in all the same. */
	preview(
		id: string,
		wording: number,
		branch: Branch | undefined,
		at?: { readonly marker: MarkerKind; readonly before: string },
	): Proposal | { readonly skip: string } {
		const lab = this.#lab();
		if (!lab) return { skip: "the hints are there as soon as the model is" };
		const { hints, frames, dialects } = lab.library;
		const hint = hints.find((one) => one.id === id);
		if (!hint) return { skip: `the library has no hint ${id}` };
		const { dialect: name, budgets } = branch?.settings ?? lab.settings;
		const dialect = dialects.get(name);
		if (!dialect) return { skip: `the library has lost the dialect ${name}` };
		const text = at?.before ?? (branch ? textOf(branch.spans) : "");
		const { inCode, behindWord } = this.#around(text, dialect);
		if (inCode) return { skip: "the text ends inside a block of code, where a hint would be read as code" };
		const ran = branch?.calls.filter(({ output }) => output).length ?? 0;
		if (hint.opens === "code" && ran >= budgets.maxCalls)
			return { skip: `${id} opens code, and no Python calls are left` };
		const problem = this.#problem;
		const wordingIndex = wrapped(wording, hint.wordings.length);
		const marker = at?.marker ?? (behindWord ? "after-word" : bestFrame(hint.markers));
		const rendered = render(hint, { marker, before: text, wordingIndex, dialect, problem, frames });
		if (!rendered) return { skip: `the template of ${id} asks for what this problem does not have` };
		return { hint: id, kind: hint.kind, wordingIndex, reason: "chosen by hand", ...rendered };
	}

	#around(text: string, dialect: FenceDialect): Surroundings {
		if (this.#last?.text !== text || this.#last.dialect !== dialect) {
			const scanner = new Scanner({ words: REFLECTION_WORDS, dialect });
			const last = [...scanner.push(text), ...scanner.flush()].at(-1);
			const behindWord = last?.type === "word" && last.at === text.length;
			this.#last = { text, dialect, inCode: scanner.open !== undefined, behindWord };
		}
		return this.#last;
	}
}

/** Away from any marker, only the frame of the end of thinking begins a sentence of its own. */
function bestFrame(markers: readonly MarkerKind[]): MarkerKind {
	return markers.includes("before-end") ? "before-end" : (markers[0] ?? "before-end");
}

/** Wordings go round, both ways. */
function wrapped(index: number, count: number): number {
	return ((index % count) + count) % count;
}
