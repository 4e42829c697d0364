/**
 * What a person types, line by line: a command, or the answer to a question. The question that was asked last gets the
 * next line; lines that come before anybody waits for them are kept in their order.
 *
 * What always holds: a line goes to one taker; whoever waits is told in the end: with a line, or with undefined when the
 * input has ended or the question was taken back.
 */
import type { Voice } from "./voice.ts";

type Waiting = { readonly question: boolean; readonly resolve: (line: string | undefined) => void };

/** What leaves a question without an answer; an empty line does where an empty answer would mean nothing. */
const LEAVES = "cancel";

/** Lines that come within so long of one another were pasted. */
const PASTE_MS = 100;

export class Dialogue {
	readonly #voice: Voice;
	readonly #pasteMs: number;
	readonly #typed: string[] = [];
	readonly #waiting: Waiting[] = [];
	#ended = false;

	constructor(voice: Voice, pasteMs = PASTE_MS) {
		this.#voice = voice;
		this.#pasteMs = pasteMs;
	}

	get ended(): boolean {
		return this.#ended;
	}

	line(text: string): void {
		const taker = this.#waiting.pop();
		if (taker) taker.resolve(text);
		else this.#typed.push(text);
	}

	/** Nothing more will be typed, or nothing more is to be taken. */
	end(): void {
		this.#ended = true;
		for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
	}

	/** Takes the question back that waits. False: none did. */
	cancel(): boolean {
		if (!this.#waiting.at(-1)?.question) return false;
		this.#waiting.pop()?.resolve(undefined);
		return true;
	}

	/** The next command. */
	next(): Promise<string | undefined> {
		return this.#take(false);
	}

	/** One line; undefined where the person would rather not. An empty one counts as an answer with `empty`. */
	async ask(question: string, { empty = false } = {}): Promise<string | undefined> {
		this.#voice.say(question);
		const line = (await this.#take(true))?.trim();
		if (line === undefined || line.toLowerCase() === LEAVES || (line === "" && !empty)) return undefined;
		return line;
	}

	/** Several lines, ended by an empty one behind which nothing was pasted; `begun` are those that are there already. */
	async askLines(question: string, begun: readonly string[] = []): Promise<string | undefined> {
		if (question !== "") this.#voice.say(question);
		const lines = [...begun];
		for (;;) {
			const line = await this.#take(true);
			// What was typed before the end of the input counts as no answer: nobody said that it was whole.
			if (line === undefined || line.trim().toLowerCase() === LEAVES) return undefined;
			if (line.trim() === "" && !(lines.length > 0 && (await this.#goesOn()))) break;
			lines.push(line);
		}
		return lines.length === 0 ? undefined : lines.join("\n").trimEnd();
	}

	/** Whether the lines that come belong to one text, with empty lines in it. */
	async #goesOn(): Promise<boolean> {
		if (this.#pasteMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#pasteMs));
		return this.#pasteMs > 0 && this.#typed.length > 0;
	}

	async yes(question: string): Promise<boolean> {
		return /^y(es)?$/i.test((await this.ask(question)) ?? "");
	}

	#take(question: boolean): Promise<string | undefined> {
		const line = this.#typed.shift();
		if (line !== undefined) return Promise.resolve(line);
		if (this.#ended) return Promise.resolve(undefined);
		return new Promise((resolve) => this.#waiting.push({ question, resolve }));
	}
}
