/**
 * Finds the places where a hint may go, in the text of ONE assistant turn as it streams: reflection words in prose, whole
 * opening fence lines, whole closing fence lines. All spans go through it, hints and outputs too: a hint that ends in an
 * opened fence leaves it inside code.
 *
 * What always holds
 * - The events and their offsets depend on the text alone, however it is cut into pieces, and `state()` (plain JSON)
 *   taken anywhere goes on as if nothing had been.
 * - Nothing before `settled` is ever decided again; behind it is at most one word or one fence line (MAX_FENCE_LINE units).
 * - Time is linear in the text. Rules: CommonMark 0.31 section 4.5 for fences (see fences.ts), prose.ts for words.
 */
import {
	closes,
	closingTag,
	type FenceRules,
	fenceRules,
	mayOpen,
	type OpenFence,
	opening,
	unwrap,
} from "./fences.ts";
import type { ScanConfig, ScanEvent, ScanState } from "./marker.ts";
import { ProseScanner, type ProseState } from "./prose.ts";

type Inner = {
	readonly offset: number;
	/** The beginning of the current line while it may be a fence line (or, in a tagged block, the tail that may be its closing tag); null once it cannot. */
	readonly held: string | null;
	readonly fence: OpenFence | null;
	readonly code: string;
	readonly prose: ProseState;
	readonly flushed: boolean;
};

export class Scanner {
	private readonly rules: FenceRules;
	private readonly prose: ProseScanner;
	private offset = 0;
	private held: string | null = "";
	private fence: OpenFence | null = null;
	private code: string[] = [];
	private flushed = false;
	private events: ScanEvent[] = [];

	constructor(config: ScanConfig, state?: ScanState) {
		this.rules = fenceRules(config.dialect);
		if (!state) {
			this.prose = new ProseScanner(config.words);
			return;
		}
		const inner = state as unknown as Inner;
		this.prose = new ProseScanner(config.words, inner.prose);
		this.offset = inner.offset;
		this.held = inner.held;
		this.fence = inner.fence;
		this.code = [inner.code];
		this.flushed = inner.flushed;
	}

	/** The next piece of the turn. Returns what it decided, in the order of the text. */
	push(text: string): ScanEvent[] {
		this.events = [];
		if (text !== "") this.flushed = false;
		for (let i = 0; i < text.length; ) {
			const newline = text.indexOf("\n", i);
			const end = newline < 0 ? text.length : newline + 1;
			const piece = text.slice(i, end);
			i = end;
			const base = this.offset;
			this.offset += piece.length;
			if (this.fence === null) this.inProse(piece, base);
			else if (this.fence.run === 0) this.inTag(this.fence, piece);
			else this.inFence(this.fence, piece);
		}
		return this.events;
	}

	/**
	 * A segment, or the turn, ends here. A word or a closing fence that ends the text counts, though nothing stands behind
	 * it. An opening fence line without its newline is left open: it is one as soon as the newline comes.
	 */
	flush(): ScanEvent[] {
		this.events = [];
		this.flushed = true;
		if (this.fence === null) {
			if (this.held === null) this.events.push(...this.prose.flush(this.offset));
		} else if (this.held) {
			const at = this.fence.run === 0 ? closingTag(this.fence.close, this.held, true) : 0;
			if (this.fence.run === 0 ? at >= 0 : closes(this.fence, this.held, true)) {
				this.close(this.fence, this.offset - this.held.length + at, false);
			}
		}
		return this.events;
	}

	state(): ScanState {
		this.code = [this.code.join("")];
		const inner: Inner = {
			offset: this.offset,
			held: this.held,
			fence: this.fence,
			code: this.code[0]!,
			prose: this.prose.state(),
			flushed: this.flushed,
		};
		return inner;
	}

	/** Up to here everything is decided. Text behind it may still turn out to be a word or a fence line. */
	get settled(): number {
		if (this.flushed) return this.offset;
		return this.offset - (this.held?.length ?? 0) - (this.fence === null ? this.prose.heldBack : 0);
	}

	/** The block that is open at the end of the text, if any. */
	get open(): { readonly lang: string; readonly runnable: boolean } | undefined {
		return this.fence ? { lang: this.fence.lang, runnable: this.fence.runnable } : undefined;
	}

	private inProse(piece: string, base: number): void {
		const whole = piece.endsWith("\n");
		if (this.held === null) {
			this.events.push(...this.prose.feed(piece, base));
		} else {
			const line = this.held + piece;
			const start = base - this.held.length;
			const fence = whole ? opening(this.rules, line) : undefined;
			if (fence) {
				this.fence = fence;
				this.code = [];
				this.held = "";
				const { lang, runnable } = fence;
				this.events.push({ type: "fence-open", start, at: this.offset, lang, runnable });
				return;
			}
			if (!whole && mayOpen(this.rules, line)) {
				this.held = line;
				return;
			}
			this.held = null;
			this.events.push(...this.prose.feed(line, start));
		}
		if (whole) this.held = "";
	}

	private inFence(fence: OpenFence, piece: string): void {
		const whole = piece.endsWith("\n");
		if (this.held === null) {
			this.code.push(piece);
		} else {
			const line = this.held + piece;
			if (closes(fence, whole ? line.slice(0, -1) : line, whole)) {
				if (whole) this.close(fence, this.offset - line.length, true);
				else this.held = line;
				return;
			}
			let taken = 0;
			while (taken < fence.indent && line[taken] === " ") taken++;
			this.code.push(line.slice(taken));
			this.held = null;
		}
		if (whole) this.held = "";
	}

	private inTag(fence: OpenFence, piece: string): void {
		const whole = piece.endsWith("\n");
		const line = (this.held ?? "") + piece;
		const body = whole ? line.slice(0, -1) : line;
		const at = closingTag(fence.close, body, whole);
		if (at < 0) {
			this.code.push(line);
			this.held = "";
			return;
		}
		this.code.push(body.slice(0, at));
		if (whole) this.close(fence, this.offset - line.length + at, true);
		else this.held = body.slice(at);
	}

	private close(fence: OpenFence, start: number, newline: boolean): void {
		const text = this.code.join("");
		const code = fence.run === 0 ? unwrap(withoutLastIndent(text)) : text;
		this.events.push({
			type: "fence-close",
			start,
			at: this.offset,
			lang: fence.lang,
			runnable: fence.runnable,
			code,
		});
		this.fence = null;
		this.code = [];
		this.held = newline ? "" : null;
		this.prose.reset(newline);
	}
}

/** The white space before a closing tag on a line of its own is not code. */
function withoutLastIndent(code: string): string {
	let end = code.length;
	while (end > 0 && (code[end - 1] === " " || code[end - 1] === "\t")) end--;
	return end === 0 || code[end - 1] === "\n" ? code.slice(0, end) : code;
}
