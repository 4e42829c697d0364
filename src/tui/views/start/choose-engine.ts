/**
 * Choosing the engine: one that has a name, or any that a person writes. What is wrong with it is said under the field
 * where it was written, and the engine stays what it was.
 */
import { existsSync } from "node:fs";
import { FORMS, parseSpec } from "../../../engine/spec.ts";
import type { Desk } from "../../view.ts";
import { askLine, type Completion } from "../ask-line.ts";
import { choose } from "../choose.ts";
import { completePath, placeOfPath } from "../paths.ts";

export type EngineChoice = { readonly name: string; readonly says: string };

export type ChooseEngineOptions = {
	readonly desk: Desk;
	readonly engines: readonly EngineChoice[];
	readonly current: string;
	/** What choosing one here means. */
	readonly says?: string;
	readonly cwd: string;
	/** Throws where the engine cannot be. */
	readonly change: (engine: string) => void;
};

/** No engine has this name: a name has no space in it. */
const ANOTHER = "another one";

export function chooseEngine(options: ChooseEngineOptions): void {
	const { desk, engines, current } = options;
	const known = engines.some(({ name }) => name === current);
	choose({
		desk,
		title: "Engine",
		says: options.says ?? "What samples the tokens. A trace that has begun keeps the engine it has.",
		choices: [
			...(known ? [] : [{ value: current, label: hidden(current), says: "the one in use" }]),
			...engines.map(({ name, says }) => ({ value: name, label: name, says })),
			{
				value: ANOTHER,
				label: ANOTHER,
				says: "a GGUF file, or a server: llama-server, vLLM, SGLang, Ollama, ...",
			},
		],
		current,
		done: (name) => {
			if (name === ANOTHER) writeEngine(options);
			else if (name !== current) tryChange(options, name, (says) => desk.say(says, "error"));
		},
	});
}

function writeEngine(options: ChooseEngineOptions): void {
	const { desk, engines, current, cwd } = options;
	const forms = FORMS.filter(([form]) => form !== "NAME").map(([form]) => form);
	askLine({
		desk,
		title: "Engine",
		label: `One of ${forms.join(", ")}.`,
		text: engines.some(({ name }) => name === current) ? "" : current,
		placeholder: "llama-server:http://127.0.0.1:8080",
		complete: (text) => completeSpec(text, cwd),
		accepts: "use it",
		check: (text) => {
			let mistake = mistakeIn(text, engines, cwd);
			if (mistake === undefined) tryChange(options, text.trim(), (says) => (mistake = says));
			return mistake;
		},
		done: () => {},
	});
}

/** What is wrong with the text of an engine, as far as can be told without opening it. */
export function mistakeIn(text: string, engines: readonly EngineChoice[], cwd: string): string | undefined {
	const spec = text.trim();
	if (spec === "") return "Nothing is written.";
	if (engines.some(({ name }) => name === spec)) return undefined;
	try {
		const parsed = parseSpec(spec);
		if (parsed.type === "embedded" && parsed.path !== undefined) {
			const place = placeOfPath(parsed.path, cwd);
			if (!existsSync(place)) return `There is no file ${place}.`;
		}
		return undefined;
	} catch (error) {
		// What follows the first line is the list of all forms, which stands above the field already.
		return (error as Error).message.split("\n")[0]!.replace(/ An engine is one of$/, "");
	}
}

function tryChange({ change }: ChooseEngineOptions, engine: string, wrong: (says: string) => void): void {
	try {
		change(engine);
	} catch (error) {
		wrong(error instanceof Error ? error.message : String(error));
	}
}

/** A path is completed, alone or after "embedded:"; the beginning of a form becomes that form. */
function completeSpec(text: string, cwd: string): Completion {
	const embedded = /^embedded:/.exec(text)?.[0] ?? "";
	if (embedded !== "" || /^[./~]/.test(text)) {
		const { text: path, candidates } = completePath(text.slice(embedded.length), cwd);
		return { text: embedded + path, candidates };
	}
	const kinds = [...new Set(FORMS.map(([form]) => form.split(":")[0]!))].filter(
		(kind) => kind !== "NAME" && kind !== "http" && kind.startsWith(text),
	);
	return kinds.length === 1
		? { text: `${kinds[0]}:`, candidates: [] }
		: kinds.length > 1
			? { text, candidates: kinds }
			: completePath(text, cwd);
}

/** A URL may carry a password. */
const hidden = (engine: string): string => engine.replace(/(https?:\/\/)[^/@]*@/, "$1[hidden]@");
