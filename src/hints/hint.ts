/**
 * What the library is made of, once it is read and found good: hints, the frames that put a wording into the stream, and
 * fence dialects. Files in hints/*.yaml hold the same fields; hints/hints.schema.json says what each may be.
 */
import type { Domain } from "../trace/events.ts";
import type { FenceDialect, MarkerKind } from "./marker.ts";

export const MARKER_KINDS: readonly MarkerKind[] = ["after-word", "before-code", "before-end"];

/** For each marker the text that goes in, with `{{newline}}`, `{{wording}}`, `{{open}}` and `{{template}}` to be filled. */
export type Frames = Readonly<Record<MarkerKind, string>>;

export type LayerName = "built-in" | "user" | "project";

/** A folder of hint files, or one file. A later layer overrides an earlier one, hint by hint. */
export type Layer = {
	readonly name: LayerName;
	readonly dir: string;
	/** Only its frames and dialects count. */
	readonly withoutHints?: true;
};

export type Origin = { readonly layer: LayerName; readonly file: string; readonly line: number };

export type Hint = {
	readonly id: string;
	/** What it is for: "self-reflection", "debug", ... A person can veto a whole kind. */
	readonly kind: string;
	readonly domain: Domain | "any";
	readonly markers: readonly MarkerKind[];
	/** How likely it is to be drawn, against the other hints that fit. */
	readonly weight: number;
	/** `code`: the hint ends in an opened fence, so that code follows at once. */
	readonly opens: "code" | "none";
	/** Fragments that begin in lower case and end without a full stop: the frame brings what stands around them. */
	readonly wordings: readonly string[];
	/** Code that the opened block begins with. */
	readonly template?: string;
	/** Frames of its own, where it has them. */
	readonly frames?: Partial<Frames>;
	readonly note?: string;
	readonly origin: Origin;
};

export type Diagnostic = {
	readonly file: string;
	/** From 1. */
	readonly line: number;
	readonly column: number;
	/** A file with errors is not used as it is; a warning is only said. */
	readonly severity: "error" | "warning";
	readonly message: string;
};

export type Library = {
	readonly hints: readonly Hint[];
	readonly frames: Frames;
	readonly dialects: ReadonlyMap<string, FenceDialect>;
	readonly problems: readonly Diagnostic[];
};

/** `file:line:column: what is wrong`, as editors and terminals make it a link. */
export function sayDiagnostic(one: Diagnostic): string {
	return `${one.file}:${one.line}:${one.column}: ${one.severity === "warning" ? "warning: " : ""}${one.message}`;
}

/** The files of the library cannot be used as they are. */
export class LibraryError extends Error {
	override readonly name = "LibraryError";
	readonly problems: readonly Diagnostic[];
	constructor(message: string, problems: readonly Diagnostic[] = []) {
		super(message);
		this.problems = problems;
	}
}
