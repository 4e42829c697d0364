/** `nudge runs watch | top`: the screen of runs, or the same without one. Nothing here writes to a run. */
import { basename, resolve } from "node:path";
import { createInterface } from "node:readline";
import { RunWatch } from "../data/run-watch.ts";
import { takeUp } from "../data/take-up.ts";
import { homes } from "../trace/home.ts";
import { SessionStore } from "../trace/store.ts";
import { visibleLine } from "../trace/visible.ts";
import { rulesOfFiles } from "../tui/lines/rules.ts";
import { voiceOf } from "../tui/lines/voice.ts";
import { topTable } from "../tui/runs/top-page.ts";
import { TopWatch } from "../tui/runs/top-watch.ts";
import { eventObject, followRun, runObject, Spoken } from "../tui/runs/watch-lines.ts";
import type { WatchWorkOptions } from "../tui/runs/watch-work.ts";
import { type Context, type ExitCode, wholeNumber } from "./command.ts";
import { effectiveSettings } from "./settings.ts";

const EVERY_SECONDS = 10;
const TABLE_COLUMNS = 140;

export async function watch(context: Context): Promise<ExitCode> {
	const { io, args, options, signal } = context;
	const folder = resolve(io.cwd, args[0] as string);
	const everyMs = 1_000 * (wholeNumber(context, "every", 1) ?? EVERY_SECONDS);
	const onTerminal = io.stdin.isTTY && io.stdout.isTTY && !options.json;
	if (onTerminal && !isLinear(context)) return await onScreen(context, { run: folder });
	const run = new RunWatch(folder);
	if (!onTerminal) {
		const says = (event: Parameters<typeof eventObject>[0]): void => {
			io.stdout.write(`${JSON.stringify(eventObject(event))}\n`);
		};
		return (await followRun({ watch: run, everyMs, says, signal })) ? 0 : 130;
	}
	return await inLines(context, run, everyMs);
}

/** Sentences, and words that a person writes. */
async function inLines({ io, signal }: Context, run: RunWatch, everyMs: number): Promise<ExitCode> {
	const { WatchTalk } = await import("../tui/runs/watch-talk.ts");
	const voice = voiceOf((text) => io.stdout.write(text));
	const say = (text: string): void => voice.say(text);
	const name = visibleLine(basename(run.folder));
	const spoken = new Spoken(say, name);
	const left = new AbortController();
	const stop = (): void => left.abort();
	signal.addEventListener("abort", stop, { once: true });
	const talk = new WatchTalk({
		watch: run,
		name,
		say,
		rules: rulesOfFiles({ env: io.env, cwd: io.cwd }),
		takeUp: async (rollout) => {
			if (!run.sheet) throw new Error("the run is gone");
			return await takeUp(new SessionStore(homes(io.env).data), run.folder, run.sheet, rollout);
		},
		signal: left.signal,
	});
	const lines = createInterface({ input: io.stdin, terminal: false });
	// One after another, in the order in which they were written.
	let before = Promise.resolve();
	lines.on("line", (line) => {
		before = before.then(async () => {
			spoken.end();
			if (!(await talk.line(line))) stop();
		});
	});
	lines.on("close", () => void before.then(stop));
	say("Enter tells how the run stands, help what you can say, quit leaves; the run goes on.");
	await followRun({ watch: run, everyMs, says: spoken.says, signal: left.signal, stays: true });
	spoken.end();
	lines.close();
	io.stdin.pause();
	return signal.aborted ? 130 : 0;
}

export async function top(context: Context): Promise<ExitCode> {
	const { io, args, options } = context;
	const folders = (args.length > 0 ? args : ["."]).map((folder) => resolve(io.cwd, folder));
	const found = new TopWatch({ folders, cwd: io.cwd });
	if (io.stdin.isTTY && io.stdout.isTTY && !options.json && !isLinear(context))
		return await onScreen(context, { top: found });
	await found.look();
	if (options.json) {
		for (const { watch } of found.runs) io.stdout.write(`${JSON.stringify(runObject(watch))}\n`);
		return 0;
	}
	if (found.runs.length === 0) {
		io.stderr.write(
			"no run is being sampled here, nor was in the last day; nudge runs list shows older ones\n",
		);
		return 0;
	}
	const lines = topTable(found.runs, io.stdout.columns ?? TABLE_COLUMNS);
	io.stdout.write(`${lines.join("\n")}\n`);
	return 0;
}

function isLinear({ io, options }: Context): boolean {
	const settings = effectiveSettings({ env: io.env, cwd: io.cwd, flags: options });
	return settings["screen-reader"].value || io.env.TERM === "dumb";
}

async function onScreen(context: Context, shows: WatchWorkOptions["shows"]): Promise<ExitCode> {
	const { io, options } = context;
	const settings = effectiveSettings({ env: io.env, cwd: io.cwd, flags: options });
	// React is quicker in the form that is meant for use; it looks at this when it is loaded.
	process.env.NODE_ENV ??= "production";
	const [{ runScreenOf }, { WatchWork }] = await Promise.all([
		import("../tui/program.ts"),
		import("../tui/runs/watch-work.ts"),
	]);
	const { env, cwd, stdin } = io;
	const frame = {
		env,
		stdin,
		stdout: io.stdout as NodeJS.WriteStream,
		theme: settings.theme.value,
		mouse: settings.mouse.value,
	};
	const store = new SessionStore(homes(env).data);
	// What a session needs is looked up when one is begun.
	const sessions: WatchWorkOptions["sessions"] = async () => {
		const { json: _, every: __, ...own } = options;
		return (
			await (await import("./open-setup.ts")).screenWorld({ ...context, args: [], options: own }, undefined)
		).options;
	};
	const work = (app: WatchWorkOptions["app"], ended: () => void) =>
		new WatchWork({ app, env, cwd, store, shows, sessions, ended });
	return (await runScreenOf(frame, work)) as ExitCode;
}
