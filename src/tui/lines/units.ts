/**
 * A trace as what is read aloud of it: sentences and lines of the model, lines of its code, and hints, outputs and edits
 * whole. Each has a number, by which a person rewinds or reads on.
 *
 * What always holds: the units of a text are the same however it came, piece by piece or at once, as long as its spans are
 * the same; they lie in the order of the text and never overlap; white space and the fences of code between them belong to
 * none. Only `open` changes, until it is one of `all`.
 */
import { closes, closingTag, type FenceRules, mayOpen, type OpenFence, opening } from "../../hints/fences.ts";
import type { Span, SpanKind } from "../../trace/span.ts";
import { firstSentence } from "./sentences.ts";

export type UnitKind = "prose" | "code" | "hint" | "output" | "edit";

export type Unit = {
	/** From 1. */
	readonly number: number;
	readonly kind: UnitKind;
	/** In the trace's text. */
	readonly from: number;
	readonly to: number;
	readonly text: string;
	/** Of code: the how-many-th fence of the trace, and the how-many-th block that runs; 0 for one that does not. */
	readonly fence?: number;
	readonly block?: number;
};

export class Units {
	readonly #rules: FenceRules;
	readonly #units: Unit[] = [];
	#writer: SpanKind | undefined;
	#length = 0;
	/** Where the unit that grows begins, and the text of it: it always ends at `length`. */
	#from = 0;
	#text = "";
	/** The line so far, whoever wrote it, while it may be one that opens or closes a block. */
	#head: string | undefined = "";
	#fence: OpenFence | undefined;
	#fences = 0;
	#blocks = 0;

	constructor(rules: FenceRules) {
		this.#rules = rules;
	}

	/** Those that will not change any more. */
	get all(): readonly Unit[] {
		return this.#units;
	}

	/** The one that grows, as far as it is known to be read: what may yet be a fence is not. */
	get open(): Unit | undefined {
		if (this.#text.trim() === "") return undefined;
		const head = this.#head ?? "";
		if (this.#fence ? this.#ends(this.#fence, head) : this.#head !== undefined && mayOpen(this.#rules, head))
			return undefined;
		return this.#unit(this.#fence ? "code" : "prose", this.#text, this.#length);
	}

	/** Of the text so far. */
	get length(): number {
		return this.#length;
	}

	show(spans: readonly Span[]): void {
		for (const { kind, text } of spans) this.push(kind, text);
	}

	push(writer: SpanKind, text: string): void {
		if (text === "") return;
		if (writer !== "model" || this.#writer !== "model") this.#turn();
		this.#writer = writer;
		for (let at = 0; at < text.length; ) {
			const newline = text.indexOf("\n", at);
			const end = newline < 0 ? text.length : newline + 1;
			this.#piece(text.slice(at, end), writer === "model");
			at = end;
		}
		if (writer !== "model") {
			this.#length = this.#from + text.length;
			this.#text = text;
			this.#add(writer, this.#length);
		}
	}

	/** Of one line; only its last unit may be a newline. */
	#piece(piece: string, byModel: boolean): void {
		const whole = piece.endsWith("\n");
		if (byModel) {
			this.#length += piece.length;
			this.#text += piece;
		}
		if (this.#head !== undefined) this.#head += piece;
		const head = this.#head;
		if (whole) this.#head = "";
		if (this.#fence) this.#code(this.#fence, head ?? "", whole, byModel);
		else if (whole) {
			const fence = head === undefined ? undefined : opening(this.#rules, head);
			if (fence) this.#opens(fence);
			else if (byModel) this.#sentences(true);
		} else if (head === undefined || !mayOpen(this.#rules, head)) {
			this.#head = undefined;
			if (byModel) this.#sentences(false);
		}
	}

	#opens(fence: OpenFence): void {
		this.#fence = fence;
		this.#fences++;
		if (fence.runnable) this.#blocks++;
		this.#text = "";
	}

	/** In a block each line is a unit. */
	#code(fence: OpenFence, line: string, whole: boolean, byModel: boolean): void {
		if (!whole) return;
		const body = line.slice(0, -1);
		const closed = this.#ends(fence, body);
		if (byModel) {
			const left = closed ? this.#before(fence, body) : this.#text.slice(0, -1);
			if (left.trim() !== "") this.#add("code", this.#length - this.#text.length + left.length);
			this.#text = "";
		}
		if (closed) this.#fence = undefined;
	}

	/** What stands of code before a closing tag in the same line. */
	#before(fence: OpenFence, body: string): string {
		if (fence.run > 0) return "";
		const tail = body.length - closingTag(fence.close, body, true);
		return this.#text.slice(0, Math.max(0, this.#text.trimEnd().length - tail));
	}

	#ends(fence: OpenFence, body: string): boolean {
		return fence.run === 0 ? closingTag(fence.close, body, true) >= 0 : closes(fence, body, true);
	}

	#sentences(whole: boolean): void {
		for (let end = firstSentence(this.#text); end > 0; end = firstSentence(this.#text))
			this.#add("prose", this.#length - this.#text.length + end);
		if (whole && this.#text.trim() !== "") this.#add("prose", this.#length);
	}

	/** Somebody else writes on: what grew is done, and a closing line need not wait for its newline. */
	#turn(): void {
		const fence = this.#fence;
		if (fence && this.#head !== undefined && this.#ends(fence, this.#head)) {
			const left = this.#before(fence, this.#head);
			if (left.trim() !== "") this.#add("code", this.#length - this.#text.length + left.length);
			this.#fence = undefined;
			this.#head = undefined;
		} else if (this.#text.trim() !== "") this.#add(fence ? "code" : "prose", this.#length);
		this.#from = this.#length;
		this.#text = "";
	}

	#add(kind: UnitKind, to: number): void {
		const text = this.#text.slice(0, this.#text.length - (this.#length - to));
		this.#units.push(this.#unit(kind, text, to));
		this.#text = this.#text.slice(text.length);
		this.#from = to;
	}

	#unit(kind: UnitKind, text: string, to: number): Unit {
		const number = this.#units.length + 1;
		// A sentence stands alone; the indentation of code means something.
		const read = kind === "code" ? text.replace(/\s+$/, "") : text.trim();
		const unit = { number, kind, from: this.#from, to, text: read };
		if (kind !== "code") return unit;
		return { ...unit, fence: this.#fences, block: this.#fence?.runnable ? this.#blocks : 0 };
	}
}
