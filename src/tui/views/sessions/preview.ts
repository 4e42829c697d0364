/**
 * What is known of one session without opening it: its problem, branches, tags and notes, and the end of its thinking.
 *
 * What always holds: a journal is read only when its session stayed selected for a moment, and once for each of its
 * lengths; of what was read only what is shown is kept, for the last few sessions.
 */
import type { Problem } from "../../../trace/events.ts";
import { type Branch, mainBranch, type SessionState } from "../../../trace/fold.ts";
import type { Shelved } from "../../../trace/shelf.ts";
import type { SpanKind } from "../../../trace/span.ts";
import type { SessionStore } from "../../../trace/store.ts";
import { visibleLine } from "../../../trace/visible.ts";
import { verdictToken } from "../../session/timeline.ts";
import type { Token } from "../../theme/theme.ts";
import { instant } from "../ago.ts";
import { type Fact, factLines, type Line, runsOf, textLines } from "../line.ts";

type BranchFacts = { readonly says: string; readonly token: Token };

export type SessionFacts = {
	readonly problem?: Problem;
	readonly main?: {
		readonly verdict?: string;
		readonly token: Token;
		readonly answer?: string;
		readonly model: string;
		readonly policy: string;
	};
	readonly branches: readonly BranchFacts[];
	readonly tags: readonly string[];
	readonly notes: readonly { readonly t: number; readonly text: string }[];
	/** The last spans of the main branch, cut to a few thousand characters. */
	readonly tail: readonly { readonly kind: SpanKind; readonly text: string }[];
	readonly damaged: number;
};

const KEPT = 40;
const TAIL_UNITS = 6_000;
/** Reading takes the screen's time: a journal beyond this is read when its session is opened. */
const LARGEST_BYTES = 24 * 2 ** 20;
const REST_MS = 60;

export type PreviewOptions = {
	readonly store: SessionStore;
	/** Something was read. */
	readonly changed: () => void;
	/** How long a session must stay selected before its journal is read. */
	readonly restMs?: number;
};

export class SessionPreviews {
	readonly #options: PreviewOptions;
	readonly #known = new Map<string, SessionFacts | string>();
	#wanted: string | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: PreviewOptions) {
		this.#options = options;
	}

	/** What is to be shown in about so many rows; asks for what is not known yet. */
	lines(entry: Shelved, columns: number, rows: number): readonly Line[] {
		const { summary } = entry;
		if (!summary) return textLines(`This session cannot be read: ${entry.trouble}`, columns, "error");
		if (summary.journalBytes > LARGEST_BYTES) {
			const size = Math.round(summary.journalBytes / 2 ** 20);
			return [
				...textLines(summary.problem ?? "", columns),
				"",
				...textLines(`Its journal has ${size} MiB; it is read when the session is opened.`, columns, "dim"),
			];
		}
		const key = `${entry.id} ${summary.journalBytes}`;
		const known = this.#known.get(key);
		if (known === undefined) {
			this.#want(key, entry.id);
			return [...textLines(summary.problem ?? "", columns), "", [["dim", "reading ..."]]];
		}
		if (typeof known === "string") return textLines(known, columns, "error");
		return factsLines(known, columns, rows);
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#wanted = undefined;
	}

	#want(key: string, id: string): void {
		if (this.#wanted === key) return;
		clearTimeout(this.#timer);
		this.#wanted = key;
		this.#timer = setTimeout(() => this.#read(key, id), this.#options.restMs ?? REST_MS);
	}

	#read(key: string, id: string): void {
		this.#wanted = undefined;
		let facts: SessionFacts | string;
		try {
			const { state, bad } = this.#options.store.read(id);
			facts = factsOf(state, bad.length);
		} catch (error) {
			facts = `This session cannot be read: ${(error as Error).message}`;
		}
		if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value!);
		this.#known.set(key, facts);
		this.#options.changed();
	}
}

export function factsOf(state: SessionState, badLines: number): SessionFacts {
	const main = mainBranch(state);
	return {
		...(state.problem ? { problem: state.problem } : {}),
		...(main
			? {
					main: {
						...(main.outcome ? { verdict: main.outcome.verdict } : {}),
						token: verdictToken(main.outcome?.verdict),
						...(main.outcome?.answer === undefined ? {} : { answer: main.outcome.answer }),
						model: main.settings.model,
						policy: main.settings.policy,
					},
				}
			: {}),
		branches: [...state.branches.values()].map((branch) => branchFacts(branch, state, branch === main)),
		tags: [...state.tags],
		notes: [...state.notes],
		tail: main ? tailOf(main) : [],
		damaged: badLines + state.misfits.length,
	};
}

function branchFacts(branch: Branch, state: SessionState, isMain: boolean): BranchFacts {
	const { id, parent, outcome, end, length, hints, calls } = branch;
	const mark = state.marks.get(id);
	const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
	const parts = [
		outcome?.verdict ?? (end ? `ended (${end.reason})` : "open"),
		...(mark ? [mark] : []),
		many(hints.length, "hint"),
		many(calls.length, "call"),
		many(length, "character"),
		...(parent ? [`from ${parent.branch} at ${parent.at}`] : []),
	];
	return {
		says: `${isMain && state.branches.size > 1 ? "* " : ""}${id}: ${parts.join(", ")}`,
		token: outcome ? verdictToken(outcome.verdict) : "sheet",
	};
}

function tailOf({ spans }: Branch): SessionFacts["tail"] {
	const tail: { kind: SpanKind; text: string }[] = [];
	let units = 0;
	for (let i = spans.length - 1; i >= 0 && units < TAIL_UNITS; i--) {
		const { kind, text } = spans[i]!;
		const last = tail[0];
		const part = text.slice(-(TAIL_UNITS - units)).toWellFormed();
		units += part.length;
		if (last?.kind === kind) last.text = part + last.text;
		else tail.unshift({ kind, text: part });
	}
	return tail;
}

/** As in the thinking: a gutter says what is not the model's. */
const LOOKS: Readonly<Record<SpanKind, readonly [Token, string]>> = {
	model: ["sheet", "  "],
	hint: ["hint", "> "],
	output: ["output", "| "],
	edit: ["edit", "~ "],
};

/** Everything, the parts above the thinking held short where there are few rows. */
export function factsLines(facts: SessionFacts, columns: number, rows: number): Line[] {
	const { problem, main, branches, tags, notes, damaged } = facts;
	const cap = (lines: Line[], most: number): Line[] => {
		if (lines.length <= most) return lines;
		return [...lines.slice(0, most - 1), [...runsOf(lines[most - 1]!), ["dim", " ..."]]];
	};
	const text = problem
		? textLines(problem.problem, columns - 4)
		: textLines("Its problem is not known: the first line of its journal is damaged.", columns, "error");
	const about: Fact[] = [
		["gold", problem?.answer],
		["answer", main?.verdict && `${main.answer ?? "none"}: ${main.verdict}`, main?.token],
		["tags", tags.map((tag) => `#${tag}`).join(" ")],
		...branches.map(({ says, token }, i): Fact => [i === 0 ? "branches" : "", says, token]),
		...notes.map(({ t, text }, i): Fact => [i === 0 ? "notes" : "", `${instant(t)}: ${text}`]),
		["model", main && visibleLine(main.model)],
		["policy", main && visibleLine(main.policy)],
		[
			"damaged",
			damaged > 0 ? `${damaged} ${damaged === 1 ? "line" : "lines"} of its journal` : undefined,
			"warning",
		],
	];
	const airy = rows >= 12;
	const thinking = Math.max(1, Math.floor(rows * 0.4));
	const above = cap(text, Math.max(1, Math.floor(rows * 0.3)));
	const known = cap(factLines(about, columns), Math.max(1, rows - above.length - thinking - (airy ? 2 : 0)));
	const head = [...above, ...(airy ? [""] : []), ...known, ...(airy ? [""] : [])];
	const tail = facts.tail.flatMap(({ kind, text }) => {
		const [token, gutter] = LOOKS[kind];
		return textLines(text.replace(/^\n+|\n+$/g, ""), columns - 2, token).map(
			(line): Line => [[token, gutter], ...runsOf(line)],
		);
	});
	const left = Math.max(thinking, rows - head.length);
	return [
		...head,
		...(tail.length === 0 ? [[["dim", "Nothing was thought yet."]] as Line] : tail.slice(-left)),
	];
}
