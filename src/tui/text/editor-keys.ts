/**
 * What keys mean to a text: those of shells (GNU Readline manual, "Bindable Readline Commands") and of common editors,
 * side by side. They are no commands of the screen and cannot be bound otherwise; a binding of the view that has the
 * field comes before them.
 */
import { chordOf, type Key } from "../term/input.ts";

export type Verb =
	| "newline"
	| "backspace"
	| "delete"
	| "left"
	| "right"
	| "up"
	| "down"
	| "line-start"
	| "line-end"
	| "text-start"
	| "text-end"
	| "word-left"
	| "word-right"
	| "cut-to-line-start"
	| "cut-to-line-end"
	| "cut-word-before"
	| "cut-word-after"
	| "yank"
	| "yank-earlier"
	| "undo"
	| "redo";

export type Action = Verb | { readonly type: string } | { readonly paste: string };

/** What keys do that write nothing; shift makes no difference to a named key. */
const VERBS: Readonly<Record<string, Verb>> = {
	enter: "newline",
	"alt+enter": "newline",
	"ctrl+j": "newline",
	backspace: "backspace",
	"ctrl+h": "backspace",
	delete: "delete",
	"ctrl+d": "delete",
	left: "left",
	"ctrl+b": "left",
	right: "right",
	"ctrl+f": "right",
	up: "up",
	down: "down",
	home: "line-start",
	"ctrl+a": "line-start",
	end: "line-end",
	"ctrl+e": "line-end",
	"ctrl+home": "text-start",
	"alt+<": "text-start",
	"ctrl+end": "text-end",
	"alt+>": "text-end",
	"ctrl+left": "word-left",
	"alt+left": "word-left",
	"alt+b": "word-left",
	"ctrl+right": "word-right",
	"alt+right": "word-right",
	"alt+f": "word-right",
	"ctrl+u": "cut-to-line-start",
	"ctrl+k": "cut-to-line-end",
	"ctrl+w": "cut-word-before",
	"alt+backspace": "cut-word-before",
	"ctrl+backspace": "cut-word-before",
	"alt+d": "cut-word-after",
	"alt+delete": "cut-word-after",
	"ctrl+delete": "cut-word-after",
	"ctrl+y": "yank",
	"alt+y": "yank-earlier",
	"ctrl+_": "undo",
	"ctrl+/": "undo",
	"alt+/": "redo",
	"alt+_": "redo",
	"ctrl+Z": "redo",
};

/** What a key means to an editor; undefined: nothing. */
export function actionOf(key: Key): Action | undefined {
	if (!key.ctrl && !key.alt && key.text !== undefined) return { type: key.text };
	return VERBS[chordOf(key.shift ? { ...key, shift: false } : key)];
}
