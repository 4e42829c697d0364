/**
 * Where a hint may go. Offsets are UTF-16 units from the start of the assistant's text (the header is not counted).
 */
export type MarkerKind = "after-word" | "before-code" | "before-end";

export type Marker = {
	readonly kind: MarkerKind;
	/** Where the hint would be inserted: everything before it stays, everything after it was not yet accepted. */
	readonly at: number;
	/** The reflection word, for `after-word` (as written: "Wait"). */
	readonly word?: string;
	/** The how-many-th marker of its kind in this trace, from 0. */
	readonly index: number;
};

/** What the scanner finds in a stream of text. */
export type ScanEvent =
	/** A reflection word in prose at a line or sentence start, with a word boundary seen behind it. `at` is the offset after the word. */
	| { readonly type: "word"; readonly word: string; readonly start: number; readonly at: number }
	/** A whole opening fence line. `start` is the offset of the line, `at` the offset after its newline. */
	| {
			readonly type: "fence-open";
			readonly start: number;
			readonly at: number;
			readonly lang: string;
			readonly runnable: boolean;
	  }
	/** A whole closing fence line (or the end of text right behind it). `code` is what stands between. `at` is after the newline. */
	| {
			readonly type: "fence-close";
			readonly start: number;
			readonly at: number;
			readonly lang: string;
			readonly runnable: boolean;
			readonly code: string;
	  };

/** Plain data: what a scanner must know to go on in another process or after a reload. */
export type ScanState = { readonly offset: number; readonly [field: string]: unknown };

export type ScanConfig = {
	/** Reflection words, as written at a sentence start. Empty: none are looked for. */
	readonly words: readonly string[];
	/** The id of a fence dialect (`hints/dialects.yaml`), with its opening and closing given as data. */
	readonly dialect: FenceDialect;
};

/** How a model writes code and is shown its output: data, not branches (peers: CoRT/Qwen, ToRA, OpenMath, ReTool, ...). */
export type FenceDialect = {
	readonly id: string;
	/** What a whole opening line says; "```python" means a line of at least these backticks with that info string. */
	readonly codeOpen: string;
	readonly codeClose: string;
	/** Info strings, lower case, whose blocks run ("python", "py", "python3"). Empty: every block opened by `codeOpen` runs. */
	readonly languages: readonly string[];
	/** Put before and after the interpreter's text, each with its newlines. */
	readonly outputOpen: string;
	readonly outputClose: string;
	/** Said after the last output the trace may have. */
	readonly callsUsedUp: string;
};
