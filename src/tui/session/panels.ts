/** What lies over the foot of the thinking: a proposed hint that waits, a hint being written, the end of a trace. */
import type { Pending } from "../../reason/live.ts";
import type { Problem } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { visible, visibleLine } from "../../trace/visible.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { Keymap } from "../keys/keymap.ts";
import { fit, widthOf, wrapText } from "../text/cells.ts";
import type { Paint, Token } from "../theme/theme.ts";
import { duration, placeOf, verdictToken } from "./timeline.ts";
import { outcomeWords } from "./trace-model.ts";

/** Lines of a proposed hint that are shown; the whole of it stands behind "edit". */
const MOST_LINES = 8;

export function ruleWith(title: string, columns: number, paint: Paint, token: Token = "title"): string {
	const said = fit(` ${title} `, Math.max(0, columns - 2));
	return (
		paint("rule", "--") +
		paint(token, said) +
		paint("rule", "-".repeat(Math.max(0, columns - 2 - widthOf(said))))
	);
}

const INDENT = "  ";

/** "  Enter insert  e edit": as many as fit. */
export function keyLine(
	commands: readonly (readonly [CommandId, string])[],
	keymap: Keymap,
	columns: number,
	paint: Paint,
): string {
	let row = "";
	let left = columns;
	for (const [command, says] of commands) {
		const key = keymap.keysOf(command)[0];
		if (!key) continue;
		const text = `${key} ${says}`;
		const gap = row === "" ? INDENT : "  ";
		if (widthOf(gap + text) > left) break;
		row += gap + paint("key", key) + paint("dim", ` ${says}`);
		left -= widthOf(gap + text);
	}
	return row;
}

export function proposalPanel(
	pending: Pending,
	columns: number,
	most: number,
	keymap: Keymap,
	paint: Paint,
	now: number,
): readonly string[] {
	const { proposal, marker, note, until } = pending;
	// When it goes in matters more than how it is called.
	const place = `? hint ${placeOf(marker.kind, marker.word)}`;
	const seconds = until === undefined ? undefined : (Math.max(0, until - now) / 1_000).toFixed(1);
	const goes = seconds === undefined ? place : `${place} - goes in by itself in ${seconds} s`;
	const tries = [`${goes} - ${visibleLine(proposal.hint)}`, goes, `${place} - ${seconds} s`];
	const title = tries.find((one) => widthOf(one) <= columns - 4) ?? place;
	const text = visible(proposal.text.replace(/^\n|\n$/g, ""))
		.split("\n")
		.flatMap((line) => wrapText(line, columns - 2));
	const room = Math.max(1, Math.min(MOST_LINES, most - 4));
	const shown =
		text.length > room ? [...text.slice(0, room - 1), `... ${text.length - room + 1} more lines`] : text;
	return [
		ruleWith(title, columns, paint, "pending"),
		paint("dim", fit(`  ${visibleLine(proposal.kind)}: ${visibleLine(note ?? proposal.reason)}`, columns)),
		...shown.map((line) => paint("hint", fit(`> ${line}`, columns))),
		keyLine(
			[
				["proposal.insert", "insert"],
				["proposal.veto", "veto"],
				["proposal.edit", "edit"],
				["proposal.wording", "other words"],
				["proposal.other", "other hint"],
				["proposal.veto-kind", "veto this kind"],
			],
			keymap,
			columns,
			paint,
		),
	];
}

/** What went wrong, in as many words as there is room for, and what can be done about it. */
export function troublePanel(
	title: string,
	says: string,
	keys: readonly (readonly [CommandId, string])[],
	columns: number,
	most: number,
	keymap: Keymap,
	paint: Paint,
): readonly string[] {
	const text = visible(says)
		.split("\n")
		.flatMap((line) => wrapText(line, columns - 2));
	const room = Math.max(1, Math.min(MOST_LINES, most - 2));
	const shown = text.length > room ? [...text.slice(0, room - 1), `${text[room - 1]} ...`] : text;
	return [
		ruleWith(title, columns, paint, "error"),
		...shown.map((line) => fit(`  ${line}`, columns)),
		keyLine(keys, keymap, columns, paint),
	];
}

export function endPanel(
	branch: Branch,
	problem: Problem,
	mark: string | undefined,
	columns: number,
	keymap: Keymap,
	paint: Paint,
): readonly string[] {
	const { outcome, usage, hints, calls } = branch;
	if (!outcome) return [];
	// Where there is none, the outcome says so.
	const gold = problem.answer === undefined ? "" : ` - gold ${visibleLine(problem.answer)}`;
	const byYou = hints.filter(({ by }) => by === "person").length;
	const ok = calls.filter(({ output }) => output?.verdict === "ok").length;
	const facts = [
		`${hints.length} ${hints.length === 1 ? "hint" : "hints"}${byYou > 0 ? ` (${byYou} by you)` : ""}`,
		`${calls.length} ${calls.length === 1 ? "call" : "calls"}${calls.length > 0 ? ` (${ok} ok)` : ""}`,
		`${usage?.sampledTokens ?? 0} tokens`,
		duration(usage?.durationMs ?? 0) + (branch.parent ? " since it branched" : ""),
		...(mark ? [mark] : []),
	];
	return [
		ruleWith(`= ${outcomeWords(outcome)}${gold}`, columns, paint, verdictToken(outcome.verdict)),
		paint("dim", fit(`  ${facts.join(", ")}`, columns)),
		keyLine(
			[
				["ended.next", "next problem"],
				["mark.accept", "accept"],
				["mark.reject", "reject"],
				["rewind", "rewind"],
				["hint.pick", "hint it on"],
				["export", "export"],
				["name", "name"],
				["tag", "tag"],
				["note", "note"],
			],
			keymap,
			columns,
			paint,
		),
	];
}

/** A pane's title row; the one that has the focus is marked. */
export function paneTitle(
	name: string,
	extra: string,
	focused: boolean,
	columns: number,
	paint: Paint,
): string {
	const said = fit(`${focused ? ">" : " "} ${name}${extra ? ` - ${extra}` : ""} `, columns);
	return (
		paint(focused ? "title-focus" : "title", said) +
		paint("rule", "-".repeat(Math.max(0, columns - widthOf(said))))
	);
}
