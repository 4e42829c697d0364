/** The first lines: what this is, and what a run begun here is made with. */
import { visibleLine } from "../../trace/visible.ts";
import type { Choices } from "../views/start/choices.ts";
import type { LineDeskOptions } from "./desk.ts";
import { policySays, withoutPassword } from "./says.ts";
import { trouble } from "./voice.ts";

/** What the first start explains itself in. */
const INTRODUCTION = [
	"A model thinks about a problem; the code that it writes runs in Python, and the output goes back to it.",
	"Hints are put into its thinking where it doubts itself or wants to end: by a policy, or by you.",
	"Everything is kept. A plain Enter pauses the model and lets it go on.",
];

export function welcomeSays(
	options: Pick<LineDeskOptions, "firstTime" | "says" | "beginning" | "engines">,
	choices: Choices,
): string {
	const { firstTime, says = [], beginning, engines } = options;
	const { engine } = choices;
	const known = engines.find(({ name }) => name === engine)?.says;
	return [
		"nudge, told in lines. Say a word and press Enter: help tells the words, quit leaves.",
		...says.map((mistake) => trouble("warning", mistake)),
		...(firstTime ? INTRODUCTION : []),
		...(beginning.at === "session"
			? []
			: [
					`The engine is ${visibleLine(withoutPassword(engine))}${known ? `, ${visibleLine(known)}` : ""}; say engine to change it.`,
					`The policy is ${policySays(choices)}; say policy to change it.`,
				]),
	].join("\n");
}
