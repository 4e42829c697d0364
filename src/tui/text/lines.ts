/**
 * Text as lines of graphemes, and its changes.
 *
 * What always holds: the graphemes of a line are those of the line's text as Unicode cuts it
 * (https://www.unicode.org/reports/tr29/), however the text came about; a change taken back gives the very lines that
 * were before. A place between two graphemes stays one whatever is written after it, and cutting can begin anew at any of
 * them: so a change looks at its own text, the grapheme before and as many after it as it takes to agree again.
 */
import { graphemes } from "./cells.ts";

export type Line = readonly string[];
export type Lines = readonly Line[];

/** Before the grapheme number `column` of a line; both from 0. */
export type Position = { readonly line: number; readonly column: number };

/** `was` stood at `at` and `is` stands there now, each with at least one line. */
export type Change = { readonly at: Position; readonly was: Lines; readonly is: Lines };

/** Line ends of any kind are newlines, and half a surrogate pair is the replacement character. */
export function cleaned(text: string): string {
	return text.replace(/\r\n?/g, "\n").toWellFormed();
}

export function linesOf(text: string): Lines {
	return cleaned(text)
		.split("\n")
		.map((line) => graphemes(line));
}

export function textOfLines(lines: Lines): string {
	return lines.map((line) => line.join("")).join("\n");
}

export function endOf(lines: Lines): Position {
	return { line: lines.length - 1, column: lines.at(-1)!.length };
}

/** What putting `text` in the place of everything from `from` to `to` changes, and where the text then ends. */
export function replacing(
	lines: Lines,
	from: Position,
	to: Position,
	text: string,
): { change: Change; end: Position } {
	const first = lines[from.line]!;
	const last = lines[to.line]!;
	const before = from.column === 0 ? "" : first[from.column - 1]!;
	const start = before === "" ? from.column : from.column - 1;

	const is = cleaned(text)
		.split("\n")
		.map((piece, i) => graphemes(i === 0 ? before + piece : piece) as string[]);
	const open = is.at(-1)!;
	let column = open.length + (is.length === 1 ? start : 0);
	let taken = 0;
	const tail = open.at(-1);
	if (tail !== undefined && to.column < last.length) {
		let count = 1;
		let again = graphemes(tail + last[to.column]!);
		while (again.at(-1) !== last[to.column + count - 1] && to.column + count < last.length) {
			count = Math.min(count * 2, last.length - to.column);
			again = graphemes(tail + last.slice(to.column, to.column + count).join(""));
		}
		if (again.length !== 2 || again[0] !== tail) {
			open.pop();
			// Not by spreading: a line of flags can be longer than a call may have arguments.
			for (const grapheme of again) open.push(grapheme);
			taken = count;
			column = open.length - again.length + 1 + (is.length === 1 ? start : 0);
		}
	}

	const until = to.column + taken;
	const was =
		from.line === to.line
			? [first.slice(start, until)]
			: [first.slice(start), ...lines.slice(from.line + 1, to.line), last.slice(0, until)];
	const end = { line: from.line + is.length - 1, column };
	const change = { at: { line: from.line, column: start }, was, is };
	return { change: before === "" ? change : withoutSameStart(change), end };
}

/** The grapheme before a change is part of it only where it grew together with what came. */
function withoutSameStart({ at, was, is }: Change): Change {
	const [wasFirst, ...wasRest] = was as [Line, ...Line[]];
	const [isFirst, ...isRest] = is as [Line, ...Line[]];
	if (wasFirst[0] === undefined || wasFirst[0] !== isFirst[0]) return { at, was, is };
	return {
		at: { line: at.line, column: at.column + 1 },
		was: [wasFirst.slice(1), ...wasRest],
		is: [isFirst.slice(1), ...isRest],
	};
}

export function inverse({ at, was, is }: Change): Change {
	return { at, was: is, is: was };
}

/** As many as a key writes: such a change copies its line once. */
const FEW = 64;

export function applied(lines: Lines, { at, was, is }: Change): Lines {
	const first = lines[at.line]!;
	if (was.length === 1 && is.length === 1 && is[0]!.length <= FEW) {
		return lines.with(at.line, first.toSpliced(at.column, was[0]!.length, ...is[0]!));
	}
	const lastLine = at.line + was.length - 1;
	const rest = lines[lastLine]!.slice((was.length === 1 ? at.column : 0) + was.at(-1)!.length);
	const head = first.slice(0, at.column);
	const fresh = is.map((piece, i) => {
		const begun = i === 0 ? head.concat(piece) : piece;
		return i === is.length - 1 ? begun.concat(rest) : begun;
	});
	return lines.slice(0, at.line).concat(fresh, lines.slice(lastLine + 1));
}
