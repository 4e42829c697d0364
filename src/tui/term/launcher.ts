/**
 * The program's side of bin/nudge.cjs, when that stays alive as its parent: a line between the two on file descriptor 3.
 * It closes when the launcher is gone, however it went, and the program ends too. The program says in single letters
 * what the launcher must know to put the terminal right when the program is killed.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";

const LINE_FD = 3;

export type Word =
	/** The terminal is set up. */
	| "e"
	/** It is as before, for now. */
	| "l"
	/** And stays so. */
	| "b"
	/** Stop the whole job (Ctrl+Z). Said back once that is over. */
	| "z";

let line: Socket | undefined;
/** From "e" to "b" the launcher leaves it to the program when to stop; else it stops as any process does. */
let stopsWithUs = false;

/** To be called once, at the start of the program. */
export function joinLauncher(): void {
	line = new Socket({ fd: LINE_FD });
	line.on("close", () => process.exit(1));
	line.on("error", () => {});
	line.resume();
	line.unref();
}

/** At once, since the next thing that happens may be the end. Without a launcher nobody has to know. */
export function tellLauncher(word: Word): void {
	if (word === "e") stopsWithUs = true;
	else if (word === "b") stopsWithUs = false;
	if (!line) return;
	try {
		writeSync(LINE_FD, word);
	} catch {
		// It is gone: `close` ends this program.
	}
}

/**
 * Has the launcher stop the job: it is the one the shell waits for, so it must not stop before the others. Resolves when
 * the shell has continued us all, or at once where there is no shell; undefined where the launcher does not wait for us.
 */
export function stopByLauncher(): Promise<void> | undefined {
	const answers = line;
	if (!answers || !stopsWithUs) return undefined;
	// Nothing else may be waited for just then, and a program that waits for nothing ends.
	answers.ref();
	tellLauncher("z");
	return new Promise((resolve) =>
		answers.once("data", () => {
			answers.unref();
			resolve();
		}),
	);
}
