/**
 * Which lines of a growing text are code: those of a fenced block, its opening and closing lines too. The same rules by
 * which blocks are found to be run (src/hints/scanner.ts), over the whole text, whoever wrote it.
 */
import {
	closes,
	closingTag,
	type FenceRules,
	MAX_FENCE_LINE,
	mayOpen,
	type OpenFence,
	opening,
} from "../../hints/fences.ts";

/** Backticks and tildes, as Markdown has them, where no dialect says more. */
export const MARKDOWN_FENCES: FenceRules = { tags: [], languages: [], outputLang: "output" };

type Change = { readonly at: number; readonly fence: OpenFence | undefined };

export class FenceLines {
	readonly #rules: FenceRules;
	#fence: OpenFence | undefined;
	/** The line so far, while it may be a fence line; in a tagged block its last units. */
	#head: string | undefined = "";
	#code = false;
	/** Every place where a block began or ended. */
	readonly #changes: Change[] = [];

	constructor(rules: FenceRules) {
		this.#rules = rules;
	}

	/** Takes the next piece of a line; only its last unit may be a newline. Says whether the line is code by now. */
	feed(piece: string, at: number): boolean {
		if (this.#head === undefined) {
			if (piece.endsWith("\n")) this.#head = "";
			return this.#code;
		}
		const whole = piece.endsWith("\n");
		const line = this.#head + piece;
		const body = whole ? line.slice(0, -1) : line;
		if (this.#fence) {
			this.#code = true;
			if (!whole) this.#head = this.#kept(this.#fence, line);
			else this.#newline(this.#ends(this.#fence, body) ? undefined : this.#fence, at + piece.length);
		} else {
			const fence = opening(this.#rules, `${body}\n`);
			this.#code = fence !== undefined;
			if (whole) this.#newline(fence, at + piece.length);
			else this.#head = mayOpen(this.#rules, line) ? line : undefined;
		}
		return this.#code;
	}

	/** Somebody else writes on: a closing line need not wait for its newline. */
	turn(at: number): void {
		if (!this.#fence || !this.#head || !this.#ends(this.#fence, this.#head)) return;
		this.#change(undefined, at);
		this.#head = undefined;
		this.#code = false;
	}

	/** Goes back to where a line begins. */
	back(lineStart: number): void {
		while ((this.#changes.at(-1)?.at ?? -1) > lineStart) this.#changes.pop();
		this.#fence = this.#changes.at(-1)?.fence;
		this.#head = "";
		this.#code = false;
	}

	#newline(fence: OpenFence | undefined, at: number): void {
		this.#change(fence, at);
		this.#head = "";
	}

	#change(fence: OpenFence | undefined, at: number): void {
		if (fence === this.#fence) return;
		this.#fence = fence;
		this.#changes.push({ at, fence });
	}

	#ends(fence: OpenFence, line: string): boolean {
		return fence.run === 0 ? closingTag(fence.close, line, true) >= 0 : closes(fence, line, true);
	}

	/** What must be kept of a line to know whether it ends the block. */
	#kept(fence: OpenFence, line: string): string | undefined {
		if (fence.run === 0) return line.slice(-2 * MAX_FENCE_LINE);
		return closes(fence, line, false) || closes(fence, line, true) ? line : undefined;
	}
}
