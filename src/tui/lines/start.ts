/**
 * The start: what is typed is a problem, unless it is a word, a number of the list, a file or a session. A problem may
 * begin with any word, so a line counts as a command only where nothing but that could be meant.
 */
import { existsSync, statSync } from "node:fs";
import type { ProblemSet } from "../../data/problem-set.ts";
import { DOMAINS } from "../../data/problems.ts";
import type { Domain, Problem } from "../../trace/events.ts";
import { placeOfPath } from "../views/paths.ts";
import { problemText } from "../views/start/from-file.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Deeds, Place } from "./place.ts";
import { trouble, type Voice } from "./voice.ts";
import { LINE_WORDS, meantBy } from "./words.ts";

/** What the start needs of the program around it. */
export type Starting = {
	readonly voice: Voice;
	readonly dialogue: Dialogue;
	readonly cwd: string;
	/** What words mean here: they belong to the program and not to the place. */
	readonly words: Deeds;
	readonly set: ProblemSet;
	/** Problems come from this file; undefined are the bundled ones. */
	takeSet(file: string | undefined): void;
	beginProblem(problem: Problem): Promise<void>;
	openSession(id: string): Promise<void>;
};

const QUESTION = [
	"What is the problem? Type it and end it with an empty line.",
	"Or say bundled for the list of problems, a number of that list, the path of a file, sessions, or open last.",
].join("\n");

/** What follows a word in a command is no longer than this; a problem mostly is. */
const MOST_ARGUMENTS = 2;

export class Start implements Place {
	readonly deeds: Deeds = {};
	readonly #desk: Starting;

	constructor(desk: Starting) {
		this.#desk = desk;
	}

	ask(): void {
		this.#desk.voice.say(QUESTION);
	}

	enter(): void {
		this.ask();
	}

	interrupt(): boolean {
		return false;
	}

	async close(): Promise<void> {}

	async takes(line: string): Promise<boolean> {
		const desk = this.#desk;
		const { voice, dialogue, cwd } = desk;
		const text = line.trim();
		if (/^\d{1,6}$/.test(text)) {
			const { set } = desk;
			await set.loaded;
			const listed = set.problems[Number(text) - 1];
			if (listed) await desk.beginProblem(await set.whole(listed));
			else voice.say(`The list has no problem ${text}: problems reads it.`);
			return true;
		}
		if (this.#isCommand(text)) return false;
		if (/^\d{8}-\w{4}$/.test(text)) {
			await desk.openSession(text);
			return true;
		}
		const file = placeOfPath(text, cwd);
		if (existsSync(file) && statSync(file).isFile()) {
			await beginFile(text, desk);
			return true;
		}
		const typed = await dialogue.askLines("Go on with it; an empty line ends the problem, cancel drops it.", [
			line,
		]);
		if (typed === undefined) voice.say("The problem was dropped.");
		else await beginTyped(typed, desk);
		return true;
	}

	/** A single word is one, right or wrong; a word with little behind it, where it is a whole name. */
	#isCommand(text: string): boolean {
		const words = text.split(/\s+/);
		if (words.length === 1)
			return /^[a-z][a-z.-]*$/i.test(text) && !existsSync(placeOfPath(text, this.#desk.cwd));
		const deeds = this.#desk.words;
		const meant = meantBy(
			text,
			LINE_WORDS.filter((word) => deeds[word]),
			() => true,
		);
		if ("unknown" in meant || /[?!]$/.test(text)) return false;
		const { word, said } = meant;
		if ((word === "start.file" || word === "start.set") && existsSync(placeOfPath(said, this.#desk.cwd)))
			return true;
		return said.split(/\s+/).length <= MOST_ARGUMENTS;
	}
}

/** What is still to be known of a problem that was typed or read from a file. */
async function beginTyped(text: string, desk: Starting): Promise<void> {
	const { dialogue, voice } = desk;
	const answer = await dialogue.ask("Its gold answer, to check against; an empty line for none.", {
		empty: true,
	});
	const domain =
		answer === undefined
			? undefined
			: await dialogue.ask("Its domain: math, code or science; an empty line is math.", { empty: true });
	if (answer === undefined || domain === undefined) voice.say("The problem was dropped.");
	else {
		await desk.beginProblem({
			id: "typed",
			domain: domainOf(domain),
			problem: text.trim(),
			...(answer === "" ? {} : { answer }),
		});
	}
}

/** One problem as a text, or a set of them. */
export async function beginFile(path: string, desk: Starting): Promise<void> {
	const { voice, cwd, words } = desk;
	const file = placeOfPath(path, cwd);
	const read = problemText(path, cwd);
	if ("text" in read) {
		voice.say(read.text);
		await beginTyped(read.text, desk);
	} else if (/\.jsonl$/.test(file) && existsSync(file)) {
		desk.takeSet(file);
		await words.problems?.do("", "problems");
	} else voice.say(trouble("error", read.mistake));
}

function domainOf(said: string): Domain {
	const word = said.toLowerCase();
	return (word === "" ? undefined : DOMAINS.find((domain) => domain.startsWith(word))) ?? "math";
}
