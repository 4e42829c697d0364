/**
 * What a fence line is, for one dialect: opening lines (backticks, tildes, or tags given as data) and their closing lines.
 * Pure functions of one line. The shape of backtick and tilde fences follows CommonMark 0.31 section 4.5, with one limit
 * of our own: a fence line is at most MAX_FENCE_LINE units long, so that a stream never holds back more than that.
 */
import type { FenceDialect } from "./marker.ts";

export const MAX_FENCE_LINE = 256;

/** A fenced block that is open. Plain data: it is part of the scanner's state. */
export type OpenFence = {
	/** A tag (`</llm-code>`), or the fence character. */
	readonly close: string;
	/** Length of the opening run; 0 for a tag. */
	readonly run: number;
	/** Spaces before the opening fence: as many are taken off each line of code. */
	readonly indent: number;
	readonly lang: string;
	readonly runnable: boolean;
};

type Tag = {
	readonly open: string;
	readonly close: string;
	readonly lang: string;
	readonly runnable: boolean;
};

/** What a dialect's opening lines look like, worked out once. */
export type FenceRules = {
	readonly tags: readonly Tag[];
	/** The fence character and shortest run of runnable blocks; undefined where the dialect runs tags only. */
	readonly code?: { readonly char: string; readonly run: number; readonly lang: string };
	readonly languages: readonly string[];
	readonly outputLang: string;
};

export function fenceRules(dialect: FenceDialect): FenceRules {
	const open = firstLine(dialect.codeOpen);
	const output = firstLine(dialect.outputOpen.trimStart());
	const fence = /^(`{3,}|~{3,})(.*)$/.exec(open);
	const tags: Tag[] = [];
	if (!fence) {
		tags.push({
			open,
			close: lastLine(dialect.codeClose),
			lang: dialect.languages[0] ?? "python",
			runnable: true,
		});
	}
	if (output.startsWith("<")) {
		tags.push({ open: output, close: lastLine(dialect.outputClose), lang: "output", runnable: false });
	}
	for (const tag of tags) {
		if (!/^<[^<]+$/.test(tag.open) || !/^<[^<]+$/.test(tag.close)) {
			throw new Error(
				`fence dialect ${dialect.id}: ${JSON.stringify(tag.open)} … ${JSON.stringify(tag.close)} is neither a run of ` +
					"three or more ` or ~ nor a pair of tags, each on a line of its own and with one <",
			);
		}
	}
	return {
		tags,
		...(fence ? { code: { char: open[0]!, run: fence[1]!.length, lang: infoLanguage(fence[2]!) } } : {}),
		languages: dialect.languages,
		outputLang: output.startsWith("<") ? "output" : infoLanguage(output.replace(/^[`~]*/, "")),
	};
}

/** The language an info string names, lower case: `Python3`, `{python}`, `{.python .numberLines}`, `python title=x`, `python:a.py`. */
export function infoLanguage(info: string): string {
	return (/^[\s{.]*([^\s{},:]*)/.exec(info)?.[1] ?? "").toLowerCase();
}

/** Reads a whole line, its newline included, as the opening of a block. */
export function opening(rules: FenceRules, line: string): OpenFence | undefined {
	if (line.length > MAX_FENCE_LINE + 1) return undefined;
	const match = /^( {0,3})(?:(`{3,})([^`\n]*)|(~{3,})([^\n]*))\n$/.exec(line);
	if (match) {
		const run = (match[2] ?? match[4])!;
		const lang = infoLanguage((match[3] ?? match[5])!);
		const close = run[0]!;
		return {
			close,
			run: run.length,
			indent: match[1]!.length,
			lang,
			runnable: runs(rules, close, run, lang),
		};
	}
	const spaces = leadingSpaces(line);
	const body = line.slice(spaces).trimEnd();
	const tag = spaces <= 3 ? rules.tags.find((one) => one.open === body) : undefined;
	return tag && { close: tag.close, run: 0, indent: 0, lang: tag.lang, runnable: tag.runnable };
}

/** Whether what is there of a line (no newline yet) may still become an opening line. */
export function mayOpen(rules: FenceRules, line: string): boolean {
	if (line.length > MAX_FENCE_LINE) return false;
	if (/^ {0,3}(?:`{0,2}|`{3,}[^`]*|~{0,2}|~{3,}[^\n]*)$/.test(line)) return true;
	if (rules.tags.length === 0) return false;
	const spaces = leadingSpaces(line);
	const body = line.slice(spaces);
	return spaces <= 3 && rules.tags.some((tag) => tag.open.startsWith(body) || tag.open === body.trimEnd());
}

/** Whether a line (no newline) closes the block, or, when it is not `whole`, may still come to. Not for tags. */
export function closes(fence: OpenFence, line: string, whole: boolean): boolean {
	if (line.length > MAX_FENCE_LINE) return false;
	const spaces = leadingSpaces(line);
	if (spaces > 3) return false;
	let run = spaces;
	while (line[run] === fence.close) run++;
	const rest = line.slice(run);
	if (run - spaces >= fence.run) return /^[ \t\r]*$/.test(rest);
	return !whole && rest === "";
}

/** Where in a line (no newline) a closing tag stands that ends the line, or, when it is not `whole`, may yet: -1 if nowhere. */
export function closingTag(tag: string, line: string, whole: boolean): number {
	const at = line.lastIndexOf("<");
	if (at < 0 || line.length - at > MAX_FENCE_LINE) return -1;
	const tail = line.slice(at);
	return tail.trimEnd() === tag || (!whole && tag.startsWith(tail)) ? at : -1;
}

/** Takes a fence off that stands inside a tag (ReTool writes `<code>`, then a fenced block, then `</code>`). */
export function unwrap(code: string): string {
	const trimmed = code.trim();
	const open = /^(`{3,}|~{3,})[^`\n]*\n/.exec(trimmed);
	if (!open) return code;
	const last = trimmed.lastIndexOf("\n") + 1;
	const end = last >= open[0].length && trimmed.slice(last).trim() === open[1] ? last : trimmed.length;
	return trimmed.slice(open[0].length, end);
}

function runs(rules: FenceRules, char: string, run: string, lang: string): boolean {
	if (rules.code === undefined || char !== rules.code.char || run.length < rules.code.run) return false;
	if (rules.languages.length > 0) return rules.languages.includes(lang);
	return rules.code.lang === "" ? lang !== rules.outputLang : lang === rules.code.lang;
}

function leadingSpaces(line: string): number {
	let count = 0;
	while (line[count] === " ") count++;
	return count;
}

const firstLine = (text: string): string => text.split("\n", 1)[0]!;
const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1)!;
