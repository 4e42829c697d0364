/**
 * The terminal is whole after every end: the stand-in's screen in a real pty, started by the real launcher from a real
 * shell, which is then asked what it finds.
 */
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BIN } from "./program.ts";
import { isAlive, Screen, type ScreenOptions, terminalEnv } from "./screen.ts";
import { asked, endsWhole, expectWhole, SIGNALLED, to, untilUp, type Way, WHOLE } from "./whole.ts";

let dir: string;
const opened: Screen[] = [];
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "nudge-whole-"));
	mkdirSync(join(dir, "bin"));
	mkdirSync(join(dir, "dist", "commands"), { recursive: true });
	copyFileSync(BIN, join(dir, "bin", "nudge.cjs"));
	writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
	const standIn = new URL("./stand-in.ts", import.meta.url).href;
	writeFileSync(join(dir, "dist", "commands", "main.js"), `export const main = () => import("${standIn}");`);
	writeFileSync(join(dir, "ed"), '#!/bin/sh\nprintf "%s, edited" "$(cat "$1")" > "$1"\n', { mode: 0o755 });
});
afterEach(async () => {
	for (const screen of opened.splice(0)) await screen.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Node stands behind a name: its own path may be longer than the screen is wide, and what is typed is looked for. */
const PROGRAM = '"$NODE" bin/nudge.cjs open';

function shell(args: readonly string[], options: ScreenOptions = {}): Screen {
	const screen = new Screen("bash", ["--norc", "--noprofile", ...args], {
		cwd: dir,
		...options,
		env: {
			...terminalEnv(process.env),
			NUDGE_HOME: dir,
			NODE: process.execPath,
			PS1: "prompt> ",
			...options.env,
		},
	});
	opened.push(screen);
	return screen;
}

/** The program from a script that says the exit code and, once asked, how the terminal is set. */
async function open(options: ScreenOptions = {}): Promise<Screen> {
	const screen = shell(["-c", asked(PROGRAM)], options);
	await screen.until("ready");
	return screen;
}

const SHOWN = "the stand-in's screen";

test("while the screen is up the terminal is set up for it, and the first frame waits for no answer", async () => {
	const screen = await open();
	await untilUp(screen);
	expect(screen.processes()).toHaveLength(2);
	expect(screen.clears).toEqual({ screen: 0, scrollback: 0 });
	expect(screen.raw).not.toContain("\x1b[c");
});

const WAYS: Way[] = [
	["it is left by its key", 0, (screen) => screen.press("q"), "left by itself"],
	["process.exit is called somewhere", 3, (screen) => screen.press("x")],
	["an error is thrown", 1, (screen) => screen.press("t"), "Error: thrown on purpose"],
	["a promise is rejected", 1, (screen) => screen.press("r"), "take it up again: nudge open last"],
	...SIGNALLED,
];

test.each(WAYS)("the terminal is whole when %s", async (...way) => {
	await endsWhole(await open(), way, SHOWN);
});

test("a program that does not answer is killed after a while, and the terminal is whole", async () => {
	const screen = await open();
	const pids = screen.processes();
	to(1, "SIGSTOP")(screen);
	to(0, "SIGTERM")(screen);
	await screen.until("code 137");
	await expectWhole(screen, pids, SHOWN);
});

test("a signal to the whole job comes twice, and what is open is still closed in peace", async () => {
	const log = join(dir, "cache", "screen.log");
	rmSync(log, { force: true });
	const screen = shell(["-i"]);
	await screen.until("prompt>");
	screen.type(`${PROGRAM}\r`);
	await screen.until("ready");
	process.kill(-screen.processes()[0]!, "SIGTERM");
	await screen.until(() => screen.processes().length === 0, "the end of every process");
	screen.type("echo code $?\r");
	await screen.until("\ncode 143\n");
	expect({ ...screen.modes, paste: false }).toEqual(WHOLE);
	expect(readFileSync(log, "utf8")).toContain("all is closed");
});

test("what cannot be closed does not keep the program from ending", async () => {
	const screen = await open({ env: { STAND_IN_HANGS: "1" } });
	const pids = screen.processes();
	screen.kill("SIGTERM");
	await screen.until("code 143");
	await expectWhole(screen, pids, SHOWN);
});

test("an error's stack stands in the log, and nothing that libraries say stands on the screen", async () => {
	const screen = await open();
	const before = screen.text();
	screen.press("l");
	await screen.until("logged");
	expect(screen.text()).toBe(before.replace("ready", "logged"));
	screen.press("t");
	await screen.until("code 1");
	const log = readFileSync(join(dir, "cache", "screen.log"), "utf8");
	for (const says of [
		"log: a library talks",
		"stderr: a library complains",
		"a library warns",
		"stand-in.ts",
	])
		expect(log).toContain(says);
	expect(screen.text()).toContain("cache/screen.log");
	expect(screen.text()).not.toContain("a library");
	expect(screen.text()).not.toContain("    at ");
});

test("the terminal hangs up: every process ends by itself", async () => {
	const screen = await open();
	const pids = screen.processes();
	screen.hangUp();
	await screen.exit;
	while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
});

test.each([
	["by its key", (screen: Screen) => screen.press("ctrl+z")],
	["by SIGTSTP to the program", to(1, "SIGTSTP")],
	["by SIGTSTP to the launcher", to(0, "SIGTSTP")],
	["by SIGTSTP to the whole job", (screen: Screen) => process.kill(-screen.processes()[0]!, "SIGTSTP")],
])("stopped %s, the shell gets the terminal whole, and fg brings the screen back", async (_, stop) => {
	const screen = shell(["-i"]);
	await screen.until("prompt>");
	screen.type(`${PROGRAM}\r`);
	await screen.until("ready");
	const wrote = screen.bytes;
	stop(screen);
	await screen.until("Stopped");
	expect(screen.bytes).toBeGreaterThan(wrote);
	screen.type("stty -a; echo asked\r");
	await screen.until("\nasked");
	// readline has its own paste mode while it reads; the rest is as it was.
	await screen.until(
		() => JSON.stringify({ ...screen.modes, paste: false }) === JSON.stringify(WHOLE),
		"a terminal that is whole",
	);
	await screen.until(() => / icanon\b/.test(screen.text()), "a keyboard that is whole");
	expect(screen.text()).not.toContain(SHOWN);
	screen.resize(70, 20);
	screen.type("fg\r");
	await untilUp(screen);
	await screen.until(SHOWN);
	await screen.until(() => !screen.text().includes("prompt>"), "the screen alone");
	screen.press("z");
	await screen.until('typed "z"');
	screen.press("q");
	await screen.until("left by itself");
	screen.type("echo code $?\r");
	await screen.until("code 0");
});

test("stopped by SIGSTOP, of which nobody is told, the screen sets itself up anew with fg", async () => {
	const screen = shell(["-i"]);
	await screen.until("prompt>");
	screen.type(`${PROGRAM}\r`);
	await screen.until("ready");
	process.kill(-screen.processes()[0]!, "SIGSTOP");
	await screen.until("Stopped");
	screen.type("printf '\\033[?1002l\\033[?2004l'; fg\r");
	await untilUp(screen);
	await screen.until(SHOWN);
	screen.press("z");
	await screen.until('typed "z"');
	screen.press("q");
	await screen.until("left by itself");
	expect(screen.everything()).toContain(PROGRAM);
});

test("the launcher is killed under a shell that takes the terminal at once: the screen is left all the same", async () => {
	const screen = shell(["-i"]);
	await screen.until("prompt>");
	screen.type(`${PROGRAM}\r`);
	await screen.until("ready");
	const pids = screen.processes();
	to(0, "SIGKILL")(screen);
	await screen.until(() => !pids.some(isAlive), "the end of every process");
	screen.type("echo $((40 + 2))\r");
	await screen.until("\n42\n");
	expect({ ...screen.modes, paste: false }).toEqual(WHOLE);
	expect(screen.text()).toContain(PROGRAM);
});

test("where there is no shell to go back to, Ctrl+Z says so and the screen stays", async () => {
	const screen = new Screen(process.execPath, ["bin/nudge.cjs", "open"], {
		cwd: dir,
		env: { ...terminalEnv(process.env), NUDGE_HOME: dir },
	});
	opened.push(screen);
	await screen.until("ready");
	screen.press("ctrl+z");
	await screen.until("no shell");
	await untilUp(screen);
	screen.press("q");
	expect((await screen.exit).code).toBe(0);
});

test("an editor gets the terminal whole and gives the text back", async () => {
	const screen = await open({ env: { EDITOR: "./ed", VISUAL: "" } });
	screen.press("e");
	await screen.until("edited: as it was, edited");
	await untilUp(screen);
	screen.press("z");
	await screen.until('typed "z"');
});

test.each([
	["nowhere-such-editor -x", "There is no editor nowhere-such-editor -x"],
	["sh -c 'exit 4'", "ended with code 4: the text is left as it was"],
	["true", "Nothing was changed in the editor"],
	["sh -c 'rm \"$1\"' -", "could not be edited: ENOENT"],
])("an editor that fails (%s) is said, and the screen is back", async (editor, says) => {
	const screen = await open({ columns: 120, env: { EDITOR: editor, VISUAL: "" } });
	screen.press("e");
	await screen.until("left:");
	expect(screen.row(1)).toContain(says);
	await untilUp(screen);
});

test("Ctrl+C and Ctrl+Z in an editor are the editor's", async () => {
	writeFileSync(
		join(dir, "slow-ed"),
		'#!/bin/sh\ntrap "" INT\necho editing\nread -r line\nprintf "%s" "$line" > "$1"\n',
		{
			mode: 0o755,
		},
	);
	const screen = shell(["-i"], { env: { EDITOR: "./slow-ed", VISUAL: "" } });
	await screen.until("prompt>");
	screen.type(`${PROGRAM}\r`);
	await screen.until("ready");
	screen.press("e");
	await screen.until("editing");
	expect({ ...screen.modes, paste: false }).toEqual(WHOLE);
	screen.press("ctrl+c", "ctrl+c");
	screen.press("ctrl+z");
	await screen.until("Stopped");
	screen.type("fg\r");
	await screen.until(() => /fg\s[\s\S]*nudge.cjs/.test(screen.text()), "the job");
	screen.type("new words\r");
	await screen.until("edited: new words");
	await untilUp(screen);
});

test("a text is printed plainly below the shell's prompt, and stays there", async () => {
	const screen = await open();
	screen.press("p");
	await screen.until("[Enter goes back to nudge]");
	expect(screen.modes).toEqual(WHOLE);
	expect(screen.text()).toContain("printed \u241b[31mplainly");
	screen.press("a", "enter");
	await screen.until(SHOWN);
	await untilUp(screen);
	screen.press("q");
	await screen.until("code 0");
	expect(screen.everything()).toContain("plainly");
});

test("the background is asked for without waiting, and answers are never taken for keys", async () => {
	const light = await open({ background: "#fdf6e3" });
	light.press("b");
	await light.until("background: light");
	const unknown = await open();
	unknown.press("b");
	await unknown.until("background: undefined");
});

test("a copy goes to the terminal and to a file of its owner alone", async () => {
	const screen = await open({ columns: 200 });
	screen.press("c");
	await screen.until("Copied 11 characters");
	expect(screen.raw).toContain(`\x1b]52;c;${Buffer.from("copied text").toString("base64")}\x07`);
	expect(readFileSync(join(dir, "cache", "clipboard.txt"), "utf8")).toBe("copied text");
	screen.press("m");
	await screen.until(() => screen.modes.mouse === "none", "the mouse to be the terminal's");
	expect(existsSync(join(dir, "cache", "clipboard.txt"))).toBe(true);
});
