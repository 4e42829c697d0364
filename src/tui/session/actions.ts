/**
 * What a person can do to a session, beyond looking at it: each command as one small function over `Live`. Sheets ask for
 * what a command needs; while one is open the model waits, and goes on when it is closed.
 */
import type { Answer } from "../../hints/ask.ts";
import type { HandHint } from "../../reason/live.ts";
import { textOf } from "../../trace/span.ts";
import type { CommandId } from "../keys/command-table.ts";
import { askLine } from "../views/ask-line.ts";
import { branchSheet } from "../views/branches.ts";
import { choose } from "../views/choose.ts";
import { entrySheet, problemSheet } from "../views/entry.ts";
import { exportSheet } from "../views/export.ts";
import { hintEditor } from "../views/hint-editor.ts";
import { hintPicker } from "../views/hint-picker.ts";
import { Hold, isGrowing, ownHint, setTag, toggleMark, turnBranch } from "./deeds.ts";
import type { SessionDeps, SessionView } from "./session-view.ts";

export type Actions = {
	run(command: CommandId): boolean;
	can(command: CommandId): boolean;
	/** The model waits while a person writes or chooses. */
	hold(): void;
	/** Nothing came of it: what was held goes on. */
	release(): void;
	inject(hint: HandHint): void;
};

export function actionsOf(deps: SessionDeps & { readonly view: SessionView }): Actions {
	const { desk, live, python, view, cwd } = deps;
	const holding = new Hold(live);
	const hold = (): void => holding.hold();
	const release = (): void => holding.release();
	const inject = (hint: HandHint): void => {
		view.thinking.follow();
		void holding
			.inject(hint)
			.catch((error: unknown) => desk.say(error instanceof Error ? error.message : String(error), "error"));
	};
	const rewound = (branch: string | undefined, none: string): void => {
		if (branch === undefined) desk.say(none, "warning");
		else desk.say(`branch ${branch}: ${keyOf("trace.pause")} goes on, ${keyOf("undo")} goes back`);
	};
	const keyOf = (command: CommandId): string => desk.keymap.keysOf(command)[0] ?? command;
	const isAsking = (): boolean => live.pending !== undefined;
	const hasText = (): boolean => (view.branch?.length ?? 0) > 0;
	/** The clock of a proposal stands while a sheet is open. */
	const answer = (said: Answer): void => {
		live.answer(said);
		release();
	};
	/** Another hint for the place of the proposal, in the very words that a person chose or wrote. */
	const exchange = (hint: string, text: string): void => {
		const stop = live.subscribe(() => {
			const { pending } = live;
			if (!pending) return;
			stop();
			// Where it could not be had, a note says why, and the proposal still waits.
			if (pending.note === undefined && pending.proposal.hint === hint) live.answer({ do: "edit", text });
		});
		answer({ do: "other-hint", hint });
	};
	const mark = (wanted: "accepted" | "rejected"): void => desk.say(toggleMark(live, wanted));
	const turnTo = (step: 1 | -1): void => turnBranch(live, step);
	const selectedText = (): string | undefined => {
		const { branch } = view;
		if (!branch) return undefined;
		if (view.focus === "timeline") {
			const event = view.timeline.selected(view.model.entries)?.event;
			if (event?.type === "hint") return event.text;
			if (event?.type === "call") return event.call.code;
			if (event?.type === "pending") return event.pending.proposal.text;
		}
		const { cursor } = view.thinking;
		if (cursor === undefined) return undefined;
		return view.model.lines.line(cursor).text;
	};

	type Action = { readonly can?: () => boolean; readonly do: () => void };
	const actions: Partial<Record<CommandId, Action>> = {
		"trace.pause": {
			can: () => live.status !== "ended",
			do: () => (isGrowing(live) ? live.pause() : live.goOn()),
		},
		"trace.stop": {
			can: () => isGrowing(live) || live.status === "paused",
			do: () => void live.stop(),
		},
		interrupt: {
			can: () => isGrowing(live),
			do: () => void live.stop(),
		},
		"hint.pick": {
			do: () => {
				hold();
				hintPicker({
					desk,
					live,
					done: ({ hint, kind, wording, text }) => inject({ hint, kind, wording, text }),
					cancelled: release,
				});
			},
		},
		"hint.editor": {
			do: () => {
				hold();
				void desk.edit("", "md").then((text) => {
					if (text === undefined || text.trim() === "") release();
					else inject(ownHint(text));
				});
			},
		},
		"hint.undo": {
			can: () => (view.branch?.hints.length ?? 0) > 0,
			do: () => rewound(live.undoHint(), "there is no hint to undo"),
		},
		"policy.pick": {
			do: () =>
				choose({
					desk,
					title: "Hints from here on",
					choices: [
						{ value: "auto", label: "auto", says: "hints go in by themselves" },
						{ value: "ask", label: "ask", says: "each proposed hint waits for you" },
						{ value: "off", label: "off", says: "no hints but your own" },
					] as const,
					current: live.hints.mode,
					done: (mode) => live.setHints({ mode }),
				}),
		},
		rewind: {
			can: hasText,
			do: () => {
				const at = view.here;
				if (at === undefined) {
					desk.say(
						`select where to first: ${keyOf("line.up")} in the thinking, or an entry of the timeline`,
						"warning",
					);
					return;
				}
				rewound(live.rewind(at), "");
			},
		},
		undo: { do: () => rewound(live.undo(), "no rewind to undo") },
		"branch.list": {
			do: () =>
				branchSheet({
					desk,
					state: live.state,
					current: live.branch,
					done: (branch) => live.switchTo(branch),
				}),
		},
		"branch.next": { can: () => live.state.branches.size > 1, do: () => turnTo(1) },
		"branch.previous": { can: () => live.state.branches.size > 1, do: () => turnTo(-1) },
		"item.open": {
			do: () => {
				const entry = view.timeline.selected(view.model.entries) ?? view.model.entries.at(-1);
				if (entry && view.branch) entrySheet({ desk, entry, branch: view.branch });
			},
		},
		copy: {
			do: () => {
				const text = selectedText();
				if (text === undefined)
					desk.say(`select a line first, or copy it all: ${keyOf("copy.all")}`, "warning");
				else desk.copy(text);
			},
		},
		"copy.all": { can: hasText, do: () => desk.copy(textOf(view.branch?.spans ?? [])) },
		print: {
			can: hasText,
			do: () => void desk.print(`${live.problem.problem}\n\n${textOf(view.branch?.spans ?? [])}`),
		},
		"problem.show": { do: () => problemSheet({ desk, problem: live.problem }) },
		"mark.accept": { do: () => mark("accepted") },
		"mark.reject": { do: () => mark("rejected") },
		name: {
			do: () =>
				askLine({
					desk,
					title: "Name of the session",
					label: "name",
					text: live.state.name ?? "",
					done: (name) => live.name(name.trim()),
				}),
		},
		tag: {
			do: () =>
				askLine({
					desk,
					title: "Tag the session",
					label: "tag, or -tag to take one away",
					done: (said) => {
						setTag(live, said);
					},
				}),
		},
		note: {
			do: () =>
				askLine({
					desk,
					title: "Write a note",
					label: "note",
					multiline: true,
					done: (text) => {
						if (text.trim() !== "") live.note(text.trim());
					},
				}),
		},
		export: {
			can: hasText,
			do: () =>
				exportSheet({
					desk,
					state: live.state,
					session: live.id,
					branch: live.branch,
					cwd,
					...(deps.journal === undefined ? {} : { journal: deps.journal }),
				}),
		},
		replay: { can: hasText, do: () => deps.replay(live.branch) },
		"session.engine": { can: () => deps.engine !== undefined, do: () => deps.engine?.() },
		"problem.next": { do: deps.next },
		"ended.next": { can: () => live.status === "ended", do: deps.next },
		"python.restart": {
			do: () => {
				live.pythonAfresh();
				void python.restart();
			},
		},
		"python.interrupt": { do: () => void python.interrupt() },
		"proposal.insert": { can: isAsking, do: () => live.answer({ do: "insert" }) },
		"proposal.veto": { can: isAsking, do: () => live.answer({ do: "veto" }) },
		"proposal.veto-kind": { can: isAsking, do: () => live.answer({ do: "veto-kind" }) },
		"proposal.wording": { can: isAsking, do: () => live.answer({ do: "other-wording" }) },
		"proposal.edit": {
			can: isAsking,
			do: () => {
				const text = live.pending?.proposal.text;
				if (text === undefined) return;
				hold();
				hintEditor({
					desk,
					title: "Edit the proposed hint",
					text,
					done: (edited) => answer({ do: "edit", text: edited }),
					cancelled: release,
				});
			},
		},
		"proposal.other": {
			can: isAsking,
			do: () => {
				const { pending } = live;
				if (!pending) return;
				hold();
				hintPicker({
					desk,
					live: {
						library: () => live.library().filter(({ markers }) => markers.includes(pending.marker.kind)),
						preview: (hint, wording) => live.preview(hint, wording),
						state: live.state,
						branch: live.branch,
						status: live.status,
					},
					done: ({ hint, text }) => exchange(hint, text),
					cancelled: release,
				});
			},
		},
	};

	return {
		run: (command) => {
			const action = actions[command];
			if (!action || action.can?.() === false) return false;
			action.do();
			return true;
		},
		can: (command) => actions[command]?.can?.() ?? true,
		hold,
		release,
		inject,
	};
}
