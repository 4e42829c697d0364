/**
 * A run that is watched while it is sampled, on the screen and without one: the real program throughout. Where something is
 * to be seen in flight, a scripted server holds it there until it was.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BUNDLED } from "../../src/data/problems.ts";
import { expectAsDrawnAnew, expectNoRemains, ruleOf } from "./composed.ts";
import { ended, type Home, MAKING_TIMEOUT_MS, nudge, processesWith, start } from "./program.ts";
import { Scene } from "./scene.ts";
import type { Screen, ScreenOptions } from "./screen.ts";

let scene: Scene;
let home: Home;
beforeAll(async () => {
	scene = await Scene.make();
	home = scene.home;
	const lines = readFileSync(BUNDLED[0]!, "utf8").trim().split("\n").slice(0, 6);
	writeFileSync(join(home.dir, "six.jsonl"), `${lines.join("\n")}\n`);
	const made = await nudge(home, [...SAMPLE, "over", "--n", "1"]);
	expect(made.code, made.stderr).toBe(0);
}, MAKING_TIMEOUT_MS);
afterEach(() => scene.tidy());
afterAll(() => scene?.close());

const SAMPLE = ["sample", "--problems", "six.jsonl", "--hints", "auto", "--json", "--out"];

const open = (args: readonly string[], options?: ScreenOptions): Screen =>
	scene.run(["runs", ...args], options);

/** Samples from the scripted server, which holds every rollout at its first word until it is let run. */
function startHeld(...args: readonly string[]): ReturnType<typeof start> {
	scene.stream.run("Okay");
	return start(home, [...SAMPLE, ...args, "--engine", `vllm:${scene.server.url}`]);
}

async function noneLeft(): Promise<readonly number[]> {
	for (let i = 0; i < 80 && processesWith(home.dir).length > 0; i++)
		await new Promise((resolve) => setTimeout(resolve, 100));
	return processesWith(home.dir);
}

const title = (screen: Screen): string => screen.row(3);

test.each([
	[80, 24, {}],
	[200, 50, {}],
	[80, 24, { NO_COLOR: "1" }],
] as const)(
	"at %i by %i: a run that begins is shown as it is made; one in flight is read until it ends; done, it is left (%o)",
	async (columns, rows, env) => {
		const name = `live-${columns}${"NO_COLOR" in env ? "-plain" : ""}`;
		const screen = open(["watch", name], { columns, rows, env });
		await screen.until("There is no run yet");
		expect(screen.row(0)).toMatch(/not begun ?$/);

		const over = ended(startHeld(name, "--n", "4", "--concurrency", "2"));
		await screen.until(() => / sampling {2}on \S/.test(screen.row(0)), "the run to be sampled");
		await screen.until("2 in flight");
		expectNoRemains(screen);
		if (columns >= 150) expect(ruleOf(screen)).toBeUndefined();

		// In the panes of a session, following; it becomes the whole trace when it ends.
		screen.press("enter");
		await screen.until("Thinking");
		scene.stream.run();
		await screen.until(() => /^ = (correct|wrong)/.test(screen.row(rows - 2)), "its end");
		await screen.until("[end - the model ended its turn]");
		expect(screen.text()).toMatch(/-- = (correct|wrong) - answer \d+ - gold \d+/);
		expect(screen.row(rows - 2)).toMatch(/\d+ tok {2}calls \d/);
		if (columns >= 100) {
			expect(screen.text()).toContain("Hints - ");
			expect(screen.text()).toContain("Python, as it ran");
			expect(ruleOf(screen)).toBeDefined();
		} else expect(screen.row(1)).toMatch(/^>1 Thinking {4}2 Hints \d/);
		screen.press("escape");
		await screen.until("Rollouts - ");

		const { code, stderr } = await over;
		expect(code, stderr).toBe(0);
		await screen.until(() => /done ?$/.test(screen.row(0)), "the end of the run");
		expect(screen.row(1)).toContain("24 of 24 (100.0 %)");
		expect(screen.row(2)).toMatch(/\+ correct [\d.]+ % \(95 %: [\d.]+ to [\d.]+\)/);
		expect(title(screen)).toContain("/24");
		expect(readdirSync(join(home.dir, name)).filter((file) => file.startsWith("now-"))).toEqual([]);

		// The filter, and the oldest one.
		screen.press("/");
		screen.type("problem:first calls:>0");
		await screen.until("> Rollouts - 1/");
		screen.press("enter", "G");
		await screen.until(() => /> Rollouts - (\d+)\/\1 /.test(title(screen)), "the last row");
		// The two that were held end in either order.
		await screen.until(() => /first #[01] - correct/.test(screen.text()), "the oldest one's text");
		await expectAsDrawnAnew(screen);
		screen.press("q");
		expect(await screen.exit).toEqual({ code: 0, signal: 0 });
		expect(screen.modes).toMatchObject({ alternate: false, mouse: "none" });
	},
	180_000,
);

test("a rollout is taken up as a session, in which the model thinks on; q goes back to the run", async () => {
	const screen = open(["watch", "over"], { columns: 132, rows: 40 });
	await screen.until("6 of 6");
	await screen.until(() => /done ?$/.test(screen.row(0)), "the run to be read");
	screen.press("enter");
	await screen.until("take it up");
	screen.press("s");
	await screen.until("q goes back to the run");
	await screen.until("hint it on");
	const sessions = readdirSync(join(home.dir, "data", "sessions"));
	expect(sessions).toHaveLength(1);
	expect(screen.row(0)).toContain(sessions[0]);
	// By hand, and on a branch of its own.
	screen.press("i");
	await screen.until("your hint");
	screen.type("Let me check it once more.");
	screen.press("enter");
	await screen.until("branch b2 2/2");
	await screen.until("[hint by hand - written - by you]");
	await screen.until(() => / = (correct|wrong|no answer)/.test(screen.row(38)), "the new end");
	screen.press("q");
	await screen.until("Rollouts - ");
	expect(screen.row(1)).toContain("6 of 6");
	screen.press("q");
	expect(await screen.exit).toEqual({ code: 0, signal: 0 });
	const shown = await nudge(home, ["sessions", "show", sessions[0]!]);
	expect(shown.stdout).toContain("Let me check it once more.");
	expect(await noneLeft()).toEqual([]);
}, 120_000);

test("killed, the screen leaves the terminal as it was and says what to do", async () => {
	const screen = open(["watch", "over"]);
	await screen.until("6 of 6");
	screen.kill("SIGKILL");
	await screen.exit;
	expect(screen.modes).toMatchObject({ alternate: false, mouse: "none", paste: false });
	expect(screen.everything()).toContain("the same command shows it again");
});

test("the list of runs shows each with its progress and leads into one and back", async () => {
	const screen = open(["top"], { columns: 120, rows: 30 });
	await screen.until(() => /over +done +6\/6 +100\.0 %/.test(screen.text()), "the run that is over");
	screen.press("/");
	while (!/^> over /m.test(screen.text())) {
		const before = screen.text();
		screen.press("j");
		await screen.until(() => screen.text() !== before, "the next row");
	}
	screen.press("enter");
	await screen.until("Rollouts - ");
	screen.press("q");
	await screen.until("being sampled");
	screen.press("ctrl+c");
	expect(await screen.exit).toEqual({ code: 0, signal: 0 });
	const table = await nudge(home, ["runs", "top"]);
	expect(table.stdout).toMatch(/^over +done +6\/6/m);
	const objects = (await nudge(home, ["runs", "top", "--json"])).stdout.trim().split("\n");
	expect(objects.map((line) => JSON.parse(line) as object)).toContainEqual(
		expect.objectContaining({ run: join(home.dir, "over"), state: "done", done: 6, total: 6, processes: [] }),
	);
}, 60_000);

test("without a terminal it is JSON Lines: how the run stands, and every rollout as it ends, until it is done", async () => {
	const watcher = start(home, ["runs", "watch", "lines", "--every", "1"]);
	const watching = ended(watcher);
	const over = ended(startHeld("lines", "--n", "2"));
	let heard = "";
	await new Promise<void>((resolve) => {
		watcher.stdout!.on("data", (piece: string) => {
			heard += piece;
			if (heard.includes('"sampling"')) resolve();
		});
		void watching.then(() => resolve());
	});
	scene.stream.run();
	const { code, stdout, stderr } = await watching;
	expect(code, stderr).toBe(0);
	expect((await over).code).toBe(0);
	const lines = stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as Record<string, unknown>);
	const rollouts = lines.filter(({ type }) => type === "rollout");
	expect(new Set(rollouts.map(({ key }) => key)).size).toBe(12);
	expect(rollouts).toHaveLength(12);
	for (const { verdict, tokens, file, at, bytes } of rollouts) {
		expect([verdict, tokens]).toEqual([expect.stringMatching(/^(correct|wrong)$/), expect.any(Number)]);
		const line = readFileSync(file as string).subarray(at as number, (at as number) + (bytes as number));
		expect(JSON.parse(line.toString())).toMatchObject({ verdict });
	}
	const progress = lines.filter(({ type }) => type === "progress");
	expect(progress[0]).toMatchObject({ state: "waiting", done: 0 });
	expect(lines.at(-1)).toMatchObject({ type: "progress", state: "done", done: 12, total: 12 });
	expect(progress.some(({ state }) => state === "sampling")).toBe(true);
	expect(await noneLeft()).toEqual([]);
}, 120_000);

test("on a terminal that knows no sequences it is told in sentences, and none is written", async () => {
	const screen = open(["watch", "over"], { env: { TERM: "dumb" }, columns: 200, rows: 60 });
	const say = (words: string): void => {
		screen.type(words);
		screen.press("enter");
	};
	await screen.until("The run over is done: 6 of 6, 100.0 %.");
	say("list verdict:correct problem:first");
	await screen.until("1: Correct: first, sample 0, answer 110968;");
	say("read 1");
	await screen.until("Problem first, sample 0: ");
	await screen.until("The verdict is correct: answer 110968, gold answer 110968.");
	expect(screen.text()).toMatch(/^\d+: Output of block 1, ok, /m);
	expect(screen.text()).toContain("Code, block 1:");
	say("take up 1");
	await screen.until("has it. Open it: nudge open ");
	say("quit");
	expect((await screen.exit).code).toBe(0);
	expect(screen.raw).not.toContain("\x1b");
	const waiting = open(["watch", "nowhere"], { env: { TERM: "dumb" } });
	await waiting.until("The run nowhere is not begun yet; this waits for it.");
	waiting.press("ctrl+c");
	expect((await waiting.exit).code).toBe(130);
});

test("what is being sampled is marked in runs list and show, with its rates", async () => {
	const sampling = start(home, [...SAMPLE, "long", "--n", "30"]);
	const over = ended(sampling);
	const listed = async (): Promise<string> => (await nudge(home, ["runs", "list"])).stdout;
	const running =
		/^long +running +\d+\/180 .* right {2}[^;]*\d (s|min) left, [\d.]+ rollouts\/s, \d+ tok\/s; /m;
	let says = await listed();
	while (!running.test(says) && sampling.exitCode === null) says = await listed();
	expect(says).toMatch(running);
	expect(says).toMatch(/^over +done +6\/6 /m);
	const { stdout } = await nudge(home, ["runs", "show", "long"]);
	expect(stdout).toMatch(/\nnow +.* left, .* rollouts\/s/);
	expect(stdout).toContain("shard 1/1 on");
	sampling.kill("SIGINT");
	expect((await over).code).toBe(130);
	expect(readdirSync(join(home.dir, "long")).filter((file) => file.startsWith("now-"))).toEqual([]);
	expect(await noneLeft()).toEqual([]);
}, 120_000);
