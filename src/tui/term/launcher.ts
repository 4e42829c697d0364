/**
 * The program's side of bin/nudge.cjs, when that stays alive as its parent: a line between the two on file descriptor 3.
 * The launcher never writes to it: it closes when the launcher is gone, however it went, and the program ends too. The
 * program says in single letters what the launcher must know to put the terminal right when the program is killed, and
 * when to stop with it.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";

const LINE_FD = 3;

export type Word =
	/** The terminal is set up. */ "e" /** It is as before. */ | "l" /** Stop with me (Ctrl+Z). */ | "z";

let joined = false;

/** To be called once, at the start of the program. */
export function joinLauncher(): void {
	joined = true;
	const line = new Socket({ fd: LINE_FD });
	line.on("close", () => process.exit(1));
	line.on("error", () => {});
	line.resume();
	line.unref();
}

/** At once, since the next thing that happens may be the end. Without a launcher nobody has to know. */
export function tellLauncher(word: Word): void {
	if (!joined) return;
	try {
		writeSync(LINE_FD, word);
	} catch {
		// It is gone: `close` ends this program.
	}
}
