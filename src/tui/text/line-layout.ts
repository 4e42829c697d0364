/**
 * Lays a growing text out in lines: where each begins, and of what kind it is.
 *
 * What always holds: the table depends on the text, its kinds, the titles and the width alone, not on the pieces in which
 * they came. A piece costs what it is long: only the last character is laid out again, because it may become another
 * one, and the line that turns out to be a fence (or not to be one), which is short.
 */
import type { FenceRules } from "../../hints/fences.ts";
import { clusterEnd, settledEnd, soloCells } from "./clusters.ts";
import { FenceLines } from "./fence-lines.ts";
import { Flow } from "./flow.ts";
import { LineTable } from "./line-table.ts";
import type { TextStore } from "./text-store.ts";

export type LineKind = "model" | "code" | "hint" | "output" | "failure" | "edit" | "title";
/** What text may be put in as. */
export type TextKind = Exclude<LineKind, "title" | "code">;

const KINDS: readonly LineKind[] = ["model", "code", "hint", "output", "failure", "edit", "title"];
const WHAT = Object.fromEntries(KINDS.map((kind, what) => [kind, what])) as Readonly<
	Record<LineKind, number>
>;
const KIND_BITS = 7;
const CONTINUED = 8;
const NEWLINE = 0x0a;

export class LineLayout {
	readonly #store: TextStore;
	readonly #table = new LineTable();
	readonly #fences: FenceLines;
	#flow: Flow;
	/** How far the text is laid out. */
	#laid = 0;
	/** Who wrote last, and what lines of it are. */
	#kind: TextKind | undefined;
	#what = WHAT.model;
	/** Where the line (as yet unwrapped, of one writer) begins: in the text, and in the table. */
	#lineAt = 0;
	#lineRow = 0;
	/** What may yet become another character, and how things stood before it. */
	#tail = "";
	#before: Flow;
	#beforeRows = 0;

	constructor(store: TextStore, columns: number, rules: FenceRules) {
		this.#store = store;
		this.#fences = new FenceLines(rules);
		this.#flow = new Flow(columns);
		this.#before = new Flow(columns);
	}

	get length(): number {
		return this.#table.length;
	}

	/** Where a line begins. */
	start(n: number): number {
		return this.#table.start(n);
	}

	kind(n: number): LineKind {
		return KINDS[this.#table.what(n) & KIND_BITS]!;
	}

	/** Whether it is wrapped on from the line before. */
	continued(n: number): boolean {
		return (this.#table.what(n) & CONTINUED) !== 0;
	}

	/** The first line that begins at the offset or behind it; as many as there are where none does. */
	firstFrom(offset: number): number {
		return this.#table.firstFrom(offset);
	}

	/** Text that the store has already. `isNew`: it begins a line, whatever stands before. */
	text(kind: TextKind, text: string, isNew: boolean): void {
		if (isNew) {
			if (this.#kind !== undefined && this.#kind !== kind) this.#fences.turn(this.#laid);
			this.#newLine();
		}
		this.#kind = kind;
		for (let at = 0; at < text.length; ) {
			const found = text.indexOf("\n", at);
			const end = found < 0 ? text.length : found + 1;
			this.#piece(kind, at === 0 && end === text.length ? text : text.slice(at, end));
			at = end;
		}
	}

	/** A line without text; gives back its number. */
	title(): number {
		this.#table.push(this.#laid, WHAT.title);
		this.#newLine();
		return this.#table.length - 1;
	}

	/** Forgets everything from the beginning of a line of the text on, titles that stand there too. */
	back(lineStart: number): void {
		this.#table.cut(this.#table.firstFrom(lineStart));
		this.#fences.back(lineStart);
		this.#laid = lineStart;
		this.#kind = undefined;
		this.#newLine();
	}

	/** Forgets everything, for lines of another width. */
	widen(columns: number): void {
		this.#flow = new Flow(columns);
		this.#before = new Flow(columns);
		this.back(0);
	}

	/** A piece of one line, its newline at most at the end. */
	#piece(kind: TextKind, piece: string): void {
		const code = this.#fences.feed(piece, this.#laid);
		const what = kind === "model" && code ? WHAT.code : WHAT[kind];
		if (what !== this.#what && this.#laid > this.#lineAt) {
			// The line turns out to be another thing than it looked like.
			const again = this.#store.slice(this.#lineAt, this.#laid);
			this.#laid = this.#lineAt;
			this.#table.cut(this.#lineRow);
			this.#tail = "";
			this.#what = what;
			this.#wrap(again);
		}
		this.#what = what;
		this.#wrap(piece);
		if (piece.charCodeAt(piece.length - 1) === NEWLINE) this.#newLine();
	}

	#newLine(): void {
		this.#tail = "";
		this.#lineAt = this.#laid;
		this.#lineRow = this.#table.length;
	}

	#wrap(piece: string): void {
		if (this.#tail !== "") {
			this.#flow.set(this.#before);
			this.#table.cut(this.#beforeRows);
		}
		const text = this.#tail + piece;
		const base = this.#laid - this.#tail.length;
		const settled = this.#put(text, 0, base, settledEnd(text));
		this.#tail = text.slice(settled);
		if (this.#tail !== "") {
			this.#before.set(this.#flow);
			this.#beforeRows = this.#table.length;
			this.#put(text, settled, base, text.length + 1);
		}
		this.#laid += piece.length;
	}

	/** Puts characters on lines up to the first that ends at `limit` or behind it; gives back where that begins. */
	#put(text: string, from: number, base: number, limit: number): number {
		const flow = this.#flow;
		const what = this.#what;
		const hard = what === WHAT.code || what === WHAT.output || what === WHAT.failure;
		let at = from;
		while (at < text.length) {
			const unit = text.charCodeAt(at);
			let end = at + 1;
			const cells = end < limit && end < text.length ? soloCells(unit, text.charCodeAt(end)) : 0;
			if (cells === 0) {
				end = clusterEnd(text, at);
				if (end >= limit) break;
			}
			const first = base + at === this.#lineAt;
			if (first) {
				this.#table.push(base + at, what);
				flow.begin(base + at);
			}
			if (cells === 0 && text.charCodeAt(end - 1) === NEWLINE) return end;
			const began =
				cells === 0
					? flow.take(text.slice(at, end), base + at, hard)
					: flow.put(base + at, unit, cells, hard);
			if (began > 0) this.#table.push(flow.first, what | CONTINUED);
			if (began > 1) this.#table.push(flow.second, what | CONTINUED);
			at = end;
		}
		return at;
	}
}
