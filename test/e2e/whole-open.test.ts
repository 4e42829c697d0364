/** The terminal is whole after every end of the real screen, on its start page and while a session runs. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BIN, type Home, MAKING_TIMEOUT_MS, makeHome, processesWith } from "./program.ts";
import { Screen, terminalEnv } from "./screen.ts";
import { hasTmux, Tmux } from "./tmux.ts";
import { asked, endsWhole, SIGNALLED, untilUp, type Way, WHOLE } from "./whole.ts";

let home: Home;
const opened: Screen[] = [];
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterEach(async () => {
	for (const screen of opened.splice(0)) await screen.close();
});
afterAll(() => home.remove());

/** Behind names, which a shell shows as they were typed: paths may be longer than the screen is wide. */
const PROGRAM = '"$NODE" "$NUDGE_BIN" open';
const NAMES = { NODE: process.execPath, NUDGE_BIN: BIN };

function shell(...args: readonly string[]): Screen {
	const screen = new Screen("bash", ["--norc", "--noprofile", ...args], {
		columns: 120,
		rows: 40,
		cwd: home.dir,
		env: { ...terminalEnv(home.env), ...NAMES, PS1: "prompt> " },
	});
	opened.push(screen);
	return screen;
}

/** A session whose model waits for a person: its engine and the launcher run, and much is drawn. */
async function session(): Promise<Screen> {
	const screen = shell("-c", asked(`${PROGRAM} --id first --hints ask`));
	await screen.until("a hint waits");
	return screen;
}

async function nothingLeft(screen: Screen): Promise<void> {
	// Engine and Python end by themselves when the program is gone.
	await screen.exit;
	const deadline = Date.now() + 20_000;
	while (processesWith(home.dir).length > 0 && Date.now() < deadline)
		await new Promise((resolve) => setTimeout(resolve, 50));
	expect(processesWith(home.dir)).toEqual([]);
}

const LEFT: Way = ["it is left by its key", 0, (screen) => screen.press("ctrl+q"), "nudge open "];

test.each([LEFT, ...SIGNALLED])("in a session, the terminal is whole when %s", async (...way) => {
	const screen = await session();
	await untilUp(screen);
	await endsWhole(screen, way, "a hint waits");
	await nothingLeft(screen);
});

test("left on the start page, the terminal is whole", async () => {
	const screen = shell("-c", asked(PROGRAM));
	await screen.until("a new session");
	await untilUp(screen);
	await endsWhole(screen, ["", 0, (screen) => screen.press("ctrl+q")], "a new session");
	await nothingLeft(screen);
});

test("its window is closed: nothing of a session is left, and it can be opened again", async () => {
	const screen = await session();
	screen.hangUp();
	await nothingLeft(screen);
	const again = shell("-c", asked(`${PROGRAM} last`));
	await again.until("Okay, let me multiply 388 by 286.");
	again.press("ctrl+q");
	await again.until("code 0");
});

test("Ctrl+Z goes back to the shell and fg to the session, as it stood, in a window of another size", async () => {
	const screen = shell("-i");
	await screen.until("prompt>");
	screen.type(`${PROGRAM} --id first --hints ask\r`);
	await screen.until("a hint waits");
	screen.press("ctrl+z");
	await screen.until("Stopped");
	screen.type("echo $((40 + 2))\r");
	await screen.until("\n42\n");
	// readline has its own paste mode while it reads; the rest is as it was.
	expect({ ...screen.modes, paste: false }).toEqual(WHOLE);
	expect(screen.text()).not.toContain("a hint waits");
	screen.resize(100, 30);
	screen.type("fg\r");
	await untilUp(screen);
	await screen.until("a hint waits");
	expect(screen.text()).not.toContain("prompt>");
	screen.press("ctrl+q");
	await screen.until("Take it up again");
	screen.type("exit\r");
	await nothingLeft(screen);
});

test("told in lines, it stops and goes on as any job does, and sets nothing", async () => {
	const screen = shell("-i");
	await screen.until("prompt>");
	screen.type(`${PROGRAM} --screen-reader\r`);
	await screen.until("What is the problem?");
	screen.press("ctrl+z");
	await screen.until("Stopped");
	screen.type("fg\r");
	await screen.until(() => /prompt> fg\n.*NUDGE_BIN/.test(screen.text()), "the job again");
	screen.type("quit\r");
	await screen.until(() => screen.row(screen.cursor.y).startsWith("prompt>"), "the shell");
	screen.type("echo code $?\r");
	await screen.until("\ncode 0\n");
	expect(screen.everything().match(/Stopped/g)).toHaveLength(1);
	expect(screen.raw).not.toMatch(/\x1b\[\?(1049|1000|1002|1004)h/);
	screen.type("exit\r");
	await nothingLeft(screen);
});

if (hasTmux())
	test("in tmux the screen is drawn, answers keys, and leaves the pane as it was", async () => {
		const tmux = new Tmux(["sh", "-c", asked(PROGRAM)], {
			columns: 100,
			rows: 30,
			cwd: home.dir,
			env: { ...home.env, ...NAMES },
		});
		try {
			await tmux.until("a new session");
			expect([tmux.is("alternate_on"), tmux.is("mouse_button_flag")]).toEqual(["1", "1"]);
			tmux.press("ctrl+p");
			await tmux.until("Commands");
			tmux.press("escape");
			await tmux.until(() => !tmux.text().includes("Commands -"), "the end of the palette");
			tmux.press("ctrl+q");
			await tmux.until("code 0");
			expect(tmux.text()).toContain("before");
			expect([tmux.is("alternate_on"), tmux.is("mouse_any_flag"), tmux.is("cursor_flag")]).toEqual([
				"0",
				"0",
				"1",
			]);
		} finally {
			tmux.close();
		}
	});
