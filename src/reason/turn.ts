/**
 * The assistant's turn while it grows: what was accepted, as an engine is to continue it, and what was received but
 * is not decided yet.
 *
 * Invariants: `prefix().text` is header + accepted spans, always; ids stand for exactly that text or are absent.
 * Text that an engine handed over is either accepted once or cut away once, on purpose, by a hint or a block.
 */
import type { Prefix, Span } from "../trace/span.ts";

/** Received text with its ids, not yet accepted. */
type Piece = { readonly text: string; readonly ids?: readonly number[]; readonly lens?: readonly number[] };

/** A run of accepted text, ready to be journaled. */
export type Accepted = {
	readonly text: string;
	readonly ids?: readonly number[];
	readonly lens?: readonly number[];
};

/** Tokenises a text that starts at a boundary the trace forces (a cut, a hint, an output); undefined where the engine has no ids. */
export type Tokenize = (text: string) => Promise<readonly number[] | undefined>;

export class Turn {
	readonly header: Prefix;
	#text = "";
	#ids: number[] | undefined;
	/** Received behind `#text`. */
	#pending: Piece[] = [];
	#pendingLength = 0;

	constructor(header: Prefix, spans: readonly Span[] = []) {
		this.header = header;
		this.#ids = header.ids ? [...header.ids] : undefined;
		for (const span of spans) this.#grow(span);
	}

	/** Accepted text of the assistant. */
	get text(): string {
		return this.#text;
	}

	/** Offset behind everything received, accepted or not. */
	get receivedLength(): number {
		return this.#text.length + this.#pendingLength;
	}

	get pendingText(): string {
		return this.#pending.map((piece) => piece.text).join("");
	}

	/** The last units received, accepted or not. */
	lastReceived(length: number): string {
		const pending = this.pendingText;
		if (pending.length >= length) return pending.slice(pending.length - length);
		return this.#text.slice(Math.max(0, this.#text.length - (length - pending.length))) + pending;
	}

	prefix(): Prefix {
		const text = this.header.text + this.#text;
		return this.#ids ? { text, ids: this.#ids.slice() } : { text };
	}

	/** Tokens of the prefix, where they are known. */
	get tokenCount(): number | undefined {
		return this.#ids?.length;
	}

	receive(piece: Piece): void {
		if (piece.text === "" && !piece.ids?.length) return;
		this.#pending.push(piece);
		this.#pendingLength += piece.text.length;
	}

	/**
	 * Accepts received text up to `offset`, in whole tokens: a token that reaches past it stays pending.
	 * Ids that complete no character stay with the id that does.
	 */
	settle(offset: number): Accepted | undefined {
		const taken: Piece[] = [];
		let end = this.#text.length;
		while (this.#pending.length > 0) {
			const piece = this.#pending[0] as Piece;
			if (end + piece.text.length <= offset && !endsInside(piece)) {
				taken.push(piece);
				end += piece.text.length;
				this.#pending.shift();
				continue;
			}
			const [head, tail] = split(piece, offset - end);
			if (head) taken.push(head);
			if (tail) this.#pending[0] = tail;
			else this.#pending.shift();
			break;
		}
		return this.#accept(taken);
	}

	/** Accepts everything received. */
	settleAll(): Accepted | undefined {
		const taken = this.#pending;
		this.#pending = [];
		return this.#accept(taken);
	}

	/**
	 * Accepts up to `offset` and throws the rest of what was received away. A token that the cut goes through gives
	 * its head back as text, tokenised anew, so that ids and text keep agreeing.
	 * With `wholeTokens`, a token whose remainder is white space is kept whole (a closing fence often shares a token
	 * with the newlines behind it: serving reference, section 7).
	 */
	async cut(offset: number, tokenize: Tokenize, wholeTokens = false): Promise<Accepted | undefined> {
		const settled = this.settle(offset);
		const parts: Piece[] = settled ? [settled] : [];
		const rest = this.#pending;
		const missing = offset - this.#text.length;
		if (missing > 0) {
			let tail = "";
			let ids: readonly number[] | undefined;
			const lens: number[] = [];
			for (const piece of rest) {
				const [head] = firstTokens(piece, missing - tail.length);
				tail += head.text;
				ids = head.ids && (lens.length === 0 || ids) ? [...(ids ?? []), ...head.ids] : undefined;
				lens.push(...(head.lens ?? []));
				if (tail.length >= missing) break;
			}
			const over = tail.slice(missing);
			if (wholeTokens && ids && over.trim() === "") parts.push(this.#now({ text: tail, ids, lens }));
			else {
				const text = tail.slice(0, missing);
				const fresh = this.#ids ? await tokenize(text) : undefined;
				parts.push(this.#now(fresh ? { text, ids: fresh } : { text }));
			}
		}
		this.#pending = [];
		this.#pendingLength = 0;
		return join(parts);
	}

	/** Throws away what was received and not accepted. */
	drop(): void {
		this.#pending = [];
		this.#pendingLength = 0;
	}

	/** Appends text that somebody other than the sampler wrote. Nothing may be pending. */
	append(piece: Piece): void {
		if (this.#pendingLength > 0)
			throw new Error("a span may not be appended while received text is undecided");
		this.#grow(piece);
	}

	#accept(taken: readonly Piece[]): Accepted | undefined {
		for (const piece of taken) {
			this.#pendingLength -= piece.text.length;
			this.#grow(piece);
		}
		return join(taken);
	}

	#now(piece: Piece): Piece {
		this.#grow(piece);
		return piece;
	}

	#grow(piece: Piece): void {
		this.#text += piece.text;
		if (this.#ids && piece.ids) for (const id of piece.ids) this.#ids.push(id);
		else if (piece.text !== "") this.#ids = undefined;
	}
}

/** True when the last ids of a piece complete no character yet. */
function endsInside(piece: Piece): boolean {
	return piece.lens !== undefined && piece.lens.length > 0 && piece.lens.at(-1) === 0;
}

/** The whole tokens within the first `length` units, and the rest. Without `lens` a piece with ids is one unit. */
function split(piece: Piece, length: number): [Piece | undefined, Piece | undefined] {
	if (length <= 0) return [undefined, piece];
	if (!piece.ids) {
		if (length >= piece.text.length) return [piece, undefined];
		return [{ text: piece.text.slice(0, length) }, { text: piece.text.slice(length) }];
	}
	if (!piece.lens) return [undefined, piece];
	let count = 0;
	let whole = 0;
	let reached = 0;
	for (const [index, units] of piece.lens.entries()) {
		if (reached + units > length) break;
		reached += units;
		if (units > 0) {
			count = index + 1;
			whole = reached;
		}
	}
	if (count === 0) return [undefined, piece];
	const head = {
		text: piece.text.slice(0, whole),
		ids: piece.ids.slice(0, count),
		lens: piece.lens.slice(0, count),
	};
	if (count === piece.ids.length) return [head, undefined];
	return [
		head,
		{ text: piece.text.slice(whole), ids: piece.ids.slice(count), lens: piece.lens.slice(count) },
	];
}

/** The fewest tokens of a piece that reach `length` units (all of it where it is shorter). */
function firstTokens(piece: Piece, length: number): [Piece] {
	if (!piece.ids || !piece.lens) return [piece];
	let reached = 0;
	for (const [index, units] of piece.lens.entries()) {
		reached += units;
		if (reached >= length)
			return [
				{
					text: piece.text.slice(0, reached),
					ids: piece.ids.slice(0, index + 1),
					lens: piece.lens.slice(0, index + 1),
				},
			];
	}
	return [piece];
}

function join(pieces: readonly Piece[]): Accepted | undefined {
	if (pieces.length === 0) return undefined;
	if (pieces.length === 1) return pieces[0];
	const text = pieces.map((piece) => piece.text).join("");
	if (!pieces.every((piece) => piece.ids)) return { text };
	const ids = pieces.flatMap((piece) => piece.ids as readonly number[]);
	if (!pieces.every((piece) => piece.lens)) return { text, ids };
	return { text, ids, lens: pieces.flatMap((piece) => piece.lens as readonly number[]) };
}
