/** What a theme says: a style for each meaning. Meanings are told apart by a text mark too, so that no style is needed. */

export const TOKENS = [
	/** The model's own words. */
	"text",
	/** What stands back: hints for keys, times, counts. */
	"dim",
	/** Names of panes and dialogs; and of the one that has the focus. */
	"title",
	"title-focus",
	/** The rule between panes. */
	"rule",
	/** Keys where they are named. */
	"key",
	"code",
	"hint",
	"output",
	/** A block or output that failed. */
	"failure",
	"edit",
	/** Title lines in the thinking ("[hint after Wait ...]"), by what they are of. */
	"hint-title",
	"output-title",
	"edit-title",
	/** A hint proposed and waiting; one vetoed. */
	"pending",
	"vetoed",
	"marker",
	/** Verdicts. */
	"correct",
	"wrong",
	"unknown",
	/** Messages. */
	"info",
	"warning",
	"error",
	/** The selected line of a list or of the thinking; the same where its pane has no focus. */
	"selected",
	"selected-dim",
	/** A search hit; the one that the cursor is on. */
	"match",
	"match-current",
	/** The status line, and what stands out in it. */
	"status",
	"status-strong",
	/** A sheet that lies over the panes (palette, help, a list), and a text field in it. */
	"sheet",
	"field",
	/** Who runs Python: the model, the person. */
	"by-model",
	"by-person",
] as const;

export type Token = (typeof TOKENS)[number];

/** `#rrggbb`, one of the terminal's own 16 by name ("cyan", "bright-black"), or "default": the same as none. */
export type Colour = string;

export type Style = {
	readonly fg?: Colour;
	readonly bg?: Colour;
	readonly bold?: boolean;
	readonly dim?: boolean;
	readonly italic?: boolean;
	readonly underline?: boolean;
	readonly inverse?: boolean;
	readonly strike?: boolean;
};

export type Theme = {
	/** Its file's name without ".json". */
	readonly id: string;
	readonly name: string;
	readonly kind: "dark" | "light" | "any";
	readonly styles: Readonly<Partial<Record<Token, Style>>>;
};

/**
 * Draws pieces of a row. What always holds: a painted piece takes back exactly what it set (39, 49, 22, ..., never a bare
 * 0), so that pieces stand side by side without disturbing each other. A row is painted pieces joined, then at most laid
 * `over` a ground; painting text that is painted already would end the outer style where the inner one ends.
 */
export interface Paint {
	readonly theme: Theme;
	/** Puts a token's SGR before text and takes back exactly that after it; text holds no control characters. */
	(token: Token, text: string): string;
	/** Lays a row of painted pieces over a token's style (selected, status, sheet, field): what a piece takes back becomes the token's again, what a piece sets itself stays. Rows can be laid over one another. */
	over(token: Token, row: string): string;
}
