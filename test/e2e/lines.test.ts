/** nudge without a screen, in a real pty with the tiny model: what a person says, hears and gets, and not one sequence. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { SessionStore } from "../../src/trace/store.ts";
import { BIN, type Home, journalOf, MAKING_TIMEOUT_MS, makeHome, processesWith } from "./program.ts";
import { openScreen, Screen, terminalEnv } from "./screen.ts";

let home: Home;
const opened: Screen[] = [];
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterEach(async () => {
	for (const screen of opened.splice(0)) await screen.close();
});
afterAll(() => home.remove());

type Lines = {
	readonly screen: Screen;
	/** The next place where this was written, behind the last one. */
	until(text: string): Promise<void>;
	type(line: string): void;
};

function linesOf(screen: Screen): Lines {
	opened.push(screen);
	let at = 0;
	return {
		screen,
		until: async (text) => {
			await screen.until(() => screen.raw.indexOf(text, at) >= 0, `"${text}"`);
			at = screen.raw.indexOf(text, at) + text.length;
		},
		type: (line) => screen.type(`${line}\r`),
	};
}

const WAYS = {
	"--screen-reader": { args: ["open", "--screen-reader"], env: {} },
	"TERM=dumb": { args: ["open"], env: { TERM: "dumb" } },
	"the setting screen-reader": { args: ["open"], env: { NUDGE_SCREEN_READER: "true" } },
} as const;

function open(way: keyof typeof WAYS, ...more: readonly string[]): Lines {
	const { args, env } = WAYS[way];
	return linesOf(openScreen(home, [...args, ...more], { columns: 120, rows: 40, env }));
}

/** No control sequence, no going back in a line, no alternate screen: what was written stands as it was written. */
function expectOnlyLines({ raw, modes }: Screen): void {
	expect(raw).not.toContain("\x1b");
	expect(raw.replaceAll("\r\n", "\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
	expect(modes).toEqual({
		alternate: false,
		mouse: "none",
		paste: false,
		focus: false,
		sync: false,
		applicationKeys: false,
	});
}

const newest = (): string => new SessionStore(join(home.dir, "data")).ids().at(-1)!;
const ofType = <Type extends TraceEvent["type"]>(events: readonly TraceEvent[], type: Type) =>
	events.filter((event): event is Extract<TraceEvent, { type: Type }> => event.type === type);

test.each(["--screen-reader", "TERM=dumb"] as const)("a whole session with %s", async (way) => {
	const { screen, until, type } = open(way, "--hints", "ask");
	await until("help tells the words, quit leaves.");
	await until("The engine is embedded, nudge-tiny");
	await until("open last.");
	type("bundled");
	await until("1: first, math: What is 388 * 286?");
	await until("Its number begins one.");
	type("1");
	await until("The problem: What is 388 * 286?");
	await until("A hint is proposed after ");
	await until("Say insert, edit, other wording, other hint, veto or veto kind.");
	type("");
	await until("A hint is proposed after ");
	type("veto");
	await until(", was vetoed by you.");
	await until("A hint is proposed after ");
	await until("Then a block of Python is opened.");
	type("insert");
	await until(", by you: ");
	await until("Code, block 1:");
	await until("Block 1 runs in Python.");
	await until("Output of block 1, ok, ");
	await until("A hint is proposed before end");
	type("veto");
	await until("End. The verdict is correct: answer 110968, gold answer 110968. 1 hint by you, 1 call, ");
	type("> 388 * 286");
	await until("Python, ok, ");
	await until("110968");
	type("rewind 2");
	await until("Branch b2 of 2, 2 lines. It waits: Enter goes on, undo goes back.");
	type("policy off");
	await until("The policy is off");
	type("write Let me think about it anew.");
	await until("Your own hint: Let me think about it anew.");
	await until("End. The verdict is ");
	type("timeline");
	await until("hint by hand");
	type("mark rejected");
	await until("Branch b2 is marked as rejected.");
	type("export sample out.jsonl");
	await until("Written to out.jsonl; trained: model");
	type("puase");
	await until('There is no word "puase"; did you mean pause?');
	type("quit");
	expect(await screen.exit).toMatchObject({ code: 0 });
	expectOnlyLines(screen);

	const sample = readFileSync(join(home.dir, "out.jsonl"), "utf8");
	expect(JSON.parse(sample)).toMatchObject({ trained: { hint: { segments: 1 } } });
	const events = journalOf(home, newest());
	expect(ofType(events, "decision").map(({ decision, by }) => [decision, by])).toEqual(
		expect.arrayContaining([
			["veto", "person"],
			["insert", "person"],
		]),
	);
	expect(ofType(events, "hint").map(({ by, branch, text }) => [by, branch, text])).toContainEqual([
		"person",
		"b2",
		"Let me think about it anew.\n",
	]);
	expect(ofType(events, "branch").map(({ branch }) => branch)).toEqual(["main", "b2"]);
	rmSync(join(home.dir, "out.jsonl"));
});

test("Enter pauses and goes on; Ctrl+C stops what runs, and twice leaves", async () => {
	const { screen, until, type } = open("the setting screen-reader", "--id", "first", "--hints", "ask");
	await until("Say insert");
	type("pause");
	await until("Paused after line ");
	type("");
	await until("The hint waits for your answer; Enter tells it again.");
	type("> import time; time.sleep(600)");
	await until("Python runs; interrupt python, or Ctrl+C, ends it.");
	screen.press("ctrl+c");
	await until("KeyboardInterrupt");
	screen.press("ctrl+c");
	expect(await screen.exit).toMatchObject({ code: 0 });
	await until(`Take it up again: nudge open ${newest()}`);
	expectOnlyLines(screen);
});

test("Ctrl+D leaves cleanly, and the session opens again where it stood", async () => {
	const first = open("--screen-reader", "--id", "first", "--hints", "ask");
	await first.until("Say insert");
	first.screen.press("ctrl+d");
	expect(await first.screen.exit).toMatchObject({ code: 0 });
	expectOnlyLines(first.screen);
	const second = open("--screen-reader", "last");
	await second.until("The last of them:");
	await second.until("It was broken off here: Enter goes on.");
	second.type("");
	await second.until("A hint is proposed");
	second.type("quit");
	expect(await second.screen.exit).toMatchObject({ code: 0 });
	expectOnlyLines(second.screen);
});

test.each([
	["SIGTERM", 143],
	["SIGHUP", 129],
] as const)("%s closes the journal, and leaves nothing behind", async (signal, code) => {
	const { screen, until } = open("--screen-reader", "--id", "first", "--hints", "ask");
	await until("Say insert");
	process.kill(screen.processes()[0]!, signal);
	expect(await screen.exit).toMatchObject({ code });
	expectOnlyLines(screen);
	const store = new SessionStore(join(home.dir, "data"));
	expect(store.read(newest())).toMatchObject({ torn: false, bad: [] });
	store.open(newest()).session.close();
	const deadline = Date.now() + 20_000;
	while (processesWith(home.dir).length > 0 && Date.now() < deadline)
		await new Promise((resolve) => setTimeout(resolve, 50));
	expect(processesWith(home.dir)).toEqual([]);
});

test("Ctrl+Z goes back to the shell, and fg to the session as it stood", async () => {
	const shell = new Screen("bash", ["--norc", "--noprofile", "-i"], {
		columns: 120,
		rows: 40,
		cwd: home.dir,
		env: { ...terminalEnv(home.env), PS1: "prompt> ", TERM: "dumb" },
	});
	const { screen, until, type } = linesOf(shell);
	await until("prompt>");
	type(`"${process.execPath}" "${BIN}" open --id first --hints ask`);
	await until("Say insert");
	screen.press("ctrl+z");
	await until("Stopped");
	type("echo in the $((20 + 3)) shell");
	await until("in the 23 shell");
	type("fg");
	await until("nudge.cjs");
	type("veto");
	await until("was vetoed by you.");
	type("quit");
	await until("The session is kept.");
	await until("prompt>");
	type("exit");
	await screen.exit;
});
