/** What moves a trace: pause and go on, stop, rewind, branches, Python, the next problem. */
import { isGrowing, turnBranch } from "../session/deeds.ts";
import type { Deeds } from "./place.ts";
import { counted } from "./says.ts";
import type { Here } from "./session.ts";
import { branchSays } from "./stands.ts";
import { trouble } from "./voice.ts";

/** Lines that are told when it is asked where to rewind to. */
const CHOICE_LINES = 10;

export function traceDeeds(here: Here): Deeds {
	const { live, reader, voice, dialogue, python, hold } = here;
	const hasText = (): string | undefined => (reader.units.length === 0 ? "there is no text yet" : undefined);
	const several = (): string | undefined =>
		live.state.branches.size > 1 ? undefined : "there is no other branch";

	const rewindTo = async (said: string): Promise<void> => {
		let wanted = said.replace(/^(?:to\s+)?(?:line\s+)?/i, "");
		if (wanted === "") {
			hold.hold();
			reader.read(reader.units.slice(-CHOICE_LINES));
			wanted = (await dialogue.ask("Rewind behind which line? Its number; an empty line leaves it.")) ?? "";
			if (wanted === "") return hold.release();
		}
		const { units } = reader;
		const number = /^\d+$/.test(wanted) ? Number(wanted) : Number.NaN;
		const unit = units[number - 1];
		if (!unit && number !== 0) {
			voice.say(`There is no line ${wanted}: there are ${counted(units.length, "line")}.`);
			return hold.release();
		}
		// A hint or an output stands whole or not at all; a line of the model stays whole.
		const before = unit?.kind === "hint" || unit?.kind === "output";
		hold.drop();
		live.rewind(unit ? (before ? unit.from : unit.to) : 0);
	};

	const branches = async (said: string): Promise<void> => {
		const { state, branch } = live;
		if (said !== "") {
			if (said === branch) voice.say(`You are in ${branch} already.`);
			else live.switchTo(said);
			return;
		}
		const all = [...state.branches.values()];
		if (all.length === 0) {
			voice.say("There is no branch yet: the trace has not begun.");
			return;
		}
		for (const [index, one] of all.entries())
			voice.say(
				`${index + 1}: ${branchSays(one, state, branch, (from, at) => reader.linesBefore(from, at))}`,
			);
		if (all.length === 1) return;
		const wanted = await dialogue.ask("Change to which? Its number or name; an empty line stays here.");
		if (wanted !== undefined) live.switchTo(all[Number(wanted) - 1]?.id ?? wanted);
	};

	const runPython = async (said: string): Promise<void> => {
		const code =
			said !== "" ? said : await dialogue.askLines("Type Python, then an empty line; cancel leaves it.");
		// What it prints is told when it has ended: a long run holds nothing up.
		if (code !== undefined) void python.run(code);
	};

	return {
		"trace.pause": {
			not: () => (live.status === "ended" ? "the trace has ended" : undefined),
			do: (_, by) => {
				const wants =
					by === "pause" ? "pause" : /^(?:go|con)/.test(by) ? "go" : isGrowing(live) ? "pause" : "go";
				if (wants === "pause") {
					if (!isGrowing(live)) voice.say("It waits already: go on lets it think.");
					else live.pause();
				} else if (isGrowing(live) && live.status !== "asking") voice.say("It goes on already.");
				else if (live.status === "asking") reader.again();
				else live.goOn();
			},
		},
		"trace.stop": {
			not: () => (isGrowing(live) || live.status === "paused" ? undefined : "nothing runs"),
			do: () => void live.stop(),
		},
		rewind: { not: hasText, do: rewindTo },
		undo: {
			do: () => {
				if (live.undo() === undefined) voice.say("There is no rewind to undo.");
			},
		},
		"branch.list": { do: branches },
		"branch.next": { not: several, do: () => turnBranch(live, 1) },
		"branch.previous": { not: several, do: () => turnBranch(live, -1) },
		"focus.python": { do: runPython },
		"python.interrupt": {
			not: () => (python.busy || live.status === "running" ? undefined : "nothing runs in Python"),
			do: () => {
				python.interrupt().catch((error: unknown) => voice.say(trouble("error", String(error))));
			},
		},
		"python.restart": {
			do: () => {
				live.pythonAfresh();
				void python.restart();
			},
		},
		"problem.next": { do: () => here.next() },
		replay: { not: hasText, do: () => here.replay() },
	};
}
