/** What is kept with a session: mark, name, tags, notes; and the session as a file. */
import { setTag, toggleMark } from "../session/deeds.ts";
import { exportBy } from "./exporting.ts";
import type { Deed, Deeds } from "./place.ts";
import type { Here } from "./session.ts";
import { sentence } from "./voice.ts";

export function keepDeeds(here: Here): Deeds {
	const { live, voice, dialogue, reader, cwd, journal } = here;
	const hasText = (): string | undefined => (reader.units.length === 0 ? "there is no text yet" : undefined);
	const mark = (wanted: "accepted" | "rejected"): Deed => ({
		not: hasText,
		do: () => {
			const says = toggleMark(live, wanted);
			voice.say(sentence(says.charAt(0).toUpperCase() + says.slice(1)));
		},
	});
	/** What follows the word, or what is asked for. */
	const worded = (question: string, take: (text: string) => string, several = false): Deed => ({
		do: async (said) => {
			const text =
				said !== "" ? said : await (several ? dialogue.askLines(question) : dialogue.ask(question));
			if (text !== undefined) voice.say(take(text));
		},
	});
	return {
		"mark.accept": mark("accepted"),
		"mark.reject": mark("rejected"),
		name: worded("Which name? An empty line leaves it.", (name) => {
			live.name(name.trim());
			return `The session is called ${name.trim()}.`;
		}),
		tag: worded("Which tag? -tag takes it away; an empty line leaves it.", (said) => {
			if (!setTag(live, said)) return "There is no tag in that.";
			const tags = [...live.state.tags];
			return tags.length === 0 ? "The session has no tags." : `Tags: ${tags.join(", ")}.`;
		}),
		note: worded(
			"Type the note, then an empty line; cancel leaves it.",
			(text) => {
				live.note(text.trim());
				return "The note is kept.";
			},
			true,
		),
		export: {
			not: hasText,
			do: (said) =>
				exportBy(
					said,
					{ state: live.state, session: live.id, branch: live.branch, cwd, journal },
					dialogue,
					voice,
				),
		},
	};
}
