/** Where a person is (at the start, in a session, in a replay) and what the words mean there. */
import { LINE_WORDS, type LineWord, usageOf, wordOf } from "./words.ts";

export type Deed = {
	/** Why it means nothing now, in words; undefined: it does. */
	readonly not?: () => string | undefined;
	/** `said` follows the word, `by` is how it was said. It holds the input only while it asks something. */
	readonly do: (said: string, by: string) => void | Promise<void>;
};

export type Deeds = Readonly<Partial<Record<LineWord, Deed>>>;

export interface Place {
	readonly deeds: Deeds;
	/** A line that is empty. */
	enter(): void | Promise<void>;
	/** A line that is no word here; looked at before the words are. */
	takes?(line: string): boolean | Promise<boolean>;
	/** Ctrl+C. False: nothing runs that it could stop. */
	interrupt(): boolean;
	close(): Promise<void>;
}

/** What means something now, a sentence each. */
export function helpOf(deeds: Deeds): string {
	return LINE_WORDS.filter((word) => isOn(deeds, word))
		.map(usageOf)
		.join("\n");
}

export function isOn(deeds: Deeds, word: LineWord): boolean {
	const deed = deeds[word];
	return deed !== undefined && deed.not?.() === undefined;
}

/** "veto: not now, no hint waits." */
export function refusal(word: LineWord, why: string): string {
	return `${wordOf(word)}: not now, ${why}.`;
}
