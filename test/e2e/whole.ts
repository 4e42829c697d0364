/** What a whole terminal is, and the ways in which a screen can come to its end. */
import { expect } from "vitest";
import { isAlive, type Screen } from "./screen.ts";

export const UP: Screen["modes"] = {
	alternate: true,
	mouse: "drag",
	paste: true,
	focus: true,
	sync: false,
	applicationKeys: false,
};
export const WHOLE: Screen["modes"] = {
	alternate: false,
	mouse: "none",
	paste: false,
	focus: false,
	sync: false,
	applicationKeys: false,
};

export const untilUp = (screen: Screen): Promise<void> =>
	screen.until(() => JSON.stringify(screen.modes) === JSON.stringify(UP), "a terminal that is set up");

/** A command for a shell: the program between what stood before and the questions of `expectWhole`. */
export const asked = (program: string): string =>
	`echo before; ${program}; echo "code $?"; read -r _; stty -a`;

/** The modes, the cursor, the keyboard, and what stood on the screen before. */
export async function expectWhole(screen: Screen, pids: readonly number[], screenHad: string): Promise<void> {
	await screen.until(() => !pids.some(isAlive), "the end of every process");
	screen.press("enter");
	await screen.until("-tostop");
	await screen.exit;
	expect(screen.modes).toEqual(WHOLE);
	expect(screen.cursor.shown).toBe(true);
	expect(screen.text()).toContain("before");
	expect(screen.text()).not.toContain(screenHad);
	for (const setting of ["icanon", "echo", "isig", "icrnl", "opost"])
		expect(screen.text()).toMatch(new RegExp(`(^|\\s)${setting}\\b`));
	expect(screen.cell(0, screen.cursor.y)).toMatchObject({ fg: "default", bold: false, inverse: false });
}

/** Sends a signal to the launcher (0) or to the process that draws (1). */
export const to =
	(which: 0 | 1, signal: NodeJS.Signals) =>
	(screen: Screen): void => {
		process.kill(screen.processes()[which]!, signal);
	};

export type Way = [how: string, code: number, end: (screen: Screen) => void, says?: string];

const KILLED = "nudge open last resumes the session\ncode";

export const SIGNALLED: Way[] = [
	["the program gets SIGTERM", 143, to(1, "SIGTERM")],
	["the launcher gets SIGTERM", 143, to(0, "SIGTERM")],
	["the program gets SIGINT", 130, to(1, "SIGINT")],
	["the launcher gets SIGINT", 130, to(0, "SIGINT")],
	["the program gets SIGHUP", 129, to(1, "SIGHUP")],
	["the program gets SIGQUIT", 131, to(1, "SIGQUIT")],
	["the program is killed", 137, to(1, "SIGKILL"), KILLED],
	["the program crashes", 139, to(1, "SIGSEGV"), KILLED],
	["the launcher is killed", 137, to(0, "SIGKILL")],
];

/** Ends a screen that `asked` began, one way, and holds it to what must be true then. */
export async function endsWhole(
	screen: Screen,
	[, code, end, says = ""]: Way,
	screenHad: string,
): Promise<void> {
	const pids = screen.processes();
	end(screen);
	// The shell may say it before the screen is left, when it was the launcher that ended first.
	await screen.until(() => screen.raw.includes(`code ${code}`), `code ${code}`);
	await screen.until(() => !pids.some(isAlive), "the end of every process");
	expect(screen.text()).toContain(says);
	await expectWhole(screen, pids, screenHad);
}
