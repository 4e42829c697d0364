/**
 * A trace as text for a terminal, event by event: `nudge run`, `show` and `replay` print the same.
 *
 * Model text stands plain, as it comes. What was inserted stands apart in two ways, so that it does without colour: a
 * line in brackets says what it is, and a sign begins each of its lines (hint », output │, edit ±). No line is wrapped.
 * What always holds: every character of a trace goes through `visible`, and each line ends with its colours off, so
 * wherever the text is cut off the terminal is left clean at the next line. Pieces may split a character in two.
 */
import type { FenceDialect } from "../hints/marker.ts";
import { Scanner } from "../hints/scanner.ts";
import type { EventOf, TraceEvent } from "../trace/events.ts";
import { visible, visibleLine } from "../trace/visible.ts";
import type { Io } from "./command.ts";
import { effectiveSettings } from "./settings.ts";

/** What a colour means, as SGR parameters (ECMA-48 8.3.117) of the sixteen colours that a user's palette sets. */
const COLOURS = {
	frame: "2",
	hint: "36",
	code: "34",
	output: "32",
	failure: "31",
	edit: "35",
	warning: "33",
} as const;
type Meaning = keyof typeof COLOURS;

const SIGNS = { hint: "»", output: "│", edit: "±" } as const;

export type Look = { readonly colour: boolean };

/** Whether to colour what goes to standard output: as the setting `color` says, else as the terminal and NO_COLOR do (https://no-color.org). */
export function lookOf({ stdout, env, cwd }: Pick<Io, "stdout" | "env" | "cwd">): Look {
	const wanted = effectiveSettings({ env, cwd }).color.value;
	if (wanted !== "auto") return { colour: wanted === "always" };
	return { colour: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb" };
}

/** For colour alone: whatever stands between backtick fences is code. */
const ANY_FENCE: FenceDialect = {
	id: "any",
	codeOpen: "```",
	codeClose: "```",
	languages: [],
	outputOpen: "",
	outputClose: "",
	callsUsedUp: "",
};

export class TraceRenderer {
	readonly #colour: boolean;
	/** Whether the last line is unfinished. */
	#inLine = false;
	/** First half of a character outside the basic plane, whose second half has not come yet. */
	#half = "";
	#branch: string | undefined;
	/** The last one, which says after which word a hint stands. */
	#marker: EventOf<"marker"> | undefined;

	/** Where the blocks of code are. */
	readonly #fences = new Scanner({ words: [], dialect: ANY_FENCE });

	constructor(look: Look) {
		this.#colour = look.colour;
	}

	/** The text to print for an event; empty for those that only a log wants. */
	render(event: TraceEvent): string {
		return this.#turnTo(event) + this.#say(event);
	}

	/** What is left to print at the end: the cursor stands at the start of a line then. */
	end(): string {
		return this.#newLine();
	}

	#say(event: TraceEvent): string {
		switch (event.type) {
			case "tokens":
				return this.#stream(event.text);
			case "hint":
				return this.#frame(nameOfHint(event, this.#marker), "hint") + this.#block(event.text, "hint", "hint");
			case "marker":
				this.#marker = event;
				return "";
			case "decision":
				return event.decision === "veto" ? this.#frame(nameOfVeto(event), "frame") : "";
			case "call":
				return this.#frame(`python ${event.block} runs`, "frame");
			case "output": {
				const failed = event.verdict !== "ok";
				const lost = event.stateLost ? " · the variables are lost" : "";
				const title = `output ${event.block} · ${event.verdict} · ${duration(event.durationMs)}${lost}`;
				const meaning = failed ? "failure" : "output";
				return this.#frame(title, meaning) + this.#block(event.text, "output", meaning);
			}
			case "limit":
				return (
					this.#frame(`output ${event.block} · not run`, "warning") +
					this.#block(event.text, "output", "output")
				);
			case "edit":
				return this.#frame("edited by hand", "edit") + this.#block(event.text, "edit", "edit");
			case "notice": {
				const meaning = event.level === "info" ? "frame" : event.level === "error" ? "failure" : "warning";
				return this.#frame(`${event.level === "info" ? "note" : event.level}: ${event.text}`, meaning);
			}
			case "end": {
				const why = event.message === undefined ? "" : `: ${event.message}`;
				return this.#frame(`end · ${ENDS[event.reason] ?? event.reason}${why}`, "frame");
			}
			case "outcome": {
				const answer = event.answer === undefined ? "" : ` · answer ${event.answer}`;
				return this.#frame(`outcome · ${event.verdict}${answer}`, VERDICTS[event.verdict] ?? "frame");
			}
			default:
				return "";
		}
	}

	/** Says when the text goes on in another branch than before. */
	#turnTo(event: TraceEvent): string {
		if (!("branch" in event) || event.type === "mark" || event.branch === this.#branch) return "";
		const first = this.#branch === undefined;
		this.#branch = event.branch;
		if (event.type === "branch" && event.parent) {
			const { branch, at } = event.parent;
			return this.#frame(`branch ${event.branch} · grows out of ${branch} at ${at}`, "frame");
		}
		return first ? "" : this.#frame(`branch ${event.branch}`, "frame");
	}

	#stream(piece: string): string {
		let text = this.#half + piece;
		this.#half = "";
		const last = text.charCodeAt(text.length - 1);
		if (last >= 0xd800 && last <= 0xdbff) {
			this.#half = text.slice(-1);
			text = text.slice(0, -1);
		}
		if (text !== "") this.#inLine = !text.endsWith("\n");
		return this.#colour ? this.#coloured(text) : visible(text);
	}

	/** Code in its own colour, line by line. */
	#coloured(text: string): string {
		return text
			.split(/(?<=\n)/)
			.map((line) => {
				const inside = this.#fences.open !== undefined;
				this.#fences.push(line);
				const shown = visible(line.replace(/\n$/, ""));
				return (inside && shown ? this.#paint(shown, "code") : shown) + (line.endsWith("\n") ? "\n" : "");
			})
			.join("");
	}

	#newLine(): string {
		const half = this.#half === "" ? "" : "\ufffd";
		this.#half = "";
		if (!this.#inLine && half === "") return "";
		this.#inLine = false;
		return `${half}\n`;
	}

	#frame(title: string, meaning: Meaning): string {
		return `${this.#newLine()}${this.#paint(`[${visibleLine(title)}]`, meaning)}\n`;
	}

	#block(text: string, sign: keyof typeof SIGNS, meaning: Meaning): string {
		if (this.#colour) this.#fences.push(text);
		const lines = visible(text).split("\n");
		if (lines.at(-1) === "") lines.pop();
		return lines.map((line) => `${this.#paint(`${SIGNS[sign]} ${line}`, meaning)}\n`).join("");
	}

	#paint(line: string, meaning: Meaning): string {
		return this.#colour ? `\x1b[${COLOURS[meaning]}m${line}\x1b[0m` : line;
	}
}

const ENDS: Readonly<Record<EventOf<"end">["reason"], string>> = {
	eos: "the model ended its turn",
	tokens: "the token budget is used up",
	time: "the time is used up",
	context: "the context is full",
	interrupted: "interrupted",
	engine: "the engine failed",
};

const VERDICTS: Readonly<Record<EventOf<"outcome">["verdict"], Meaning>> = {
	correct: "output",
	wrong: "failure",
	unparseable: "failure",
	"no answer": "failure",
	unchecked: "frame",
};

const PLACES: Readonly<Record<string, string>> = {
	"before-code": "before code",
	"before-end": "before the end",
};

function nameOfHint(event: EventOf<"hint">, marker: EventOf<"marker"> | undefined): string {
	const word = marker?.branch === event.branch && marker.at === event.at ? marker.word : undefined;
	const place = word === undefined ? (PLACES[event.marker] ?? event.marker) : `after ${word}`;
	const what = event.kind || event.hint;
	return `hint${place && ` ${place}`}${what && ` · ${what}`}${event.by === "person" ? " · by hand" : ""}`;
}

function nameOfVeto({ hint, reason }: EventOf<"decision">): string {
	return `hint vetoed${hint === undefined ? "" : ` · ${hint}`}${reason && ` · ${reason}`}`;
}

export function duration(ms: number): string {
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
	return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
