/** The keys that the last row names: what one most likely wants to do now. */
import type { LiveStatus } from "../../reason/live.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { PaneName } from "./layout.ts";

export type Named = readonly (readonly [CommandId, string])[];

const ALWAYS: Named = [
	["search", "search"],
	["focus.next", "next pane"],
	["palette", "commands"],
	["help", "help"],
	["quit", "quit"],
];

const BY_STATUS: Readonly<Record<LiveStatus, Named>> = {
	ready: [
		["trace.pause", "go on"],
		["hint.pick", "insert a hint"],
		["hint.write", "write one"],
		["undo", "undo"],
	],
	thinking: [
		["trace.pause", "pause"],
		["hint.pick", "insert a hint"],
		["hint.write", "write one"],
		["trace.stop", "stop"],
	],
	running: [
		["trace.pause", "pause"],
		["python.interrupt", "interrupt"],
		["trace.stop", "stop"],
	],
	asking: [["policy.pick", "policy"]],
	paused: [
		["trace.pause", "go on"],
		["hint.pick", "insert a hint"],
		["hint.write", "write one"],
		["rewind", "rewind"],
	],
	stopped: [
		["trace.pause", "go on"],
		["hint.pick", "insert a hint"],
		["rewind", "rewind"],
		["session.new", "new"],
	],
	failed: [
		["trace.pause", "try again"],
		["session.engine", "another engine"],
		["session.new", "new"],
	],
	ended: [
		["session.new", "new"],
		["sessions.open", "sessions"],
		["branch.list", "branches"],
	],
};

export function footKeys({
	focus,
	live,
}: {
	readonly focus: PaneName;
	readonly live: { readonly status: LiveStatus };
}): Named {
	if (focus === "python")
		return [
			["python.leave", "leave Python"],
			["python.up", "scroll"],
		];
	const inner: Named =
		focus === "timeline"
			? [
					["item.open", "look closer"],
					["rewind", "rewind to it"],
				]
			: [];
	return [...inner, ...BY_STATUS[live.status], ...ALWAYS];
}

export const REPLAY_KEYS: Named = [
	["replay.pause", "pause or go on"],
	["replay.faster", "faster"],
	["replay.slower", "slower"],
	["replay.forward", "next event"],
	["replay.back", "back"],
	["replay.end", "to the end"],
	["replay.leave", "leave"],
	["search", "search"],
];
