/**
 * To the clipboard of the terminal, which may be on another machine (OSC 52), and to a file: no terminal says whether it
 * took the text.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { homes } from "../../trace/home.ts";

/**
 * Terminals take sequences of up to 100,000 bytes: 99,992 of them base64, which is this many of text
 * (https://chromium.googlesource.com/apps/libapps/+/HEAD/nassh/doc/FAQ.md, OSC 52).
 */
const MOST_BYTES = 74_994;

/** The sequence that copies a text, or undefined where it is too long for one. */
export function osc52(text: string, env: NodeJS.ProcessEnv): string | undefined {
	const bytes = Buffer.from(text);
	if (bytes.length > MOST_BYTES) return undefined;
	const sequence = `\x1b]52;c;${bytes.toString("base64")}\x07`;
	if (env.TMUX === undefined) return sequence;
	// tmux takes the one where set-clipboard is on, and hands the other through where allow-passthrough is.
	return `${sequence}\x1bPtmux;${sequence.replaceAll("\x1b", "\x1b\x1b")}\x1b\\`;
}

export function clipboardFile(env: NodeJS.ProcessEnv): string {
	return join(homes(env).cache, "clipboard.txt");
}

/** Copies both ways and says what was done. */
export function copyText(text: string, send: (sequence: string) => void, env: NodeJS.ProcessEnv): string {
	const sequence = osc52(text, env);
	if (sequence) send(sequence);
	const file = clipboardFile(env);
	const much = text.length === 1 ? "1 character" : `${text.length.toLocaleString("en")} characters`;
	let failure: string | undefined;
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		writeFileSync(file, text, { mode: 0o600 });
		chmodSync(file, 0o600);
	} catch (error) {
		failure = error instanceof Error ? error.message : String(error);
	}
	if (sequence) {
		const also = failure ? `the file could not be written: ${failure}` : `also in ${file}`;
		return `Copied ${much} to the terminal's clipboard; ${also}`;
	}
	return failure
		? `Not copied: ${much} are too long for the terminal's clipboard, and the file could not be written: ${failure}`
		: `${much} are too long for the terminal's clipboard: they are in ${file}`;
}
