/** Jobs on the screen: trained on what was accepted, closed and opened again in the middle, and talked to. The trainer is a stand-in. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expectAsDrawnAnew } from "./composed.ts";
import { type Home, MAKING_TIMEOUT_MS, makeHome, nudge } from "./program.ts";
import { openScreen, type Screen, type ScreenOptions } from "./screen.ts";

const TRAINER = fileURLToPath(new URL("stand-in-trainer.py", import.meta.url));
const MODEL = fileURLToPath(new URL("../../models/nudge-tiny/nudge-tiny.gguf", import.meta.url));

let home: Home;
const screens: Screen[] = [];
beforeAll(async () => {
	home = await makeHome();
}, MAKING_TIMEOUT_MS);
afterEach(async () => {
	for (const screen of screens.splice(0)) await screen.close();
});
afterAll(() => home?.remove());

async function said(...args: readonly string[]): Promise<string> {
	const { code, stdout, stderr } = await nudge(home, args, { NUDGE_TRAIN_PYTHON: TRAINER });
	expect(code, `${stdout}\n${stderr}`).toBe(0);
	return stdout;
}

function open(options: ScreenOptions = {}): Screen {
	const env = {
		NUDGE_TRAIN_PYTHON: TRAINER,
		STAND_IN_MODEL: MODEL,
		STAND_IN_STEPS: "200",
		STAND_IN_SECONDS: "0.5",
		STAND_IN_HURRY: hurry(),
		LC_ALL: "C.UTF-8",
		...options.env,
	};
	const screen = openScreen(home, ["open"], { ...options, env });
	screens.push(screen);
	return screen;
}

/** A file: once it is there the trainer takes no time any more. */
const hurry = (): string => join(home.dir, "hurry");

const jobs = (): string[] =>
	readdirSync(join(home.dir, "data", "jobs"))
		.filter((name) => !name.startsWith("."))
		.sort();

test("without anything accepted it says so, and how that is changed", async () => {
	const screen = open();
	await screen.until("nudge-tiny is ready");
	screen.press("f12");
	await screen.until("No job yet");
	screen.press("alt+t");
	await screen.until("nothing is accepted yet: a in a session accepts its branch");
	screen.press("q");
	await screen.until("Enter begin");
	for (const problem of ["What is 388 * 286?", "What is 417 * 263?"]) {
		await said("run", "--problem", problem);
		await said("sessions", "mark", "last", "accepted");
	}
});

test.each([
	[80, 24],
	[200, 50],
])(
	"at %i by %i: accepted sessions are trained on, and it is all there after closing and opening",
	async (columns, rows) => {
		const before = existsSync(join(home.dir, "data", "jobs")) ? jobs() : [];
		rmSync(hurry(), { force: true });
		let screen = open({ columns, rows });
		await screen.until("nudge-tiny is ready");
		screen.press("alt+t");
		await screen.until("2 branches are accepted. Recipe tiny, on local.");
		await screen.until(": 2 samples, ");
		expect(screen.text()).toContain("parameters");
		// Enter alone is no yes; what was gathered goes with the sheet.
		screen.press("enter");
		await screen.until(() => !screen.text().includes("branches are accepted"), "the sheet to go");
		expect(readdirSync(join(home.dir, "data", "datasets"))).toHaveLength(before.length);

		screen.press("alt+t");
		await screen.until(": 2 samples, ");
		screen.press("t");
		await screen.until("this machine");
		screen.press("enter");
		await screen.until(": 2 samples, ");
		screen.press("y");
		await screen.until("> Jobs - 1/");
		await screen.until("running");
		await screen.until(() => /step {3,}step \d+ of 200 \| loss \d/.test(screen.text()), "that");
		await screen.until(() => /\d\.\d+ \|[\u2801-\u28ff]/.test(screen.text()), "that");
		const job = jobs().find((name) => !before.includes(name))!;
		expect(screen.text()).toContain("tiny, base nudge-tiny");

		screen.press("enter");
		await screen.until(`Log of ${job}`.slice(0, 60));
		await screen.until(() => /nudge: step \d+ of 200/.test(screen.text()), "a step in the log");
		screen.press("escape");
		await screen.until("> Jobs");
		screen.press("s");
		await screen.until(" stopped");
		screen.press("r");
		await screen.until(() => /running +\d+\/200/.test(screen.text()), "that");

		// Closed in the middle: it goes on.
		screen.press("escape");
		await screen.until("a new session");
		await screen.close();
		expect(JSON.parse(await said("jobs", "show", job, "--json"))).toMatchObject({
			state: { state: "running" },
			handle: { attempt: 2 },
		});
		screen = open({ columns, rows });
		await screen.until("a new session");
		writeFileSync(hurry(), "");
		await screen.until(() => /is done, after \d+/.test(screen.text()), "that");
		screen.press("f12");
		await screen.until(() => /done +200\/200/.test(screen.text()), "that");
		await expectAsDrawnAnew(screen);
		screen.press("t");
		await screen.until("what begins here now is with the model of");
		await screen.until(() => !/F6 (engine )?embedded/.test(screen.text()), "another engine");
		const steps = (await said("jobs", "metrics", job, "--json")).trim().split("\n");
		expect(steps.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
			Array.from({ length: 200 }, (_, i) => i + 1),
		);
	},
	180_000,
);
