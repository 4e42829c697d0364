/**
 * The screen from its first frame to its last: puts the terminal, the picture, the keys and the views together. What
 * belongs to no view (beginning, opening and leaving sessions) is in desk-work.ts.
 */
import type { Diagnostic } from "../hints/hint.ts";
import { App, type Surface } from "./app.ts";
import { DeskWork, type DeskWorkOptions } from "./desk-work.ts";
import { keymapOf } from "./keys/bindings.ts";
import { COMMANDS, type CommandId } from "./keys/command-table.ts";
import { openRoot } from "./root.ts";
import { askBackground } from "./term/background.ts";
import { copyText } from "./term/clipboard.ts";
import { guardExits } from "./term/exits.ts";
import { editText, printPlain } from "./term/external.ts";
import { ScreenLog } from "./term/log.ts";
import { Outflow } from "./term/outflow.ts";
import { InputRouter } from "./term/router.ts";
import { Terminal } from "./term/terminal.ts";
import { builtInThemes } from "./theme/built-in.ts";
import { chooseTheme, depthOf } from "./theme/choose.ts";
import { paintOf } from "./theme/paint.ts";
import type { Theme } from "./theme/theme.ts";
import type { Size } from "./view.ts";

/** What every screen needs, whatever is shown on it. */
export type FrameOptions = {
	readonly env: NodeJS.ProcessEnv;
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
	readonly theme: string;
	readonly mouse: boolean;
	/** Mistakes of the settings or of the command line's wishes, to be said on the screen. */
	readonly says?: readonly string[];
};

export type ScreenOptions = Omit<DeskWorkOptions, "app" | "ended"> & FrameOptions;

/** What goes on on a screen: it opens views, and does the commands that are of none of them. */
export interface ScreenWork {
	begin(): void;
	run(command: CommandId): boolean;
	close(): Promise<void>;
	/** How to take up again what was left unfinished. */
	readonly resume: string | undefined;
	/** What could not be kept when it was left. */
	readonly lost: string | undefined;
}

/** How long the terminal may take to say what its background is. */
const BACKGROUND_MS = 1_000;
/** What is open is closed within this time when the person leaves: a server that is silent keeps nobody here. */
const CLOSE_WITHIN_MS = 2_500;
/** What is on its way to the terminal is waited for so long before the terminal is put right. */
const TAKEN_WITHIN_MS = 500;

/** Resolves with the exit code when the person has left. What it throws can be read: the terminal is whole by then. */
export async function runScreen(options: ScreenOptions): Promise<number> {
	return runScreenOf(options, (app, ended) => new DeskWork({ ...options, app, ended }));
}

/** The same with something else on it than sessions. `ended` is to be called when the person wants to leave. */
export async function runScreenOf(
	options: FrameOptions,
	workOf: (app: App, ended: () => void) => ScreenWork,
): Promise<number> {
	const { env, stdin, stdout } = options;
	const log = ScreenLog.of(env);
	const quiet = log.capture();
	const outflow = new Outflow(stdout);
	const terminal = new Terminal({ stdin, stdout, env, mouse: options.mouse, outflow });
	outflow.free();
	try {
		return await screenOn(terminal, log, outflow, options, workOf);
	} finally {
		terminal.end();
		outflow.hold();
		quiet();
	}
}

async function screenOn(
	terminal: Terminal,
	log: ScreenLog,
	outflow: Outflow,
	options: FrameOptions,
	workOf: (app: App, ended: () => void) => ScreenWork,
): Promise<number> {
	const { env, stdout } = options;
	terminal.enter();
	const root = openRoot(stdout, sizeOf(stdout), outflow);
	terminal.attach({ hide: root.hide, show: root.unhide, end: root.hide });

	const depth = depthOf(env);
	const paint = (theme: Theme) => paintOf(theme, depth);
	const chosen = chooseTheme({ wanted: options.theme, env, background: undefined, themes: builtInThemes() });
	/** Keys are somebody else's meanwhile. */
	const elsewhere = async <Value>(work: () => Promise<Value>): Promise<Value> => {
		router.stop();
		try {
			return await work();
		} finally {
			router.start();
		}
	};
	const surface: Surface = {
		show: root.show,
		redraw: root.redraw,
		edit: (text, extension) => elsewhere(() => editText(terminal, text, extension, env)),
		copy: (text) => copyText(text, (sequence) => terminal.send(sequence), env),
		print: (text) => elsewhere(() => printPlain(terminal, text, stdout)),
		suspend: () =>
			void elsewhere(() => terminal.suspend()).then((stopped) => {
				if (!stopped) app.say("There is no shell to go back to", "warning");
			}),
		mouse: (on) => terminal.mouse(on),
	};
	const app: App = new App({
		surface,
		size: sizeOf(stdout),
		paint: paint(chosen.theme),
		keymap: keymapOf(COMMANDS),
		themes: builtInThemes(),
		paintOf: paint,
		mouse: options.mouse,
		far: Boolean(env.SSH_CONNECTION || env.SSH_TTY),
		run: (command) => work.run(command),
		failed: (error) => log.write(`a view failed: ${error instanceof Error ? error.stack : String(error)}`),
	});
	let leave = (_code: number): void => {};
	const left = new Promise<number>((resolve) => {
		leave = resolve;
	});
	const work: ScreenWork = workOf(app, () => leave(0));
	const replies = new Set<(text: string) => void>();
	const router: InputRouter = new InputRouter({
		source: (listener) => terminal.onInput(listener),
		onInput: (input) => {
			if (input.type === "reply") for (const listener of [...replies]) listener(input.text);
			else app.input(input);
		},
	});
	router.start();
	const unguard = guardExits({ terminal, log, close: () => work.close(), resume: () => work.resume });
	// Not Node's `resize`, which says nothing where the size is the same again: the terminal has moved rows all the same.
	const onResize = (): void => {
		root.moved();
		app.resize(sizeOf(stdout));
	};
	process.on("SIGWINCH", onResize);
	work.begin();

	// Behind the first frame: what a person has changed of themes and keys, and what the terminal is.
	await root.flushed();
	const [{ watchThemes }, { loadKeys, watchKeys }] = await Promise.all([
		import("./theme/watch.ts"),
		import("./keys/keys-file.ts"),
	]);
	let wanted = options.theme;
	const told = (problems: readonly Diagnostic[]): string[] =>
		problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
	const warn = (problems: readonly string[]): void => {
		const [first, ...others] = problems;
		const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
		if (first !== undefined) app.say(`${first}${more}`, "warning");
	};
	const themes = watchThemes({
		env,
		onChange: (all) => app.setThemes(all),
		onMistakes: (problems) => warn(told(problems)),
	});
	app.setThemes(themes.themes);
	const first = loadKeys({ env });
	const keys = watchKeys({
		env,
		onChange: (bindings) => app.setKeymap(keymapOf(COMMANDS, bindings)),
		onMistakes: (problems) => warn(told(problems)),
	});
	app.setKeymap(keymapOf(COMMANDS, first.bindings));
	const { problem } = chooseTheme({ wanted, env, background: undefined, themes: themes.themes });
	warn([
		...(problem ? [problem] : []),
		...(options.says ?? []),
		...told(themes.problems),
		...told(first.problems),
	]);
	const rechoose = (background: "dark" | "light" | undefined): void => {
		const { theme } = chooseTheme({ wanted, env, background, themes: themes.themes });
		if (theme.id !== app.paint.theme.id) app.setTheme(theme.id);
	};
	app.onTheme = (id) => {
		wanted = id;
	};
	void askBackground(
		(text) => terminal.send(text),
		(listener) => {
			replies.add(listener);
			return () => replies.delete(listener);
		},
		BACKGROUND_MS,
		env,
	).then(rechoose);

	const code = await left;
	app.end();
	process.off("SIGWINCH", onResize);
	router.stop();
	await outflow.through(TAKEN_WITHIN_MS);
	terminal.end();
	const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS));
	await Promise.race([Promise.allSettled([work.close(), themes.close(), keys.close()]), patience]);
	unguard();
	const { lost, resume: bye } = work;
	if (lost) stdout.write(`nudge: ${lost}\n`);
	if (bye) stdout.write(`The session is kept. Take it up again: ${bye}\n`);
	return lost ? 1 : code;
}

function sizeOf(stdout: NodeJS.WriteStream): Size {
	return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}
