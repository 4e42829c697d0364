/**
 * The branches of a session as a tree: each with where it left its parent, what is in it and how it ended. The preview
 * shows the text on both sides of the fork.
 */
import type { Branch, SessionState } from "../../trace/fold.ts";
import type { Span } from "../../trace/span.ts";
import { verdictToken } from "../session/timeline.ts";
import { widthOf } from "../text/cells.ts";
import type { Desk } from "../view.ts";
import { factLines, fitLine, inRow, type Line, lineWidth, type Run, textLines } from "./line.ts";
import { type ListRow, marked, namedFirst } from "./list.ts";
import { ListView } from "./list-view.ts";

export type BranchSheetOptions = {
	readonly desk: Desk;
	readonly state: SessionState;
	/** The one that is looked at. */
	readonly current: string;
	readonly done: (branch: string) => void;
	readonly cancelled?: () => void;
};

/** A branch with how deep it stands in the tree. */
export type TreeRow = { readonly id: string; readonly depth: number };

/** Deeper ones are indented no further. */
const DEEPEST = 12;
const BEFORE_ROWS = 4;
/** The marks of a row before its text. */
const GUTTER = 4;
/** Where there is less room, the words before a fork say nothing. */
const LEAST_WORDS = 14;
const LINE_UNITS = 120;
/** As much of a text as can be shown. */
const SHOWN_UNITS = 2_000;

/** Parents before their children, children in the order in which they were opened. */
export function treeOf(branches: SessionState["branches"]): TreeRow[] {
	const children = new Map<string | undefined, string[]>();
	for (const { id, parent } of branches.values()) {
		const siblings = children.get(parent?.branch);
		if (siblings) siblings.push(id);
		else children.set(parent?.branch, [id]);
	}
	const rows: TreeRow[] = [];
	const ahead = (children.get(undefined) ?? []).map((id) => ({ id, depth: 0 })).reverse();
	for (let row = ahead.pop(); row !== undefined; row = ahead.pop()) {
		rows.push(row);
		const { id, depth } = row;
		for (const child of (children.get(id) ?? []).toReversed()) ahead.push({ id: child, depth: depth + 1 });
	}
	return rows;
}

export class Branches extends ListView<TreeRow> {
	constructor(options: BranchSheetOptions) {
		const { desk, state, current, done, cancelled } = options;
		let of = 0;
		let rows: readonly TreeRow[] = [];
		const items = (): { readonly items: readonly TreeRow[] } => {
			if (of !== state.branches.size) rows = treeOf(state.branches);
			of = state.branches.size;
			return { items: rows };
		};
		let at: number | undefined;
		let widths: Widths = { verdict: 0, mark: 0 };
		const measured = (): Widths => {
			if (at !== state.updated) widths = widthsOf(state);
			at = state.updated;
			return widths;
		};
		const branchOf = ({ id }: TreeRow): Branch => state.branches.get(id)!;
		super({
			desk,
			title: "Branches",
			placeholder: "type to find a branch by its name, its verdict or its words",
			items,
			textOf: ({ id }) => id,
			same: (a, b) => a.id === b.id,
			filter: (query, all) =>
				query.trim() === ""
					? all.map((item) => ({ item, marks: [] }))
					: namedFirst(
							query,
							all,
							({ id }) => id,
							(row) => wordsOf(state, branchOf(row)),
						),
			first: ({ id }) => id === current,
			row: (row, columns, marks) => rowOf(state, branchOf(row), row, columns, marks, current, measured()),
			preview: (row, columns, height) => previewOf(state, branchOf(row), columns, height),
			empty: "There is no branch yet: the trace has not begun.",
			chooses: "change to it",
			choose: ({ id }) => done(id),
			depends: () => [state.updated],
			...(cancelled ? { cancelled } : {}),
		});
	}
}

function rowOf(
	state: SessionState,
	branch: Branch,
	{ id, depth }: TreeRow,
	columns: number,
	marks: readonly number[],
	current: string,
	widths: Widths,
): ListRow {
	const indent = "  ".repeat(Math.min(depth, DEEPEST));
	const name: Run[] = [["sheet", indent], ...marked(id, marks)];
	const right = endOf(state, branch, widths);
	const room = columns - GUTTER - lineWidth(right) - 2;
	const left = leftAt(state, branch, room - lineWidth(name) - 2);
	const words: Run[] = left === "" ? [] : [["dim", `  ${left}`]];
	return { mark: id === current ? "*" : " ", text: fitLine([...name, ...words], Math.max(8, room)), right };
}

/** What is in it and what became of it, in columns: "+1 #2  correct  accepted", with the marks of the timeline. */
function endOf(state: SessionState, branch: Branch, widths: Widths): Run[] {
	const { hints, calls, outcome, id } = branch;
	const counts = [hints.length > 0 && `+${hints.length}`, calls.length > 0 && `#${calls.length}`];
	const verdict = outcome?.verdict ?? "";
	const mark = state.marks.get(id) ?? "";
	const runs: Run[] = [["dim", counts.filter(Boolean).join(" ")]];
	if (widths.verdict > 0)
		runs.push(["sheet", "  "], [verdictToken(outcome?.verdict), verdict.padEnd(widths.verdict)]);
	if (widths.mark > 0)
		runs.push(["sheet", "  "], [mark === "accepted" ? "correct" : "wrong", mark.padEnd(widths.mark)]);
	return runs;
}

/** Of the widest verdict and mark of all branches. */
type Widths = { readonly verdict: number; readonly mark: number };

function widthsOf({ branches, marks }: SessionState): Widths {
	let verdict = 0;
	let mark = 0;
	for (const { id, outcome } of branches.values()) {
		verdict = Math.max(verdict, outcome?.verdict.length ?? 0);
		mark = Math.max(mark, marks.get(id)?.length ?? 0);
	}
	return { verdict, mark };
}

/** Where it left its parent: the last words before the fork, as many as there is room for. */
function leftAt(state: SessionState, { parent }: Branch, columns: number): string {
	const from = parent && state.branches.get(parent.branch);
	if (!from || columns < LEAST_WORDS) return "";
	const before = slice(from.spans, Math.max(0, parent.at - LINE_UNITS), parent.at).trimEnd();
	const line = before.slice(before.lastIndexOf("\n") + 1).trim();
	if (line === "") return "from the beginning";
	const after = "after ";
	if (widthOf(inRow(line)) <= columns - after.length) return after + line;
	const words = line.split(" ");
	let last = "";
	for (let word = words.pop(); word !== undefined; word = words.pop()) {
		const longer = last === "" ? word : `${word} ${last}`;
		if (widthOf(inRow(longer)) > columns - after.length - 4) break;
		last = longer;
	}
	return last === "" ? "" : `${after}... ${last}`;
}

/** What a branch is found by besides its name. */
function wordsOf(state: SessionState, branch: Branch): string {
	const own = slice(branch.spans, branch.parent?.at ?? 0, (branch.parent?.at ?? 0) + SHOWN_UNITS);
	return [
		branch.outcome?.verdict,
		branch.outcome?.answer,
		state.marks.get(branch.id),
		leftAt(state, branch, LINE_UNITS),
		own,
	].join(" ");
}

function previewOf(state: SessionState, branch: Branch, columns: number, rows: number): Line[] {
	const { parent, outcome, usage, by, spans, length } = branch;
	const at = parent?.at ?? 0;
	const facts = factLines(
		[
			["opened by", by === "person" ? "you" : by],
			["verdict", outcome?.verdict, verdictToken(outcome?.verdict)],
			["answer", outcome?.answer],
			["mark", state.marks.get(branch.id)],
			[
				"hints",
				branch.hints.length > 0
					? branch.hints.map(({ kind, hint }) => kind || hint || "by hand").join(", ")
					: undefined,
			],
			[
				"blocks",
				branch.calls.length > 0
					? branch.calls.map(({ output }) => output?.verdict ?? "runs").join(", ")
					: undefined,
			],
			["sampled", usage && `${usage.sampledTokens} tokens`],
		],
		columns,
	);
	const before = textLines(
		slice(spans, Math.max(0, at - SHOWN_UNITS), at).replace(/\n$/, ""),
		columns,
		"dim",
	);
	const room = Math.max(3, rows - facts.length - BEFORE_ROWS - 2);
	const own = textLines(slice(spans, at, at + SHOWN_UNITS), columns).slice(0, room);
	const fork = parent === undefined ? [] : [ruleWith(`leaves ${parent.branch} here`, columns)];
	return [
		...before.slice(-BEFORE_ROWS),
		...fork,
		...(length === at ? [[["dim", "nothing was added yet"]] satisfies Line] : own),
		"",
		...facts,
	];
}

function ruleWith(text: string, columns: number): Line {
	const said = `-- ${text} `;
	return [["rule", said + "-".repeat(Math.max(0, columns - said.length))]];
}

/** A piece of a trace's text, without putting all of it together. */
function slice(spans: readonly Span[], from: number, to: number): string {
	let piece = "";
	let at = 0;
	for (const { text } of spans) {
		if (at >= to) break;
		if (at + text.length > from) piece += text.slice(Math.max(0, from - at), to - at);
		at += text.length;
	}
	return piece;
}

export function branchSheet(options: BranchSheetOptions): void {
	options.desk.open(new Branches(options));
}
