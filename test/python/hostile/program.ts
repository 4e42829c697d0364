/** A hostile or careless program, and what must hold when it runs as a block. */
import type { BlockVerdict, Limits } from "../../../src/python/interpreter.ts";

export type Hostile = {
	readonly name: string;
	readonly code: string;
	readonly limits?: Partial<Limits>;
	/** One of these. */
	readonly verdict: readonly BlockVerdict[];
	/** What the model is shown. */
	readonly text?: RegExp;
	readonly notText?: RegExp;
	/** Whether the names of earlier blocks must survive; left out: either. */
	readonly keepsState?: boolean;
	/** A block run in the same session afterwards, and what it must show; left out: `1 + 1` shows 2. */
	readonly afterwards?: { readonly code: string; readonly text: RegExp };
};
