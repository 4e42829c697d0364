/** What a person does with hints: answers a proposal, puts one of the library or their own in, takes one back. */
import type { Answer } from "../../hints/ask.ts";
import type { Hint } from "../../hints/hint.ts";
import type { HandHint } from "../../reason/live.ts";
import { visibleLine } from "../../trace/visible.ts";
import { ownHint } from "../session/deeds.ts";
import type { Deeds } from "./place.ts";
import { policySays, withoutFences } from "./says.ts";
import type { Here } from "./session.ts";
import { heardVetoMs } from "./settings.ts";
import { sentence, trouble } from "./voice.ts";

export function hintDeeds(here: Here): Deeds {
	const { live, voice, dialogue, hold } = here;
	const noProposal = (): string | undefined => {
		if (live.pending) return undefined;
		const last = live.state.branches.get(live.branch)?.hints.at(-1);
		return `no hint waits${last ? "; undo hint rewinds to before the last one" : ""}`;
	};
	/** The clock of a proposal stands while a question is answered. */
	const answer = (said: Answer): void => {
		live.answer(said);
		hold.release();
		// Held before: the answer counts, and whoever gave it wants to hear what comes of it.
		if (live.status === "paused") live.goOn();
	};
	const inject = (hint: HandHint): void => {
		hold.inject(hint).catch((error: unknown) => voice.say(trouble("error", (error as Error).message)));
	};

	const edit = async (said: string): Promise<void> => {
		const proposed = live.pending?.proposal;
		if (!proposed) return;
		let text: string | undefined = said;
		if (said === "") {
			hold.hold();
			text = await dialogue.askLines(
				"Type the words that go in instead, then an empty line; cancel leaves the hint as it is.",
			);
		}
		if (text === undefined || text === "") return hold.release();
		// What was proposed opened a block: the edited words come before it.
		const fence = /\n[^\n]*(?:`{3,}|~{3,})[^\n]*\n$/.exec(proposed.text)?.[0] ?? "\n";
		const opens = withoutFences(proposed.text).opens && !withoutFences(text).opens;
		answer({ do: "edit", text: opens ? text + fence : ownHint(text).text });
	};

	/** By its number in the list or its name. */
	const named = (wanted: string): Hint | undefined => {
		const hints = live.library();
		const word = wanted.toLowerCase();
		const begun = hints.filter(({ id }) => id.toLowerCase().startsWith(word));
		return (
			hints[Number(wanted) - 1] ??
			hints.find(({ id }) => id === word) ??
			(begun.length === 1 ? begun[0] : undefined)
		);
	};
	/** The hint that is meant, asked for where none was named. */
	const chosen = async (said: string): Promise<Hint | undefined> => {
		const hints = live.library();
		if (hints.length === 0) {
			voice.say("There are no hints: the library is read with the model, or has none for such problems.");
			return undefined;
		}
		let wanted: string | undefined = said;
		if (said === "") {
			for (const [index, { id, wordings }] of hints.entries())
				voice.say(`${index + 1}: ${visibleLine(id)}: ${visibleLine(wordings[0] ?? "")}`);
			wanted = await dialogue.ask("Which hint? Its number or name; an empty line leaves it.");
		}
		if (wanted === undefined) return undefined;
		const hint = named(wanted);
		if (!hint) voice.say(`The library has no hint "${wanted}" for this problem; hint alone lists them.`);
		return hint;
	};

	/** Tells how it would read, wording by wording, until the person takes or leaves it. */
	const pick = async (said: string): Promise<void> => {
		hold.hold();
		const hint = await chosen(said);
		for (let wording = 0; hint; ) {
			const proposal = live.preview(hint.id, wording);
			if ("skip" in proposal) {
				voice.say(`${hint.id} cannot go in here: ${sentence(proposal.skip)}`);
				break;
			}
			const { lines, opens } = withoutFences(proposal.text);
			const count = hint.wordings.length;
			voice.say(
				`${hint.id}, wording ${wording + 1} of ${count}, would say: ${lines.map((line) => line.trim()).join(" ")}`,
			);
			if (opens) voice.say("Then a block of Python is opened.");
			const others = count > 1 ? " other, for another wording;" : "";
			const reply = (await dialogue.ask(`Insert it? yes;${others} an empty line leaves it.`))?.toLowerCase();
			if (reply === "other" || reply === "other wording") wording = (wording + 1) % count;
			else if (reply !== undefined && /^(?:y(?:es)?|i(?:nsert)?)$/.test(reply)) {
				inject({ hint: hint.id, kind: hint.kind, wording: proposal.wording, text: proposal.text });
				return;
			} else break;
		}
		hold.release();
	};

	return {
		"proposal.insert": { not: noProposal, do: () => answer({ do: "insert" }) },
		"proposal.edit": { not: noProposal, do: edit },
		"proposal.wording": { not: noProposal, do: () => answer({ do: "other-wording" }) },
		"proposal.other": {
			not: noProposal,
			do: async (said) => {
				hold.hold();
				const hint = await chosen(said);
				if (hint) answer({ do: "other-hint", hint: hint.id });
				else hold.release();
			},
		},
		"proposal.veto": { not: noProposal, do: () => answer({ do: "veto" }) },
		"proposal.veto-kind": { not: noProposal, do: () => answer({ do: "veto-kind" }) },
		"hint.pick": {
			not: () =>
				live.pending ? "a proposed hint waits: other hint takes another one for this place" : undefined,
			do: pick,
		},
		"hint.write": {
			do: async (said) => {
				if (said !== "") return inject(ownHint(said));
				hold.hold();
				const text = await dialogue.askLines("Type your hint, then an empty line; cancel leaves it.");
				if (text === undefined) hold.release();
				else inject(ownHint(text));
			},
		},
		"hint.undo": {
			not: () =>
				(live.state.branches.get(live.branch)?.hints.length ?? 0) > 0
					? undefined
					: "there is no hint to undo",
			do: () => void live.undoHint(),
		},
		"policy.pick": {
			do: async (said) => {
				const { mode, rounds, words, vetoMs } = live.hints;
				let wanted: string | undefined = said.toLowerCase();
				if (wanted === "") {
					voice.say(`The policy is ${policySays({ mode, rounds, words, vetoMs })}.`);
					wanted = (
						await dialogue.ask("auto, ask or off from here on? An empty line leaves it.")
					)?.toLowerCase();
				}
				if (wanted === undefined) return;
				if (wanted !== "auto" && wanted !== "ask" && wanted !== "off") {
					voice.say(`There is no policy "${wanted}": there are auto, ask and off.`);
					return;
				}
				live.setHints({ mode: wanted, vetoMs: heardVetoMs(vetoMs) });
				here.keepHints({ mode: wanted });
				voice.say(
					`The policy is ${policySays({ mode: wanted, rounds, words, vetoMs: heardVetoMs(vetoMs) })}.`,
				);
			},
		},
	};
}
