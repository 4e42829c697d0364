/** The problems of a set and the sessions that were kept, as entries to be read. */
import type { Listed as ListedProblem, ProblemSet } from "../../data/problem-set.ts";
import { matches } from "../../data/problems.ts";
import { type Shelved, shelfOf } from "../../trace/shelf.ts";
import type { SessionStore } from "../../trace/store.ts";
import { visibleLine } from "../../trace/visible.ts";
import { ago } from "../views/ago.ts";
import { rankOf, wordsOf } from "../views/word-filter.ts";
import type { Listed } from "./listing.ts";
import { counted } from "./says.ts";

/** Of a problem's text: enough to know it by. */
const HEARD = 160;

/** All that have the words; a problem's number is its place in the set, whatever was asked for. */
export async function problemEntries(
	set: ProblemSet,
	words: string,
	take: (problem: ListedProblem) => Promise<void>,
): Promise<Listed[]> {
	await set.loaded;
	return set.problems.flatMap((problem, index) =>
		matches(problem, { words })
			? [{ number: index + 1, says: problemSays(problem), take: () => take(problem) }]
			: [],
	);
}

function problemSays({ id, domain, problem, doubt }: ListedProblem): string {
	const doubted = doubt === undefined ? "" : ` In doubt: ${visibleLine(doubt)}.`;
	return `${visibleLine(id)}, ${domain}: ${shortened(problem)}${doubted}`;
}

/** Newest first. */
export async function sessionEntries(
	store: SessionStore,
	query: string,
	nowMs: number,
	take: (id: string) => Promise<void>,
): Promise<(Listed & { readonly id: string })[]> {
	const shelf = shelfOf(store);
	const read = new Promise<void>((resolve) => {
		const end = shelf.subscribe(() => {
			if (shelf.loading) return;
			end();
			resolve();
		});
	});
	shelf.refresh();
	await read;
	if (shelf.trouble !== undefined) throw new Error(shelf.trouble);
	const words = wordsOf(query);
	return shelf.list
		.map((one, index) => ({ one, number: index + 1 }))
		.filter(({ one }) => rankOf(words, haystackOf(one)) !== undefined)
		.map(({ one, number }) => ({
			number,
			id: one.id,
			says: sessionSays(one, nowMs),
			take: () => take(one.id),
		}));
}

function haystackOf({ id, summary }: Shelved): { readonly name: string; readonly text: string } {
	const { name = "", problemId = "", problem = "", verdict = "", mark = "", tags = [] } = summary ?? {};
	const text = [id, name, problemId, problem, verdict, mark, ...tags].join(" ").toLowerCase();
	return { name: `${id} ${name} ${problemId}`.toLowerCase(), text };
}

function sessionSays({ id, summary, trouble }: Shelved, nowMs: number): string {
	if (!summary) return `${id}, cannot be read: ${visibleLine(trouble ?? "")}`;
	const { created, updated, verdict, open, hints, calls, name, tags, mark, problem, damaged } = summary;
	return [
		id,
		whenSays(updated ?? created, nowMs),
		verdict ?? (open ? "open" : "ended"),
		counted(hints, "hint"),
		counted(calls, "call"),
		...(name === undefined ? [] : [visibleLine(name)]),
		...(mark === undefined ? [] : [mark]),
		...tags.map((tag) => `tag ${visibleLine(tag)}`),
		...(damaged > 0 ? ["damaged"] : []),
		shortened(problem ?? ""),
	].join(", ");
}

const UNITS: Readonly<Record<string, string>> = { min: "minute", h: "hour", d: "day" };

/** "5 minutes ago", "14 Nov". */
function whenSays(ms: number | undefined, nowMs: number): string {
	const when = ago(ms, nowMs);
	const [, count, unit = ""] = /^(\d+) (min|h|d)$/.exec(when) ?? [];
	if (count !== undefined) return `${counted(Number(count), UNITS[unit] ?? unit)} ago`;
	return when === "now" ? "just now" : when === "?" ? "at an unknown time" : when;
}

function shortened(text: string): string {
	const line = visibleLine(text);
	return line.length > HEARD ? `${line.slice(0, HEARD).toWellFormed()} ...` : line;
}
