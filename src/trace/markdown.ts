/**
 * A session as a Markdown page to read: prose as prose, code and outputs in fences, hints as quotations.
 *
 * What always holds: no text of a trace can break out of its place. A fence is longer than any run of backticks inside
 * it, so a block that a model never closed does not swallow the rest; `<` is written as an entity, so that tags of a
 * model neither act nor vanish; an image of a model's is not fetched; control characters are shown (visible.ts).
 */
import { type Branch, type Call, mainBranch, type SessionState } from "./fold.ts";
import type { SpanKind } from "./span.ts";
import { visible, visibleLine } from "./visible.ts";

export function markdownOf(state: SessionState, wanted?: Branch): string {
	const branch = wanted ?? mainBranch(state);
	const { session, problem } = state;
	const page: string[] = [
		`# ${inline(state.name ?? session?.id ?? "Session")}`,
		facts(state, branch),
		"## Problem",
		prose(problem?.problem ?? "The first line of the journal is damaged: the problem is not known."),
	];
	for (const choice of problem?.choices ?? []) page.push(`- ${inline(choice)}`);
	if (branch) page.push("## Trace", ...traceOf(branch));
	if (state.notes.length > 0) {
		page.push("## Notes", ...state.notes.map((note) => `- ${iso(note.t)}: ${inline(note.text)}`));
	}
	return `${page.join("\n\n")}\n`;
}

function facts(state: SessionState, branch: Branch | undefined): string {
	const { session, problem } = state;
	const rows: [string, string | undefined][] = [
		["Session", session && `${session.id}, ${iso(session.t)}`],
		["Domain", problem?.domain],
		["Verdict", branch?.outcome?.verdict],
		["Answer", branch?.outcome?.answer],
		["Checked against", problem?.answer],
		["Model", branch && `${branch.settings.model} (${branch.settings.engine})`],
		["Policy", branch?.settings.policy],
		["Hints", branch && String(branch.hints.length)],
		["Calls", branch && String(branch.calls.length)],
		["Branch", branch && `${branch.id} of ${state.branches.size}`],
		["Tags", [...state.tags].join(", ") || undefined],
	];
	return rows
		.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${inline(value)}`]))
		.join("\n");
}

/** A piece of prose or of code, with who wrote it. Code that a hint opens and the model goes on with is one piece. */
type Piece = { readonly kind: SpanKind; readonly code: boolean; readonly lang: string; text: string };

function traceOf(branch: Branch): string[] {
	const page: string[] = [];
	const calls = new Map(branch.calls.map((call) => [call.at, call]));
	const hints = new Map(branch.hints.map((hint) => [hint.at, hint]));
	let pieces = new Pieces();
	const flush = (): void => {
		page.push(...pieces.all.flatMap(shown));
		pieces = new Pieces();
	};
	let at = 0;
	for (const { kind, text } of branch.spans) {
		if (kind === "output") {
			flush();
			page.push(...outputOf(calls.get(at), text));
		} else {
			const hint = kind === "hint" ? hints.get(at) : undefined;
			if (kind === "hint" || kind === "edit") {
				pieces.label(kind === "edit" ? "Edited by hand" : `Hint: ${hint?.kind || hint?.hint || "by hand"}`);
			}
			pieces.add(kind, text);
		}
		at += text.length;
	}
	flush();
	return page;
}

/** Cuts text at its fences, line by line, across spans. */
class Pieces {
	readonly all: (Piece | { readonly label: string })[] = [];
	#inCode = false;
	/** The unfinished last line was begun by another span. */
	#inLine = false;

	label(label: string): void {
		this.all.push({ label });
	}

	add(kind: SpanKind, text: string): void {
		for (const line of text.split(/(?<=\n)/)) {
			const fence = this.#inLine ? undefined : /^\s*`{3,}\s*([\w+-]*)\s*$/.exec(line.trimEnd());
			this.#inLine = !line.endsWith("\n");
			if (!fence) this.#put(kind, line);
			else if (this.#inCode) this.#inCode = false;
			else {
				this.#inCode = true;
				this.all.push({ kind, code: true, lang: fence[1] ?? "", text: "" });
			}
		}
	}

	#put(kind: SpanKind, line: string): void {
		const last = this.all.at(-1);
		if (last && "text" in last && last.code === this.#inCode && (last.code || last.kind === kind)) {
			last.text += line;
		} else this.all.push({ kind, code: this.#inCode, lang: "", text: line });
	}
}

function shown(piece: Piece | { readonly label: string }): string[] {
	if ("label" in piece) return [`**${inline(piece.label)}**`];
	if (piece.code) return [fenced(piece.text, piece.lang)];
	const text = prose(piece.text);
	if (text === "") return [];
	return [piece.kind === "model" ? text : text.replace(/^/gm, "> ")];
}

function outputOf(call: Call | undefined, text: string): string[] {
	if (!call?.output) return ["**Not run**", fenced(text, "text")];
	const { verdict, durationMs, text: said } = call.output;
	return [`**Output ${call.block}** (${verdict}, ${Math.round(durationMs)} ms)`, fenced(said, "text")];
}

function fenced(text: string, lang: string): string {
	const runs = text.match(/`+/g) ?? [];
	const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
	return `${fence}${lang}\n${visible(text).replace(/\n$/, "")}\n${fence}`;
}

function prose(text: string): string {
	return visible(text)
		.replaceAll("<", "&lt;")
		.replaceAll("![", "!\\[")
		.replace(/^(\s*)(`{3,}|~{3,})/gm, "$1\\$2")
		.trim();
}

function inline(text: string): string {
	return prose(visibleLine(text));
}

function iso(ms: number): string {
	return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
