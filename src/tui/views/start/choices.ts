/** What a run is made with, as the start page holds and shows it. */
import { visibleLine } from "../../../trace/visible.ts";
import type { CommandId } from "../../keys/command-table.ts";
import type { Keymap } from "../../keys/keymap.ts";
import { lineWidth, type Run } from "../line.ts";

export type Choices = {
	readonly engine: string;
	readonly mode: "auto" | "ask" | "off";
	readonly rounds: number;
	readonly words: number;
	/** How long auto shows a hint before it goes in, in milliseconds. */
	readonly vetoMs: number;
	readonly seed: number;
	readonly temperature: number;
	readonly topP: number;
	readonly maxTokens: number;
	readonly maxCalls: number;
	/** Undefined, there is no limit. */
	readonly maxSeconds?: number | undefined;
};

export const SETTINGS_COMMANDS = [
	"start.engine",
	"start.policy",
	"start.settings",
] as const satisfies readonly CommandId[];

export type SettingsCommand = (typeof SETTINGS_COMMANDS)[number];

/** A part of the line that can be chosen: from a cell, so many cells. */
export type Segment = { readonly command: SettingsCommand; readonly x: number; readonly width: number };

/**
 * "F6 engine embedded  F7 policy auto, 1 round, 1 word  F8 seed 0, ...": as much of each as there is room for. One of them
 * can be selected.
 */
export function settingsLine(
	choices: Choices,
	keymap: Keymap,
	columns: number,
	selected: SettingsCommand | undefined,
): { readonly line: readonly Run[]; readonly segments: readonly Segment[] } {
	for (let terseness = 0; ; terseness++) {
		const made = lineOf(choices, keymap, selected, terseness);
		if (lineWidth(made.line) <= columns || terseness === TERSEST) return made;
	}
}

const TERSEST = 4;

function lineOf(
	choices: Choices,
	keymap: Keymap,
	selected: SettingsCommand | undefined,
	terseness: number,
): { line: readonly Run[]; segments: readonly Segment[] } {
	const line: Run[] = [];
	const segments: Segment[] = [];
	let x = 0;
	const put = (run: Run): void => {
		line.push(run);
		x += lineWidth([run]);
	};
	for (const [index, command] of SETTINGS_COMMANDS.entries()) {
		const isSelected = command === selected;
		const from = x;
		put(["title-focus", isSelected ? "> " : "  "]);
		const key = keymap.keysOf(command)[0];
		if (key) put(["key", `${key} `]);
		if (terseness < 2) put(["dim", ["engine ", "policy ", ""][index]!]);
		put([isSelected ? "selected" : "title", [engineText, policyText, runText][index]!(choices, terseness)]);
		segments.push({ command, x: from, width: x - from });
		put(["sheet", " "]);
	}
	return { line, segments };
}

function engineText({ engine }: Choices, terseness: number): string {
	const shown = visibleLine(engine.replace(/(https?:\/\/)[^/@]*@/, "$1[hidden]@"));
	const most = [60, 40, 30, 22, 14][terseness]!;
	return shown.length > most ? `${shown.slice(0, most - 3)}...` : shown;
}

function policyText({ mode, rounds, words, vetoMs }: Choices, terseness: number): string {
	if (mode === "off" || terseness >= 3) return mode;
	const parts = [mode as string, many(rounds, "round"), many(words, "word")];
	if (mode === "auto" && vetoMs > 0 && terseness < 1) parts.push(`${vetoMs / 1000} s to veto`);
	return parts.join(", ");
}

function runText(choices: Choices, terseness: number): string {
	const { seed, temperature, topP, maxTokens, maxCalls, maxSeconds } = choices;
	const parts = [`seed ${seed}`];
	if (terseness < 2 || temperature > 0)
		parts.push(terseness < 1 ? `temperature ${temperature}` : `T ${temperature}`);
	if (topP < 1 && terseness < 3) parts.push(`top-p ${topP}`);
	if (terseness < 4) parts.push(`${maxTokens} tokens`);
	if (terseness < 3) parts.push(many(maxCalls, "call"));
	if (maxSeconds !== undefined && terseness < 4) parts.push(`${maxSeconds} s`);
	else if (terseness < 1) parts.push("no time limit");
	return parts.join(", ");
}

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
