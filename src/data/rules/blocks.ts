/**
 * The fenced blocks of a whole text. The same lines open and close a block as while it streamed (hints/fences.ts); only
 * lines that begin like a fence are looked at, so that this costs little more than finding the ends of lines.
 */
import { closes, closingTag, type FenceRules, fenceRules, opening } from "../../hints/fences.ts";
import type { FenceDialect } from "../../hints/marker.ts";

export type Block = {
	/** The opening line, and what follows the block. */
	readonly start: number;
	readonly end: number;
	/** What stands between. */
	readonly from: number;
	readonly to: number;
	readonly lang: string;
	readonly runnable: boolean;
	/** Written like the interpreter's output. */
	readonly output: boolean;
	/** By a line of its own, or by the output behind it. */
	readonly closed: boolean;
};

export type FenceShape = FenceRules & { readonly outputTags: readonly string[] };

const shapes = new WeakMap<FenceDialect, FenceShape>();

export function shapeOf(dialect: FenceDialect): FenceShape {
	let shape = shapes.get(dialect);
	if (!shape) {
		const rules = fenceRules(dialect);
		shape = { ...rules, outputTags: rules.tags.filter(({ runnable }) => !runnable).map(({ open }) => open) };
		shapes.set(dialect, shape);
	}
	return shape;
}

const SPACE = 32;
const BACKTICK = 96;
const TILDE = 126;
const LESS = 60;

export function blocksOf(text: string, cuts: readonly number[], shape: FenceShape): Block[] {
	const blocks: Block[] = [];
	let from = 0;
	for (const cut of cuts) {
		walk(text, from, cut, true, shape, blocks);
		from = cut;
	}
	walk(text, from, text.length, false, shape, blocks);
	return blocks;
}

function walk(
	text: string,
	begin: number,
	stop: number,
	outputFollows: boolean,
	shape: FenceShape,
	into: Block[],
): void {
	let at = begin;
	while (at < stop) {
		const lineEnd = endOf(text, at, stop);
		if (!looksLikeFence(text, at)) {
			at = lineEnd;
			continue;
		}
		const line = text.slice(at, lineEnd);
		const fence = opening(shape, line.endsWith("\n") ? line : `${line}\n`);
		if (!fence) {
			at = lineEnd;
			continue;
		}
		const close = fence.run === 0 ? tagClose : fenceClose;
		const found = close(text, lineEnd, stop, fence);
		const { lang, runnable } = fence;
		into.push({
			start: at,
			from: lineEnd,
			to: found?.to ?? stop,
			end: found?.end ?? stop,
			lang,
			runnable,
			output: !runnable && (lang === shape.outputLang || (fence.run === 0 && lang === "output")),
			closed: found !== undefined || outputFollows,
		});
		at = found?.end ?? stop;
	}
}

type Closing = { readonly to: number; readonly end: number };
type Fence = NonNullable<ReturnType<typeof opening>>;

function fenceClose(text: string, from: number, stop: number, fence: Fence): Closing | undefined {
	for (let at = from; at < stop; ) {
		const end = endOf(text, at, stop);
		if (looksLikeFence(text, at)) {
			const line = text.charCodeAt(end - 1) === 10 ? text.slice(at, end - 1) : text.slice(at, end);
			if (closes(fence, line, true)) return { to: at, end };
		}
		at = end;
	}
	return undefined;
}

/** A closing tag ends its line, so it is looked for from where it may stand and not line by line. */
function tagClose(text: string, from: number, stop: number, fence: Fence): Closing | undefined {
	for (let at = text.indexOf(fence.close, from); at >= 0 && at < stop; ) {
		const end = endOf(text, at, stop);
		const lineFrom = Math.max(from, text.lastIndexOf("\n", at) + 1);
		const line = text.slice(lineFrom, text.charCodeAt(end - 1) === 10 ? end - 1 : end);
		const tag = closingTag(fence.close, line, true);
		if (tag >= 0) return { to: lineFrom + tag, end };
		at = text.indexOf(fence.close, end);
	}
	return undefined;
}

/** Behind the newline of the line. */
function endOf(text: string, at: number, stop: number): number {
	const newline = text.indexOf("\n", at);
	return newline < 0 || newline >= stop ? stop : newline + 1;
}

function looksLikeFence(text: string, at: number): boolean {
	let first = at;
	while (first < at + 4 && text.charCodeAt(first) === SPACE) first++;
	const unit = text.charCodeAt(first);
	return unit === BACKTICK || unit === TILDE || unit === LESS;
}
