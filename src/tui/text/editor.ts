/**
 * A text editor as values: an `Editor` never changes, every key gives the next one. So any number of keys in one chunk are
 * all applied, each to what the one before it left.
 *
 * What always holds: the cursor stands between two graphemes; what was typed is in the text, byte for byte but for line
 * ends; undo gives the very text that was there, typed words being taken back one by one. Text that was cut away can be
 * put back: cuts in a row are one piece (GNU Readline manual, "Commands For Killing").
 */
import type { Key } from "../term/input.ts";
import { type Action, actionOf } from "./editor-keys.ts";
import {
	applied,
	type Change,
	endOf,
	inverse,
	type Lines,
	linesOf,
	type Position,
	replacing,
	textOfLines,
} from "./lines.ts";
import { cellsBetween, lookOf, rowOf, rowStarts } from "./soft-wrap.ts";
import { isSpace, wordEnd, wordStart } from "./words.ts";

/** A step of undo or redo; `joined`: it goes together with the next one taken back. */
type Step = {
	readonly change: Change;
	readonly cursor: Position;
	readonly joined: boolean;
	readonly rest: Step | undefined;
};

export type Editor = {
	readonly lines: Lines;
	readonly cursor: Position;
	/** The cell that up and down try to keep. */
	readonly goal: number | undefined;
	/** What was cut away, the latest first. */
	readonly ring: readonly string[];
	readonly undone: Step | undefined;
	readonly done: Step | undefined;
	/** What was done last, as far as the next action depends on it. */
	readonly last: Last;
};

type Last =
	| { readonly did: "other" }
	/** Typed; after a space the next letter begins a new step of undo. */
	| { readonly did: "type"; readonly space: boolean }
	| { readonly did: "erase" }
	| { readonly did: "cut" }
	| { readonly did: "yank"; readonly from: Position; readonly index: number };

const OTHER: Last = { did: "other" };
const RING = 32;

/** An editor of this text, with the cursor at its end. */
export function editorOf(text: string): Editor {
	const lines = linesOf(text);
	return {
		lines,
		cursor: endOf(lines),
		goal: undefined,
		ring: [],
		undone: undefined,
		done: undefined,
		last: OTHER,
	};
}

export function textOf(editor: Editor): string {
	return textOfLines(editor.lines);
}

/** The editor after a key; undefined: the key means nothing to an editor. `columns`: where rows are broken for up and down. */
export function keyed(editor: Editor, key: Key, columns = Number.POSITIVE_INFINITY): Editor | undefined {
	const action = actionOf(key);
	return action === undefined ? undefined : edit(editor, action, columns);
}

/** The editor after an action; the very same one where it could do nothing. */
export function edit(editor: Editor, action: Action, columns = Number.POSITIVE_INFINITY): Editor {
	if (typeof action === "object")
		return "type" in action ? type(editor, action.type) : put(editor, action.paste);
	const { cursor, lines } = editor;
	const line = lines[cursor.line]!;
	switch (action) {
		case "newline":
			return put(editor, "\n");
		case "backspace":
			return erase(editor, before(editor), cursor);
		case "delete":
			return erase(editor, cursor, after(editor));
		case "left":
			return moved(editor, before(editor));
		case "right":
			return moved(editor, after(editor));
		case "up":
			return toRow(editor, -1, columns);
		case "down":
			return toRow(editor, 1, columns);
		case "line-start":
			return moved(editor, { line: cursor.line, column: 0 });
		case "line-end":
			return moved(editor, { line: cursor.line, column: line.length });
		case "text-start":
			return moved(editor, { line: 0, column: 0 });
		case "text-end":
			return moved(editor, endOf(lines));
		case "word-left":
			return moved(editor, wordBefore(editor));
		case "word-right":
			return moved(editor, wordAfter(editor));
		case "cut-to-line-start":
			return cut(editor, cursor.column === 0 ? before(editor) : { line: cursor.line, column: 0 }, cursor);
		case "cut-to-line-end":
			return cut(
				editor,
				cursor,
				cursor.column === line.length ? after(editor) : { line: cursor.line, column: line.length },
			);
		case "cut-word-before":
			return cut(editor, wordBefore(editor), cursor);
		case "cut-word-after":
			return cut(editor, cursor, wordAfter(editor));
		case "yank":
			return yank(editor, editor.cursor, 0);
		case "yank-earlier":
			return editor.last.did === "yank" ? yank(editor, editor.last.from, editor.last.index + 1) : editor;
		case "undo":
			return undo(editor);
		case "redo":
			return redo(editor);
	}
}

/** The editor with its cursor at a place, or as near to it as there is text. */
export function placed(editor: Editor, { line, column }: Position): Editor {
	const number = Math.max(0, Math.min(line, editor.lines.length - 1));
	return moved(editor, {
		line: number,
		column: Math.max(0, Math.min(column, editor.lines[number]!.length)),
	});
}

const same = (a: Position, b: Position): boolean => a.line === b.line && a.column === b.column;

/** The place a grapheme before the cursor, a line end being one. */
function before({ lines, cursor: { line, column } }: Editor): Position {
	if (column > 0) return { line, column: column - 1 };
	return line === 0 ? { line, column } : { line: line - 1, column: lines[line - 1]!.length };
}

function after({ lines, cursor: { line, column } }: Editor): Position {
	if (column < lines[line]!.length) return { line, column: column + 1 };
	return line === lines.length - 1 ? { line, column } : { line: line + 1, column: 0 };
}

function wordBefore(editor: Editor): Position {
	const { line, column } = editor.cursor;
	return column === 0 ? before(editor) : { line, column: wordStart(editor.lines[line]!, column) };
}

function wordAfter(editor: Editor): Position {
	const { line, column } = editor.cursor;
	const graphemes = editor.lines[line]!;
	return column === graphemes.length ? after(editor) : { line, column: wordEnd(graphemes, column) };
}

function moved(editor: Editor, cursor: Position): Editor {
	if (same(cursor, editor.cursor) && editor.goal === undefined && editor.last === OTHER) return editor;
	return { ...editor, cursor, goal: undefined, last: OTHER };
}

/** A row up or down, at the cell where the first of such moves began. */
function toRow(editor: Editor, step: 1 | -1, columns: number): Editor {
	const { lines, cursor } = editor;
	let line = lines[cursor.line]!;
	let starts = rowStarts(line, columns);
	let row = rowOf(starts, cursor.column);
	const goal = editor.goal ?? cellsBetween(line, starts[row]!, cursor.column);
	let number = cursor.line;
	row += step;
	if (row < 0 || row >= starts.length) {
		number += step;
		const next = lines[number];
		if (next === undefined) return editor;
		line = next;
		starts = rowStarts(line, columns);
		row = step > 0 ? 0 : starts.length - 1;
	}
	// The end of a row that another one follows is the beginning of that one.
	const next = starts[row + 1];
	const limit = next === undefined ? line.length : next - 1;
	let column = starts[row]!;
	for (let cells = 0; column < limit; column++) {
		cells += lookOf(line[column]!).cells;
		if (cells > goal) break;
	}
	return { ...editor, cursor: { line: number, column }, goal, last: OTHER };
}

/** Puts text in the place of a part; undone together with the change before it where `joined`. */
function replaced(
	editor: Editor,
	from: Position,
	to: Position,
	text: string,
	last: Last,
	joined = false,
): Editor {
	const { change, end } = replacing(editor.lines, from, to, text);
	return {
		lines: applied(editor.lines, change),
		cursor: end,
		goal: undefined,
		ring: editor.ring,
		done: { change, cursor: editor.cursor, joined, rest: editor.done },
		undone: undefined,
		last,
	};
}

function type(editor: Editor, text: string): Editor {
	if (text === "") return editor;
	const { last, cursor } = editor;
	const space = isSpace(text);
	const joined = last.did === "type" && (space || !last.space);
	return replaced(editor, cursor, cursor, text, { did: "type", space }, joined);
}

function put(editor: Editor, text: string): Editor {
	return text === "" ? editor : replaced(editor, editor.cursor, editor.cursor, text, OTHER);
}

function erase(editor: Editor, from: Position, to: Position): Editor {
	if (same(from, to)) return editor;
	return replaced(editor, from, to, "", { did: "erase" }, editor.last.did === "erase");
}

function cut(editor: Editor, from: Position, to: Position): Editor {
	if (same(from, to)) return editor;
	const text = textBetween(editor.lines, from, to);
	const [latest, ...earlier] = editor.ring;
	const goesOn = editor.last.did === "cut" && latest !== undefined;
	const isBefore = same(to, editor.cursor);
	const ring = goesOn ? [isBefore ? text + latest : latest + text, ...earlier] : [text, ...editor.ring];
	return { ...replaced(editor, from, to, "", { did: "cut" }), ring: ring.slice(0, RING) };
}

function textBetween(lines: Lines, from: Position, to: Position): string {
	if (from.line === to.line) return lines[from.line]!.slice(from.column, to.column).join("");
	return textOfLines([
		lines[from.line]!.slice(from.column),
		...lines.slice(from.line + 1, to.line),
		lines[to.line]!.slice(0, to.column),
	]);
}

/** Puts back what was cut; a second time in place of the first, with what was cut before that. */
function yank(editor: Editor, from: Position, index: number): Editor {
	const text = editor.ring[index % Math.max(1, editor.ring.length)];
	if (text === undefined) return editor;
	return replaced(editor, from, editor.cursor, text, { did: "yank", from, index });
}

function undo(editor: Editor): Editor {
	let { lines, cursor, done, undone } = editor;
	if (done === undefined) return editor;
	for (let more = true; more && done !== undefined; ) {
		const { change, joined, rest }: Step = done;
		lines = applied(lines, inverse(change));
		undone = { change, cursor, joined, rest: undone };
		cursor = done.cursor;
		done = rest;
		more = joined;
	}
	return { ...editor, lines, cursor, goal: undefined, done, undone, last: OTHER };
}

function redo(editor: Editor): Editor {
	let { lines, cursor, done, undone } = editor;
	if (undone === undefined) return editor;
	do {
		const { change, joined, rest }: Step = undone;
		lines = applied(lines, change);
		done = { change, cursor, joined, rest: done };
		cursor = undone.cursor;
		undone = rest;
	} while (undone?.joined);
	return { ...editor, lines, cursor, goal: undefined, done, undone, last: OTHER };
}
