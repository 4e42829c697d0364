/** A hint that a person puts in where the trace happens to stand: which hints, and in which frame one reads well there. */
import type { Hint, Library } from "../hints/hint.ts";
import type { FenceDialect, MarkerKind } from "../hints/marker.ts";
import type { Proposal } from "../hints/policy.ts";
import { render } from "../hints/render.ts";
import { Scanner } from "../hints/scanner.ts";
import type { Problem } from "../trace/events.ts";
import { REFLECTION_WORDS } from "./request.ts";

export type Place = {
	readonly problem: Problem;
	/** The assistant's text up to where the hint goes in. */
	readonly text: string;
	readonly dialect: FenceDialect;
	readonly callsLeft: number;
};

/** Hints of the library for problems of this kind. */
export function hintsFor(problem: Problem, library: Library): readonly Hint[] {
	return library.hints.filter(({ domain }) => domain === "any" || domain === problem.domain);
}

/** How a hint would read there, or why it would read badly: it may be put in all the same. */
export function previewAt(
	hint: Hint,
	wordingIndex: number,
	place: Place,
	{ frames }: Pick<Library, "frames">,
): Proposal | { readonly skip: string } {
	const { problem, text, dialect, callsLeft } = place;
	const { inCode, behindWord } = surroundings(text, dialect);
	if (inCode) return { skip: "the text ends inside a block of code, where a hint would be read as code" };
	if (hint.opens === "code" && callsLeft <= 0)
		return { skip: `${hint.id} opens code, and no Python calls are left` };
	const index = ((wordingIndex % hint.wordings.length) + hint.wordings.length) % hint.wordings.length;
	const marker = behindWord ? "after-word" : bestFrame(hint.markers);
	const rendered = render(hint, { marker, before: text, wordingIndex: index, dialect, problem, frames });
	if (!rendered) return { skip: `the template of ${hint.id} asks for what this problem does not have` };
	return { hint: hint.id, kind: hint.kind, wordingIndex: index, reason: "chosen by hand", ...rendered };
}

/** Away from any marker only the frame of the end of thinking begins a sentence of its own. */
function bestFrame(markers: readonly MarkerKind[]): MarkerKind {
	return markers.includes("before-end") ? "before-end" : (markers[0] ?? "before-end");
}

function surroundings(text: string, dialect: FenceDialect): { inCode: boolean; behindWord: boolean } {
	const scanner = new Scanner({ words: REFLECTION_WORDS, dialect });
	const last = [...scanner.push(text), ...scanner.flush()].at(-1);
	return {
		inCode: scanner.open !== undefined,
		behindWord: last?.type === "word" && last.at === text.length,
	};
}
