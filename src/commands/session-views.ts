/** `nudge sessions list | show | replay`: nothing here writes to a session. Text of a trace reaches the terminal only through `visible`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Branch, SessionState } from "../trace/fold.ts";
import { homes } from "../trace/home.ts";
import { retell } from "../trace/retell.ts";
import { branchOf } from "../trace/sample.ts";
import { type ReadSession, SessionStore } from "../trace/store.ts";
import type { Summary } from "../trace/summary.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import { type Context, decimal, type ExitCode, type Io, text, wholeNumber } from "./command.ts";
import { lookOf, TraceRenderer } from "./render.ts";

export function storeOf(io: Io): SessionStore {
	return new SessionStore(homes(io.env).data);
}

/** Reads the session that the user means, and says what of its journal could not be read. */
export function readSession(io: Io, store: SessionStore, wanted: string): ReadSession {
	const read = store.read(store.find(wanted));
	for (const { line, why } of read.bad) {
		io.stderr.write(
			`nudge: session ${read.id}: line ${line} of its journal is skipped: ${visibleLine(why)}\n`,
		);
	}
	for (const misfit of read.state.misfits) {
		io.stderr.write(`nudge: session ${read.id}: left out: ${visibleLine(misfit)}\n`);
	}
	return read;
}

export async function list(context: Context): Promise<ExitCode> {
	const { io, options, signal } = context;
	const store = storeOf(io);
	const verdict = text(context, "verdict");
	const tag = text(context, "tag");
	const limit = wholeNumber(context, "limit", 1) ?? Number.POSITIVE_INFINITY;
	const wanted = (summary: Summary): boolean =>
		(verdict === undefined || (summary.verdict ?? "none") === verdict) &&
		(tag === undefined || summary.tags.includes(tag));
	const found: Summary[] = [];
	for (const id of store.ids().reverse()) {
		if (signal.aborted) return 130;
		if (found.length >= limit) break;
		const summary = store.summary(id);
		if (summary && wanted(summary)) found.push(summary);
	}
	if (options.json) {
		for (const summary of found) io.stdout.write(`${JSON.stringify(summary)}\n`);
		return 0;
	}
	if (found.length === 0) {
		const filtered = verdict !== undefined || tag !== undefined;
		io.stderr.write(filtered ? "no session fits\n" : "there are no sessions yet; nudge run makes one\n");
		return 0;
	}
	io.stdout.write(tableOf(found, io.stdout.isTTY ? (io.stdout.columns ?? 80) : undefined));
	return 0;
}

/** Space for the problem where no terminal says how wide it is. */
const PROBLEM_COLUMNS = 60;

function tableOf(found: readonly Summary[], columns: number | undefined): string {
	const rows = [
		["ID", "WHEN", "VERDICT", "HINTS", "CALLS", "NAME AND TAGS"],
		...found.map((summary) => [
			summary.id,
			summary.created === undefined ? "?" : localTime(summary.created),
			(summary.verdict ?? (summary.open ? "open" : "-")) + (summary.damaged > 0 ? " (damaged)" : ""),
			String(summary.hints),
			String(summary.calls),
			[...(summary.name === undefined ? [] : [summary.name]), ...summary.tags.map((tag) => `#${tag}`)]
				.map(visibleLine)
				.join(" "),
		]),
	];
	const named = found.some(({ name, tags }) => name !== undefined || tags.length > 0);
	const shown = named ? rows : rows.map((row) => row.slice(0, -1));
	const widths = shown[0]!.map((_, i) => Math.max(...shown.map((row) => widthOf(row[i]!))));
	const left = widths.reduce((sum, width) => sum + width + 2, 0);
	const room = columns === undefined ? PROBLEM_COLUMNS : Math.max(10, columns - left);
	const problems = ["PROBLEM", ...found.map(({ problem = "?" }) => shorten(visibleLine(problem), room))];
	return shown
		.map((row, line) => {
			const cells = row.map((cell, i) => cell + " ".repeat(widths[i]! - widthOf(cell)));
			return `${[...cells, problems[line]].join("  ").trimEnd()}\n`;
		})
		.join("");
}

/** Columns of a text: characters from Hangul on count two, which is never too few. */
function widthOf(line: string): number {
	let width = 0;
	for (const character of line) width += character.codePointAt(0)! >= 0x1100 && character !== "…" ? 2 : 1;
	return width;
}

function shorten(line: string, room: number): string {
	if (widthOf(line) <= room) return line;
	let short = "";
	let width = 1;
	for (const character of line) {
		width += widthOf(character);
		if (width > room) break;
		short += character;
	}
	return `${short}…`;
}

function localTime(ms: number): string {
	const date = new Date(ms);
	const two = (number: number): string => String(number).padStart(2, "0");
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export async function show(context: Context): Promise<ExitCode> {
	const { io, args } = context;
	const { id, state } = readSession(io, storeOf(io), args[0]!);
	const wanted = text(context, "branch");
	const branch = wanted === undefined && state.branches.size === 0 ? undefined : branchOf(state, wanted);
	io.stdout.write(`${factsOf(id, state, branch)}\n`);
	if (!branch) return 0;
	const renderer = new TraceRenderer(lookOf(io));
	for (const event of retell(branch)) io.stdout.write(renderer.render(event));
	io.stdout.write(renderer.end());
	return 0;
}

function factsOf(id: string, state: SessionState, branch: Branch | undefined): string {
	const { session, problem, name, tags, notes, branches, marks } = state;
	const rows: [string, string | undefined][] = [
		["session", `${id}${session ? ` · ${localTime(session.t)}` : ""}`],
		["name", name],
		["problem", problem ? `${problem.domain} ${problem.id}` : "not known: the first line is damaged"],
		["gold", problem?.answer],
		["model", branch && `${branch.settings.model} (${branch.settings.engine})`],
		["policy", branch && `${branch.settings.policy} · dialect ${branch.settings.dialect}`],
		[
			"inexact",
			branch?.settings.exact === false ? "the engine cannot say what it continued, to the byte" : undefined,
		],
		["branch", branch && branchesOf(branch, branches, marks)],
		["hints", branch && String(branch.hints.length)],
		["calls", branch && String(branch.calls.length)],
		["tags", [...tags].map((tag) => `#${tag}`).join(" ") || undefined],
	];
	const lines = rows.flatMap(([key, value]) => (value ? [`${key.padEnd(9)}${visibleLine(value)}`] : []));
	for (const note of notes) lines.push(`${"note".padEnd(9)}${localTime(note.t)}  ${visibleLine(note.text)}`);
	if (problem) {
		const choices = (problem.choices ?? []).map((choice) => `- ${choice}\n`).join("");
		lines.push("", visible(problem.problem), ...(choices && [visible(choices.trimEnd())]));
	}
	return `${lines.join("\n")}\n`;
}

function branchesOf(
	branch: Branch,
	branches: SessionState["branches"],
	marks: SessionState["marks"],
): string {
	const named = (id: string): string => {
		const mark = marks.get(id);
		return mark ? `${id} (${mark})` : id;
	};
	const others = [...branches.keys()].filter((id) => id !== branch.id).map(named);
	return `${named(branch.id)}${others.length > 0 ? ` · others: ${others.join(", ")}` : ""}`;
}

/** Nobody wants to sit through the night between two days of work. */
const LONGEST_PAUSE_MS = 3_000;

export async function replay(context: Context): Promise<ExitCode> {
	const { io, args, signal } = context;
	const speed = decimal(context, "speed", 0.1, 1_000) ?? 1;
	const { events } = readSession(io, storeOf(io), args[0]!);
	const renderer = new TraceRenderer(lookOf(io));
	let before = events[0]?.t ?? 0;
	let dueMs = 0;
	try {
		for (const event of events) {
			dueMs += Math.min(LONGEST_PAUSE_MS, Math.max(0, event.t - before)) / speed;
			before = event.t;
			// Waits below what a timer can do add up.
			if (dueMs >= 4) {
				await sleep(dueMs, undefined, { signal });
				dueMs = 0;
			}
			if (signal.aborted) return 130;
			const shown = renderer.render(event);
			if (shown !== "") io.stdout.write(shown);
		}
		return 0;
	} catch (error) {
		if (signal.aborted) return 130;
		throw error;
	} finally {
		io.stdout.write(renderer.end());
	}
}
