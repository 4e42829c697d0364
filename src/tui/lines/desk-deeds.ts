/** The words that mean the same everywhere: lists, files, engine and settings, help, leaving. */
import { visibleLine } from "../../trace/visible.ts";
import { placeOfPath } from "../views/paths.ts";
import type { Choices } from "../views/start/choices.ts";
import { mistakeIn } from "../views/start/choose-engine.ts";
import type { LineDesk } from "./desk.ts";
import { problemEntries, sessionEntries } from "./lists.ts";
import { type Deeds, helpOf, isOn } from "./place.ts";
import { counted, policySays, withoutPassword } from "./says.ts";
import { changedSays, settingBy, settingsSay } from "./settings.ts";
import { beginFile } from "./start.ts";
import { sentence, trouble } from "./voice.ts";
import { LINE_WORDS, meantBy, usageOf } from "./words.ts";

export function deskDeeds(desk: LineDesk): Deeds {
	const { voice, dialogue, listing } = desk;
	const { cwd, store, engines } = desk.options;
	const asked = async (said: string, question: string): Promise<string | undefined> =>
		said !== "" ? said : dialogue.ask(question);
	/** Says what is wrong with it, where something is. */
	const change = (changes: Partial<Choices>, says: () => string): void => {
		try {
			desk.change(changes);
			voice.say(says());
		} catch (error) {
			voice.say(trouble("error", (error as Error).message));
		}
	};
	const sessionNamed = (said: string): string => {
		const number = /^\d{1,6}$/.test(said) ? numbered.get(Number(said)) : undefined;
		return number ?? store.find(said);
	};
	/** Ids by their numbers in the list that was read last. */
	const numbered = new Map<number, string>();

	return {
		problems: {
			do: async (said) => {
				const { set } = desk;
				const entries = await problemEntries(set, said, async (problem) =>
					desk.beginProblem(await set.whole(problem)),
				);
				const which = said === "" ? "" : ` with "${said}"`;
				listing.show(
					`${counted(entries.length, "problem")} of ${visibleLine(set.name)}${which}.`,
					entries,
					"Its number begins one.",
				);
				const [first] = set.mistakes;
				if (first) {
					const where = first.line === undefined ? first.file : `${first.file}:${first.line}`;
					const more = set.mistakeCount > 1 ? `, the first of ${set.mistakeCount} mistakes` : "";
					voice.say(trouble("warning", `${where}: ${first.says}${more}`));
				}
			},
		},
		more: { do: () => listing.more() },
		"start.file": {
			do: async (said) => {
				const path = await asked(said, "Which file holds the problem? An empty line leaves it.");
				if (path !== undefined) await beginFile(path, desk);
			},
		},
		"start.set": {
			do: async (said) => {
				const path = await asked(said, "Which problem file or dataset folder? bundled is the set of nudge.");
				if (path === undefined) return;
				desk.takeSet(path === "bundled" ? undefined : placeOfPath(path, cwd));
				voice.say(`The problem set is ${visibleLine(desk.set.name)}. problems lists it.`);
			},
		},
		"sessions.open": {
			do: async (said) => {
				const entries = await sessionEntries(store, said, Date.now(), (id) => desk.openSession(id));
				numbered.clear();
				for (const { number, id } of entries) numbered.set(number, id);
				listing.show(
					`${counted(entries.length, "session")}${said === "" ? "" : ` with "${said}"`}, newest first.`,
					entries,
					"Its number opens one.",
				);
			},
		},
		"sessions.resume": {
			do: async (said) => {
				const wanted = await asked(said, "Which session? Its number in the list, its id, or last.");
				if (wanted !== undefined) await desk.openSession(sessionNamed(wanted));
			},
		},
		"sessions.delete": {
			do: async (said) => {
				const wanted = await asked(said, "Delete which session? Its number in the list, or its id.");
				if (wanted === undefined) return;
				const id = sessionNamed(wanted);
				if (desk.session?.live.id === id) voice.say(`You are in ${id}: say new first, then delete it.`);
				else if (await dialogue.yes(`Delete ${id} with all that is in it? yes, or an empty line for no.`)) {
					store.remove(id);
					voice.say(`${id} is deleted.`);
				}
			},
		},
		"session.new": { do: () => desk.toStart() },
		"start.engine": {
			not: () => (desk.session ? "the engine is chosen before a trace begins: say new first" : undefined),
			do: async (said) => {
				if (said === "") {
					voice.say(`The engine is ${visibleLine(withoutPassword(desk.choices.engine))}.`);
					for (const { name, says } of engines)
						voice.say(`${visibleLine(name)}: ${sentence(visibleLine(says))}`);
				}
				const engine = await asked(
					said,
					"Which engine? A name, a GGUF file, or a server as llama-server:URL.",
				);
				if (engine === undefined) return;
				const mistake = mistakeIn(engine, engines, cwd);
				if (mistake !== undefined) voice.say(trouble("error", mistake));
				else change({ engine }, () => `The engine is ${visibleLine(withoutPassword(engine))}.`);
			},
		},
		"policy.pick": {
			do: async (said) => {
				if (said === "") voice.say(`The policy is ${policySays(desk.choices)}.`);
				const mode = (await asked(said, "auto, ask or off? An empty line leaves it."))?.toLowerCase();
				if (mode === "auto" || mode === "ask" || mode === "off")
					change({ mode }, () => `The policy is ${policySays(desk.choices)}.`);
				else if (mode !== undefined) voice.say(`There is no policy "${mode}": there are auto, ask and off.`);
			},
		},
		"start.settings": {
			do: (said) => {
				if (said === "") {
					voice.say(settingsSay(desk.choices));
					return;
				}
				const setting = settingBy(said);
				if ("mistake" in setting) voice.say(trouble("error", setting.mistake));
				else change(setting.changes, () => changedSays(setting.changes, desk.choices));
			},
		},
		help: {
			do: (said) => {
				const deeds = desk.words;
				if (said === "") {
					voice.say(helpOf(deeds));
					return;
				}
				const meant = meantBy(
					said,
					LINE_WORDS.filter((word) => deeds[word]),
					(word) => isOn(deeds, word),
				);
				voice.say("unknown" in meant ? meant.unknown : usageOf(meant.word));
			},
		},
		quit: { do: () => desk.leave() },
	};
}
